//! The table of layers and the table of crates, and what breaks them.

use std::collections::BTreeSet;

use super::tokens::{Named, paths, tokens};

/// A source file: its path from the repository's root, with `/`, and its text.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// A layer and the layers it may name beside itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli", "run"]),
    ("lib", &["cli"]),
    (
        "cli",
        &["daemon", "app", "jobs", "dialog", "report", "knowledge", "config", "store", "adapters", "domain", "crash"],
    ),
    ("daemon", &["app", "jobs", "dialog", "config", "domain", "crash"]),
    ("app", &["jobs", "dialog", "report", "knowledge", "config", "store", "adapters", "domain", "crash"]),
    ("jobs", &["dialog", "report", "knowledge", "domain", "crash"]),
    ("dialog", &["domain", "crash"]),
    ("report", &["domain"]),
    ("knowledge", &["domain"]),
    ("config", &["domain"]),
    ("store", &["domain", "crash"]),
    ("adapters", &["domain"]),
    ("domain", &[]),
    // Named moments at which the crash tests kill the process; nothing in a release.
    ("crash", &[]),
];

/// A crate (or a module of `std`) and the only paths that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/store/sqlite"]),
    ("refinery", &["src/store/sqlite", "src/store/postgres"]),
    ("tokio_postgres", &["src/store/postgres"]),
    ("deadpool_postgres", &["src/store/postgres"]),
    ("tokio_postgres_rustls", &["src/store/postgres"]),
    ("rustls", &["src/store/postgres", "src/adapters/http/client"]),
    ("bytes", &["src/store/postgres"]),
    ("reqwest", &["src/adapters/http/client"]),
    ("reqwest_under_teloxide", &["src/adapters/channel/telegram"]),
    ("metrics_exporter_prometheus", &["src/daemon/metrics"]),
    ("metrics_process", &["src/daemon/metrics"]),
    ("rustix", &["src/crash", "src/cli/doctor"]),
    ("unicode_segmentation", &["src/domain/text"]),
    ("teloxide", &["src/adapters/channel/telegram"]),
    ("redis", &["src/adapters/redis"]),
    ("axum", &["src/daemon/http"]),
    ("axum::serve", &["src/daemon/http", "src/daemon/serve"]),
    ("tower", &["src/daemon/http"]),
    ("tower_http", &["src/daemon/http"]),
    ("clap", &["src/cli"]),
    ("clap_complete", &["src/cli"]),
    ("clap_mangen", &["src/cli"]),
    ("comfy_table", &["src/cli/output"]),
    ("indicatif", &["src/cli/progress"]),
    ("std::env", &["src/config/environment"]),
    ("toml", &["src/config", "src/cli/eval/scenario", "src/cli/crm/mock"]),
    ("sd_notify", &["src/daemon/serve"]),
    ("rust_stemmers", &["src/domain/text"]),
    ("ulid", &["src/domain/id"]),
    ("dotenvy", &["src/config/dot_env"]),
];

/// What the domain must not touch: it has no runtime, no disk and no network.
const NOT_IN_DOMAIN: &[&str] = &["tokio", "std::fs", "std::net", "std::process", "std::thread"];

/// Implementations that stand side by side: none names a sibling.
const APART: &[&str] = &["adapters", "store"];
/// The one family that every adapter may use: the seam under them.
const SEAM: &str = "http";

/// Whether a top-level file or folder has its row.
pub fn has_row(path: &str) -> bool {
    LAYERS.iter().any(|(layer, _)| *layer == layer_of(path))
}

/// Everything that breaks a rule, as `file:line: what and why`.
pub fn check(files: &[File]) -> Vec<String> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module_of(&file.path)).collect();
    let mut broken = Vec::new();
    for file in files {
        if !has_row(&file.path) {
            broken.push(format!("{}:1: no row for `{}` in the table of layers", file.path, layer_of(&file.path)));
            continue;
        }
        let module = module_of(&file.path);
        for named in paths(&tokens(&file.text), &module) {
            let told = match inside(&named, file) {
                Some(path) => layer(&path, file).or_else(|| apart(&path, &module, &modules)),
                None => foreign(&named, file),
            };
            if let Some(reason) = told {
                let path = named.segments.join("::");
                broken.push(format!("{}:{}: `{path}`: {reason}", file.path, named.line));
            }
        }
    }
    broken
}

/// `src/dialog/turn.rs` → `dialog`, `src/app.rs` → `app`.
fn layer_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let top = inside.split('/').next().unwrap_or(inside);
    top.strip_suffix(".rs").unwrap_or(top)
}

/// `src/dialog/turn.rs` → `[dialog, turn]`, `src/store/mod.rs` → `[store]`, `src/lib.rs` → `[]`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    if matches!(inside, "lib" | "main") {
        return Vec::new();
    }
    let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// The path from the crate's root, when it leads into this crate.
fn inside(named: &Named, file: &File) -> Option<Vec<String>> {
    let first = named.segments.first()?;
    let from_main = file.path == "src/main.rs" && first == "flow";
    if first == "crate" || from_main {
        return Some(named.segments[1..].to_vec());
    }
    // The root's own modules may be named as they are.
    let from_lib = file.path == "src/lib.rs" && LAYERS.iter().any(|(layer, _)| layer == first);
    from_lib.then(|| named.segments.clone())
}

fn layer(path: &[String], file: &File) -> Option<String> {
    let own = layer_of(&file.path);
    let named = path.first().map_or("*", String::as_str);
    let (_, allowed) = LAYERS.iter().find(|(layer, _)| *layer == own)?;
    if named == own || allowed.contains(&named) {
        return None;
    }
    let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    Some(format!("{own} may name {may} beside itself"))
}

/// Families of adapters and the stores do not know each other, nor do members of a family.
fn apart(path: &[String], module: &[String], modules: &BTreeSet<Vec<String>>) -> Option<String> {
    let top = path.first().filter(|top| APART.contains(&top.as_str()))?;
    if module.first() != Some(top) {
        return None;
    }
    // Below that they are one implementation's own parts.
    let deepest = if top == "adapters" { 2 } else { 1 };
    for depth in 1..=deepest {
        let (own, named) = (module.get(depth)?, path.get(depth)?);
        if own == named {
            continue;
        }
        let is_module = modules.iter().any(|known| known.starts_with(&path[..=depth]));
        // The seam's own parts are one thing, and every adapter may use it.
        let is_seam = path.get(1).is_some_and(|family| family == SEAM);
        return (is_module && !is_seam).then(|| {
            let place = module[..module.len().min(deepest + 1)].join("/");
            format!("{place} must not name {}: they stand side by side", path[..=depth].join("/"))
        });
    }
    None
}

fn foreign(named: &Named, file: &File) -> Option<String> {
    let path = named.segments.join("::");
    let under = |name: &str| path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"));
    if layer_of(&file.path) == "domain"
        && let Some(name) = NOT_IN_DOMAIN.iter().find(|name| under(name))
    {
        return Some(format!("`{name}` has no place in the domain"));
    }
    // The row that says most decides: `axum::serve` before `axum`.
    let (name, allowed) = CRATES.iter().filter(|(name, _)| under(name)).max_by_key(|(name, _)| name.len())?;
    let at_home = allowed
        .iter()
        .any(|home| file.path.strip_prefix(home).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')));
    (!at_home).then(|| format!("`{name}` may be named in {} only", allowed.join(", ")))
}
