//! Employees, found by name or by what they do.

use super::super::stems::{self, Stem};
use super::super::token::Token;
use super::super::typo::is_one_edit;
use super::super::{known, lexicon, title};
use super::{Found, Named, Vocabulary, is_refused};

impl Vocabulary {
    /// The employees that fit.
    pub(in crate::dialog::understand) fn employees(&self, tokens: &[Token<'_>], taken: &[bool]) -> Found {
        let mut groups: Vec<Group> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if !token.is_word() || taken[at] || self.names.is_empty() {
                continue;
            }
            let named = in_case(self.named(&token.text), tokens, at);
            let named = if is_plain_word(tokens, at) { Vec::new() } else { named };
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
        let refused = |g: &Group| {
            let first = g.tokens[0];
            is_refused(tokens, first) || (first > 0 && is_refused(tokens, first - 1)) || is_declined(tokens, g.end)
        };
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
        if found.ids.is_empty() {
            self.by_title(tokens, taken, &mut found);
        }
        found
    }

    /// «к хирургу»: everybody whose title says so.
    fn by_title(&self, tokens: &[Token<'_>], taken: &[bool], found: &mut Found) {
        if self.titles.is_empty() {
            return;
        }
        for (at, token) in tokens.iter().enumerate() {
            if token.is_word()
                && !taken[at]
                && title::is_visited(tokens, at)
                && let Some(holders) = self.titles.get(&Stem::of(&token.text).stem)
            {
                found.ids.extend(holders.iter().map(|h| self.employees[*h].clone()));
                found.tokens.push(at);
            }
        }
        found.ids.dedup();
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

/// «к Роме не надо», «Олега не хочу».
fn is_declined(tokens: &[Token<'_>], end: usize) -> bool {
    let word = |at: usize| tokens.get(at).map_or("", |t| t.text.as_str());
    word(end) == "не"
        && matches!(word(end + 1), "надо" | "нужно" | "хочу" | "хотим" | "хотелось" | "пойду" | "подходит")
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

/// "Will you be open?": a name that is also a word names a person only where one is gone to, or in the middle of a
/// sentence with a capital letter.
fn is_plain_word(tokens: &[Token<'_>], at: usize) -> bool {
    const WORDS: &[&str] = &[
        "will", "mark", "grace", "hope", "may", "june", "april", "rose", "art", "bill", "drew", "chase", "faith",
        "joy", "dawn", "summer", "frank", "rich", "guy", "jack", "pat", "sue", "grant", "miles", "dean", "penny",
        "max", "price", "cook", "baker", "king", "young", "white", "black", "brown", "green", "long", "short", "day",
        "hill", "wood", "stone", "cash", "sharp", "love", "best", "good", "wise", "strong", "sweet", "gray", "grey",
        "bell", "page", "park",
    ];
    let token = &tokens[at];
    if !WORDS.contains(&token.text.as_str()) || title::is_visited(tokens, at) {
        return false;
    }
    let before = at.checked_sub(1).map(|i| &tokens[i]);
    let starts = before.is_none_or(|t| matches!(t.text.as_str(), "." | "!" | "?"));
    let named_on = tokens.get(at + 1).is_some_and(|t| t.is_word() && t.is_capitalised() && !t.is("i"));
    !(token.is_capitalised() && (!starts || named_on))
}

/// «к Александру» is a man, «к Александре» a woman: the preposition tells the case, the case the name.
fn in_case(mut named: Vec<Named>, tokens: &[Token<'_>], at: usize) -> Vec<Named> {
    let before = |back: usize| at.checked_sub(back).map_or("", |i| tokens[i].text.as_str());
    // «к доктору Иванову», «доктора Иванова»: the title has the case too.
    let preposition = match before(1) {
        title if title::is_general(title) => before(2),
        "доктору" | "врачу" | "мастеру" | "специалисту" | "тренеру" => "к",
        "доктора" | "врача" | "мастера" | "специалиста" | "тренера" => "у",
        other => other,
    };
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
