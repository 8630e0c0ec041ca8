//! Any text as a business profile: it is refused with lines that exist, or read into a profile that reads back the same.
#![no_main]

use std::io;
use std::path::Path;

use flow::config::profile::to_toml;
use flow::config::{CompanyOverrides, parse_profile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let none = |path: &Path| Err(io::Error::other(path.display().to_string()));
    let read = |text: &str| parse_profile(text, Path::new(""), &CompanyOverrides::default(), &none);
    match read(text) {
        Ok((profile, _)) => {
            let written = to_toml(&profile);
            let again = read(&written).map(|(again, _)| again);
            assert_eq!(again.ok(), Some(profile), "{written}");
        }
        Err(problems) => assert!(!problems.0.is_empty(), "refused without a reason"),
    }
});
