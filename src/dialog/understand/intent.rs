//! What the client wants.

use super::lexicon::{self, Facts, Word};
use super::tags::{Tag, Tags};
use super::token::{Kind, Token};
use super::{Intent, YesNo};

/// What the other readers found, token by token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks<'a> {
    pub date: &'a [bool],
    pub service: &'a [bool],
    pub employee: &'a [bool],
    pub name: &'a [bool],
    pub phone: &'a [bool],
}

impl<'a> Marks<'a> {
    /// The marks of a part of the message.
    pub fn within(self, range: &std::ops::Range<usize>) -> Marks<'a> {
        let cut = |mark: &'a [bool]| mark.get(range.clone()).unwrap_or_default();
        Marks {
            date: cut(self.date),
            service: cut(self.service),
            employee: cut(self.employee),
            name: cut(self.name),
            phone: cut(self.phone),
        }
    }
}

/// The intents of a message and what goes with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wants {
    pub intents: Vec<Intent>,
    pub yes_no: Option<YesNo>,
    pub any_employee: bool,
    pub any_time: bool,
    /// The first intent is a guess: no pattern heard it, and another weighs nearly as much.
    pub faint: bool,
}

/// What the patterns say of one sentence.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub range: std::ops::Range<usize>,
    tags: Tags,
    facts: Facts,
    yes_no: Option<YesNo>,
}

/// Reads every sentence with the patterns.
pub(super) fn spoken(tokens: &[Token<'_>], marks: Marks<'_>) -> Vec<Spoken> {
    let read = |range: std::ops::Range<usize>| {
        let (words, mut facts) = sentence(tokens, range.clone(), marks);
        if words.is_empty() {
            return None;
        }
        let mut tags = lexicon::tags(&words, facts);
        facts.ask = tags.has(Tag::Asks);
        if tags.has(Tag::NotYes) || facts.ask {
            for tag in [Tag::Yes, Tag::No, Tag::SoftYes] {
                tags.remove(tag);
            }
        }
        let yes_no = agreement(tags, facts);
        if tags.has(Tag::Smalltalk) && !is_sociable_only(tags) {
            tags.remove(Tag::Smalltalk);
        }
        Some(Spoken { range, tags, facts, yes_no })
    };
    sentences(tokens).into_iter().filter_map(read).collect()
}

/// What sentences come to together, and the tags they left.
pub(super) fn grammar(tokens: &[Token<'_>], spoken: &[Spoken]) -> (Tags, Wants) {
    let mut all = Tags::default();
    let mut yes_no = None;
    let mut facts = Facts::default();
    for sentence in spoken {
        yes_no = yes_no.or(sentence.yes_no);
        facts.date |= sentence.facts.date;
        facts.service |= sentence.facts.service;
        facts.employee |= sentence.facts.employee;
        facts.ask |= sentence.facts.ask;
        all = all.join(sentence.tags);
    }
    let plus =
        tokens.iter().any(|t| matches!(t.text.as_str(), "👍" | "✅" | "👌")) || matches!(tokens, [t] if t.is("+"));
    let alone = |words: &[&str]| matches!(tokens, [t] if words.contains(&t.text.as_str()));
    if yes_no.is_none() && (plus && !all.has(Tag::Asks) || alone(&["y", "д"])) {
        yes_no = Some(YesNo::Yes);
        all.add(Tag::Yes);
    }
    if yes_no.is_none() && alone(&["n", "не", "н", "-"]) {
        yes_no = Some(YesNo::No);
        all.add(Tag::No);
    }
    (all, decide(all, facts, yes_no))
}

fn agreement(tags: Tags, facts: Facts) -> Option<YesNo> {
    match (tags.has(Tag::Yes), tags.has(Tag::No)) {
        (_, true) => Some(YesNo::No),
        (true, false) => Some(YesNo::Yes),
        _ if tags.has(Tag::Confirm) && !facts.date && !facts.service && !facts.employee => Some(YesNo::Yes),
        _ => None,
    }
}

fn is_sociable_only(tags: Tags) -> bool {
    const BUSINESS: &[Tag] = &[
        Tag::Cancel,
        Tag::Reschedule,
        Tag::Book,
        Tag::MyBookings,
        Tag::AskPrice,
        Tag::AskHours,
        Tag::AskAddress,
        Tag::AskServices,
        Tag::AskStaff,
        Tag::Human,
    ];
    !BUSINESS.iter().any(|tag| tags.has(*tag))
}

/// The strongest first; sociable words count only when there is nothing more substantial.
fn decide(tags: Tags, facts: Facts, yes_no: Option<YesNo>) -> Wants {
    let wants = |intents: Vec<Intent>, yes_no| Wants {
        intents,
        yes_no,
        any_employee: tags.has(Tag::AnyEmployee),
        any_time: tags.has(Tag::AnyTime),
        faint: false,
    };
    if tags.has(Tag::Injection) {
        return wants(vec![Intent::Other], None);
    }
    let mut found = substantial(tags, facts, yes_no);
    if !found.is_empty() {
        let agrees = yes_no.filter(|_| !found.contains(&Intent::Human));
        return wants(found, agrees);
    }
    if let Some(answer) = yes_no {
        let polite = tags.has(Tag::SoftYes) && (tags.has(Tag::Thanks) || tags.has(Tag::Bye)) && answer == YesNo::Yes;
        if !polite {
            found.push(if answer == YesNo::Yes { Intent::Yes } else { Intent::No });
        }
    }
    let light = [
        (Tag::Thanks, Intent::Thanks),
        (Tag::Bye, Intent::Bye),
        (Tag::Greet, Intent::Greet),
        (Tag::Smalltalk, Intent::Smalltalk),
    ];
    found.extend(light.iter().filter(|(tag, _)| tags.has(*tag)).map(|(_, intent)| *intent));
    if found.is_empty() {
        found.push(Intent::Other);
    }
    wants(found, yes_no)
}

/// Everything about the business, the strongest first.
fn substantial(tags: Tags, facts: Facts, yes_no: Option<YesNo>) -> Vec<Intent> {
    let mut found = Vec::new();
    if tags.has(Tag::Human) {
        found.push(Intent::Human);
    }
    let policy = tags.has(Tag::CancelQuestion);
    let moves = tags.has(Tag::Reschedule) && !policy;
    let cancels =
        (tags.has(Tag::Cancel) && !policy) || (tags.has(Tag::WeakCancel) && !moves && !tags.has(Tag::Book) && !policy);
    if cancels {
        found.push(Intent::Cancel);
    }
    if moves {
        found.push(Intent::Reschedule);
    }
    let exists = cancels || moves || tags.has(Tag::MyBookings);
    let refused = yes_no == Some(YesNo::No);
    let agreed = yes_no == Some(YesNo::Yes)
        && (tags.has(Tag::Confirm) || tags.has(Tag::Yes))
        && !facts.service
        && !facts.date
        && !facts.employee
        && !facts.ask;
    let books = tags.has(Tag::Book) && !exists && !agreed && (!tags.has(Tag::Human) || facts.ask);
    if books {
        found.push(Intent::Book);
    }
    if tags.has(Tag::MyBookings) && !cancels && !moves {
        found.push(Intent::MyBookings);
    }
    let asks = [
        (Tag::AskPrice, Intent::AskPrice),
        (Tag::AskHours, Intent::AskHours),
        (Tag::AskAddress, Intent::AskAddress),
        (Tag::AskServices, Intent::AskServices),
        (Tag::AskStaff, Intent::AskStaff),
    ];
    found.extend(asks.iter().filter(|(tag, _)| tags.has(*tag)).map(|(_, intent)| *intent));
    if tags.has(Tag::Topic) || policy {
        found.push(Intent::Question);
    }
    if found.is_empty() {
        found.extend(implied(tags, facts, refused));
    }
    found
}

/// What a message without a word of wanting or asking comes to.
fn implied(tags: Tags, facts: Facts, refused: bool) -> Option<Intent> {
    let light = tags.has(Tag::Smalltalk) || tags.has(Tag::Greet) || tags.has(Tag::Thanks) || tags.has(Tag::Bye);
    if facts.service && !refused && (!facts.ask || facts.date || facts.employee) {
        return Some(Intent::Book);
    }
    if facts.employee && facts.date && !refused {
        return Some(Intent::Book);
    }
    if facts.service && facts.ask {
        return Some(Intent::Question);
    }
    let question = (tags.has(Tag::Asks) || tags.has(Tag::Question)) && !light;
    question.then_some(Intent::Question)
}

/// Sentences, and the clauses of those that ask.
pub(super) fn clauses(tokens: &[Token<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for sentence in sentences(tokens) {
        let asks = sentence.end > 0 && tokens[sentence.end - 1].is("?");
        let mut start = sentence.start;
        if asks {
            for at in sentence.clone() {
                // A comma inside a number is none.
                if tokens[at].is(",") && tokens.get(at + 1).is_some_and(|next| !next.glued) {
                    found.push(start..at);
                    start = at + 1;
                }
            }
        }
        found.push(start..sentence.end);
    }
    found
}

/// Sentences as ranges of tokens.
fn sentences(tokens: &[Token<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let ends = match token.text.as_str() {
            "!" | "?" | ";" => next.is_none_or(|t| t.kind != Kind::Sign),
            "." => next.is_none_or(|t| !t.glued),
            // «дешевле) а карты берёте?»: a smile, no bracket.
            ")" => !tokens[start..at].iter().any(|t| t.is("(")) && next.is_none_or(|t| t.kind != Kind::Sign),
            _ => false,
        };
        if ends {
            found.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < tokens.len() {
        found.push(start..tokens.len());
    }
    found
}

/// Words that may stand before the first real word of a clause.
const FILLERS: &[&str] = &[
    "ну",
    "а",
    "и",
    "ой",
    "вот",
    "слушайте",
    "слушай",
    "простите",
    "извините",
    "well",
    "oh",
    "so",
    "um",
    "uh",
    "and",
    "но",
    "тогда",
    "эм",
    "хм",
];

fn sentence<'t>(tokens: &'t [Token<'_>], range: std::ops::Range<usize>, marks: Marks<'_>) -> (Vec<Word<'t>>, Facts) {
    let mut words: Vec<Word<'t>> = Vec::with_capacity(range.len());
    let mut facts = Facts::default();
    let mut starts = true;
    let any = |mark: &[bool], at: usize| mark.get(at).copied().unwrap_or(false);
    for at in range {
        let token = &tokens[at];
        facts.question |= token.is("?");
        facts.date |= any(marks.date, at);
        facts.employee |= any(marks.employee, at) || goes_to_person(tokens, at);
        facts.service |= any(marks.service, at) || (token.is_word() && lexicon::is_service_word(&token.text));
        if token.is_word() && !any(marks.name, at) {
            words.push(Word { text: &token.text, starts, ends: false });
            starts = starts && FILLERS.contains(&token.text.as_str());
        } else if token.kind == Kind::Number && !any(marks.phone, at) {
            words.push(Word { text: &token.text, starts: false, ends: false });
            starts = false;
        } else if token.kind == Kind::Sign
            && matches!(token.text.as_str(), "," | "-" | ":" | "(" | ")" | "." | "!" | "?" | ";")
        {
            let hyphen = token.is("-") && token.glued;
            if !hyphen {
                if let Some(last) = words.last_mut() {
                    last.ends = true;
                }
                starts = true;
            }
        }
    }
    if let Some(last) = words.last_mut() {
        last.ends = true;
    }
    (words, facts)
}

/// «к Антонине», «у Ани», «к терапевту».
fn goes_to_person(tokens: &[Token<'_>], at: usize) -> bool {
    let prep = at > 0 && matches!(tokens[at - 1].text.as_str(), "к" | "ко" | "у" | "with" | "to");
    let word = tokens[at].text.as_str();
    prep && tokens[at].is_word() && (super::given::is_given_name(word) || lexicon::is_profession(word))
}
