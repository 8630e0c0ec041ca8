//! Any text, at any moment, in the zones of the presets: it is read without a panic, and what is read makes sense.
#![no_main]

use std::sync::LazyLock;

use flow::config::{CompanyOverrides, parse_profile};
use flow::dialog::understand::{Vocabulary, understand};
use flow::domain::company::Profile;
use flow::domain::contact::Region;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const SALON: &str = include_str!("../../presets/salon.toml");
/// 1970 to 2100, in seconds.
const MOMENTS: i64 = 4_102_444_800;

static SALON_WORDS: LazyLock<(Profile, Vocabulary)> = LazyLock::new(|| {
    let none = |path: &std::path::Path| Err(std::io::Error::other(path.display().to_string()));
    let read = parse_profile(SALON, "".as_ref(), &CompanyOverrides::default(), &none);
    let (profile, _) = read.expect("the preset is sound");
    let words = Vocabulary::new(&profile.services, &profile.employees);
    (profile, words)
});

fuzz_target!(|input: (i64, &str)| {
    let (moment, text) = input;
    let (profile, words) = &*SALON_WORDS;
    let Ok(now) = Timestamp::from_second(moment.rem_euclid(MOMENTS)) else { return };
    let now = now.to_zoned(profile.company.timezone.tz().clone());
    let said = understand(text, &now, words, Region::default());
    assert_eq!(said.text, text);
    assert_eq!(said.intents.first().copied().unwrap_or(said.intent), said.intent);
    if let Some((from, to)) = said.date.and_then(|days| days.from.zip(days.to)) {
        assert!(from <= to, "{text}");
    }
    for id in said.candidates.service.iter().chain(&said.service) {
        assert!(profile.service(id).is_some(), "{text}");
    }
    for id in said.candidates.employee.iter().chain(&said.employee) {
        assert!(profile.employee(id).is_some(), "{text}");
    }
});
