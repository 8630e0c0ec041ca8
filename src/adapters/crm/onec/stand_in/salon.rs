//! The salon of the stand-in: what its base has, and who is in it.

use std::collections::BTreeMap;

use serde_json::{Map as Object, Value, json};

/// A field's name and its type; a type in brackets is a tabular part with its own fields.
pub(super) type Fields = &'static [(&'static str, &'static str)];

const CATALOGUE: Fields = &[
    ("Ref_Key", "Guid"),
    ("DataVersion", "String"),
    ("DeletionMark", "Boolean"),
    ("Code", "String"),
    ("Description", "String"),
];
const DOCUMENT: Fields = &[
    ("Ref_Key", "Guid"),
    ("DataVersion", "String"),
    ("DeletionMark", "Boolean"),
    ("Number", "String"),
    ("Date", "DateTime"),
    ("Posted", "Boolean"),
];

/// The sets with the fields of their own.
pub(super) const SETS: &[(&str, Fields)] = &[
    (
        "Catalog_Контрагенты",
        &[
            ("ЮрФизЛицо", "String"),
            ("ДополнительнаяИнформация", "String"),
            ("Телефон", "String"),
            ("КонтактнаяИнформация", "Table"),
        ],
    ),
    (
        "Catalog_Номенклатура",
        &[
            ("IsFolder", "Boolean"),
            ("Parent_Key", "Catalog_Номенклатура"),
            ("ТипНоменклатуры", "String"),
            ("Длительность", "Int32"),
        ],
    ),
    ("Catalog_Сотрудники", &[("ВАрхиве", "Boolean"), ("Должность", "String"), ("Услуги", "Table")]),
    (
        "Document_Запись",
        &[
            ("Дата_Начала", "DateTime"),
            ("Дата_Окончания", "DateTime"),
            ("Клиент_Key", "Catalog_Контрагенты"),
            ("Сотрудник_Key", "Catalog_Сотрудники"),
            ("Статус", "Enum_СтатусыЗаписи"),
            ("Комментарий", "String"),
            ("Услуги", "Table"),
        ],
    ),
    (
        "Document_Событие",
        &[("Тема", "String"), ("ОписаниеСобытия", "String"), ("Контрагент_Key", "Catalog_Контрагенты")],
    ),
    (
        "InformationRegister_ЦеныНоменклатуры",
        &[
            ("Period", "DateTime"),
            ("ВидЦены_Key", "Catalog_ВидыЦен"),
            ("Номенклатура_Key", "Catalog_Номенклатура"),
            ("Цена", "Double"),
        ],
    ),
    ("InformationRegister_flow_Блокировки", &[("Ключ", "String"), ("Операция", "String"), ("Срок", "DateTime")]),
];

/// Tabular parts with the fields of their rows.
pub(super) const TABLES: &[(&str, Fields)] = &[
    (
        "Catalog_Контрагенты_КонтактнаяИнформация",
        &[
            ("LineNumber", "Int64"),
            ("Тип", "String"),
            ("Вид_Key", "Guid"),
            ("Представление", "String"),
            ("НомерТелефона", "String"),
            ("НомерТелефонаБезКодов", "String"),
            ("ЗначенияПолей", "String"),
            ("Значение", "String"),
            ("АдресЭП", "String"),
        ],
    ),
    ("Catalog_Сотрудники_Услуги", &[("LineNumber", "Int64"), ("Номенклатура_Key", "Catalog_Номенклатура")]),
    (
        "Document_Запись_Услуги",
        &[
            ("LineNumber", "Int64"),
            ("Номенклатура_Key", "Catalog_Номенклатура"),
            ("Количество", "Double"),
            ("Цена", "Double"),
            ("Сумма", "Double"),
        ],
    ),
];

/// Values of the status.
const STATUSES: &[&str] = &["Запланирована", "Завершена", "Отменена", "Неявка"];

/// The standard fields and the set's own.
pub(super) fn fields(set: &str) -> Option<Vec<(&'static str, &'static str)>> {
    if let Some((_, rows)) = TABLES.iter().find(|(name, _)| *name == set) {
        return Some(std::iter::once(("Ref_Key", "Guid")).chain(rows.iter().copied()).collect());
    }
    let (_, own) = SETS.iter().find(|(name, _)| *name == set)?;
    let standard: Fields = match set.split('_').next() {
        Some("Catalog") => CATALOGUE,
        Some("Document") => DOCUMENT,
        _ => &[],
    };
    Some(standard.iter().chain(own.iter()).copied().collect())
}

/// A guid of the stand-in by its number.
pub(super) fn guid(number: u64) -> String {
    format!("{number:08x}-5a10-11ee-8c0b-0050569a0001")
}

pub(super) const GROUP: u64 = 1;
pub(super) const WOMEN: u64 = 2;
pub(super) const MEN: u64 = 3;
pub(super) const NAILS: u64 = 4;
pub(super) const ANNA: u64 = 11;
pub(super) const OLGA: u64 = 12;
pub(super) const MARIA: u64 = 21;
const PRICE_KIND: u64 = 31;
const PHONE_KIND: u64 = 32;

/// An empty value of a type.
pub(super) fn empty(kind: &str) -> Value {
    match kind {
        "Boolean" => Value::Bool(false),
        "DateTime" => "0001-01-01T00:00:00".into(),
        "Double" | "Int32" => 0.into(),
        "Table" => json!([]),
        "String" | "Int64" => "".into(),
        kind if kind.starts_with("Enum_") => "".into(),
        _ => super::super::wire::NOBODY.into(),
    }
}

fn row(set: &str, values: Value) -> Value {
    let mut row: Object<String, Value> =
        fields(set).unwrap_or_default().into_iter().map(|(name, kind)| (name.to_owned(), empty(kind))).collect();
    if let Value::Object(values) = values {
        row.extend(values);
    }
    Value::Object(row)
}

/// A row of contacts with a phone.
pub(super) fn contact(number: &str, shown: &str) -> Value {
    json!({"LineNumber": "1", "Тип": "Телефон", "Вид_Key": guid(PHONE_KIND), "Представление": shown,
        "НомерТелефона": number, "НомерТелефонаБезКодов": "", "ЗначенияПолей": "", "Значение": "", "АдресЭП": ""})
}

/// What is in the base at the beginning.
pub(super) fn salon() -> BTreeMap<String, Vec<Value>> {
    let services = "Catalog_Номенклатура";
    let service = |id: u64, title: &str, minutes: u32| {
        row(
            services,
            json!({"Ref_Key": guid(id), "Description": title, "Parent_Key": guid(GROUP),
            "ТипНоменклатуры": "Услуга", "Длительность": minutes, "DataVersion": "AAAAAQAAAAA="}),
        )
    };
    let provides = |ids: &[u64]| -> Vec<Value> {
        let line = |(at, id): (usize, &u64)| json!({"LineNumber": (at + 1).to_string(), "Номенклатура_Key": guid(*id)});
        ids.iter().enumerate().map(line).collect()
    };
    let person = |id: u64, name: &str, ids: &[u64]| {
        let values = json!({"Ref_Key": guid(id), "Description": name, "Должность": "Мастер", "Услуги": provides(ids)});
        row("Catalog_Сотрудники", values)
    };
    let price = |id: u64, price: u32| json!({"Period": "2026-01-01T00:00:00", "ВидЦены_Key": guid(PRICE_KIND), "Номенклатура_Key": guid(id), "Цена": price});
    let maria = json!({"Ref_Key": guid(MARIA), "Description": "Мария Иванова", "ЮрФизЛицо": "ФизЛицо",
        "КонтактнаяИнформация": [contact("79161112233", "+7 (916) 111-22-33")]});
    BTreeMap::from([
        ("Catalog_Контрагенты".to_owned(), vec![row("Catalog_Контрагенты", maria)]),
        (
            services.to_owned(),
            vec![
                row(services, json!({"Ref_Key": guid(GROUP), "Description": "Услуги салона", "IsFolder": true})),
                service(WOMEN, "Женская стрижка", 60),
                service(MEN, "Мужская стрижка", 30),
                service(NAILS, "Маникюр", 90),
                row(services, json!({"Ref_Key": guid(5), "Description": "Шампунь", "ТипНоменклатуры": "Товар"})),
            ],
        ),
        (
            "Catalog_Сотрудники".to_owned(),
            vec![person(ANNA, "Анна Петрова", &[WOMEN, MEN]), person(OLGA, "Ольга Смирнова", &[WOMEN, NAILS])],
        ),
        ("Document_Запись".to_owned(), Vec::new()),
        ("Document_Событие".to_owned(), Vec::new()),
        (
            "InformationRegister_ЦеныНоменклатуры".to_owned(),
            vec![price(WOMEN, 2500), price(MEN, 1500), price(NAILS, 2000)],
        ),
        ("InformationRegister_flow_Блокировки".to_owned(), Vec::new()),
    ])
}

/// The map that fits this base.
pub(super) fn map() -> Value {
    let mut map = super::super::map::worked();
    map["service"]["price"]["type_key"] = format!("guid:{}", guid(PRICE_KIND)).into();
    map["employee"]["hours"] = json!({"mon-sun": "10:00-20:00"});
    map["employee"]["filter"] = "ВАрхиве eq false and DeletionMark eq false".into();
    map["employee"]["title"] = "Должность".into();
    map["employee"]["services"] = json!({"table": "Услуги", "service": "Номенклатура_Key"});
    map["appointment"]["status"]["done"] = "Завершена".into();
    map["appointment"]["status"]["no_show"] = "Неявка".into();
    map["step_min"] = 30.into();
    map["lead_time_min"] = 60.into();
    map
}

/// The description of the base.
pub(super) fn metadata() -> String {
    let mut xml = String::from(
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?><edmx:Edmx Version=\"1.0\" \
         xmlns:edmx=\"http://schemas.microsoft.com/ado/2007/06/edmx\"><edmx:DataServices><Schema Namespace=\"StandardODATA\">",
    );
    let mut ends = String::new();
    let mut describe = |name: &str, tag: &str, fields: &[(&str, &str)], xml: &mut String| {
        xml.push_str(&format!("<{tag} Name=\"{name}\">"));
        for (field, kind) in fields {
            let kind = match *kind {
                "Table" => format!("Collection(StandardODATA.{name}_{field}_RowType)"),
                enumeration if enumeration.starts_with("Enum_") => format!("StandardODATA.{enumeration}"),
                target if target.starts_with("Catalog_") => {
                    let link = field.trim_end_matches("_Key");
                    xml.push_str(&format!(
                        "<NavigationProperty Name=\"{link}\" Relationship=\"StandardODATA.{name}_{link}\" FromRole=\"Begin\" ToRole=\"End\"/>"
                    ));
                    ends.push_str(&format!(
                        "<Association Name=\"{name}_{link}\"><End Role=\"Begin\" Type=\"StandardODATA.{name}\"/><End Role=\"End\" Type=\"StandardODATA.{target}\"/></Association>"
                    ));
                    "Edm.Guid".to_owned()
                }
                plain => format!("Edm.{plain}"),
            };
            xml.push_str(&format!("<Property Name=\"{field}\" Type=\"{kind}\" Nullable=\"true\"/>"));
        }
        xml.push_str(&format!("</{tag}>"));
    };
    for (set, _) in SETS {
        describe(set, "EntityType", &fields(set).unwrap_or_default(), &mut xml);
    }
    for (table, _) in TABLES {
        describe(table, "EntityType", &fields(table).unwrap_or_default(), &mut xml);
        let rows = fields(table).unwrap_or_default();
        describe(&format!("{table}_RowType"), "ComplexType", &rows[1..], &mut xml);
    }
    let members: String = STATUSES.iter().map(|value| format!("<Member Name=\"{value}\"/>")).collect();
    xml.push_str(&format!("<EnumType Name=\"Enum_СтатусыЗаписи\">{members}</EnumType>{ends}"));
    xml.push_str("</Schema></edmx:DataServices></edmx:Edmx>");
    xml
}
