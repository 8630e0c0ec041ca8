//! Whether an entry of what the business wrote down answers a question.

use crate::domain::company::KnowledgeEntry;
use crate::domain::knowledge::KnowledgeHit;
use crate::domain::text::{fold, stems};

/// Letters that stems must share to be of one root.
const ROOT: usize = 4;
/// What a hit in the heading or the labels is worth, beside one in the text.
const HEAD: f64 = 1.0;
const BODY: f64 = 0.5;
/// Below this a hit answers another question.
const FLOOR: f64 = 0.3;
/// What it is worth that a label of several words stands in the question: «за город».
const PHRASE: f64 = 0.6;
/// The same when nothing of the question stands in the heading or the labels.
const BODY_FLOOR: f64 = 0.34;

/// So many entries are looked through one by one, also for roots inside words; of more only what the store found.
const FEW: usize = 100;

/// Words that are in many questions and say nothing about any of them.
const GENERIC: &[&str] = &[
    "нужн",
    "нуж",
    "бывает",
    "быва",
    "хот",
    "хоч",
    "хотел",
    "узна",
    "сказа",
    "подсказа",
    "интерес",
    "вопрос",
    "возможн",
    "мог",
    "мож",
    "дела",
    "сдела",
    "какой",
    "как",
    "каки",
    "котор",
    "здравств",
    "добр",
    "ден",
    "день",
    "прив",
    "понятн",
    "запис",
    "записа",
    "запиш",
    "ещ",
    "вообщ",
    "got",
    "get",
    "need",
    "want",
    "any",
    "hello",
    "hi",
    "how",
    "know",
    "tell",
    "about",
    "which",
    "possibl",
];

/// What clients ask in one language and businesses write down in the other, as stems.
const TOPICS: &[(&str, &[&str])] = &[
    ("pay", &["оплат", "карт"]),
    ("payment", &["оплат"]),
    ("card", &["карт", "оплат"]),
    ("cash", &["наличн", "оплат"]),
    ("park", &["парковк", "машин"]),
    ("car", &["машин", "парковк"]),
    ("discount", &["скидк"]),
    ("warranti", &["гарант"]),
    ("guarante", &["гарант"]),
    ("cancel", &["отмен"]),
    ("child", &["ребенк", "дет"]),
    ("children", &["ребенк", "дет"]),
    ("kid", &["ребенк", "дет"]),
    ("gift", &["подарочн", "сертификат"]),
    ("certif", &["сертификат"]),
    ("late", &["опоздан"]),
    ("pet", &["животн", "питомц"]),
    ("wifi", &["wi", "вайф"]),
    ("document", &["документ", "паспорт"]),
    ("passport", &["паспорт", "документ"]),
    ("vaccin", &["прививк"]),
    ("deliveri", &["доставк"]),
    ("insur", &["страховк", "дмс"]),
    ("prepar", &["подготовк"]),
];

/// A stem and what it is called in the other language.
fn readings(stem: &str) -> impl Iterator<Item = &str> {
    let translated = TOPICS.iter().filter(move |(english, _)| *english == stem).flat_map(|(_, russian)| *russian);
    std::iter::once(stem).chain(translated.copied())
}

/// What the store is asked for: the stems of the question in either language.
pub(super) fn search_stems(question: &[String]) -> Vec<String> {
    question.iter().flat_map(|stem| readings(stem)).map(str::to_owned).collect()
}

/// The stems of a question that say what it is about.
pub(super) fn question_stems(text: &str) -> Vec<String> {
    let all = stems(text);
    let telling: Vec<String> = all.iter().filter(|stem| !GENERIC.contains(&stem.as_str())).cloned().collect();
    let mut telling = if telling.is_empty() { all } else { telling };
    telling.dedup();
    telling
}

/// How close two stems are: the same, one wrong letter or one root, or strangers.
fn likeness(asked: &str, written: &str) -> f64 {
    if asked == written {
        return 1.0;
    }
    let (a, b): (Vec<char>, Vec<char>) = (asked.chars().collect(), written.chars().collect());
    let shorter = a.len().min(b.len());
    if shorter < ROOT {
        return 0.0;
    }
    let shared = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let one_root = shared == shorter && a.len().max(b.len()) - shorter <= 3;
    let typo = shorter > ROOT && a[0] == b[0] && strsim::osa_distance(asked, written) == 1;
    let inner = common_stretch(&a, &b);
    let inside = inner > ROOT && inner * 5 >= shorter * 4;
    if one_root || typo || inside { 0.8 } else { 0.0 }
}

/// Letters of the longest stretch that both words have: a prefix does not hide a root.
fn common_stretch(a: &[char], b: &[char]) -> usize {
    let at = |i: usize, j: usize| a[i..].iter().zip(&b[j..]).take_while(|(x, y)| x == y).count();
    (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| (i, j))).map(|(i, j)| at(i, j)).max().unwrap_or(0)
}

fn best(stem: &str, among: &[String]) -> f64 {
    let alike = |stem: &str| among.iter().map(|written| likeness(stem, written)).fold(0.0, f64::max);
    readings(stem).map(alike).fold(0.0, f64::max)
}

/// How well an entry answers: the mean over the question's stems; 0 when it does not.
pub(super) fn score(question: &[String], title: &str, text: &str, tags: &[String]) -> f64 {
    if question.is_empty() {
        return 0.0;
    }
    let head: Vec<String> = stems(title).into_iter().chain(tags.iter().flat_map(|tag| stems(tag))).collect();
    let body = stems(text);
    let mut in_head = false;
    let mut matched = 0_u32;
    let sum: f64 = question
        .iter()
        .map(|stem| {
            let heading = best(stem, &head);
            in_head |= heading > 0.0;
            let worth = (heading * HEAD).max(best(stem, &body) * BODY);
            matched += u32::from(worth > 0.0);
            worth
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
    let mean = sum / question.len() as f64;
    // One common word in the text alone says little.
    let enough = if in_head { mean >= FLOOR } else { matched > 1 && mean >= BODY_FLOOR };
    if enough { mean } else { 0.0 }
}

/// The text of the entry that answers best, with its score.
pub(super) fn answer(
    asked: &str,
    question: &[String],
    hits: &[KnowledgeHit],
    written: &[KnowledgeEntry],
) -> Option<(String, f64)> {
    let folded = fold(asked);
    let found = hits.iter().map(|hit| (&hit.title, &hit.text, &hit.tags));
    let own = written.iter().filter(|_| written.len() <= FEW).map(|entry| (&entry.title, &entry.text, &entry.tags));
    let mut best: Option<(String, f64)> = None;
    for (title, text, tags) in found.chain(own) {
        let named = tags.iter().any(|tag| tag.trim().contains(' ') && folded.contains(&fold(tag)));
        let worth = score(question, title, text, tags).max(if named { PHRASE } else { 0.0 });
        if worth > best.as_ref().map_or(0.0, |(_, worth)| *worth) {
            best = Some((text.clone(), worth));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str, title: &str, body: &str, tags: &[&str]) -> f64 {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        score(&question_stems(text), title, body, &tags)
    }

    #[test]
    fn a_heading_a_label_a_root_and_a_slip_are_found() {
        let tags = ["парковка", "машина"];
        assert!(ask("где у вас парковка?", "Парковка", "Во дворе.", &tags) > 0.4);
        assert!(ask("где припарковаться", "Парковка", "Во дворе.", &tags) > 0.2);
        assert!(ask("есть парковкка?", "Парковка", "Во дворе.", &tags) > 0.4);
        assert!(ask("паркофка есть?", "Парковка", "Во дворе.", &tags) > 0.4);
        assert!(ask("is there parkng?", "Parking", "In the yard.", &["car"]) > 0.4);
        assert!(ask("can I park a car", "Parking", "In the yard.", &["car"]) > 0.4);
    }

    #[test]
    fn an_english_question_finds_what_is_written_in_russian() {
        assert!(ask("can I pay by card?", "Оплата", "Карта и наличные.", &["оплата"]) > 0.4);
        assert!(ask("is there parking?", "Парковка", "Во дворе.", &["парковка"]) > 0.4);
        assert!(ask("do you have discounts", "Скидки", "Студентам 10 %.", &[]) > 0.4);
        assert!(ask("can I pay by card?", "Парковка", "Во дворе.", &["парковка"]) == 0.0);
    }

    #[test]
    fn another_question_is_not_answered() {
        assert!(ask("делаете ли вы скидки пенсионерам?", "Оплата", "Карта и наличные.", &["оплата"]) == 0.0);
        assert!(ask("порка есть?", "Парковка", "Во дворе.", &["парковка"]) == 0.0);
        assert!(ask("есть ли у вас вайфай", "Парковка", "Во дворе.", &["парковка"]) == 0.0);
    }
}
