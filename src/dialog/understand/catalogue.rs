//! Services and employees of the profile, found in a client's words.

mod hits;
mod people;

use std::collections::{HashMap, HashSet};

use self::hits::{Hit, most_specific, names_other_thing, same_word};
use super::dates::is_date_word;
use super::stems::Stem;
use super::token::{Kind, Token};
use super::typo::is_one_edit;
use super::{given, known, latin, lexicon, measures, title};
use crate::domain::company::{Employee, Service};
use crate::domain::text::{fold, is_stop_word, words};

/// The words of a profile, compiled once. Hidden services and employees are left out.
#[derive(Debug, Default)]
pub struct Vocabulary {
    services: Vec<ServiceWords>,
    /// The words of all phrases of services, each once.
    stems: Vec<Stem>,
    /// Places in `stems` by first letter and by root.
    by_letter: HashMap<char, Vec<usize>>,
    by_root: HashMap<usize, Vec<usize>>,
    employees: Vec<String>,
    /// Every form of every employee's names.
    names: HashMap<String, Vec<Named>>,
    /// The same forms by first letter, for misspelt ones.
    name_forms: HashMap<char, Vec<String>>,
    /// Words of services, which are never misspelt others.
    service_words: HashSet<String>,
    /// Their stems.
    service_stems: HashSet<String>,
    /// Stems of job titles, and whose they are.
    titles: HashMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct ServiceWords {
    id: String,
    /// Places in the list of stems.
    phrases: Vec<Vec<usize>>,
}

/// A word of the message that may speak of a service.
#[derive(Debug, Clone)]
struct Said {
    at: usize,
    stem: Stem,
    /// Words of services that it is like, and how much.
    likes: Vec<(usize, u8)>,
    /// It may choose a service by itself: it is no word of time.
    carries: bool,
}

/// Spellings in Latin letters of each name that somebody is also called.
const SPELT: usize = 12;

/// Whether a Latin word is more than a name: those name an employee only where a person is meant.
fn is_english_word(word: &str) -> bool {
    lexicon::is_pattern_word(word) || known::is_known(word)
}

/// An employee that a form may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    employee: usize,
    /// 4 for the very name, 3 for a case of it, 2 for another name of that person, 1 for a misspelt one.
    weight: u8,
    /// The name ends with «а» or «я» in the nominative.
    soft: bool,
}

/// What was found, and the tokens it was found in.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub ids: Vec<String>,
    pub tokens: Vec<usize>,
    /// Each is named by words of its own: «маникюр и педикюр» are two wishes, no doubt.
    pub apart: bool,
    /// All of them were refused: «не к Анне».
    pub refused: bool,
}

impl Vocabulary {
    /// Compiles the words of a profile.
    #[must_use]
    pub fn new(services: &[Service], employees: &[Employee]) -> Self {
        let mut vocabulary = Self::default();
        for service in services.iter().filter(|s| !s.hidden) {
            let phrases = std::iter::once(&service.title)
                .chain(&service.aliases)
                .map(|text| phrase(text))
                .filter(|p| !p.is_empty());
            let phrases: Vec<Vec<Stem>> = phrases.collect();
            let phrases = phrases.into_iter().map(|p| p.into_iter().map(|s| vocabulary.place(s)).collect()).collect();
            let words = ServiceWords { id: service.id.clone(), phrases };
            vocabulary.services.push(words);
        }
        for employee in employees.iter().filter(|e| !e.hidden) {
            let index = vocabulary.employees.len();
            vocabulary.employees.push(employee.id.clone());
            for text in std::iter::once(&employee.name).chain(&employee.aliases) {
                vocabulary.add_name(text, index);
            }
            vocabulary.add_title(employee.title.as_deref().unwrap_or_default(), index);
        }
        for form in vocabulary.names.keys() {
            if let Some(first) = form.chars().next().filter(|_| form.chars().count() >= 4) {
                vocabulary.name_forms.entry(first).or_default().push(form.clone());
            }
        }
        vocabulary.name_forms.values_mut().for_each(|forms| forms.sort());
        vocabulary
    }

    /// The words of a company without a profile.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Where a word of a service stands in the list of stems.
    fn place(&mut self, stem: Stem) -> usize {
        if let Some(place) = self.stems.iter().position(|s| s.word == stem.word) {
            return place;
        }
        let place = self.stems.len();
        self.service_words.insert(stem.word.clone());
        self.service_stems.insert(stem.stem.clone());
        if let Some(first) = stem.stem.chars().next() {
            self.by_letter.entry(first).or_default().push(place);
        }
        if let Some(root) = stem.root {
            self.by_root.entry(root).or_default().push(place);
        }
        self.stems.push(stem);
        place
    }

    fn add_name(&mut self, text: &str, employee: usize) {
        // "O'Connor" is one word to a client.
        for whole in fold(text).split_whitespace().filter(|piece| piece.contains('\'')) {
            self.add_form(whole.to_owned(), Named { employee, weight: 4, soft: false });
        }
        for word in words(&fold(text)).filter(|w| w.chars().count() > 1) {
            let soft = |name: &str| name.ends_with(['а', 'я']);
            for form in given::declined(word) {
                let weight = if form == word { 4 } else { 3 };
                self.add_form(form, Named { employee, weight, soft: soft(word) });
            }
            for spelt in latin::spellings(word) {
                self.add_form(format!("{spelt}'s"), Named { employee, weight: 3, soft: soft(word) });
                self.add_form(spelt, Named { employee, weight: 3, soft: soft(word) });
            }
            for other in given::called(word) {
                for spelt in latin::spellings(other).into_iter().take(SPELT).filter(|s| !is_english_word(s)) {
                    self.add_form(spelt, Named { employee, weight: 2, soft: soft(other) });
                }
                for form in given::declined(other) {
                    self.add_form(form, Named { employee, weight: 2, soft: soft(other) });
                }
                for dear in given::endeared(other) {
                    if known::is_known(&dear) || lexicon::is_pattern_word(&dear) {
                        continue;
                    }
                    for form in given::declined(&dear) {
                        self.add_form(form, Named { employee, weight: 2, soft: soft(&dear) });
                    }
                }
            }
        }
    }

    fn add_title(&mut self, title: &str, employee: usize) {
        for word in words(&fold(title)).filter(|w| w.chars().count() > 3 && !is_stop_word(w)) {
            let stem = Stem::of(word);
            if !stem.adjective && !title::is_general(word) && !self.service_stems.contains(&stem.stem) {
                let holders = self.titles.entry(stem.stem).or_default();
                if !holders.contains(&employee) {
                    holders.push(employee);
                }
            }
        }
    }

    /// Whether the folded word belongs to the profile: then it is no misspelt word of anything else.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.names.contains_key(word)
            || self.service_words.contains(word)
            || (!self.service_stems.is_empty() && self.service_stems.contains(&Stem::of(word).stem))
    }

    fn add_form(&mut self, form: String, named: Named) {
        let entries = self.names.entry(form).or_default();
        match entries.iter_mut().find(|e| e.employee == named.employee) {
            Some(entry) if entry.weight < named.weight => *entry = named,
            Some(_) => {}
            None => entries.push(named),
        }
    }

    /// The services that fit. `taken` are tokens that already mean something else, `timed` those of days and hours.
    pub(super) fn services(&self, tokens: &[Token<'_>], taken: &[bool], timed: &[bool]) -> Found {
        if self.services.is_empty() {
            return Found::default();
        }
        let coded = tokens.windows(2).enumerate().filter(|(at, pair)| {
            pair[0].kind == Kind::Number && pair[1].is_word() && pair[1].glued && !taken[*at] && !timed[at + 1]
        });
        // «1С», «3D»: digits and letters are one word of a title.
        let coded: Vec<Said> = coded
            .map(|(at, pair)| {
                let stem = Stem::of(&format!("{}{}", pair[0].text, pair[1].text));
                let likes = self.likes(&stem);
                Said { at: at + 1, stem, likes, carries: true }
            })
            .filter(|s| !s.likes.is_empty())
            .collect();
        let plain = tokens
            .iter()
            .enumerate()
            .filter(|(at, t)| t.is_word() && !taken[*at] && !is_stop_word(&t.text) && t.text.chars().count() > 1)
            .map(|(at, t)| {
                let before = at.checked_sub(1).map_or("", |i| tokens[i].text.as_str());
                let stem = if is_lack(before) { Stem::lacking(&t.text) } else { Stem::of(&t.text) };
                let likes = self.likes(&stem);
                let carries = !timed[at] && !is_date_word(&t.text) && !measures::is_time(&t.text);
                Said { at, stem, likes, carries }
            });
        let said: Vec<Said> =
            plain.filter(|s| coded.iter().all(|c| c.at != s.at)).chain(coded.iter().cloned()).collect();
        if said.iter().all(|s| s.likes.is_empty()) {
            return Found::default();
        }
        if !said.iter().any(|s| is_refused(tokens, s.at)) {
            return self.fitting(&said);
        }
        let wanted: Vec<Said> = said.iter().filter(|s| !is_refused(tokens, s.at)).cloned().collect();
        let found = self.fitting(&wanted);
        if found.ids.is_empty() { self.fitting(&said) } else { found }
    }

    fn fitting(&self, said: &[Said]) -> Found {
        let mut hits: Vec<Hit> =
            self.services.iter().enumerate().flat_map(|(index, service)| self.hits(index, service, said)).collect();
        // "one-to-one" is a title although its words are numbers.
        let in_a_row = |h: &Hit| h.full && h.words > 1 && h.tokens.windows(2).all(|w| w[1] > w[0] && w[1] - w[0] <= 4);
        hits.retain(|h| in_a_row(h) || said.iter().any(|s| s.carries && h.tokens.contains(&s.at)));
        let full: Vec<&Hit> = hits.iter().filter(|h| h.full).collect();
        let mut best = if full.is_empty() { self.partial(&hits, said) } else { most_specific(&full) };
        if !full.is_empty() {
            best.extend(same_word(&best, &hits));
        }
        let mut found = Found { apart: hits::apart(&best), ..Found::default() };
        best.sort_by_key(|hit| hit.tokens.iter().min().copied());
        for hit in best {
            let id = &self.services[hit.service].id;
            if !found.ids.contains(id) {
                found.ids.push(id.clone());
            }
            found.tokens.extend(&hit.tokens);
        }
        found
    }

    fn hits(&self, index: usize, service: &ServiceWords, said: &[Said]) -> Vec<Hit> {
        // «мужская» is never «женская стрижка», whatever else fits.
        let own = || service.phrases.iter().flatten().map(|place| &self.stems[*place]);
        let kinds = || said.iter().map(|s| &s.stem).filter(|s| s.is_modifier());
        let opposed = kinds().any(|s| own().any(|w| s.contradicts(w)) && !own().any(|w| s.same_modifier(w)));
        if opposed && !kinds().any(|s| own().any(|w| s.same_modifier(w))) {
            return Vec::new();
        }
        service.phrases.iter().filter_map(|phrase| self.hit(index, phrase, said)).collect()
    }

    fn hit(&self, service: usize, phrase: &[usize], said: &[Said]) -> Option<Hit> {
        let mut hit =
            Hit { service, tokens: Vec::new(), words: 0, full: false, head: false, exact: 0, for_whom: false };
        for (place, wanted) in phrase.iter().enumerate() {
            let found = said
                .iter()
                .filter(|s| !hit.tokens.contains(&s.at))
                .filter_map(|s| s.likes.iter().find(|(word, _)| word == wanted).map(|(_, like)| (*like, s.at)))
                .max_by_key(|(like, at)| (*like, usize::MAX - at));
            if let Some((like, at)) = found {
                hit.tokens.push(at);
                hit.words += 1;
                hit.exact += usize::from(like);
                hit.for_whom |= said.iter().any(|s| s.at == at && s.stem.is_recipient());
                hit.head |= self.is_head(phrase, place);
            }
        }
        hit.full = hit.words == phrase.len();
        (hit.words > 0).then_some(hit)
    }

    /// Whether the word says what is done: the first noun in Russian, the last word in English.
    fn is_head(&self, phrase: &[usize], place: usize) -> bool {
        let stem = |place: usize| &self.stems[phrase[place]];
        if stem(place).word.is_ascii() {
            return place + 1 == phrase.len();
        }
        !stem(place).adjective && (0..place).all(|earlier| stem(earlier).adjective)
    }

    /// The words of services that a word is like.
    fn likes(&self, said: &Stem) -> Vec<(usize, u8)> {
        let by_letter = said.stem.chars().next().and_then(|c| self.by_letter.get(&c));
        let by_root = said.root.and_then(|root| self.by_root.get(&root));
        let mut known = None;
        let mut likes: Vec<(usize, u8)> = Vec::new();
        for place in by_letter.into_iter().chain(by_root).flatten() {
            if !likes.iter().any(|(seen, _)| seen == place)
                && let Some(like) = self.likeness(said, &self.stems[*place], &mut known)
            {
                likes.push((*place, like));
            }
        }
        likes
    }

    /// How alike two words are: 3 the same stem, 2 the same root or beginning, 1 one wrong letter.
    fn likeness(&self, said: &Stem, wanted: &Stem, known: &mut Option<bool>) -> Option<u8> {
        if said.is_same(wanted) {
            return Some(3);
        }
        if said.is_akin(wanted) {
            return Some(2);
        }
        // The stems of short English words are too alike: "full", "filling".
        let long = !said.word.is_ascii() || said.word.len() > 4;
        let misspelt = is_one_edit(&said.word, &wanted.word)
            || (long && is_one_edit(&said.stem, &wanted.stem))
            || said.shortens(wanted);
        let mut is_known = || {
            *known.get_or_insert_with(|| {
                self.service_words.contains(&said.word)
                    || known::is_known_form(&said.word)
                    || lexicon::is_own_word(&said.word)
            })
        };
        (misspelt && !is_known()).then_some(1)
    }

    /// A part of a title: its head, or words that go with no other service.
    fn partial<'h>(&self, hits: &'h [Hit], said: &[Said]) -> Vec<&'h Hit> {
        let matched: HashSet<usize> = hits.iter().flat_map(|h| h.tokens.iter().copied()).collect();
        let foreign = said.iter().any(|s| !matched.contains(&s.at) && s.stem.is_service());
        let about_other = |h: &&Hit| h.tokens.len() == 1 && names_other_thing(h.tokens[0], said, &matched);
        let fits: Vec<&Hit> = hits
            .iter()
            .filter(|h| !about_other(h))
            .filter(|h| h.head || !foreign)
            .filter(|h| h.head || said.len() <= 3 || h.words > 1)
            .collect();
        let most = fits.iter().map(|h| h.rank()).max();
        fits.into_iter().filter(|h| Some(h.rank()) == most).collect()
    }
}

/// «не к Анне», «вместо стрижки».
fn is_refused(tokens: &[Token<'_>], at: usize) -> bool {
    let word = |back: usize| at.checked_sub(back).map_or("", |i| tokens[i].text.as_str());
    let light = matches!(word(1), "на" | "к" | "ко" | "у" | "only" | "только" | "for" | "with" | "of" | "to");
    matches!(word(1), "не" | "кроме" | "вместо" | "not" | "except")
        || (light && matches!(word(2), "не" | "кроме" | "not" | "except" | "instead"))
}

/// «без покрытия» is another thing than «с покрытием».
fn is_lack(word: &str) -> bool {
    matches!(word, "без" | "without")
}

fn phrase(text: &str) -> Vec<Stem> {
    let folded = fold(text);
    let all: Vec<&str> = words(&folded).collect();
    let said = |at: usize| at.checked_sub(1).is_some_and(|i| is_lack(all[i]));
    // «Хатха-йога» is a kind of yoga.
    let kind = |word: &str| folded.contains(&format!("{word}-")) && !word.is_ascii();
    let content: Vec<Stem> = all
        .iter()
        .enumerate()
        .filter(|(_, w)| !is_stop_word(w) && w.chars().count() > 1 && !measures::is_measure(w) && **w != "without")
        .map(|(at, w)| match (said(at), kind(w)) {
            (true, _) => Stem::lacking(w),
            (false, true) => Stem::kind(w),
            _ => Stem::of(w),
        })
        .collect();
    if content.is_empty() { all.into_iter().map(Stem::of).collect() } else { content }
}
