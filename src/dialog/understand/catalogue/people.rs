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
