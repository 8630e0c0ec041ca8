use serde_json::json;

use super::Home;

#[test]
fn a_lead_is_added_found_changed_and_shown() {
    let home = Home::salon();
    let add = ["leads", "add", "--name", "Анна", "--phone", "8 (916) 123-45-67", "--service", "Стрижка", "-o", "json"];
    let lead = home.flow(&add).ok().json();
    assert_eq!(lead["phone"], "+79161234567");
    assert_eq!(lead["channel"], "api");
    assert!(lead["created_at"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')), "{lead}");
    let id = lead["id"].as_str().unwrap();
    assert_eq!(home.flow(&["leads", "list", "--q", "анна", "--since", "today", "-o", "json"]).ok().json()[0]["id"], id);
    assert_eq!(home.flow(&["leads", "list", "--until", "вчера", "-o", "json"]).ok().json(), json!([]));
    let set = home.flow(&["leads", "set", id, "--status", "won", "--comment", "пришла", "-o", "json"]).ok().json();
    assert_eq!((set["status"].clone(), set["version"].clone()), (json!("won"), json!(2)));
    let refused = home.flow(&["leads", "set", id, "--status", "new", "-o", "json"]).fails(5).error();
    assert!(refused["hint"].as_str().unwrap().contains("in_progress"), "{refused}");
    let cleared = home.flow(&["leads", "set", id, "--comment", "", "-o", "json"]).ok().json();
    assert_eq!(cleared["comment"], json!(null));
    assert_eq!(home.flow(&["leads", "show", id, "-o", "json"]).ok().json()["id"], id);
}

#[test]
fn what_is_wrong_with_a_lead_is_told() {
    let home = Home::salon();
    home.flow(&["leads", "add", "--name", "Анна"]).fails(2);
    let both = home.flow(&["leads", "add", "--phone", "12", "--email", "x"]).fails(2);
    assert!(both.stderr.contains("phone") && both.stderr.contains("email"), "{both:?}");
    home.flow(&["leads", "list", "--status", "nwe"]).fails(2);
    home.flow(&["leads", "list", "--since", "soon"]).fails(2);
    for missing in ["ld_01JX0000000000000000000000", "x"] {
        assert_eq!(home.flow(&["leads", "show", missing, "-o", "json"]).fails(4).error()["code"], "not_found");
    }
    home.flow(&["leads", "set", "ld_01JX0000000000000000000000"]).fails(2);
}

#[test]
fn bad_rows_are_told_with_their_lines_and_keep_no_good_one_out() {
    let home = Home::empty();
    let csv = "name,phone,comment,tags\nАнна,8 916 123-45-67,'=1+1,\"vip,new\"\nБорис,нет,,\n\nВера,+79160000002,,\n";
    home.file("leads.csv", csv);
    let run = home.flow(&["leads", "import", "leads.csv", "-o", "json"]).fails(8);
    let report = run.json();
    assert_eq!((report["created"].clone(), report["failed"].clone()), (json!(2), json!(1)));
    assert_eq!(report["errors"][0]["line"], 3, "{report}");
    assert!(run.stderr.contains("line 3: phone"), "{}", run.stderr);
    let leads = home.flow(&["leads", "list", "--q", "Анна", "-o", "json"]).ok().json();
    assert_eq!((leads[0]["comment"].clone(), leads[0]["tags"].clone()), (json!("=1+1"), json!(["new", "vip"])));
    let again = home.flow(&["leads", "import", "leads.csv", "-o", "json"]).fails(8).json();
    assert_eq!((again["created"].clone(), again["duplicates"].clone()), (json!(0), json!(2)));
}

#[test]
fn json_lines_are_read_and_slips_in_names_are_refused() {
    let home = Home::empty();
    home.file("leads.jsonl", "{\"phone\":\"+79160000001\",\"custom\":{\"a\":1}}\n\n{\"fone\":1}\nnonsense\n");
    let report = home.flow(&["leads", "import", "leads.jsonl", "-o", "json"]).fails(8).json();
    assert_eq!(report["created"], 1);
    let lines: Vec<_> = report["errors"].as_array().unwrap().iter().map(|error| error["line"].clone()).collect();
    assert_eq!(lines, [json!(3), json!(4)], "{report}");
    home.file("slip.csv", "nmae,phone\nАнна,+79160000003\n");
    let slip = home.flow(&["leads", "import", "slip.csv"]).fails(2);
    assert!(slip.stderr.contains("`name`"), "{slip:?}");
    home.flow(&["leads", "import", "nowhere.csv"]).fails(4);
    let typed = home.flow_with(&["leads", "import", "-", "-o", "json"], "phone\n+79160000009\n").ok().json();
    assert_eq!(typed["created"], 1);
}

#[test]
fn an_export_imports_elsewhere() {
    let home = Home::empty();
    home.flow(&["seed", "--preset", "salon", "--activity", "100"]).ok();
    let count = |home: &Home| home.flow(&["leads", "list", "--limit", "0", "-o", "jsonl"]).ok().stdout.lines().count();
    let leads = count(&home);
    assert!(leads > 20);
    for format in ["csv", "jsonl"] {
        let other = Home::empty();
        other.file(&format!("leads.{format}"), home.flow(&["leads", "export", "--format", format]).ok().stdout);
        other.flow(&["leads", "import", &format!("leads.{format}")]).ok();
        assert_eq!(count(&other), leads, "{format}");
    }
}

#[test]
fn a_lead_with_a_phone_belongs_to_a_person() {
    let home = Home::salon();
    let add = |phone: &str| home.flow(&["leads", "add", "--name", "Анна", "--phone", phone, "-o", "json"]).ok().json();
    let lead = add("8 916 123-45-67");
    let found = home.flow(&["crm", "find", "local", "--phone", "+79161234567", "-o", "json"]).ok().json();
    assert_eq!((&found["id"], &found["name"]), (&lead["contact_id"], &json!("Анна")));
}

#[test]
fn a_spreadsheet_in_any_usual_form_is_read() {
    let home = Home::empty();
    home.file(
        "semicolons.csv",
        "\u{feff}\"name\";phone;created_at;id\n\"Анна, Ко\";+79160000001;2026-01-15T10:00:00Z;7\n",
    );
    let run = home.flow(&["leads", "import", "semicolons.csv", "-o", "json"]).ok();
    assert_eq!((run.json()["created"].clone(), run.json()["not_taken"].clone()), (json!(1), json!(["id"])));
    assert!(run.stderr.contains("id"), "{run:?}");
    let lead = home.flow(&["leads", "list", "-o", "json"]).ok().json()[0].clone();
    assert_eq!(
        (lead["name"].clone(), lead["created_at"].clone()),
        (json!("Анна, Ко"), json!("2026-01-15T10:00:00.000Z"))
    );
    let again = home.flow(&["leads", "import", "semicolons.csv", "-o", "json"]).ok().json();
    assert_eq!(again["duplicates"], 1, "{again}");
    home.file("ahead.csv", "phone,created_at\n+79160000003,2999-01-01\n");
    home.flow(&["leads", "import", "ahead.csv"]).fails(5);

    home.file("old.csv", b"name,phone\n\xc0\xed\xed\xe0,+79160000002\n");
    let run = home.flow(&["leads", "import", "old.csv", "-o", "json"]).fails(5);
    assert!(run.json()["errors"][0]["error"].as_str().unwrap().contains("save the file as UTF-8"), "{run:?}");
    home.file("header.csv", b"phone,\xe8\xec\xff\n");
    assert!(home.flow(&["leads", "import", "header.csv"]).fails(2).stderr.contains("UTF-8"));
}
