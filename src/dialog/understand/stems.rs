//! Words of services reduced to what their forms share.

use super::lexicon;
use crate::domain::text::stem;

/// A word, its stem and its kin.
#[derive(Debug, Clone)]
pub(super) struct Stem {
    pub word: String,
    pub stem: String,
    pub root: Option<usize>,
    modifier: Option<(usize, usize)>,
    pub adjective: bool,
}

/// Beginnings of words that speak of one doing: «подстричь», «стрижка».
const ROOTS: &[&[&str]] = &[
    &["стриж", "стрич", "стриг", "стрижеч", "подстри", "постри", "остри", "обстри", "haircut"],
    &["окраш", "окрас", "покрас", "краси", "красят", "крашен", "покраш", "перекрас"],
    &[
        "мыть",
        "помыть",
        "вымыть",
        "мытье",
        "мытья",
        "помой",
        "помою",
        "помоет",
        "помыв",
        "искупа",
        "купан",
        "купать",
        "выкупать",
    ],
    &["чистк", "чистить", "почист", "вычист", "чищ", "чисток"],
    &["уклад", "уложи", "укладоч"],
    &["лечен", "лечит", "лечить", "вылеч", "пролеч", "полечи"],
    &["удален", "удали", "удаля", "вырвать", "вырыва"],
    &["массаж", "массир", "помассир"],
    &["брить", "побри", "сбрить", "бритье", "бритья", "побре"],
    &["нараст", "наращ"],
    &["отбел"],
    &["осмотр", "осмотре"],
    &["консульт", "проконсульт"],
    &["замен", "поменя", "замени"],
    &["ремонт", "отремонт", "почини", "починк"],
    &["вычес", "расчес"],
    &["депил", "эпил"],
    &["маникюр", "маник"],
    &["педикюр", "педик"],
    &["коше", "кошк", "кота", "коту", "котик", "кошеч", "котом", "котейк"],
    &["собак", "собач", "песик", "псу", "пса"],
    &["ламинир"],
    &["корректир", "коррекц", "подкоррект"],
    &["когт", "когот"],
    &["ногт", "ногот"],
    &["бров"],
    &["зуб"],
    &["десн", "десен"],
    &["правк", "выправ"],
    &["аренд"],
    &["уши", "ушей", "ушки", "ушек", "ушам", "ушко"],
];

/// Words of one line exclude each other.
const MODIFIERS: &[&[&str]] = &[
    &["женск", "мужск", "детск", "подростк"],
    &["больш", "маленьк", "средн", "крупн"],
    &["длинн", "корот"],
    &["верхн", "нижн"],
    &["women", "men", "kids", "children"],
    &["large", "small", "medium"],
];

impl Stem {
    /// Of a folded word.
    pub fn of(word: &str) -> Self {
        // The second byte of a letter decides mostly; comparing it first saves a call.
        let letter = word.as_bytes().get(1).copied();
        let begins = |start: &str| start.as_bytes().get(1).copied() == letter && word.starts_with(start);
        let starts = |list: &&[&str]| list.iter().any(|start| begins(start));
        let modifier = MODIFIERS
            .iter()
            .enumerate()
            .find_map(|(row, list)| list.iter().position(|start| begins(start)).map(|at| (row, at)));
        Self {
            word: word.to_owned(),
            stem: plain(&stem(word)),
            root: ROOTS.iter().position(starts),
            modifier,
            adjective: is_adjective(word),
        }
    }

    /// Of the first half of «Хатха-йога»: it tells what kind of yoga that is.
    pub fn kind(word: &str) -> Self {
        Self { adjective: true, ..Self::of(word) }
    }

    /// Of a word after «без»: it is like itself after «без» and like nothing else.
    pub fn lacking(word: &str) -> Self {
        let own = Self::of(word);
        Self {
            word: format!("без {word}"),
            stem: format!("без {}", own.stem),
            root: None,
            modifier: None,
            adjective: false,
        }
    }

    /// The same word in another form.
    pub fn is_same(&self, other: &Self) -> bool {
        self.word == other.word || self.stem == other.stem
    }

    /// A word of the same doing, or the same beginning.
    pub fn is_akin(&self, other: &Self) -> bool {
        if self.root.is_some() && self.root == other.root {
            return true;
        }
        let (a, b) = (self.stem.as_str(), other.stem.as_str());
        if a.len() < 5 || b.len() < 5 {
            return false;
        }
        let common: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
        let (a, b) = (a.chars().count(), b.chars().count());
        let rest = a.max(b) - common;
        common >= 5 && rest <= 3 && (rest <= 2 || common >= 6 || common == a.min(b))
    }

    /// Whether the two are opposites: «мужская», «женская».
    pub fn contradicts(&self, other: &Self) -> bool {
        matches!((self.modifier, other.modifier), (Some((row, at)), Some((other_row, other_at))) if row == other_row && at != other_at)
    }

    /// Whether the word stands in the dative of a noun: «собаке», «мужу» say for whom.
    pub fn is_recipient(&self) -> bool {
        !self.adjective && !self.word.is_ascii() && self.word.ends_with('е') && self.word.chars().count() > 3
    }

    /// Whether the word tells a kind.
    pub fn is_modifier(&self) -> bool {
        self.modifier.is_some()
    }

    /// «проф» for «профессиональная»: a beginning of four letters or more, ending in a consonant.
    pub fn shortens(&self, other: &Self) -> bool {
        let letters = self.word.chars().count();
        letters >= 4
            && other.word.starts_with(&self.word)
            && other.word.chars().count() >= letters + 3
            && !self.word.ends_with(['а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я', 'ь'])
    }

    /// Whether both tell the same kind.
    pub fn same_modifier(&self, other: &Self) -> bool {
        self.modifier.is_some() && self.modifier == other.modifier
    }

    /// Whether the word names something that businesses do.
    pub fn is_service(&self) -> bool {
        lexicon::is_service_word(&self.word)
    }
}

/// Whether a word is written in Cyrillic.
pub(super) fn is_cyrillic(word: &str) -> bool {
    word.chars().next().is_some_and(|c| matches!(c, 'а'..='я'))
}

fn is_adjective(word: &str) -> bool {
    const ENDS: &[&str] = &[
        "ый", "ий", "ая", "яя", "ое", "ее", "ую", "юю", "ого", "его", "ому", "ему", "ой", "ей", "ых", "их", "ые", "ие",
    ];
    const NOUNS: &[&str] = &["ушей", "ногтей", "когтей", "бровей", "детей", "ний", "тий", "ций"];
    word.chars().count() > 4
        && ENDS.iter().any(|end| word.ends_with(end))
        && !NOUNS.iter().any(|end| word.ends_with(end))
}

/// Small and dear forms, and the vowel that comes and goes: «стрижечк» and «стрижек» are «стрижк».
fn plain(stem: &str) -> String {
    if stem.is_ascii() {
        return stem.to_owned();
    }
    for (ending, plain) in [
        ("ечк", "к"),
        ("очк", "к"),
        ("лиц", "л"),
        ("очек", "к"),
        ("ачк", "ак"),
        ("юрчик", "юр"),
        ("ажик", "аж"),
        ("енок", "енк"),
        ("онок", "онк"),
    ] {
        if let Some(head) = stem.strip_suffix(ending).filter(|head| head.chars().count() >= 3) {
            return format!("{head}{plain}");
        }
    }
    for ending in ["чик", "ик"] {
        if let Some(head) = stem.strip_suffix(ending).filter(|head| head.chars().count() >= 4) {
            return head.to_owned();
        }
    }
    if let Some(head) = stem.strip_suffix("ец").filter(|head| head.chars().count() >= 2) {
        return format!("{head}ц");
    }
    for ending in ["ек", "ок"] {
        if let Some(head) = stem.strip_suffix(ending).filter(|head| head.chars().count() >= 3) {
            return format!("{head}к");
        }
    }
    stem.to_owned()
}
