use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::contact::Locale;

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn load(&self, vars: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, Problems> {
        let env = Environment::for_test(vars.iter().copied(), self.path());
        let overrides = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        load(&Sources { config_flag: None, overrides, env: &env })
    }
}

fn load_text(text: &str) -> Result<Loaded, Problems> {
    Home::new(&[("config.toml", text)]).load(&[], &[])
}

/// Line, key and the words that must occur, for each problem.
fn told(problems: &Problems) -> Vec<(usize, String, String)> {
    let line = |problem: &Problem| problem.line.unwrap_or(0);
    problems.0.iter().map(|problem| (line(problem), problem.key.clone(), problem.to_string())).collect()
}

fn assert_told(problems: &Problems, expected: &[(usize, &str, &str)]) {
    let told = told(problems);
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((line, key, text), (wanted_line, wanted_key, words)) in told.iter().zip(expected) {
        assert_eq!((*line, key.as_str()), (*wanted_line, *wanted_key), "{text}");
        assert!(text.contains(words), "{text} should say: {words}");
    }
}

#[test]
fn the_example_is_the_default() {
    let home = Home::new(&[("config.toml", EXAMPLE)]);
    let loaded = home.load(&[], &[]).unwrap();
    assert_eq!(loaded.config.store.url, StoreUrl::Sqlite(home.path().join("flow.db")));
    let expected =
        Config { store: settings::StoreConfig { url: loaded.config.store.url.clone() }, ..Config::default() };
    assert_eq!(loaded.config, expected);
}

#[test]
fn the_example_documents_every_key_and_its_comments_are_valid_too() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split(' ').nth(1) == Some("=") => rest,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let home = Home::new(&[("config.toml", &uncommented)]);
    let secrets = [
        ("FLOW_SESSION_KEY", "0123456789abcdef0123"),
        ("TELEGRAM_BOT_TOKEN", "123456:AAE-x_9"),
        ("TELEGRAM_WEBHOOK_SECRET", "a-secret_of_ours"),
    ];
    let loaded = home.load(&secrets, &[]).unwrap();
    for key in keys::KEYS {
        assert!(matches!(loaded.origins[key.path], Origin::File { .. }), "config.toml.example lacks {}", key.path);
    }
}

#[test]
fn ten_mistakes_are_told_at_once_with_their_lines() {
    let text = r#"
[http]
listne = "127.0.0.1:1"
listen = "localhost"
health_details = "everyone"
cors.allowed_origins = ["https://a.ru/path"]
[dialog]
engine = "llm"
coalesce = 3
session_ttl = "soon"
trust_typed_phone = "yes"
[crm.yclients]
compani_id = 4564
[stroe]
url = "sqlite://x.db"
[company]
timezone = "Europe/Moskow"
currency = "rub"
"#;
    let problems = load_text(text).unwrap_err();
    assert_told(
        &problems,
        &[
            (3, "http.listne", "unknown key; did you mean `listen`?"),
            (4, "http.listen", "`localhost` is no address and port"),
            (5, "http.health_details", "expected \"local\" or \"token\" or \"public\""),
            (6, "http.cors.allowed_origins", "write \"https://a.ru\""),
            (8, "dialog.engine", "no language model is configured"),
            (9, "dialog.coalesce", "expected a string, got a whole number"),
            (10, "dialog.session_ttl", "`soon` is no length of time"),
            (11, "dialog.trust_typed_phone", "expected true or false, got a string"),
            (13, "crm.yclients.compani_id", "did you mean `company_id`?"),
            (14, "stroe", "did you mean `store`?"),
            (17, "company.timezone", "did you mean `Europe/Moscow`?"),
            (18, "company.currency", "three capital letters"),
        ],
    );
    let first = problems.to_string().lines().next().unwrap().to_owned();
    assert!(first.contains("config.toml:3: http.listne: unknown key"), "{first}");
}

#[test]
fn a_flag_beats_the_environment_which_beats_dot_env_which_beats_the_file() {
    let home = Home::new(&[
        ("config.toml", "[api.limits]\ndefault = 1\nwrite = 1\nmessages = 1\nauth_failures = 1\n"),
        (".env", "FLOW_API__LIMITS__WRITE=2\nFLOW_API__LIMITS__MESSAGES=2\nFLOW_API__LIMITS__AUTH_FAILURES=2\n"),
    ]);
    let env = [("FLOW_API__LIMITS__MESSAGES", "3"), ("FLOW_API__LIMITS__AUTH_FAILURES", "3")];
    let loaded = home.load(&env, &[("api.limits.auth_failures", "4")]).unwrap();
    let limits = &loaded.config.api.limits;
    assert_eq!([limits.default, limits.write, limits.messages, limits.auth_failures], [1, 2, 3, 4]);
    assert_eq!(loaded.origins["api.limits.default"].to_string(), "file:2");
    assert_eq!(loaded.origins["api.limits.write"].to_string(), ".env FLOW_API__LIMITS__WRITE");
    assert_eq!(loaded.origins["api.limits.messages"].to_string(), "env FLOW_API__LIMITS__MESSAGES");
    assert_eq!(loaded.origins["api.limits.auth_failures"], Origin::Flag);
    assert_eq!(loaded.origins["http.listen"], Origin::Default);
}

#[test]
fn variables_reach_every_kind_of_key() {
    let home =
        Home::new(&[("config.toml", "\u{feff}[company]\r\nlocale = \"en\"\r\n"), ("key.txt", "0123456789abcdef\n")]);
    let key_file = home.path().join("key.txt");
    let vars = [
        ("FLOW_HTTP__CORS__ALLOWED_ORIGINS", "https://a.ru, https://b.ru"),
        ("FLOW_HTTP__LISTEN", "0.0.0.0:80"),
        ("FLOW_HTTP__SESSION_KEY__FILE", key_file.to_str().unwrap()),
        ("FLOW_DIALOG__COALESCE", "0s"),
        ("FLOW_CHANNELS__WEB__ENABLED", "false"),
        ("FLOW_COMPANY__LOCALE", ""),
        ("FLOW_CONFIGURED_ELSEWHERE", "kept out"),
    ];
    let config = home.load(&vars, &[]).unwrap().config;
    assert_eq!(config.http.cors.allowed_origins, ["https://a.ru", "https://b.ru"]);
    assert_eq!(config.http.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.http.session_key.map(|key| key.expose().to_owned()), Some("0123456789abcdef".to_owned()));
    assert_eq!(config.dialog.coalesce, Duration::ZERO);
    assert!(!config.channels.web.enabled);
    assert_eq!(config.company.locale, None);
    let english = home.load(&[], &[]).unwrap().config;
    assert_eq!(english.company.locale, Some(Locale::En));
}

#[test]
fn wrong_variables_are_named_and_stand_with_the_files_problems() {
    let home = Home::new(&[("config.toml", "colour = 1\n"), (".env", "FLOW_HTTP__LISTNE=x\nno equals sign\n")]);
    let vars = [("FLOW_DIALOG__MAX_MESSAGE_CHARS", "many"), ("FLOW_DIALOG__ENGIN", "offline")];
    let problems = home.load(&vars, &[("http.port", "1")]).unwrap_err();
    let told = problems.to_string();
    for expected in [
        "config.toml:1: colour: unknown key",
        ".env:1: FLOW_HTTP__LISTNE: no key has this variable; did you mean `FLOW_HTTP__LISTEN`?",
        ".env:2: a line that is no NAME=value",
        "FLOW_DIALOG__MAX_MESSAGE_CHARS: expected a whole number, got `many`",
        "did you mean `FLOW_DIALOG__ENGINE`?",
        "http.port: unknown key",
    ] {
        assert!(told.contains(expected), "{told}\nshould say: {expected}");
    }
    assert_eq!(problems.0.len(), 6, "{told}");
}

#[test]
fn the_first_file_in_the_promised_order_is_read() {
    let home = Home::new(&[
        ("other.toml", "[dialog]\nmax_message_chars = 1\n"),
        ("config.toml", "[dialog]\nmax_message_chars = 2\n"),
        ("xdg/flow/config.toml", "[dialog]\nmax_message_chars = 3\n"),
        ("etc/flow/config.toml", "[dialog]\nmax_message_chars = 4\n"),
    ]);
    let xdg = home.path().join("xdg");
    let vars = [("FLOW_CONFIG", "other.toml"), ("XDG_CONFIG_HOME", xdg.to_str().unwrap())];
    let chars = |vars: &[(&str, &str)]| home.load(vars, &[]).unwrap().config.dialog.max_message_chars;
    assert_eq!(chars(&vars), 1);
    assert_eq!(chars(&vars[1..]), 2);
    std::fs::remove_file(home.path().join("config.toml")).unwrap();
    assert_eq!(chars(&vars[1..]), 3);
    assert_eq!(chars(&[]), 4);
    std::fs::remove_file(home.path().join("other.toml")).unwrap();
    let problems = home.load(&vars, &[]).unwrap_err();
    assert!(problems.to_string().contains("other.toml"), "{problems}");
}

#[test]
fn without_a_file_the_store_lies_in_the_data_home_and_a_flag_is_relative_to_the_directory() {
    let home = Home::new(&[]);
    let loaded = home.load(&[("XDG_DATA_HOME", "/data")], &[]).unwrap();
    assert_eq!((loaded.file, loaded.config.store.url.file()), (None, Some(Path::new("/data/flow/flow.db"))));
    let flagged = home.load(&[], &[("store.url", "sqlite://my.db")]).unwrap();
    assert_eq!(flagged.config.store.url, StoreUrl::Sqlite(home.path().join("my.db")));
}

#[test]
fn a_secret_comes_from_a_variable_or_a_file_and_is_never_shown() {
    let text = "[http]\nsession_key = { env = \"MY_KEY\" }\n";
    let home = Home::new(&[("config.toml", text), (".env", "MY_KEY=from-the-dot-env-file\n")]);
    let config = home.load(&[], &[]).unwrap().config;
    assert_eq!(config.http.session_key.as_ref().map(Secret::expose), Some("from-the-dot-env-file"));
    let shown = config.to_toml_redacted().unwrap();
    assert!(shown.contains("session_key = \"***\"") && !shown.contains("dot-env"), "{shown}");
    assert!(!format!("{config:?}").contains("dot-env"));
    let missing = load_text(text).unwrap_err();
    assert_told(&missing, &[(2, "http.session_key", "the variable MY_KEY is not set")]);
    let short = load_text("[http]\nsession_key = \"hunter2\"\n").unwrap_err();
    assert_told(&short, &[(2, "http.session_key", "at least 16")]);
    assert!(!short.to_string().contains("hunter2"));
    let wrong = load_text("[http]\nsession_key = { env = \"A\", file = \"B\" }\n").unwrap_err();
    assert_told(&wrong, &[(2, "http.session_key", "a secret is a string")]);
}

#[test]
fn credentials_are_not_allowed_to_every_site() {
    let problems = load_text("[http.cors]\nallowed_origins = [\"*\"]\ncredentials = true\n").unwrap_err();
    assert_told(&problems, &[(3, "http.cors.credentials", "cannot be allowed to every site")]);
}

#[test]
fn a_section_in_place_of_a_key_and_a_key_in_place_of_a_section_are_told() {
    let problems = load_text("http = 3\n[dialog.engine]\nname = 1\n[channels]\nwhatsapp = {}\n").unwrap_err();
    let expected = [
        (1, "http", "expected a section, got a whole number"),
        (2, "dialog.engine", "expected a string, got a section"),
        (5, "channels.whatsapp", "known here: telegram, web"),
    ];
    assert_told(&problems, &expected);
    let elsewhere = load_text("[http]\nallowed_origins = []\n").unwrap_err();
    assert_told(&elsewhere, &[(2, "http.allowed_origins", "did you mean `http.cors.allowed_origins`?")]);
}

#[test]
fn a_shown_configuration_can_be_loaded_again() {
    let home = Home::new(&[("config.toml", "[company]\ntimezone = \"Asia/Omsk\"\n")]);
    let config = home.load(&[], &[]).unwrap().config;
    let again = load_text(&config.to_toml_redacted().unwrap()).unwrap().config;
    assert_eq!(again, config);
}

#[test]
fn a_file_that_is_no_toml_is_one_problem() {
    assert_told(&load_text("[http\nlisten = 1\n").unwrap_err(), &[(1, "", "not TOML at column")]);
    let home = Home::new(&[]);
    std::fs::write(home.path().join("config.toml"), b"[http]\n# \xff\n").unwrap();
    assert_told(&home.load(&[], &[]).unwrap_err(), &[(2, "", "not UTF-8")]);
}

fn any_config() -> impl Strategy<Value = String> {
    let names = proptest::sample::select(keys::KEYS.iter().map(|key| key.path).collect::<Vec<_>>());
    let values =
        prop_oneof![Just("1"), Just("\"5m\""), Just("[\"*\"]"), Just("{ env = \"X\" }"), Just("true"), Just("-1e9")]
            .prop_map(str::to_owned);
    let line = prop_oneof![
        (names, values).prop_map(|(name, value)| format!("{name} = {value}\n")),
        "[\\[\\]a-z.=\"' \n#{}0-9-]{0,30}\n".prop_map(|text| text),
    ];
    proptest::collection::vec(line, 0..6).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn loading_never_panics(text in any_config(), noise in "\\PC{0,40}", var in "\\PC{0,12}") {
        let home = Home::new(&[("config.toml", &text), (".env", &noise)]);
        let _ = home.load(&[("FLOW_HTTP__CORS__ALLOWED_ORIGINS", &var), ("FLOW_DIALOG__COALESCE", &var)], &[("store.url", &noise)]);
        let _: Vec<PathBuf> = Environment::for_test([("HOME", var.as_str())], "/w").config_files();
    }
}

#[test]
fn the_connections_of_the_example_are_read_once_their_marks_are_taken_away() {
    let after = EXAMPLE.split_once("# [crm.bitrix24]").unwrap().1.split_once("\n[channels").unwrap().0;
    let text: String = format!("[crm.bitrix24]{after}")
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("# ").trim_start_matches('#')))
        .collect();
    let secrets = [
        "BITRIX24_WEBHOOK_URL",
        "BITRIX24_APPLICATION_TOKEN",
        "YCLIENTS_PARTNER_TOKEN",
        "YCLIENTS_USER_TOKEN",
        "AMOCRM_TOKEN",
        "ONEC_PASSWORD",
        "EASYWEEK_TOKEN",
        "DIKIDI_BRIDGE_SECRET",
    ];
    let vars: Vec<(&str, &str)> = secrets.iter().map(|name| (*name, "https://a-secret-of-some-length")).collect();
    let loaded = Home::new(&[("config.toml", &text)]).load(&vars, &[]).unwrap();
    let found: Vec<&str> = loaded.config.crm.connections.keys().map(String::as_str).collect();
    assert_eq!(found, ["amocrm", "bitrix24", "dikidi", "easyweek", "onec", "yclients"]);
    let shown = loaded.config.to_toml_redacted().unwrap();
    assert!(shown.contains("[crm.yclients]") && shown.contains("company_id = 4564"), "{shown}");
    assert!(!shown.contains("a-secret-of-some-length"), "{shown}");
}

#[test]
fn a_connection_is_named_by_the_operator_and_its_mistakes_are_told_with_their_lines() {
    let problems = load_text(
        "[crm]\nactive = \"salon\"\n[crm.salom]\nkind = \"yclients\"\npartner_tokn = \"aaaa\"\ncompany_id = 0\n\
         [crm.shop]\nkind = \"bitrix\"\n",
    )
    .unwrap_err();
    assert_told(
        &problems,
        &[
            (2, "crm.active", "did you mean `salom`?"),
            (5, "crm.salom.partner_tokn", "did you mean `partner_token`?"),
            (6, "crm.salom.company_id", "is outside"),
            (7, "crm.shop", "did you mean `bitrix24`?"),
        ],
    );
}

#[test]
fn a_connection_can_stand_in_variables_alone() {
    let vars = [
        ("FLOW_CRM__YCLIENTS__PARTNER_TOKEN", "part"),
        ("FLOW_CRM__YCLIENTS__COMPANY_ID", "7"),
        ("FLOW_CRM__ACTIVE", "yclients"),
    ];
    let loaded = Home::new(&[]).load(&vars, &[]).unwrap();
    let connection = &loaded.config.crm.connections["yclients"];
    assert_eq!((connection.kind.as_str(), &connection.values["company_id"]), ("yclients", &serde_json::json!(7)));
    assert_eq!(connection.secrets["partner_token"].expose(), "part");
    let near = Home::new(&[]).load(&[("FLOW_CRM__YCLIENTS__PARTNER", "x")], &[]).unwrap_err();
    assert!(near.0[0].to_string().contains("no key has this variable"), "{near}");
}
