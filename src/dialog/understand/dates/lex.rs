//! The words of dates and times, as what they are to the grammar.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::DayPart;
use super::super::known;
use super::super::lexicon::words_of;
use super::super::numbers::{self, Class, Num};
use super::super::token::{Kind, Token};
use super::super::typo::is_one_edit;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A small word of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum W {
    /// «в», "at".
    In,
    /// "in": «в» that also counts time from now.
    Inside,
    /// «на», "on", "for".
    On,
    /// «к».
    To,
    /// «до», "until", "before".
    Until,
    /// "by".
    By,
    /// «после», "after".
    After,
    /// «с», "from".
    From,
    /// «по», "to", "through".
    Through,
    /// «под», «ближе к».
    Toward,
    /// «около», "about".
    About,
    Between,
    /// «через».
    Later,
    /// «назад», "ago".
    Ago,
    Or,
    And,
    Not,
    Except,
    /// «вместо».
    Instead,
    This,
    Next,
    Last,
    /// «ближайшую».
    Nearest,
    /// «числа».
    DayNumber,
    /// «половина», «пол».
    Half,
    Quarter,
    /// «без».
    Without,
    /// "past".
    Past,
    /// "not" of «не раньше».
    Earlier,
    /// «позже».
    AfterThat,
    /// «начиная».
    Starting,
    Am,
    Pm,
    The,
    Of,
    /// «добрый», "good".
    Good,
    /// «ой», «лучше», «точнее».
    Rather,
    /// «полтора».
    OneAndHalf,
    /// «ровно», «где-то».
    Filler,
}

/// What a word or sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lex {
    Num(Num),
    /// Monday is 0.
    Weekday(i8),
    Month(i8),
    /// Days from today.
    Rel(i32),
    /// «завтрашний»: belongs to a visit that exists.
    RelAdjective(i32),
    Part(DayPart),
    /// «дня»: a unit, or the part of the day after an hour.
    OfDay,
    Lunch,
    Noon,
    Midnight,
    Weekend,
    Unit(Unit),
    /// «часам», «часиков»: hours that only announce a time.
    Hours,
    /// «полчаса».
    HalfHour,
    /// «полгода».
    HalfYear,
    /// «полтретьего»: half an hour before this hour.
    HalfTo(u8),
    Now,
    Tonight,
    W(W),
    Sign(char),
    Other,
}

/// A word of the grammar in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexeme {
    pub lex: Lex,
    /// First token.
    pub first: usize,
    /// One past the last token.
    pub end: usize,
    /// No space before it.
    pub glued: bool,
}

const WORDS: &[(Lex, &str)] = &[
    (
        Lex::Weekday(0),
        "понедельник понедельника понедельнику понедельником понедельнике понедельникам пон понед пн пнд monday mon mondays",
    ),
    (Lex::Weekday(1), "вторник вторника вторнику вторником вторнике вторникам вт втр tuesday tue tues tuesdays"),
    (Lex::Weekday(2), "среда среды среду среде средой средам ср wednesday wed weds wednesdays"),
    (
        Lex::Weekday(3),
        "четверг четверга четвергу четвергом четверге четвергам четв чт чтв thursday thu thur thurs thursdays",
    ),
    (Lex::Weekday(4), "пятница пятницы пятницу пятнице пятницей пятницам пятн пт птн пятницо friday fri fridays"),
    (Lex::Weekday(5), "суббота субботы субботу субботе субботой субботам субб сб сбт saturday sat saturdays"),
    (
        Lex::Weekday(6),
        "воскресенье воскресенья воскресенью воскресеньем воскресение воскресенья воскресеньям воскр вс вск sunday sun sundays",
    ),
    (Lex::Month(1), "январь января январе январю янв january jan"),
    (Lex::Month(2), "февраль февраля феврале февралю фев февр february feb"),
    (Lex::Month(3), "март марта марте марту мар march mar"),
    (Lex::Month(4), "апрель апреля апреле апрелю апр april apr"),
    (Lex::Month(5), "май мая мае маю may"),
    (Lex::Month(6), "июнь июня июне июню июн june jun"),
    (Lex::Month(7), "июль июля июле июлю июл july jul"),
    (Lex::Month(8), "август августа августе августу авг august aug"),
    (Lex::Month(9), "сентябрь сентября сентябре сентябрю сен сент september sep sept"),
    (Lex::Month(10), "октябрь октября октябре октябрю окт october oct"),
    (Lex::Month(11), "ноябрь ноября ноябре ноябрю ноя нояб november nov"),
    (Lex::Month(12), "декабрь декабря декабре декабрю дек december dec"),
    (Lex::Rel(0), "сегодня седня сеодня сегодя сёдня севодня today"),
    (Lex::Rel(1), "завтра зафтра завтро tomorrow tmrw tmr tomorow tommorow tommorrow"),
    (Lex::Rel(2), "послезавтра послезафтра"),
    (Lex::Rel(-1), "вчера вчира yesterday"),
    (Lex::Rel(-2), "позавчера"),
    (Lex::RelAdjective(0), "сегодняшний сегодняшняя сегодняшнюю сегодняшней сегодняшнего today's"),
    (Lex::RelAdjective(1), "завтрашний завтрашняя завтрашнюю завтрашней завтрашнего tomorrow's"),
    (Lex::RelAdjective(-1), "вчерашний вчерашняя вчерашнюю вчерашней вчерашнего yesterday's"),
    (Lex::Part(DayPart::Morning), "утром утра утро утру утречком утречка утрам mornings morning"),
    (Lex::Part(DayPart::Day), "днем afternoon afternoons"),
    (Lex::Part(DayPart::Evening), "вечером вечера вечер вечеру вечерком вечерочком вечерам evening evenings"),
    (Lex::Part(DayPart::Night), "ночью ночи ночь night"),
    (Lex::Tonight, "tonight"),
    (Lex::OfDay, "дня"),
    (Lex::Lunch, "обед обеда обеду обедом lunch lunchtime dinnertime"),
    (Lex::Noon, "полдень полудня полудню полдня noon midday"),
    (Lex::Midnight, "полночь полуночи midnight"),
    (Lex::Weekend, "выходные выходных выходным выхи выхах уикенд викенд weekend weekends"),
    (Lex::Unit(Unit::Minute), "минуту минута минуты минут минуток мин минутку minute minutes min mins"),
    (Lex::Unit(Unit::Hour), "час часа часу часов часом часик часика ч hour hours h hrs"),
    (Lex::Hours, "часам часиков часикам часиках"),
    (Lex::Unit(Unit::Day), "день дней дню денек деньков денька сутки суток day days"),
    (
        Lex::Unit(Unit::Week),
        "неделя недели неделю неделе недель неделей недельку недельки недельке week weeks week's weeks'",
    ),
    (Lex::Unit(Unit::Month), "месяц месяца месяце месяцу месяцев месяцок month months month's"),
    (Lex::Unit(Unit::Year), "год года году лет годик year years"),
    (Lex::HalfHour, "полчаса полчасика получаса"),
    (Lex::HalfYear, "полгода полугода"),
    (Lex::Now, "сейчас щас щаз счас сичас прямо now asap"),
    (Lex::W(W::In), "в во at"),
    (Lex::W(W::Inside), "in within"),
    (Lex::W(W::On), "на on for"),
    (Lex::W(W::To), "к ко"),
    (Lex::W(W::Until), "до until till til before"),
    (Lex::W(W::By), "by"),
    (Lex::W(W::After), "после after позднее"),
    (Lex::W(W::From), "с со from since"),
    (Lex::W(W::Through), "по to through thru"),
    (Lex::W(W::Toward), "под ближе toward towards"),
    (Lex::W(W::About), "около примерно приблизительно around about approximately ориентировочно"),
    (Lex::W(W::Between), "между between"),
    (Lex::W(W::Later), "через чрез спустя"),
    (Lex::W(W::Ago), "назад ago"),
    (Lex::W(W::Or), "или либо or"),
    (Lex::W(W::And), "и and"),
    (Lex::W(W::Not), "не not нет don't"),
    (Lex::W(W::Except), "кроме except"),
    (Lex::W(W::Instead), "вместо instead"),
    (Lex::W(W::This), "этот эту это этой этого этом эти этих текущей текущую this"),
    (
        Lex::W(W::Next),
        "следующий следующую следующая следующее следующей следующего следующем следующие следующих след некст next будущую будущей будущий будущем",
    ),
    (Lex::W(W::Last), "прошлый прошлую прошлое прошлой прошлом прошлого прошлых прошлые last"),
    (
        Lex::W(W::Nearest),
        "ближайший ближайшую ближайшее ближайшей ближайшие ближайших ближайшего coming upcoming nearest",
    ),
    (Lex::W(W::DayNumber), "числа число числу"),
    (Lex::W(W::Half), "половина половине половину половины пол half"),
    (Lex::W(W::Quarter), "четверть четверти quarter"),
    (Lex::W(W::Without), "без"),
    (Lex::W(W::Past), "past"),
    (Lex::W(W::Earlier), "раньше ранее earlier"),
    (Lex::W(W::AfterThat), "позже later поздней"),
    (Lex::W(W::Starting), "начиная starting"),
    (Lex::W(W::Am), "am a.m"),
    (Lex::W(W::Pm), "pm p.m"),
    (Lex::W(W::The), "the a an"),
    (Lex::W(W::Of), "of"),
    (
        Lex::W(W::Good),
        "добрый доброе доброго добрая хорошего хороших хорошей хорошо отличного отличных чудесного прекрасного приятного приятных приятной удачного удачных спокойной доброй good nice great lovely wonderful pleasant",
    ),
    (
        Lex::W(W::Rather),
        "ой лучше точнее вернее хотя передумал передумала ошибся ошиблась опечатка rather instead actually sorry wait oops better",
    ),
    (Lex::W(W::OneAndHalf), "полтора полторы полутора"),
    (Lex::W(W::Filler), "ровно где-то где то этак числах exactly sharp районе o'clock oclock плюс минус"),
];

/// The hours in «полтретьего», as the ordinal's stem.
const HALVES: &[(u8, &str)] = &[
    (1, "первого"),
    (2, "второго"),
    (3, "третьего"),
    (4, "четвертого"),
    (5, "пятого"),
    (6, "шестого"),
    (7, "седьмого"),
    (8, "восьмого"),
    (9, "девятого"),
    (10, "десятого"),
    (11, "одиннадцатого"),
    (12, "двенадцатого"),
];

struct Lexicon {
    words: HashMap<String, Lex>,
    /// Words that may be misspelt, by their first letter.
    guessed: HashMap<char, Vec<(String, Lex)>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut words: HashMap<String, Lex> = HashMap::new();
    for (lex, forms) in WORDS {
        words.extend(forms.split(' ').map(|form| (form.replace('ё', "е"), *lex)));
    }
    for (hour, form) in HALVES {
        words.insert(format!("пол{form}"), Lex::HalfTo(*hour));
    }
    words.insert("полвторого".to_owned(), Lex::HalfTo(2));
    let never = words_of(include_str!("../lexicon/never_guessed.txt"));
    let mut guessed: HashMap<char, Vec<(String, Lex)>> = HashMap::new();
    let numbers = numbers::known_words()
        .map(|(text, value, class)| (text.to_owned(), Lex::Num(Num { value, class, digits: 0, zero: false })));
    let mut all: Vec<(String, Lex)> = words.iter().map(|(word, lex)| (word.clone(), *lex)).chain(numbers).collect();
    // The order decides between two guesses that are equally near.
    all.sort_by(|a, b| a.0.cmp(&b.0));
    for (word, lex) in all {
        if word.chars().count() >= 4
            && !never.contains(word.as_str())
            && let Some(first) = word.chars().next()
        {
            guessed.entry(first).or_default().push((word, lex));
        }
    }
    Lexicon { words, guessed }
});

/// Whether the grammar of dates knows the folded word as it is written.
pub(in crate::dialog::understand) fn is_date_word(word: &str) -> bool {
    LEXICON.words.contains_key(word) || numbers::word(word).is_some()
}

/// Reads tokens as words of the grammar.
pub(super) fn lexemes(tokens: &[Token<'_>]) -> Vec<Lexeme> {
    let mut found = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let (lex, used) = lexeme(tokens, at);
        found.push(Lexeme { lex, first: at, end: at + used, glued: tokens[at].glued });
        at += used;
    }
    found
}

fn lexeme(tokens: &[Token<'_>], at: usize) -> (Lex, usize) {
    if let Some((num, used)) = numbers::read(tokens, at) {
        return (Lex::Num(num), used);
    }
    let token = &tokens[at];
    if token.kind == Kind::Sign {
        return (token.text.chars().next().map_or(Lex::Other, Lex::Sign), 1);
    }
    if let Some(found) = compound(tokens, at) {
        return found;
    }
    let lexicon = &*LEXICON;
    if let Some(lex) = lexicon.words.get(&token.text) {
        return (*lex, 1);
    }
    (guess(&token.text).unwrap_or(Lex::Other), 1)
}

/// «пол-третьего», «где-то», «p.m.».
fn compound(tokens: &[Token<'_>], at: usize) -> Option<(Lex, usize)> {
    let text = |ahead: usize| tokens.get(at + ahead).filter(|t| t.glued).map_or("", |t| t.text.as_str());
    match tokens[at].text.as_str() {
        "a" | "p" if text(1) == "." && text(2) == "m" => {
            let used = if text(3) == "." { 4 } else { 3 };
            Some((Lex::W(if tokens[at].is("a") { W::Am } else { W::Pm }), used))
        }
        "где" if text(1) == "-" && text(2) == "то" => Some((Lex::W(W::Filler), 3)),
        "the" | "через" | "day" => phrase(tokens, at),
        "wk" => Some((Lex::Unit(Unit::Week), 1)),
        "пол" if text(1) == "-" => Some((Lex::W(W::Half), 2)),
        "после" if text(1) == "-" && text(2) == "завтра" => Some((Lex::Rel(2), 3)),
        "после" if tokens.get(at + 1).is_some_and(|t| t.is("завтра")) => Some((Lex::Rel(2), 2)),
        _ => None,
    }
}

/// "the day after tomorrow", "the day before yesterday".
fn phrase(tokens: &[Token<'_>], at: usize) -> Option<(Lex, usize)> {
    let article = usize::from(tokens[at].is("the"));
    let words: Vec<&str> = tokens.get(at + article..)?.iter().take(3).map(|t| t.text.as_str()).collect();
    match words.as_slice() {
        ["day", "after", "tomorrow"] => Some((Lex::Rel(2), 3 + article)),
        ["day", "before", "yesterday"] => Some((Lex::Rel(-2), 3 + article)),
        _ => None,
    }
}

fn guess(word: &str) -> Option<Lex> {
    if word.chars().count() < 4 || known::is_known(word) {
        return None;
    }
    let candidates = LEXICON.guessed.get(&word.chars().next()?)?;
    candidates.iter().find(|(meant, _)| is_one_edit(word, meant)).map(|(_, lex)| match lex {
        Lex::Num(num) if num.class == Class::Ordinal => Lex::Other,
        lex => *lex,
    })
}

/// Whether the folded word speaks of moving a visit.
pub(in crate::dialog::understand) fn is_moving(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "перенес",
        "перенос",
        "переставь",
        "перестав",
        "передви",
        "сдвин",
        "перезапи",
        "перезап",
        "reschedul",
        "postpon",
    ];
    const WORDS: &[&str] = &[
        "move",
        "moving",
        "change",
        "shift",
        "switch",
        "поменять",
        "поменяйте",
        "изменить",
        "измените",
        "перекинуть",
        "перекиньте",
        "сменить",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem)) || WORDS.contains(&word)
}
