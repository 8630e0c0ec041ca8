//! Phone numbers among other numbers.

use crate::domain::contact::{Phone, Region};

use super::token::{Kind, Token};

/// Words (stems) before a number that is no phone.
const OTHER_NUMBERS: &[&str] = &[
    "инн",
    "огрн",
    "снилс",
    "карт",
    "заказ",
    "договор",
    "счет",
    "чек",
    "цен",
    "сумм",
    "полис",
    "паспорт",
    "артикул",
    "код",
    "брон",
    "кпп",
    "бик",
    "order",
    "invoice",
    "card",
    "price",
    "code",
    "passport",
    "сертификат",
    "квитанц",
    "накладн",
    "трек",
    "tracking",
    "iban",
    "id",
    "лицев",
    "оплат",
    "билет",
    "ticket",
    "vin",
    "бюджет",
    "account",
    "contract",
    "receipt",
    "certificate",
    "reference",
    "policy",
    "vat",
    "membership",
    "member",
    "абонемент",
    "унп",
    "чип",
    "chip",
    "nwbk",
];
/// Words (stems) before a phone.
const PHONES: &[&str] = &[
    "тел",
    "номер",
    "моб",
    "сот",
    "звон",
    "позвон",
    "phone",
    "number",
    "call",
    "cell",
    "mobile",
    "ватсап",
    "whatsapp",
    "телеграм",
    "связ",
];

/// A phone of the message.
#[derive(Debug)]
pub(super) struct Found {
    pub phone: Phone,
    /// First token.
    pub first: usize,
    /// One past the last token.
    pub end: usize,
}

/// Every phone of the message, in order.
pub(super) fn find(tokens: &[Token<'_>], text: &str, region: Region) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match phone_at(tokens, text, at, region) {
            Some(phone) => {
                at = phone.end;
                found.push(phone);
            }
            None => {
                at = if tokens[at].kind == Kind::Number && is_account(tokens, at) {
                    run_end(tokens, at).max(at + 1)
                } else if tokens[at].kind == Kind::Number {
                    run_end(tokens, at).max(at + 1).min(next_start(tokens, at))
                } else {
                    at + 1
                }
            }
        }
    }
    found
}

/// An account or a card: all of its groups are one number.
fn is_account(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[..at].iter().rev().take(5).any(|t| matches!(t.text.as_str(), "iban" | "счет" | "счета" | "card" | "account"))
}

/// Where the next group of digits of this run begins.
fn next_start(tokens: &[Token<'_>], at: usize) -> usize {
    (at + 1..tokens.len()).find(|i| tokens[*i].kind == Kind::Number || tokens[*i].is("+")).unwrap_or(tokens.len())
}

fn is_separator(token: &Token<'_>) -> bool {
    matches!(token.text.as_str(), "-" | "(" | ")" | "." | "/" | "_")
}

/// One past the last token of a run of digits and separators.
fn run_end(tokens: &[Token<'_>], at: usize) -> usize {
    let mut end = at;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        if token.kind == Kind::Number {
            end = index + 1;
        } else if !is_separator(token) && index > at {
            break;
        }
        // Two signs in a row other than brackets do not belong to one number.
        if index > at + 1 && token.is("-") && tokens[index - 1].is("-") {
            break;
        }
    }
    end
}

fn phone_at(tokens: &[Token<'_>], text: &str, at: usize, region: Region) -> Option<Found> {
    let opens = tokens[at].is("+") || tokens[at].is("(") || tokens[at].kind == Kind::Number;
    if !opens || continues_number(tokens, at) {
        return None;
    }
    let start = if tokens[at].is("+") && tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Number || t.is("(")) {
        at + 1
    } else {
        at
    };
    if tokens[at].is("+") && start == at {
        return None;
    }
    let run = run_end(tokens, start);
    let ends = (start + 1..=run).rev().filter(|end| tokens[end - 1].kind == Kind::Number);
    let context = context(tokens, at);
    for end in ends {
        let groups: Vec<&str> = tokens[start..end].iter().filter(|t| t.kind == Kind::Number).map(|t| t.raw).collect();
        let shape = Shape {
            groups: &groups,
            plus: start > at,
            spaced: tokens[at..end].len() > groups.len() || groups.len() > 1,
            context,
        };
        let rest = tokens[end..run].iter().find(|t| t.kind == Kind::Number);
        let split = rest.is_none_or(|t| !t.glued) && tokens.get(end).is_none_or(|t| !(t.is(":") && t.glued));
        if split
            && shape.is_phone(region)
            && let Ok(phone) = Phone::parse(
                text[tokens[at].start..tokens[end - 1].end()].trim_start_matches('(').replace('_', " ").as_str(),
                region,
            )
        {
            return Some(Found { phone, first: at, end });
        }
    }
    None
}

/// Whether the digits before `at` belong to the same number.
fn continues_number(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| &tokens[i]) else { return false };
    if !tokens[at].glued {
        return false;
    }
    // `GB123456789` is no phone, `tel89161234567` is.
    let coded = before.is_word() && !PHONES.iter().any(|stem| before.text.starts_with(stem));
    if coded && !matches!(before.text.as_str(), "т" | "м" | "t" | "m" | "p") {
        return true;
    }
    before.kind == Kind::Number
        || (matches!(before.text.as_str(), "-" | "." | ":" | "," | "/")
            && before.glued
            && at >= 2
            && tokens[at - 2].kind == Kind::Number)
}

/// What the words before a number say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Phone,
    Other,
    None,
}

fn context(tokens: &[Token<'_>], at: usize) -> Context {
    let starts = |word: &str, stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    let mut phone = false;
    for token in tokens[..at].iter().rev().take(4) {
        let abbreviates =
            token.is(".") && at >= 2 && matches!(tokens[at - 2].text.as_str(), "no" | "nr" | "num" | "ном");
        if matches!(token.kind, Kind::Sign)
            && matches!(token.text.as_str(), "." | "!" | "?" | ";" | ",")
            && !abbreviates
        {
            break;
        }
        if token.is_word()
            && !super::given::is_given_name(&token.text)
            && starts(&token.text, OTHER_NUMBERS)
            && !(token.is("кода") || token.text.starts_with("картин"))
        {
            return Context::Other;
        }
        phone |= token.is_word() && starts(&token.text, PHONES);
    }
    if at > 0 && (tokens[at - 1].is("№") || tokens[at - 1].is("#")) {
        return Context::Other;
    }
    if phone { Context::Phone } else { Context::None }
}

struct Shape<'a> {
    groups: &'a [&'a str],
    plus: bool,
    spaced: bool,
    context: Context,
}

impl Shape<'_> {
    fn is_phone(&self, region: Region) -> bool {
        let digits: String = self.groups.concat();
        // `00` is `+`; a trunk zero may stand in brackets after the country: +44 (0)7400 …
        let longest = 15 + if digits.starts_with("00") { 2 } else { usize::from(self.groups.contains(&"0")) };
        let longest = if self.plus || digits.starts_with("00") { longest } else { 14 };
        if self.context == Context::Other && !self.plus || !(7..=longest).contains(&digits.len()) {
            return false;
        }
        if self.plus {
            return digits.len() >= 8;
        }
        let head = digits.as_bytes();
        if digits.starts_with("00") {
            return digits.len() >= 11 && self.groups[0].len() > 1;
        }
        let area = |byte: Option<&u8>| matches!(byte, Some(b'3' | b'4' | b'8' | b'9'));
        let home = region == Region::default() || !digits.starts_with("80");
        if digits.len() == 11 && matches!(head[0], b'7' | b'8') && home {
            return area(head.get(1)) || (head[1] == b'7' && (self.spaced || self.context == Context::Phone));
        }
        if region == Region::default() {
            return digits.len() == 10
                && (head[0] == b'9'
                    && (self.groups.len() == 1 || self.groups[0].len() <= 4 || self.context == Context::Phone)
                    || (area(head.first()) && (self.context == Context::Phone || self.is_grouped())))
                || self.context == Context::Phone && digits.len() >= 11;
        }
        let trunk = head[0] == b'0' || digits.starts_with("80");
        digits.len() >= 9 && (trunk || self.context == Context::Phone || self.groups.len() > 2 || digits.len() >= 10)
    }

    /// «495 123-45-67»: three digits, then the rest in groups.
    fn is_grouped(&self) -> bool {
        let lengths: Vec<usize> = self.groups.iter().map(|g| g.len()).collect();
        matches!(lengths.as_slice(), [3, 3, 2, 2] | [3, 3, 4] | [3, 7] | [4, 2, 2, 2] | [4, 6] if lengths[0] == 3)
            || matches!(lengths.as_slice(), [4, 2, 2, 2])
    }
}
