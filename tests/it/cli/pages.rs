use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Home;

fn pages(dir: &Path) -> BTreeMap<String, String> {
    let page =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap());
    fs::read_dir(dir).unwrap().map(|entry| page(entry.unwrap())).collect()
}

#[test]
fn completions_are_those_of_the_commands() {
    let home = Home::empty();
    for (shell, file) in [
        ("bash", "flow.bash"),
        ("zsh", "_flow"),
        ("fish", "flow.fish"),
        ("elvish", "flow.elv"),
        ("powershell", "_flow.ps1"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        let made = home.flow(&["completions", shell]).ok().stdout;
        assert!(fs::read_to_string(path).unwrap() == made, "run `flow completions {shell} > completions/{file}`");
    }
}

#[test]
fn manual_pages_are_those_of_the_commands() {
    let home = Home::empty();
    home.flow(&["man", "made"]).ok();
    let kept = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    assert!(pages(&home.path().join("made")) == kept, "run `rm man/* && flow man man`");
}
