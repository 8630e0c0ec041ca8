use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::domain::company::{DaySpan, Interval, Zone};
use crate::domain::contact::Locale;

fn no_files(path: &Path) -> io::Result<String> {
    Err(io::Error::new(io::ErrorKind::NotFound, format!("no {}", path.display())))
}

fn parse(text: &str) -> Result<(Profile, Vec<Problem>), Problems> {
    parse_profile(text, Path::new("/shop"), &CompanyOverrides::default(), &no_files)
}

/// Each problem is at that line, with that key, and says those words.
fn assert_told(text: &str, expected: &[(usize, &str, &str)]) {
    let problems = parse(text).unwrap_err();
    let shown = problems.to_string();
    assert_eq!(problems.0.len(), expected.len(), "{shown}");
    for (problem, (line, key, words)) in problems.0.iter().zip(expected) {
        let told = problem.to_string();
        assert_eq!((problem.line, problem.key.as_str()), (Some(*line), *key), "{shown}");
        assert!(told.contains(words), "{told} should say: {words}");
    }
}

/// `rest` after a company that is right; its lines count from 1.
fn shop(rest: &str) -> String {
    format!(
        "company = {{ name = \"Shop\", timezone = \"Europe/Moscow\", hours = {{ mon = \"10:00-20:00\" }} }}; {rest}"
    )
    .replace("; ", "\n")
}

const SMALL: &str = r#"
[company]
name = "Салон «Ромашка»"
phone = "8 (495) 123-45-67"
address = "Москва, ул. Лесная, 5"
timezone = "Europe/Moscow"
locale = "en"
currency = "EUR"
[company.hours]
mon = "10:00-24:00"
sat = ["15:00-18:00", "10:00-14:00"]
[company.booking]
step_min = 15
[[company.closed]]
from = "2026-01-01"
to = 2026-01-08

[[service]]
id = "haircut-w"
title = "Женская стрижка"
aliases = ["стрижка женская", "say \"cut\""]
category = "Волосы"
duration_min = 60
price = 250_000
price_to = 300000
[[service]]
id = "talk"
title = "Консультация"
duration_min = 30

[[employee]]
id = "anna"
name = "Анна Петрова"
aliases = ["Аня"]
title = "Стилист"
services = ["haircut-w"]
[employee.hours]
tue = "10:00-18:00"
[[employee.day_off]]
date = "2026-03-08"
[[employee.day_off]]
from = "2026-07-01"
to = "2026-07-14"

[[knowledge]]
title = "Оплата"
text = """
Принимаем карты
и наличные.
"""
tags = ["оплата"]
"#;

#[test]
fn a_profile_reads_as_it_is_written() {
    let (profile, warnings) = parse(SMALL).unwrap();
    let company = &profile.company;
    assert_eq!(company.phone.as_ref().unwrap().as_str(), "+74951234567");
    assert_eq!((company.locale, company.currency.as_str()), (Locale::En, "EUR"));
    assert_eq!(company.hours.0[0], [Interval { from: 600, to: 1440 }]);
    assert_eq!(company.hours.0[5], [Interval { from: 600, to: 840 }, Interval { from: 900, to: 1080 }]);
    assert_eq!(company.hours.0[6], []);
    assert_eq!((company.booking.step_min, company.booking.horizon_days), (15, 60));
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(company.closed, [DaySpan { from: day("2026-01-01"), to: day("2026-01-08") }]);
    assert_eq!(profile.services[0].price.unwrap().to, Some(300_000));
    assert_eq!(profile.services[1].price, None);
    assert_eq!(profile.employees[0].days_off[0], DaySpan { from: day("2026-03-08"), to: day("2026-03-08") });
    assert_eq!(profile.knowledge[0].text, "Принимаем карты\nи наличные.");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].line, Some(26));
    assert!(warnings[0].message.contains("nobody provides `talk`"), "{warnings:?}");
}

#[test]
fn what_is_written_reads_back_equal_with_any_line_ends() {
    let (profile, _) = parse(SMALL).unwrap();
    let written = to_toml(&profile);
    assert_eq!(parse(&written).unwrap().0, profile, "{written}");
    let windows = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
    assert_eq!(parse(&windows).unwrap().0, profile);
}

#[test]
fn a_company_alone_is_a_profile_and_the_configuration_replaces_its_words() {
    let text = "[company]\nname = \"Shop\"\n";
    assert_told(text, &[(1, "company.timezone", "missing")]);
    let overrides = CompanyOverrides {
        timezone: Zone::find("Asia/Omsk"),
        locale: Some(Locale::En),
        currency: Some("KZT".to_owned()),
    };
    let (profile, warnings) = parse_profile(text, Path::new(""), &overrides, &no_files).unwrap();
    assert_eq!(profile.company.timezone.name(), "Asia/Omsk");
    assert_eq!((profile.company.locale, profile.company.currency.as_str()), (Locale::En, "KZT"));
    assert_eq!((profile.services.len(), warnings.len()), (0, 0));
    assert_eq!(parse(&to_toml(&profile)).unwrap().0, profile);
}

#[test]
fn many_mistakes_are_told_at_once_with_their_lines() {
    let text = r#"
[company]
name = " "
phone = "12"
timezone = "Europe/Moskow"
locale = "de"
currency = "rub"
adress = "x"
[company.hours]
monday = "10:00-20:00"
tue = "25:00-26:00"
wed = "18:00-10:00"
thu = ["10:00-14:00", "13:00-18:00"]
[company.booking]
step_min = 7
horizon_days = 0
[[company.closed]]
from = "2026-02-02"
to = "2026-02-01"
[[company.closed]]
date = "2026-02-30"
[[service]]
id = "cut"
title = "Cut"
duration_min = 0
price = -1
[[service]]
id = "cut"
title = "Cut again"
duration_min = 30.5
price = 100
price_to = 50
[[service]]
id = "Женская"
title = "Wash"
[[employee]]
id = "anna"
name = "Anna"
services = [
  "cutt",
  "cut",
]
[[employee]]
id = "olga"
name = "Olga"
services = []
[[employee]]
id = "vera"
[[knowledge]]
title = "Both"
text = "x"
file = "x.md"
[[knowledge]]
title = "Neither"
[[knowledge]]
title = "Unreadable"
file = "kb/x.md"
[[knowlege]]
title = "x"
"#;
    assert_told(
        text,
        &[
            (3, "company.name", "is empty"),
            (4, "company.phone", "no phone number"),
            (5, "company.timezone", "did you mean `Europe/Moscow`?"),
            (6, "company.locale", "expected \"ru\" or \"en\", got `de`"),
            (7, "company.currency", "three capital letters"),
            (8, "company.adress", "did you mean `address`?"),
            (10, "company.hours.monday", "did you mean `mon`?"),
            (11, "company.hours.tue", "`25:00` is no time"),
            (12, "company.hours.wed", "ends before it starts"),
            (13, "company.hours.thu", "10:00-14:00 and 13:00-18:00 overlap"),
            (15, "company.booking.step_min", "no multiple of 5"),
            (16, "company.booking.horizon_days", "0 is outside 1…730"),
            (19, "company.closed.to", "2026-02-01 is before 2026-02-02"),
            (21, "company.closed.date", "`2026-02-30` is no day"),
            (25, "service.duration_min", "0 is outside 1…1440"),
            (26, "service.price", "-1 is outside"),
            (28, "service.id", "`cut` is taken"),
            (30, "service.duration_min", "expected a whole number, got a fraction"),
            (32, "service.price_to", "50 is less than `price`, 100"),
            (33, "service.duration_min", "missing"),
            (34, "service.id", "`Женская` is no id"),
            (40, "employee.services", "did you mean `cut`?"),
            (46, "employee.services", "at least one service"),
            (47, "employee.name", "missing"),
            (47, "employee.services", "missing"),
            (52, "knowledge.file", "keep one of them"),
            (53, "knowledge", "needs `text` or `file`"),
            (57, "knowledge.file", "cannot read /shop/kb/x.md"),
            (58, "knowlege", "did you mean `knowledge`?"),
        ],
    );
}

#[test]
fn wrong_types_and_sizes_are_told() {
    assert_told(&shop("service = 3; knowledge = []"), &[(2, "service", "expected a list, got a whole number")]);
    assert_told(&shop("[service]; id = \"a\""), &[(2, "service", "write [[service]]")]);
    assert_told(&shop("service = [1]"), &[(2, "service", "expected a section, got a whole number")]);
    assert_told("name = \"x\"\n", &[(1, "name", "unknown key"), (1, "company", "missing")]);
    let long = format!("[[knowledge]]; title = \"{}\"; text = \"{}\"", "т".repeat(201), "т".repeat(20_001));
    let expected = [(3, "knowledge.title", "has 201 characters"), (4, "knowledge.text", "has 20001 characters")];
    assert_told(&shop(&long), &expected);
    let services = "{id=\"a\",title=\"A\",duration_min=5},".repeat(5001);
    assert_told(&shop(&format!("service = [{services}]")), &[(2, "service", "5001 entries are too many")]);
    let off = "[[service]]; id=\"a\"; title=\"A\"; duration_min=5; price_to=1; [[employee]]; id=\"b\"; name=\"B\"; \
               services=[\"a\", \"a\"]; [[employee.day_off]]; from=\"2026-01-01\"";
    let expected = [
        (6, "service.price_to", "needs `price`"),
        (10, "employee.services", "stands twice"),
        (11, "employee.day_off", "either `date`, or `from` and `to`"),
    ];
    assert_told(&shop(off), &expected);
}

#[test]
fn a_knowledge_text_may_stand_in_a_file_beside_the_profile() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("profile.toml");
    std::fs::create_dir(dir.path().join("kb")).unwrap();
    std::fs::write(dir.path().join("kb/pay.md"), "\u{feff}Карты и наличные.\r\n").unwrap();
    std::fs::write(&path, shop("[[knowledge]]; title = \"Оплата\"; file = \"kb/pay.md\"")).unwrap();
    let (profile, _) = load_profile(&path, &CompanyOverrides::default()).unwrap();
    assert_eq!(profile.knowledge[0].text, "Карты и наличные.");
    std::fs::write(&path, b"[company]\nname = \"\xd0\"\n").unwrap();
    let problems = load_profile(&path, &CompanyOverrides::default()).unwrap_err();
    assert_eq!((problems.0[0].file.clone(), problems.0[0].line), (Some(path), Some(2)));
    assert!(problems.to_string().contains("not UTF-8"), "{problems}");
    let missing = load_profile(&PathBuf::from("/no/such/profile.toml"), &CompanyOverrides::default());
    assert!(missing.unwrap_err().to_string().contains("/no/such/profile.toml: cannot read"));
}

#[test]
fn what_clients_could_never_book_or_tell_apart_is_a_warning() {
    let visit = "title = \"Wash\"; duration_min = 700";
    let text = format!(
        "[[service]]; id = \"a\"; {visit}; [[service]]; id = \"b\"; {visit}; [[employee]]; id = \"c\"; name = \"C\"; services = [\"a\", \"b\"]"
    );
    let (_, warnings) = parse(&shop(&text)).unwrap();
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("line 2: service: `a` takes 700 min"), "{told:?}");
    assert!(told[2].contains("`a` and `b` have one title"), "{told:?}");
    assert_told(
        &shop("[[knowledge]]; title = \"two\\nlines\"; text = \"x\\ny\""),
        &[(3, "knowledge.title", "one line")],
    );
}

#[test]
fn someone_without_hours_is_a_warning() {
    let (_, warnings) = parse(
        "[company]\nname = \"S\"\ntimezone = \"UTC\"\n[[service]]\nid = \"a\"\ntitle = \"A\"\nduration_min = 5\n\
         [[employee]]\nid = \"b\"\nname = \"B\"\nservices = [\"a\"]\n",
    )
    .unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].line, warnings[0].key.as_str()), (Some(8), "employee"));
}

/// The small profile with some of its bytes changed, so that what follows the parser is reached too.
fn damaged() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("-1"),
        Just("\"\""),
        Just("[[service]]\n"),
        Just("24:00"),
        Just("[]"),
        Just("{}"),
        Just("="),
        Just("ё"),
    ];
    proptest::collection::vec((0..SMALL.len(), 0..6usize, pieces), 1..4).prop_map(|edits| {
        let mut text = SMALL.to_owned();
        for (at, len, piece) in edits {
            let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let (from, to) = (floor(at), floor(at + len));
            text.replace_range(from..to, piece);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn reading_never_panics_and_what_is_read_can_be_written(text in prop_oneof![damaged(), "\\PC{0,80}".prop_map(|t| t)]) {
        if let Ok((profile, _)) = parse(&text) {
            let written = to_toml(&profile);
            prop_assert_eq!(parse(&written).map(|(again, _)| again), Ok(profile), "{}", written);
        }
    }
}
