//! The repository's own documents: links lead somewhere, banned crates are not there, decisions are dated.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn documents() -> Vec<PathBuf> {
    let markdown = |dir: &str| {
        let entries = std::fs::read_dir(root().join(dir)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect::<Vec<_>>()
    };
    let mut found: Vec<PathBuf> = [".", "docs", "docs/adr"].iter().flat_map(|dir| markdown(dir)).collect();
    found.sort();
    found
}

/// Targets of `[text](target)`, without code blocks.
fn links(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split("](").skip(1).filter_map(|rest| rest.split(')').next())).collect()
}

/// A heading as a link names it: lower case, words joined by `-`, other signs dropped.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose: Vec<&str> = text.split("```").step_by(2).collect();
    let headings = prose.iter().flat_map(|part| part.lines()).filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>()
        })
        .map(|title| title.replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let documents = documents();
    assert!(documents.len() > 10, "{documents:?}");
    let mut broken = Vec::new();
    for document in documents {
        let text = read(&document);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            let known = anchor.is_empty() || anchors(&read(&target)).contains(anchor);
            if !target.exists() || !known {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_document_that_the_code_names_exists() {
    fn walk(dir: &Path, visit: &mut impl FnMut(&Path)) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, visit) } else { visit(&path) }
        }
    }
    let mut missing = Vec::new();
    walk(&root().join("src"), &mut |path| {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        for rest in text.split("`docs/").skip(1) {
            let name = rest.split('`').next().unwrap_or_default();
            if !root().join("docs").join(name).exists() {
                missing.push(format!("{}: docs/{name}", path.display()));
            }
        }
    });
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_decision_has_its_number_date_and_sections() {
    let mut numbers = BTreeSet::new();
    for path in documents().into_iter().filter(|path| path.parent().unwrap().ends_with("adr")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = read(&path);
        let number: u32 = name[..4].parse().unwrap_or_else(|_| panic!("{name} begins with no number"));
        assert!(numbers.insert(number), "two decisions have the number {number}");
        assert!(text.starts_with(&format!("# {number:04}. ")), "{name}");
        for part in ["\nDate: 20", "\n## Context\n", "\n## Decision\n", "\n## Consequences\n"] {
            assert!(text.contains(part), "{name} lacks `{}`", part.trim());
        }
    }
    assert!(numbers.len() >= 10 && numbers.last() == Some(&u32::try_from(numbers.len()).unwrap()), "{numbers:?}");
}

#[test]
fn no_banned_crate_is_in_the_lock_file() {
    let policy: toml::Table = toml::from_str(&read(&root().join("deny.toml"))).unwrap();
    let banned = policy["bans"]["deny"].as_array().unwrap();
    assert!(banned.len() > 5);
    let lock: toml::Table = toml::from_str(&read(&root().join("Cargo.lock"))).unwrap();
    let packages = lock["package"].as_array().unwrap();
    for ban in banned.iter().filter(|ban| ban.get("wrappers").is_none()) {
        let name = ban["crate"].as_str().unwrap();
        let found = packages.iter().any(|package| package["name"].as_str() == Some(name));
        assert!(!found, "{name} is in Cargo.lock: {}", ban["reason"]);
    }
}

#[cfg(unix)]
#[test]
fn the_scripts_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    for script in ["scripts/test", "scripts/check", ".ci/run"] {
        let mode = std::fs::metadata(root().join(script)).unwrap().permissions().mode();
        assert!(mode & 0o111 != 0, "{script} is not executable");
    }
}
