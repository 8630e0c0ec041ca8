//! A proposal of a map from what the base says of itself. A person reads it before it is used.

use std::fmt::Write;
use std::time::Duration;

use super::OneC;
use super::metadata::{Field, Metadata, Type, read_metadata};
use crate::adapters::http::Call;
use crate::domain::fault::Fault;

/// The description of a large base.
const LARGEST: usize = 64 * 1024 * 1024;
/// A large base describes itself for half a minute.
const PATIENCE: Duration = Duration::from_secs(120);

impl OneC {
    /// What the base says of itself.
    pub(super) async fn described(&self, call: &'static str) -> Result<Metadata, Fault> {
        let call = Call::get(call, format!("{}/$metadata", self.base)).header("Accept", "application/xml");
        let operation = call.operation;
        let body = self.raw(call.within(PATIENCE).at_most(LARGEST)).await?;
        read_metadata(&body).map_err(self.odd(operation))
    }

    /// A map of this base, as TOML.
    pub(super) async fn propose(&self) -> Result<String, Fault> {
        let metadata = self.described("discover").await?;
        Ok(propose(&self.wiring.name, &metadata))
    }
}

/// The map's text.
pub(super) fn propose(name: &str, metadata: &Metadata) -> String {
    let guess = Guess::of(metadata);
    let mut out = Text { name: name.to_owned(), text: String::new() };
    out.say("# Proposed from $metadata. Read it, correct it, paste it into config.toml, then run `flow crm test`.");
    guess.client(&mut out);
    guess.service(&mut out);
    guess.employee(&mut out);
    guess.appointment(&mut out);
    guess.lead(&mut out);
    guess.lock(&mut out);
    out.text
}

/// TOML as it is written.
struct Text {
    name: String,
    text: String,
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

impl Text {
    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn section(&mut self, section: &str) {
        let plain = self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let name = if plain { self.name.clone() } else { quoted(&self.name) };
        let _ = writeln!(self.text, "\n[crm.{name}.map.{section}]");
    }

    fn key(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {}", quoted(value));
    }

    fn keys<'v>(&mut self, pairs: impl IntoIterator<Item = (&'v str, Option<&'v str>)>) {
        pairs.into_iter().for_each(|(key, value)| {
            if let Some(value) = value {
                self.key(key, value);
            }
        });
    }
}

/// What stands for what.
struct Guess<'m> {
    metadata: &'m Metadata,
    appointment: Option<&'m str>,
    client: Option<&'m str>,
    employee: Option<&'m str>,
    service: Option<&'m str>,
}

fn holds(name: &str, words: &[&str]) -> bool {
    // «Приём» and «Прием» are one.
    let name = name.to_lowercase().replace('ё', "е");
    words.iter().any(|word| name.contains(word))
}

fn is_date(field: &Field) -> bool {
    field.kind == "Edm.DateTime"
}

/// The first field of that sort whose name has one of these words; earlier words are better.
fn named<'t>(of: &'t Type, words: &[&str], is: impl Fn(&Field) -> bool) -> Option<&'t Field> {
    words.iter().find_map(|word| of.fields.iter().find(|field| is(field) && holds(&field.name, &[word])))
}

fn start(of: &Type) -> Option<&Field> {
    named(of, &["начал", "датазаписи", "датаприема", "датавизита", "времязаписи"], is_date)
}

fn end(of: &Type) -> Option<&Field> {
    named(of, &["оконч", "конец", "заверш"], is_date)
}

fn duration(of: &Type) -> Option<&Field> {
    named(of, &["длительн", "продолжит"], |field| !field.kind.starts_with("Collection"))
}

fn reference<'t>(of: &'t Type, words: &[&str]) -> Option<&'t Field> {
    named(of, words, |field| field.name.ends_with("_Key") && field.name != "Ref_Key")
}

const CLIENTS: &[&str] = &["клиент", "пациент", "посетител", "заказчик", "контрагент", "партнер", "физлицо"];
const STAFF: &[&str] = &["сотрудник", "мастер", "специалист", "врач", "исполнител", "ресурс", "ответствен"];
const SERVICES: &[&str] = &["услуг", "номенклатур", "работ"];

impl<'m> Guess<'m> {
    fn of(metadata: &'m Metadata) -> Self {
        let mut guess = Self { metadata, appointment: None, client: None, employee: None, service: None };
        guess.appointment = guess.best("Document_", |name, of| {
            let timed = start(of).is_some() && (end(of).is_some() || duration(of).is_some());
            let words: [(&[&str], i32); 4] =
                [(&["запис"], 8), (&["визит", "прием", "посещ"], 6), (&["брон"], 5), (&["событ", "заказ"], 1)];
            let by_name: i32 = words.iter().filter(|(words, _)| holds(name, words)).map(|(_, score)| score).sum();
            let refers =
                i32::from(reference(of, CLIENTS).is_some()) * 3 + i32::from(reference(of, STAFF).is_some()) * 3;
            (timed && refers > 0).then_some(by_name + refers + i32::from(end(of).is_some()))
        });
        let led = |words: &[&str]| {
            let of = guess.appointment?;
            metadata.target(of, &reference(metadata.types.get(of)?, words)?.name)
        };
        guess.client = led(CLIENTS).or_else(|| guess.catalogue(CLIENTS));
        guess.employee = led(STAFF).or_else(|| guess.catalogue(STAFF));
        guess.service = guess.sold().or_else(|| guess.catalogue(&["номенклатур", "услуг"]));
        guess
    }

    /// The set of that kind with the best score.
    fn best(&self, kind: &str, score: impl Fn(&str, &Type) -> Option<i32>) -> Option<&'m str> {
        let is_set =
            |name: &str, of: &Type| name.starts_with(kind) && !of.has("LineNumber") && !name.ends_with("_RowType");
        let sets = self.metadata.types.iter().filter(|(name, of)| is_set(name, of));
        let scored =
            sets.filter_map(|(name, of)| Some((score(name, of)?, std::cmp::Reverse(name.len()), name.as_str())));
        scored.max().map(|(_, _, name)| name)
    }

    fn catalogue(&self, words: &[&str]) -> Option<&'m str> {
        words
            .iter()
            .find_map(|word| self.best("Catalog_", |name, of| (of.has("Ref_Key") && holds(name, &[word])).then_some(1)))
    }

    fn type_of(&self, set: Option<&str>) -> Option<&'m Type> {
        self.metadata.types.get(set?)
    }

    /// The tabular part with the services of an appointment, and its field of the service.
    fn lines(&self) -> Option<(&'m str, &'m Field, &'m Type)> {
        let of = self.appointment?;
        self.metadata.tables(of).find_map(|table| {
            let rows = self.metadata.rows(of, table)?;
            Some((table, reference(rows, SERVICES)?, rows))
        })
    }

    fn sold(&self) -> Option<&'m str> {
        let of = self.appointment?;
        if let Some((table, field, _)) = self.lines() {
            let rows = format!("{of}_{table}");
            let led = self.metadata.target(&rows, &field.name);
            return led.or_else(|| self.metadata.target(&format!("{rows}_RowType"), &field.name));
        }
        self.metadata.target(of, &reference(self.metadata.types.get(of)?, SERVICES)?.name)
    }

    fn client(&self, out: &mut Text) {
        let (Some(set), Some(of)) = (self.client, self.type_of(self.client)) else { return };
        out.section("client");
        out.keys([("set", Some(set)), ("name", Some("Description"))]);
        if of.has("ЮрФизЛицо") {
            out.say("const = { \"ЮрФизЛицо\" = \"ФизЛицо\" }          # fields that people here expect to be filled");
        }
        let contacts = "КонтактнаяИнформация";
        let is_bsp = self.metadata.rows(set, contacts).is_some_and(|rows| rows.has("НомерТелефона"));
        let field = named(of, &["телефон"], |field| field.kind == "Edm.String");
        match (is_bsp, field) {
            (true, _) => {
                out.section("client.phone");
                out.keys([("kind", Some("bsp_table")), ("table", Some(contacts))]);
                out.say("# kind_key = \"guid:…\"                    # the kind «Телефон»; else as people wrote one");
            }
            (false, Some(field)) => {
                out.section("client.phone");
                out.keys([("kind", Some("attribute")), ("phone_field", Some(field.name.as_str()))]);
            }
            (false, None) => out.say("# no field or table of phones was found: name one with phone_field"),
        }
    }

    fn service(&self, out: &mut Text) {
        let (Some(set), Some(of)) = (self.service, self.type_of(self.service)) else { return };
        out.section("service");
        out.keys([("set", Some(set)), ("name", Some("Description"))]);
        let mut filter = vec!["DeletionMark eq false"];
        if of.has("IsFolder") {
            filter.insert(0, "IsFolder eq false");
        }
        if of.has("ТипНоменклатуры") {
            filter.push("ТипНоменклатуры eq 'Услуга'");
        }
        out.key("filter", &filter.join(" and "));
        match duration(of) {
            Some(field) => out.say(&format!("duration_min = {{ default = 60, field = {} }}", quoted(&field.name))),
            None => out.say("duration_min = { default = 60 }"),
        }
        let priced = self.best("InformationRegister_", |name, of| {
            let fits = holds(name, &["цен"]) && of.has("Номенклатура_Key") && of.has("Цена");
            fits.then_some(i32::from(holds(name, &["ценыноменклатуры"])))
        });
        let kind = |set: &str| reference(self.metadata.types.get(set)?, &["видцен", "типцен"]).map(|f| f.name.clone());
        if let Some(register) = priced {
            out.section("service.price");
            out.keys([("register", Some(register)), ("field", Some("Цена"))]);
            if let Some(kind) = kind(register) {
                out.key("type_field", &kind);
                out.say("# type_key = \"guid:…\"                    # the kind of price that clients are told");
            }
        }
    }

    fn employee(&self, out: &mut Text) {
        let (Some(set), Some(of)) = (self.employee, self.type_of(self.employee)) else { return };
        out.section("employee");
        out.keys([("set", Some(set)), ("name", Some("Description"))]);
        let archived = named(of, &["вархиве", "недействител", "уволен"], |field| {
            field.kind == "Edm.Boolean"
        });
        let mut filter = "DeletionMark eq false".to_owned();
        if let Some(field) = archived {
            let _ = write!(filter, " and {} eq false", field.name);
        }
        if of.has("IsFolder") {
            filter.push_str(" and IsFolder eq false");
        }
        out.key("filter", &filter);
        out.say("hours = { \"mon-fri\" = \"10:00-20:00\", \"sat\" = \"10:00-18:00\" }   # 1C does not say: correct it");
    }

    fn appointment(&self, out: &mut Text) {
        let (Some(set), Some(of)) = (self.appointment, self.type_of(self.appointment)) else {
            out.say(
                "\n# no document with a start, an end, a client and an employee was found: flow takes requests only",
            );
            return;
        };
        let of_field = |field: Option<&'m Field>| field.map(|field| field.name.as_str());
        let comment = of_field(named(of, &["комментар", "примечан", "описан"], |field| {
            field.kind == "Edm.String"
        }));
        let until = of_field(end(of));
        out.section("appointment");
        out.keys([
            ("set", Some(set)),
            ("start", of_field(start(of))),
            ("end", until),
            ("duration", until.is_none().then(|| of_field(duration(of))).flatten()),
            ("client", of_field(reference(of, CLIENTS))),
            ("employee", of_field(reference(of, STAFF))),
            ("comment", comment),
            ("marker", comment),
        ]);
        match self.lines() {
            Some((table, service, rows)) => {
                let mut line = format!("lines = {{ table = {}, service = {}", quoted(table), quoted(&service.name));
                for (key, field) in [("price", "Цена"), ("amount", "Сумма")] {
                    if rows.has(field) {
                        let _ = write!(line, ", {key} = {}", quoted(field));
                    }
                }
                out.say(&format!("{line} }}"));
            }
            None => out.keys([("service", of_field(reference(of, SERVICES)))]),
        }
        out.say("post = false                          # true when only posted documents count here");
        self.status(of, out);
    }

    fn status(&self, of: &'m Type, out: &mut Text) {
        let field =
            named(of, &["статус", "состояни"], |field| !field.name.ends_with("_Key") && !is_date(field));
        let values = field.map_or(&[][..], |field| self.metadata.values(field));
        let value = |words: &[&str]| values.iter().find(|value| holds(value, words));
        let known = [
            ("new", value(&["запланир", "нов", "ожида", "подтвержд"])),
            ("canceled", value(&["отмен"])),
            ("done", value(&["заверш", "выполн", "состоял", "оказан"])),
            ("no_show", value(&["неявк", "неприш", "непосетил"])),
        ];
        match (field, value(&["отмен"])) {
            (Some(field), Some(_)) => {
                let mut line = format!("status = {{ field = {}", quoted(&field.name));
                for (key, value) in known.iter().filter_map(|(key, value)| Some((key, (*value)?))) {
                    let _ = write!(line, ", {key} = {}", quoted(value));
                }
                out.say(&format!("{line} }}"));
                out.key("cancel", "status");
            }
            (field, None) => {
                out.key("cancel", "unpost_and_mark");
                if let Some(field) = field {
                    let name = quoted(&field.name);
                    out.say(&format!("# status = {{ field = {name}, new = \"…\", canceled = \"…\" }}"));
                    out.say("# with the status named: cancel = \"status\"");
                }
            }
            (None, Some(_)) => {}
        }
    }

    fn lead(&self, out: &mut Text) {
        let texts: &[&str] = &["описан", "содержан", "текст", "комментар", "примечан"];
        let text = |of: &'m Type| named(of, texts, |field| field.kind == "Edm.String");
        let score = |name: &str, of: &Type| {
            let words: [(&[&str], i32); 5] = [
                (&["лид"], 9),
                (&["интерес"], 8),
                (&["заявк", "обращен"], 7),
                (&["событи"], 6),
                (&["заказклиента"], 1),
            ];
            let best = words.iter().filter(|(words, _)| holds(name, words)).map(|(_, score)| *score).max()?;
            let has_text = named(of, texts, |field| field.kind == "Edm.String").is_some();
            (has_text && Some(name) != self.appointment).then_some(best)
        };
        let set = ["Document_", "Catalog_"].iter().filter_map(|kind| self.best(kind, score));
        let set = set.max_by_key(|set| self.metadata.types.get(*set).and_then(|of| score(set, of)));
        let (Some(set), Some(of)) = (set, self.type_of(set)) else { return };
        let title =
            named(of, &["тема", "заголовок", "наименован"], |field| field.kind == "Edm.String");
        let title = title.or_else(|| of.field("Description"));
        out.section("lead");
        out.keys([
            ("set", Some(set)),
            ("title", title.map(|field| field.name.as_str())),
            ("text", text(of).map(|field| field.name.as_str())),
        ]);
        let own = reference(of, CLIENTS).filter(|field| self.metadata.target(set, &field.name) == self.client);
        out.keys([("client", own.map(|field| field.name.as_str()))]);
        let phone = named(of, &["телефон"], |field| field.kind == "Edm.String");
        out.keys([("phone", phone.map(|field| field.name.as_str()))]);
    }

    fn lock(&self, out: &mut Text) {
        let set = self.best("InformationRegister_", |name, of| {
            (holds(name, &["блокировк"]) && of.has("Ключ")).then(|| i32::from(holds(name, &["flow"])))
        });
        match set {
            Some(set) => {
                out.section("lock");
                out.key("set", set);
            }
            None => out.say(
                "\n# There is no register of locks (InformationRegister_flow_Блокировки): of two who book one time at \
                 once the later document is marked for deletion again.",
            ),
        }
    }
}
