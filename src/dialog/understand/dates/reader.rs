//! A message as lexemes, asked about by place.

use jiff::civil::Date;

use super::super::lexicon;
use super::super::numbers::Num;
use super::super::token::{Kind, Token};
use super::day::Which;
use super::lex::{Lex, Lexeme, Unit, W};

/// The lexemes and what must be known to read them.
pub(super) struct Reader<'a> {
    pub lexemes: &'a [Lexeme],
    pub tokens: &'a [Token<'a>],
    /// Something is to be moved: «с» is where from.
    pub moves: bool,
    pub today: Date,
}

impl Reader<'_> {
    pub fn lex(&self, at: usize) -> Lex {
        self.lexemes.get(at).map_or(Lex::Other, |l| l.lex)
    }

    pub fn is(&self, at: usize, word: W) -> bool {
        self.lex(at) == Lex::W(word)
    }

    pub fn sign(&self, at: usize, sign: char) -> bool {
        self.lex(at) == Lex::Sign(sign)
    }

    pub fn glued(&self, at: usize) -> bool {
        self.lexemes.get(at).is_some_and(|l| l.glued)
    }

    pub fn num(&self, at: usize) -> Option<Num> {
        match self.lex(at) {
            Lex::Num(num) => Some(num),
            _ => None,
        }
    }

    pub fn digits(&self, at: usize) -> Option<Num> {
        self.num(at).filter(|num| num.digits > 0)
    }

    pub fn unit(&self, at: usize) -> Option<Unit> {
        match self.lex(at) {
            Lex::Unit(unit) => Some(unit),
            Lex::OfDay => Some(Unit::Day),
            Lex::Hours => Some(Unit::Hour),
            _ => None,
        }
    }

    pub fn month(&self, at: usize) -> Option<i8> {
        match self.lex(at) {
            Lex::Month(month) => Some(month),
            _ => None,
        }
    }

    fn token(&self, at: usize) -> Option<&Token<'_>> {
        self.lexemes.get(at).map(|l| &self.tokens[l.first])
    }

    pub fn token_text(&self, at: usize) -> &str {
        self.token(at).map_or("", |t| t.text.as_str())
    }

    pub fn token_is(&self, at: usize, text: &str) -> bool {
        self.token(at).is_some_and(|t| t.is(text))
    }

    pub fn is_english(&self, at: usize) -> bool {
        self.token_text(at).bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
    }

    pub fn is_abbreviated(&self, at: usize) -> bool {
        self.token_text(at).chars().count() <= 4
    }

    pub fn is_glued_word(&self, at: usize, text: &str) -> bool {
        self.glued(at) && self.token_is(at, text)
    }

    pub fn article_before(&self, at: usize) -> bool {
        at > 0 && self.is(at - 1, W::The)
    }

    pub fn is_other_word(&self, at: usize) -> bool {
        self.lex(at) == Lex::Other && self.token(at).is_some_and(|t| t.kind == Kind::Word)
    }

    /// A rough guess: does the word speak of doing rather than name a thing?
    pub fn is_verb_like(&self, at: usize) -> bool {
        const ENDS: &[&str] = &[
            "у",
            "ю",
            "ть",
            "ться",
            "те",
            "но",
            "ет",
            "ит",
            "усь",
            "юсь",
            "ла",
            "ли",
            "бы",
            "мне",
            "есть",
            "меня",
            "удобнее",
            "будет",
            "пожалуйста",
            "если",
            "please",
            "would",
            "works",
            "is",
            "if",
        ];
        const PRONOUNS: &[&str] =
            &["i", "i'd", "i'll", "i'm", "we", "we'd", "we'll", "he", "she", "they", "you", "it", "нужен", "нужна"];
        let word = self.token_text(at);
        PRONOUNS.contains(&word) || ENDS.iter().any(|end| word.ends_with(end))
    }

    /// Whether the number before `at` counts the thing named there.
    pub fn is_other_noun_number(&self, at: usize) -> bool {
        const ENDS: &[&str] = &["ов", "ев", "ек", "ок", "ией", "иям", "ями", "ами", "ца", "цев", "ей"];
        const NOT: &[&str] =
            &["срок", "ок", "моей", "своей", "твоей", "вашей", "нашей", "ней", "ей", "всей", "этой", "скорей"];
        let word = self.token_text(at);
        self.is_other_word(at) && !NOT.contains(&word) && ENDS.iter().any(|end| word.ends_with(end))
    }

    /// «на 4 руки», «на 2 зоны»: two to four of the thing that follows.
    pub fn counts_next(&self, at: usize) -> bool {
        let word = self.token_text(at + 1);
        self.num(at).is_some_and(|n| (2..=4).contains(&n.value))
            && self.is_other_word(at + 1)
            && word.chars().count() > 3
            && word.ends_with(['а', 'я', 'ы', 'и'])
            && (!self.is_verb_like(at + 1) || ["канала", "угла", "узла", "стола", "тела", "дела"].contains(&word))
            && !word.ends_with("на")
            && !lexicon::is_service_word(word)
    }

    /// «в 4 руки», «в 2 тона», «в двух словах»: ways of doing, not hours.
    pub fn counts_ways(&self, at: usize) -> bool {
        const WAYS: &[&str] =
            &["тона", "цвета", "слоя", "этапа", "раза", "ряда", "слова", "словах", "приема", "этапах", "места"];
        let word = self.token_text(at + 1);
        self.num(at).is_some_and(|n| (2..=4).contains(&n.value))
            && self.is_other_word(at + 1)
            && (WAYS.contains(&word)
                || word.ends_with("ах")
                || word.ends_with("ях")
                || (self.counts_next(at) && word.ends_with(['ы', 'и'])))
    }

    /// «5-го класса», «с первого взгляда»: of what the ordinal is no day.
    pub fn is_ordinal_of(&self, at: usize) -> bool {
        const NOUNS: &[&str] = &[
            "класс",
            "курс",
            "поколен",
            "этаж",
            "размер",
            "разряд",
            "уровн",
            "подъезд",
            "сорт",
            "тип",
            "вид",
            "взгляд",
            "раз",
            "порядк",
            "категори",
            "степен",
            "лица",
            "приема",
            "знакомств",
        ];
        let word = self.token_text(at);
        NOUNS.iter().any(|stem| word.strip_prefix(stem).is_some_and(|rest| rest.chars().count() <= 2))
    }

    /// «массаж на 2 часа»: how long, not when. `at` is the place of «на».
    pub fn lasts(&self, at: usize) -> bool {
        const LASTING: &[&str] = &[
            "массаж",
            "сеанс",
            "аренд",
            "прогул",
            "саун",
            "бан",
            "уборк",
            "съемк",
            "фотосес",
            "зал",
            "корт",
            "прокат",
            "парков",
        ];
        let before = at.checked_sub(1).map_or("", |i| self.token_text(i));
        LASTING.iter().any(|stem| before.strip_prefix(stem).is_some_and(|rest| rest.chars().count() <= 3))
    }

    /// "in the evening", "at night".
    pub fn in_the_part(&self, at: usize) -> bool {
        let article = usize::from(self.is(at + 1, W::The));
        matches!(self.lex(at), Lex::W(W::Inside | W::In)) && matches!(self.lex(at + 1 + article), Lex::Part(_))
    }

    /// Whether nothing but signs stands outside.
    pub fn whole(&self, from: usize, to: usize) -> bool {
        self.lexemes.iter().enumerate().all(|(at, l)| (from..to).contains(&at) || matches!(l.lex, Lex::Sign(_)))
    }

    /// This or the next month, by number.
    pub fn month_from(&self, which: Which) -> u32 {
        let month = u32::from(self.today.month().unsigned_abs());
        match which {
            Which::Next => month % 12 + 1,
            Which::Last => (month + 10) % 12 + 1,
            Which::This | Which::Nearest | Which::AfterNearest => month,
        }
    }
}
