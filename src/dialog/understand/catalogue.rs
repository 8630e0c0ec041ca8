//! Services and employees of the profile, found in a client's words.

use std::collections::{HashMap, HashSet};

use super::stems::{self, Stem};
use super::token::Token;
use super::typo::is_one_edit;
use super::{given, known, lexicon};
use crate::domain::company::{Employee, Service};
use crate::domain::text::{fold, is_stop_word, words};

/// The words of a profile, compiled once. Hidden services and employees are left out.
#[derive(Debug, Default)]
pub struct Vocabulary {
    services: Vec<ServiceWords>,
    employees: Vec<String>,
    /// Every form of every employee's names.
    names: HashMap<String, Vec<Named>>,
    /// The same forms by first letter, for misspelt ones.
    name_forms: HashMap<char, Vec<String>>,
    /// Words of services, which are never misspelt others.
    service_words: HashSet<String>,
}

#[derive(Debug)]
struct ServiceWords {
    id: String,
    phrases: Vec<Vec<Stem>>,
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
            let words = ServiceWords { id: service.id.clone(), phrases: phrases.collect() };
            vocabulary.service_words.extend(words.phrases.iter().flatten().map(|s| s.word.clone()));
            vocabulary.services.push(words);
        }
        for employee in employees.iter().filter(|e| !e.hidden) {
            let index = vocabulary.employees.len();
            vocabulary.employees.push(employee.id.clone());
            for text in std::iter::once(&employee.name).chain(&employee.aliases) {
                vocabulary.add_name(text, index);
            }
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

    fn add_name(&mut self, text: &str, employee: usize) {
        for word in words(&fold(text)).filter(|w| w.chars().count() > 1) {
            let soft = |name: &str| name.ends_with(['а', 'я']);
            for form in given::declined(word) {
                let weight = if form == word { 4 } else { 3 };
                self.add_form(form, Named { employee, weight, soft: soft(word) });
            }
            for other in given::called(word) {
                for form in given::declined(other) {
                    self.add_form(form, Named { employee, weight: 2, soft: soft(other) });
                }
            }
        }
    }

    fn add_form(&mut self, form: String, named: Named) {
        let entries = self.names.entry(form).or_default();
        match entries.iter_mut().find(|e| e.employee == named.employee) {
            Some(entry) if entry.weight < named.weight => *entry = named,
            Some(_) => {}
            None => entries.push(named),
        }
    }

    /// The services that fit. `taken` are tokens that already mean something else.
    pub(super) fn services(&self, tokens: &[Token<'_>], taken: &[bool]) -> Found {
        if self.services.is_empty() {
            return Found::default();
        }
        let said: Vec<(usize, Stem)> = tokens
            .iter()
            .enumerate()
            .filter(|(at, t)| t.is_word() && !taken[*at] && !is_stop_word(&t.text) && t.text.chars().count() > 1)
            .map(|(at, t)| (at, Stem::of(&t.text)))
            .collect();
        let wanted: Vec<(usize, Stem)> = said.iter().filter(|(at, _)| !is_refused(tokens, *at)).cloned().collect();
        let found = self.fitting(&wanted);
        if found.ids.is_empty() && wanted.len() < said.len() { self.fitting(&said) } else { found }
    }

    fn fitting(&self, said: &[(usize, Stem)]) -> Found {
        let hits: Vec<Hit> =
            self.services.iter().enumerate().flat_map(|(index, service)| self.hits(index, service, said)).collect();
        let full: Vec<&Hit> = hits.iter().filter(|h| h.full).collect();
        let best = if full.is_empty() { self.partial(&hits, said) } else { most_specific(&full) };
        let mut found = Found::default();
        for hit in best {
            let id = &self.services[hit.service].id;
            if !found.ids.contains(id) {
                found.ids.push(id.clone());
            }
            found.tokens.extend(&hit.tokens);
        }
        found
    }

    fn hits(&self, index: usize, service: &ServiceWords, said: &[(usize, Stem)]) -> Vec<Hit> {
        // «мужская» is never «женская стрижка», whatever else fits.
        let own = || service.phrases.iter().flatten();
        let opposed = said.iter().any(|(_, s)| own().any(|w| s.contradicts(w)) && !own().any(|w| s.same_modifier(w)));
        let several = said.iter().any(|(_, s)| own().any(|w| s.same_modifier(w)));
        if opposed && !several {
            return Vec::new();
        }
        service.phrases.iter().filter_map(|phrase| self.hit(index, phrase, said)).collect()
    }

    fn hit(&self, service: usize, phrase: &[Stem], said: &[(usize, Stem)]) -> Option<Hit> {
        let mut hit = Hit { service, tokens: Vec::new(), words: 0, full: false, head: false, exact: 0 };
        for (place, wanted) in phrase.iter().enumerate() {
            let found = said
                .iter()
                .filter(|(at, _)| !hit.tokens.contains(at))
                .filter_map(|(at, stem)| self.likeness(stem, wanted).map(|like| (like, *at)))
                .max_by_key(|(like, at)| (*like, usize::MAX - at));
            if let Some((like, at)) = found {
                hit.tokens.push(at);
                hit.words += 1;
                hit.exact += usize::from(like);
                hit.head |= !wanted.adjective && phrase[..place].iter().all(|s| s.adjective);
            }
        }
        hit.full = hit.words == phrase.len();
        (hit.words > 0).then_some(hit)
    }

    /// How alike two words are: 3 the same stem, 2 the same root, 1 one wrong letter.
    fn likeness(&self, said: &Stem, wanted: &Stem) -> Option<u8> {
        if said.is_same(wanted) {
            return Some(3);
        }
        if said.is_akin(wanted) {
            return Some(2);
        }
        let known = || {
            self.service_words.contains(&said.word)
                || known::is_known(&said.word)
                || lexicon::is_pattern_word(&said.word)
        };
        let misspelt = is_one_edit(&said.stem, &wanted.stem) || is_one_edit(&said.word, &wanted.word);
        (misspelt && !known()).then_some(1)
    }

    /// A part of a title: its head, or words that go with no other service.
    fn partial<'h>(&self, hits: &'h [Hit], said: &[(usize, Stem)]) -> Vec<&'h Hit> {
        let matched: HashSet<usize> = hits.iter().flat_map(|h| h.tokens.iter().copied()).collect();
        let foreign = said.iter().any(|(at, stem)| !matched.contains(at) && stem.is_service());
        let fits: Vec<&Hit> =
            hits.iter().filter(|h| h.head || !foreign).filter(|h| h.head || said.len() <= 3 || h.words > 1).collect();
        let most = fits.iter().map(|h| h.rank()).max();
        fits.into_iter().filter(|h| Some(h.rank()) == most).collect()
    }

    /// The employees that fit.
    pub(super) fn employees(&self, tokens: &[Token<'_>], taken: &[bool]) -> Found {
        let mut groups: Vec<Group> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if !token.is_word() || taken[at] || self.names.is_empty() {
                continue;
            }
            let named = in_case(self.named(&token.text), tokens, at);
            let beside = groups.last().is_some_and(|g| g.end == at);
            match groups.last_mut() {
                Some(last) if beside && named.is_empty() => last.note_stranger(token),
                Some(last) if beside => last.join(&named, at),
                _ if !named.is_empty() => {
                    groups.push(Group { best: strongest(named), tokens: vec![at], end: at + 1, stranger: false })
                }
                _ => {}
            }
        }
        let refused =
            |g: &Group| is_refused(tokens, g.tokens[0]) || (g.tokens[0] > 0 && is_refused(tokens, g.tokens[0] - 1));
        groups.retain(|g| !g.stranger);
        let all_refused = !groups.is_empty() && groups.iter().all(refused);
        if !all_refused {
            groups.retain(|g| !refused(g));
        }
        let mut found = Found { refused: all_refused, ..Found::default() };
        for group in groups {
            for named in &group.best {
                let id = &self.employees[named.employee];
                if !found.ids.contains(id) {
                    found.ids.push(id.clone());
                }
            }
            found.tokens.extend(group.tokens);
        }
        found
    }

    fn named(&self, word: &str) -> Vec<Named> {
        if let Some(named) = self.names.get(word) {
            return named.clone();
        }
        let guessable = word.chars().count() >= 4
            && !known::is_known(word)
            && !self.service_words.contains(word)
            && !lexicon::is_pattern_word(word);
        let forms = word.chars().next().filter(|_| guessable).and_then(|first| self.name_forms.get(&first));
        let mut found: Vec<Named> = Vec::new();
        for form in forms.into_iter().flatten().filter(|form| is_one_edit(word, form)) {
            for named in self.names.get(form).into_iter().flatten() {
                if !found.iter().any(|n| n.employee == named.employee) {
                    found.push(Named { weight: 1, ..*named });
                }
            }
        }
        found
    }
}

/// «не к Анне», «вместо стрижки».
fn is_refused(tokens: &[Token<'_>], at: usize) -> bool {
    let word = |back: usize| at.checked_sub(back).map_or("", |i| tokens[i].text.as_str());
    let light = matches!(word(1), "на" | "к" | "ко" | "у" | "only" | "только" | "for" | "with" | "of" | "to");
    matches!(word(1), "не" | "кроме" | "вместо" | "not" | "except")
        || (light && matches!(word(2), "не" | "кроме" | "not" | "except" | "instead"))
}

fn phrase(text: &str) -> Vec<Stem> {
    let folded = fold(text);
    let all: Vec<&str> = words(&folded).collect();
    let content: Vec<Stem> =
        all.iter().filter(|w| !is_stop_word(w) && w.chars().count() > 1).map(|w| Stem::of(w)).collect();
    if content.is_empty() { all.into_iter().map(Stem::of).collect() } else { content }
}

/// A phrase of a service met in the message.
#[derive(Debug)]
struct Hit {
    service: usize,
    tokens: Vec<usize>,
    words: usize,
    full: bool,
    /// The noun that says what is done is there.
    head: bool,
    exact: usize,
}

impl Hit {
    const fn rank(&self) -> (bool, usize) {
        (self.head, self.words)
    }
}

/// Full matches that are not a part of a longer one; of equal ones, the closest in letters.
fn most_specific<'h>(full: &[&'h Hit]) -> Vec<&'h Hit> {
    let within = |a: &Hit, b: &Hit| a.tokens.iter().all(|t| b.tokens.contains(t));
    full.iter()
        .filter(|hit| {
            !full.iter().any(|other| {
                within(hit, other)
                    && (other.tokens.len() > hit.tokens.len()
                        || (other.tokens.len() == hit.tokens.len() && other.exact > hit.exact))
            })
        })
        .copied()
        .collect()
}

/// Neighbouring words that name one person.
#[derive(Debug)]
struct Group {
    best: Vec<Named>,
    tokens: Vec<usize>,
    end: usize,
    /// A surname beside belongs to nobody of the profile.
    stranger: bool,
}

impl Group {
    fn join(&mut self, named: &[Named], at: usize) {
        let common: Vec<Named> =
            self.best.iter().filter(|n| named.iter().any(|m| m.employee == n.employee)).copied().collect();
        if common.is_empty() {
            self.best.extend(strongest(named.to_vec()));
        } else {
            self.best = common;
        }
        self.tokens.push(at);
        self.end = at + 1;
    }

    fn note_stranger(&mut self, token: &Token<'_>) {
        const ENDS: &[&str] = &[
            "ова",
            "овой",
            "ову",
            "ева",
            "евой",
            "еву",
            "ину",
            "иной",
            "ову",
            "ову",
            "ову",
            "ову",
            "ский",
            "скому",
            "ской",
            "скую",
        ];
        self.stranger = token.is_capitalised()
            && self.tokens.len() == 1
            && stems::is_cyrillic(&token.text)
            && ENDS.iter().any(|end| token.text.ends_with(end));
    }
}

/// «к Александру» is a man, «к Александре» a woman: the preposition tells the case, the case the name.
fn in_case(mut named: Vec<Named>, tokens: &[Token<'_>], at: usize) -> Vec<Named> {
    let preposition = at.checked_sub(1).map_or("", |i| tokens[i].text.as_str());
    let word = tokens[at].text.as_str();
    let soft = match preposition {
        "к" | "ко" if word.ends_with(['у', 'ю']) => false,
        "к" | "ко" if word.ends_with('е') => true,
        "у" | "от" | "для" if word.ends_with(['а', 'я']) => false,
        "на" if word.ends_with(['у', 'ю']) => true,
        _ => return named,
    };
    // «к Петрову» cannot be a Петрова.
    if named.iter().any(|n| n.soft == soft) || (matches!(preposition, "к" | "ко") && word.ends_with('у')) {
        named.retain(|n| n.soft == soft);
        named.iter_mut().for_each(|n| n.weight = n.weight.min(3));
    }
    named
}

fn strongest(named: Vec<Named>) -> Vec<Named> {
    let most = named.iter().map(|n| n.weight).max();
    named.into_iter().filter(|n| Some(n.weight) == most).collect()
}
