//! The process's surroundings, read once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// What flow knows of where it runs. Nothing else of flow asks the process for it.
#[derive(Clone)]
pub struct Environment {
    vars: BTreeMap<String, String>,
    cwd: PathBuf,
    etc: PathBuf,
    is_root: bool,
}

impl Environment {
    /// Reads the environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        let lossy = |text: OsString| text.to_string_lossy().into_owned();
        Self {
            vars: std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect(),
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            etc: PathBuf::from("/etc"),
            is_root: runs_as_root(),
        }
    }

    /// How a person in the working directory calls this program again.
    #[must_use]
    pub fn program(&self) -> String {
        let Ok(path) = std::env::current_exe() else { return "flow".to_owned() };
        let on_path = |dir: &str| Some(Path::new(dir)) == path.parent();
        if self.get("PATH").is_some_and(|dirs| dirs.split(':').any(on_path)) {
            return "flow".to_owned();
        }
        path.strip_prefix(&self.cwd).unwrap_or(&path).display().to_string()
    }

    /// An environment of one's own: these variables, this directory, and `etc` inside it for `/etc`.
    #[must_use]
    pub fn for_test<'v>(vars: impl IntoIterator<Item = (&'v str, &'v str)>, cwd: impl Into<PathBuf>) -> Self {
        let cwd = cwd.into();
        let vars = vars.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { vars, etc: cwd.join("etc"), cwd, is_root: false }
    }

    /// A variable; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every variable, empty ones too.
    pub fn vars(&self) -> impl Iterator<Item = (&str, &str)> {
        self.vars.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The working directory.
    #[must_use]
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// Where flow's configuration is looked for, best first. `$FLOW_CONFIG` must exist when it is set.
    #[must_use]
    pub fn config_files(&self) -> Vec<PathBuf> {
        let named = self.get("FLOW_CONFIG").map(|path| self.cwd.join(path));
        let here = self.cwd.join("config.toml");
        let home = self.xdg("XDG_CONFIG_HOME", ".config").map(|dir| dir.join("flow/config.toml"));
        let system = self.etc.join("flow/config.toml");
        [named, Some(here), home, Some(system)].into_iter().flatten().collect()
    }

    /// Where the store is when no file and no key says so.
    #[must_use]
    pub fn default_store(&self) -> PathBuf {
        // systemd gives every unit it starts an invocation id.
        if self.is_root && self.get("INVOCATION_ID").is_some() {
            return PathBuf::from("/var/lib/flow/flow.db");
        }
        match self.xdg("XDG_DATA_HOME", ".local/share") {
            Some(dir) => dir.join("flow/flow.db"),
            None => self.cwd.join("flow.db"),
        }
    }

    /// A directory of the XDG Base Directory Specification, which says that relative ones are to be ignored.
    fn xdg(&self, name: &str, below_home: &str) -> Option<PathBuf> {
        let absolute = |name| self.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute(name).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
    }
}

/// The words this process was started with, its own name first.
#[must_use]
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// Values may be secrets, so only their number is shown.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("vars", &self.vars.len()).field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

#[cfg(unix)]
fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn runs_as_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_lies_in_the_data_home_unless_systemd_started_us_as_root() {
        let mut env = Environment::for_test([("HOME", "/home/anna")], "/work");
        assert_eq!(env.default_store(), Path::new("/home/anna/.local/share/flow/flow.db"));
        env.vars.insert("XDG_DATA_HOME".to_owned(), "/data".to_owned());
        assert_eq!(env.default_store(), Path::new("/data/flow/flow.db"));
        env.is_root = true;
        env.vars.insert("INVOCATION_ID".to_owned(), "8f".to_owned());
        assert_eq!(env.default_store(), Path::new("/var/lib/flow/flow.db"));
    }

    #[test]
    fn files_are_looked_for_in_the_promised_order() {
        let vars = [("FLOW_CONFIG", "my.toml"), ("XDG_CONFIG_HOME", "/xdg"), ("HOME", "/home/anna")];
        let env = Environment::for_test(vars, "/work");
        let expected = ["/work/my.toml", "/work/config.toml", "/xdg/flow/config.toml", "/work/etc/flow/config.toml"];
        assert_eq!(env.config_files(), expected.map(PathBuf::from));
    }
}
