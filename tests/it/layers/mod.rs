//! The layers of the house: which part may name which, and the one path that may name a crate.
//!
//! Change a row only together with `ARCHITECTURE.md`.

mod rules;
mod tokens;

use std::path::{Path, PathBuf};

use self::rules::{File, check};
use self::tokens::{functions, tokens};

/// Longer files are split by meaning, unless they stand here with a reason.
const LONGEST_FILE: usize = 400;
/// Longer functions are reported, not refused.
const LONGEST_FUNCTION: usize = 60;

/// Path, the most lines it may grow to, and why it is one file.
const LONG_FILES: &[(&str, usize, &str)] = &[
    ("src/domain/store.rs", 800, "the store's whole promise is read in one place; it is mostly comments"),
    ("src/store/sqlite/conversations.rs", 600, "one table and its one transaction; to be split when it next grows"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<File> {
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    paths
        .into_iter()
        .map(|path| File {
            path: path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

fn top_level_folders() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("src")).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| format!("src/{}", path.file_name().unwrap().to_str().unwrap()))
        .collect()
}

#[test]
fn every_layer_names_only_what_it_may() {
    let files = sources();
    assert!(files.len() > 20, "the walk found {} files", files.len());
    let broken = check(&files);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_top_level_folder_has_a_row() {
    let missing: Vec<String> = top_level_folders().into_iter().filter(|path| !rules::has_row(path)).collect();
    assert!(missing.is_empty(), "no row in tests/it/layers/rules.rs for {missing:?}");
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut broken = Vec::new();
    for file in sources() {
        // Tests at a file's end are as long as they need to be.
        let lines = file.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
        let is_test = file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
        let limit = LONG_FILES.iter().find(|(path, ..)| *path == file.path).map_or(LONGEST_FILE, |row| row.1);
        if lines > limit && !is_test {
            broken.push(format!("{}: {lines} lines, at most {limit}: split it by meaning", file.path));
        }
        for (name, line, length) in functions(&tokens(&file.text)) {
            if length > LONGEST_FUNCTION {
                println!("{}:{line}: fn {name} has {length} lines; look whether it is two", file.path);
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_long_file_still_exists() {
    for (path, ..) in LONG_FILES {
        assert!(root().join(path).is_file(), "{path} is in the list of long files and is gone");
    }
}

/// What the checker says of one planted file beside a small house.
fn planted(path: &str, text: &str) -> Vec<String> {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let mut house = vec![
        file("src/adapters/mod.rs", "pub mod crm; pub mod http;"),
        file("src/adapters/crm/mod.rs", "pub mod local; pub mod yclients;"),
        file("src/adapters/crm/local/mod.rs", ""),
        file("src/adapters/crm/yclients/mod.rs", ""),
        file("src/adapters/channel/mod.rs", ""),
        file("src/adapters/http/mod.rs", ""),
        file("src/store/sqlite/mod.rs", ""),
        file("src/store/postgres/mod.rs", ""),
    ];
    assert_eq!(check(&house), Vec::<String>::new());
    house.retain(|known| known.path != path);
    house.push(file(path, text));
    check(&house)
}

#[track_caller]
fn caught(path: &str, text: &str, line: usize, words: &str) {
    let found = planted(path, text);
    assert_eq!(found.len(), 1, "{path}: {text}\n{found:?}");
    assert!(found[0].starts_with(&format!("{path}:{line}: ")), "{found:?}");
    assert!(found[0].contains(words), "{found:?} does not say `{words}`");
}

#[track_caller]
fn fine(path: &str, text: &str) {
    assert_eq!(planted(path, text), Vec::<String>::new(), "{path}: {text}");
}

#[test]
fn a_layer_that_names_what_it_must_not_is_caught() {
    caught("src/domain/lead.rs", "use crate::config::Config;", 1, "domain may name nothing");
    caught("src/config/load.rs", "\nuse crate::store::sqlite::SqliteStore;", 2, "config may name domain");
    caught("src/store/sqlite/x.rs", "use crate::dialog::Desk;", 1, "store may name domain");
    caught("src/adapters/crm/local/x.rs", "use crate::store::sqlite::SqliteStore;", 1, "adapters may name domain");
    caught("src/dialog/turn.rs", "use crate::jobs::Runner;", 1, "dialog may name domain");
    caught("src/report/daily.rs", "use crate::dialog::Desk;", 1, "report may name domain");
    caught("src/knowledge/chunk.rs", "use crate::store::X;", 1, "knowledge may name domain");
    caught("src/jobs/run.rs", "use crate::store::sqlite::SqliteStore;", 1, "jobs may name dialog, report");
    caught("src/app.rs", "use crate::daemon::serve;", 1, "app may name");
    caught("src/daemon/worker.rs", "use crate::cli::Out;", 1, "daemon may name");
    caught("src/daemon/worker.rs", "use crate::store::sqlite::SqliteStore;", 1, "daemon may name");
    caught("src/cli/leads.rs", "use crate::main::x;", 1, "cli may name");
    caught("src/main.rs", "fn main() { flow::store::x() }", 1, "main may name");
}

#[test]
fn a_path_is_seen_in_whatever_form_it_is_written() {
    for text in [
        "use crate::{domain::lead::Lead, store::sqlite::{self, Store}};",
        "fn f() { crate::store::open(); }",
        "fn f() -> Option<crate::store::X> { None }",
        "pub use crate::store;",
        "use super::super::store::X;",
        "mod tests { use super::super::super::store::X; }",
        "#[derive(crate::store::Row)] struct X;",
        "use crate::{store as s};",
        "macro_rules! m { () => { $crate::store::x() } }",
        "use crate::{domain, store::*};",
        "use {crate::store::X, std::fmt};",
        "use crate::*;",
    ] {
        let found = planted("src/dialog/turn.rs", text);
        assert_eq!(found.len(), 1 + usize::from(text.contains("{self, Store}")), "{text}: {found:?}");
    }
}

#[test]
fn what_is_no_code_is_not_seen() {
    for text in [
        "// use crate::store::X;",
        "/* use crate::store::X; /* nested */ crate::store::y() */",
        "/// See `crate::store::X`.\nstruct S;",
        "const S: &str = \"crate::store::X \\\" crate::store::Y\";",
        "const S: &str = r#\"crate::store::X \" crate::store::Y\"#;",
        "const S: &[u8] = b\"crate::store::X\";",
        "const C: char = '\"'; const D: char = '\\''; // crate::store::X \"",
        "pub(crate) fn f<'a>(x: &'a str) -> &'a str { x }",
        "mod inner { use super::super::facts::Known; }",
    ] {
        fine("src/dialog/turn.rs", text);
    }
    caught("src/dialog/turn.rs", "// \"\nconst C: char = '\"';\nuse crate::store::X;", 3, "dialog may name domain");
    caught("src/dialog/turn.rs", "fn f<'a>() {}\nconst S: &str = r\"\\\";\nuse crate::store::X;", 3, "dialog");
}

#[test]
fn a_layer_may_name_itself_and_what_its_row_allows() {
    fine("src/jobs/run.rs", "use crate::jobs::wakeups::Wakeups; use crate::dialog::Desk; use super::wakeups::W;");
    fine("src/cli/serve.rs", "use crate::daemon::serve; use crate::app::App; use crate::store::sqlite::SqliteStore;");
    fine("src/app.rs", "use crate::store::sqlite::SqliteStore; use crate::adapters::crm::local::Local;");
    fine("src/main.rs", "fn main() -> std::process::ExitCode { flow::run() }");
    fine("src/lib.rs", "pub mod app; pub use cli::run;");
}

#[test]
fn an_adapter_names_no_other_adapter() {
    caught("src/adapters/crm/local/x.rs", "use crate::adapters::crm::yclients::Settings;", 1, "crm/local");
    caught("src/adapters/crm/local/x.rs", "use super::super::yclients::Settings;", 1, "crm/local");
    caught("src/adapters/crm/local/x.rs", "use crate::adapters::channel::Kind;", 1, "crm/local");
    caught("src/adapters/http/mod.rs", "use crate::adapters::crm::Kind;", 1, "adapters/http");
    fine(
        "src/adapters/crm/local/x.rs",
        "use crate::adapters::crm::Kind; use super::Local; use crate::adapters::http::Call;",
    );
    fine("src/adapters/crm/mod.rs", "pub const KINDS: &[Kind] = &[local::KIND, crate::adapters::crm::yclients::KIND];");
    caught("src/store/postgres/mod.rs", "use crate::store::sqlite::rows;", 1, "store/postgres");
}

#[test]
fn a_crate_outside_its_path_is_caught() {
    for (krate, elsewhere) in [
        ("rusqlite", "src/app.rs"),
        ("refinery", "src/store/mod.rs"),
        ("tokio_postgres", "src/store/sqlite/x.rs"),
        ("deadpool_postgres", "src/store/sqlite/x.rs"),
        ("reqwest", "src/adapters/crm/local/x.rs"),
        ("teloxide", "src/adapters/channel/max.rs"),
        ("redis", "src/adapters/http/paced.rs"),
        ("axum", "src/daemon/worker.rs"),
        ("tower", "src/daemon/worker.rs"),
        ("tower_http", "src/daemon/serve.rs"),
        ("clap", "src/daemon/serve.rs"),
        ("clap_complete", "src/app.rs"),
        ("clap_mangen", "src/app.rs"),
        ("comfy_table", "src/cli/leads.rs"),
        ("indicatif", "src/cli/output.rs"),
        ("toml", "src/cli/init.rs"),
        ("sd_notify", "src/daemon/worker.rs"),
        ("rust_stemmers", "src/domain/lead.rs"),
        ("ulid", "src/store/sqlite/x.rs"),
        ("dotenvy", "src/cli/init.rs"),
    ] {
        for text in [format!("use {krate}::X;"), format!("fn f() {{ ::{krate}::x() }}"), format!("use {krate};")] {
            caught(elsewhere, &text, 1, &format!("`{krate}`"));
        }
    }
}

#[test]
fn a_crate_in_its_path_is_fine() {
    fine("src/store/sqlite/x.rs", "use rusqlite::{Row, params}; refinery::embed_migrations!(\"x\");");
    fine("src/daemon/http/leads.rs", "use axum::Router; use tower::Service; use tower_http::x::Y;");
    fine("src/daemon/http.rs", "use axum::Router;");
    fine("src/daemon/serve.rs", "use sd_notify::NotifyState; async fn f() { axum::serve(l, r).await }");
    fine("src/cli/output.rs", "use comfy_table::Table; use clap::ValueEnum;");
    fine("src/cli/output/table.rs", "use comfy_table::Table;");
    fine("src/cli/eval/scenario.rs", "toml::from_str(text)");
    caught("src/daemon/serve.rs", "use axum::Router;", 1, "`axum`");
}

#[test]
fn the_environment_is_read_in_one_place() {
    fine("src/config/environment.rs", "std::env::vars_os()");
    caught("src/cli/init.rs", "use std::{env, fs};", 1, "`std::env`");
    caught("src/app.rs", "fn f() { std::env::var(\"X\").ok(); }", 1, "`std::env`");
}

#[test]
fn the_domain_touches_no_runtime_and_no_disk() {
    caught("src/domain/lead.rs", "use tokio::sync::Mutex;", 1, "`tokio`");
    caught("src/domain/lead.rs", "fn f() { std::fs::read(\"x\").ok(); }", 1, "`std::fs`");
    caught("src/domain/lead.rs", "use std::{fmt, net::IpAddr};", 1, "`std::net`");
}

#[test]
fn a_new_top_level_file_or_folder_without_a_row_is_caught() {
    caught("src/magic/mod.rs", "", 1, "no row");
    caught("src/helpers.rs", "", 1, "no row");
}
