use super::Home;

const TEN_MISTAKES: &str = r#"[http]
listen = "nowhere"
publik_url = "https://example.ru"
[store]
url = "mysql://x"
[dialog]
coalesce = "soon"
engine = "clever"
max_message_chars = "many"
[company]
timezone = "Europe/Moskow"
currency = "roubles"
[observability]
log_format = "xml"
[crm]
active = "nobody"
"#;

#[test]
fn ten_mistakes_are_told_at_once_each_with_its_line() {
    let home = Home::empty();
    home.file("config.toml", TEN_MISTAKES);
    let run = home.flow(&["config", "check", "-o", "json"]).fails(3);
    let document = run.json();
    assert_eq!(document["ok"], false);
    let lines: Vec<_> =
        document["problems"].as_array().unwrap().iter().map(|problem| problem["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 5, 7, 8, 9, 11, 12, 14, 16], "{document}");
    assert_eq!(run.error()["code"], "config");
    let plain = home.flow(&["leads", "list"]).fails(3);
    assert!(plain.stderr.contains("config.toml:11") && plain.stderr.contains("Europe/Moscow"), "{}", plain.stderr);
}

#[test]
fn of_the_address_of_the_redis_only_the_password_is_hidden() {
    let home = Home::empty();
    home.file("config.toml", "[cache]\nurl = \"rediss://flow:hunter2@cache.example.ru:6380/2\"\n");
    for args in [&["config", "show"][..], &["config", "show", "-o", "json"], &["config", "show", "--origins"]] {
        let shown = home.flow(args).ok().stdout;
        assert!(shown.contains("rediss://flow:***@cache.example.ru:6380/2") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_right_configuration_is_fine_and_flags_win() {
    let home = Home::empty();
    home.flow(&["config", "check"]).ok();
    home.file("config.toml", "[http]\nlisten = \"127.0.0.1:9000\"\nsession_key = \"0123456789abcdef\"\n");
    let show = home.flow(&["config", "show", "-o", "json", "--store", "sqlite://other.db"]).ok();
    assert_eq!(show.json()["http"]["listen"], "127.0.0.1:9000");
    assert!(show.json()["store"]["url"].as_str().unwrap().ends_with("/other.db"));
    assert!(!show.stdout.contains("0123456789abcdef"));
    let toml = home.flow(&["config", "show"]).ok().stdout;
    assert!(toml.contains("session_key = \"***\"") && !toml.contains("0123456789abcdef"), "{toml}");
    let origins = home.flow(&["config", "show", "--origins", "-o", "json"]).ok().json();
    let listen = origins.as_array().unwrap().iter().find(|row| row["key"] == "http.listen").unwrap();
    assert_eq!(listen["origin"], "file:2");
    let path = home.flow(&["config", "path"]).ok().stdout;
    assert!(path.trim().ends_with("config.toml"), "{path}");
    home.flow(&["config", "check", "--config", "nowhere.toml"]).fails(3);
}

#[test]
fn the_schema_is_json() {
    let schema = Home::empty().flow(&["config", "schema"]).ok().json();
    assert_eq!(schema["properties"]["http"]["additionalProperties"], false);
}

#[test]
fn init_writes_both_files_and_never_overwrites() {
    let home = Home::empty();
    home.flow(&["init", "--preset", "clinic"]).ok();
    home.flow(&["config", "check"]).ok();
    home.flow(&["seed", "profile.toml"]).ok();
    home.file("config.toml", "# mine\n");
    home.flow(&["init"]).fails(2);
    assert_eq!(std::fs::read_to_string(home.path().join("config.toml")).unwrap(), "# mine\n");
    home.flow(&["init", "--yes"]).ok();
    assert_ne!(std::fs::read_to_string(home.path().join("config.toml")).unwrap(), "# mine\n");
    home.flow(&["init", "--dir", "shop", "-o", "json"]).ok();
    assert!(home.path().join("shop/profile.toml").exists());
}
