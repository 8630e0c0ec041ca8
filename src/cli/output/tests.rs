use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;

const SHAPE: Shape = Shape {
    members: &["id", "name", "contact.phone", "at", "custom"],
    columns: &[("id", "id"), ("name", "name"), ("when", "at")],
    times: &["at"],
};
static STATIC_SHAPE: Shape = SHAPE;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printed(format: Format, fields: Option<&[&str]>, rows: &[Value]) -> Result<String, Failure> {
    let sink = Sink::default();
    let fields = fields.map(|fields| fields.iter().map(|field| (*field).to_owned()).collect());
    let style = Style { format: Some(format), fields, colour: Colour::Never, no_color: true, quiet: false };
    let mut out = Out::into_sink(style, Box::new(sink.clone()));
    out.set_zone(TimeZone::get("Europe/Moscow").unwrap());
    out.all(&STATIC_SHAPE, rows)?;
    let bytes = sink.0.lock().unwrap().clone();
    Ok(String::from_utf8(bytes).unwrap())
}

fn anna() -> Value {
    json!({"id": "a1", "name": "Анна\tиз \u{1b}[31mшколы", "contact": {"phone": "+79160000000"},
           "at": "2026-03-10T07:00:00.000Z", "custom": {"age": 7}})
}

#[test]
fn a_table_shows_local_times_and_no_control_characters() {
    let text = printed(Format::Table, None, &[anna()]).unwrap();
    assert!(text.starts_with("ID"), "{text}");
    assert!(text.contains("2026-03-10 10:00"), "{text}");
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.trim_end() == line), "{text:?}");
}

#[test]
fn json_is_one_array_and_jsonl_one_object_a_line() {
    assert_eq!(printed(Format::Json, None, &[]).unwrap(), "[]\n");
    let list: Vec<Value> = serde_json::from_str(&printed(Format::Json, None, &[anna(), anna()]).unwrap()).unwrap();
    assert_eq!(list, [anna(), anna()]);
    let lines = printed(Format::Jsonl, None, &[anna(), anna()]).unwrap();
    assert_eq!(lines.lines().count(), 2);
}

#[test]
fn csv_has_every_member_and_no_formula() {
    let text = printed(Format::Csv, None, &[anna()]).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id,name,contact.phone,at,custom"));
    assert!(lines.next().is_some_and(|line| line.contains(",'+79160000000,2026-03-10T07:00:00.000Z,")), "{text}");
}

#[test]
fn tsv_keeps_a_row_on_one_line() {
    let text = printed(Format::Tsv, Some(&["id", "name"]), &[anna()]).unwrap();
    assert_eq!(text.lines().nth(1).map(|line| line.split('\t').count()), Some(2));
}

#[test]
fn fields_choose_and_an_unknown_one_is_refused_with_the_list() {
    let rows = [anna()];
    let text = printed(Format::Jsonl, Some(&["contact.phone", "custom.age"]), &rows).unwrap();
    assert_eq!(text.trim(), r#"{"contact.phone":"+79160000000","custom.age":7}"#);
    let failure = printed(Format::Json, Some(&["nam"]), &rows).unwrap_err();
    assert_eq!(failure.exit, 2);
    assert!(failure.hint.is_some_and(|hint| hint.contains("`name`") && hint.contains("contact.phone")));
}
