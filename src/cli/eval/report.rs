//! What a run came to: the document of `-o json`, and JUnit XML for continuous integration.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

/// The result of a run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub(super) total: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) engine: &'static str,
    /// The share of scenarios that passed each of their first k plays.
    pub(super) pass_k: BTreeMap<u32, f64>,
    pub(super) scenarios: Vec<Graded>,
    pub(super) errors: Vec<Unreadable>,
}

/// A scenario that was played.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Graded {
    /// As it was given.
    pub(super) file: String,
    pub(super) name: String,
    pub(super) passed: bool,
    pub(super) failures: Vec<String>,
    pub(super) turns: usize,
    pub(super) ms: u64,
    /// Which of the plays passed.
    #[serde(skip)]
    pub(super) plays: Vec<bool>,
    #[serde(skip)]
    pub(super) transcript: String,
}

/// A file that is no scenario.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Unreadable {
    pub(super) file: String,
    pub(super) error: String,
}

impl Report {
    /// Counts what was played.
    pub(super) fn of(scenarios: Vec<Graded>, errors: Vec<Unreadable>, k: u32) -> Self {
        let passed = scenarios.iter().filter(|graded| graded.passed).count();
        let share = |k: u32| {
            let all = |graded: &&Graded| graded.plays.iter().take(k as usize).all(|passed| *passed);
            let held = scenarios.iter().filter(all).count();
            // Four decimals are enough, and the same on every machine.
            if scenarios.is_empty() { 1.0 } else { (held as f64 / scenarios.len() as f64 * 1e4).round() / 1e4 }
        };
        let pass_k = [1, k].into_iter().map(|k| (k, share(k))).collect();
        Self {
            total: scenarios.len(),
            passed,
            failed: scenarios.len() - passed,
            engine: "offline",
            pass_k,
            scenarios,
            errors,
        }
    }

    /// JUnit XML: a test case a scenario; a file that is no scenario is an error.
    pub(super) fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let tests = self.total + self.errors.len();
        // Writing to a String does not fail.
        let _ = writeln!(
            xml,
            "<testsuite name=\"flow eval\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\">",
            self.failed,
            self.errors.len()
        );
        for graded in &self.scenarios {
            let seconds = graded.ms as f64 / 1000.0;
            let (file, name) = (escaped(&graded.file), escaped(&graded.name));
            let _ = write!(xml, "  <testcase classname=\"{file}\" name=\"{name}\" time=\"{seconds:.3}\"");
            if graded.passed {
                xml.push_str("/>\n");
            } else {
                let message = escaped(&graded.failures.join("; "));
                let body = escaped(&graded.transcript);
                let _ = writeln!(xml, ">\n    <failure message=\"{message}\">{body}</failure>\n  </testcase>");
            }
        }
        for unreadable in &self.errors {
            let (file, error) = (escaped(&unreadable.file), escaped(&unreadable.error));
            let _ = writeln!(
                xml,
                "  <testcase classname=\"{file}\" name=\"{file}\">\n    <error message=\"{error}\"/>\n  </testcase>"
            );
        }
        xml.push_str("</testsuite>\n");
        xml
    }
}

/// XML text; characters that XML 1.0 forbids become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c < ' ' && c != '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
