//! The map that is shipped, and what a given one makes of it.

use serde_json::{Value, json};

use super::super::wire;
use super::{AppointmentMap, Cancel, Map};

/// The sections of a map.
const SECTIONS: &[&str] = &["client", "service", "employee", "appointment", "lead", "lock"];

/// A map for a common configuration: what holds when none is given.
pub(in super::super) fn worked() -> Value {
    json!({
        "client": {
            "set": "Catalog_Контрагенты", "name": "Description", "const": {"ЮрФизЛицо": "ФизЛицо"},
            "phone": {"kind": "bsp_table", "table": "КонтактнаяИнформация"},
        },
        "service": {
            "set": "Catalog_Номенклатура",
            "filter": "IsFolder eq false and DeletionMark eq false and ТипНоменклатуры eq 'Услуга'",
            "name": "Description", "duration_min": {"default": 60, "field": "Длительность"},
            "price": {"register": "InformationRegister_ЦеныНоменклатуры", "field": "Цена"},
        },
        "employee": {
            "set": "Catalog_Сотрудники", "name": "Description",
            "hours": {"mon-fri": "10:00-20:00", "sat": "10:00-18:00"},
        },
        "appointment": {
            "set": "Document_Запись", "start": "Дата_Начала", "end": "Дата_Окончания", "client": "Клиент_Key",
            "employee": "Сотрудник_Key",
            "lines": {"table": "Услуги", "service": "Номенклатура_Key", "price": "Цена", "amount": "Сумма"},
            "status": {"field": "Статус", "new": "Запланирована", "canceled": "Отменена"},
            "comment": "Комментарий", "marker": "Комментарий", "post": false, "cancel": "status",
        },
        "lead": {
            "set": "Document_Событие", "title": "Тема", "text": "ОписаниеСобытия", "client": "Контрагент_Key",
        },
        "lock": {"set": "InformationRegister_flow_Блокировки"},
    })
}

/// The map as it was given, with what it leaves out: a section without `set` is the worked map's with these changes,
/// a map without any section is the worked one. A section that is not named is not there.
pub(in super::super) fn settled(given: Option<&Value>) -> Result<Map, String> {
    let mut map = worked();
    if let Some(given) = given {
        let Value::Object(given) = given else { return Err("`map` is no table".to_owned()) };
        let has_sections = given.keys().any(|key| SECTIONS.contains(&key.as_str()));
        if has_sections {
            for section in SECTIONS {
                match given.get(*section) {
                    None => drop(map.as_object_mut().and_then(|map| map.remove(*section))),
                    Some(own) if own.get("set").is_some() => map[*section] = own.clone(),
                    Some(changes) => lay(&mut map[*section], changes),
                }
            }
        }
        for (key, value) in given.iter().filter(|(key, _)| !SECTIONS.contains(&key.as_str())) {
            map[key.as_str()] = value.clone();
        }
    }
    let map: Map = serde_json::from_value(map).map_err(|error| format!("`map`: {error}"))?;
    check(&map)?;
    Ok(map)
}

fn lay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                let whole = matches!(key.as_str(), "const" | "hours");
                match under.get_mut(key) {
                    Some(known) if !whole => lay(known, value),
                    _ => drop(under.insert(key.clone(), value.clone())),
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn check(map: &Map) -> Result<(), String> {
    let is_guid = |at: &str, value: Option<&str>| match value {
        Some(text) if wire::guid(text).is_none() => Err(format!(
            "`map.{at}`: `{text}` is no guid: open the element in 1C and copy its «Уникальный идентификатор»"
        )),
        _ => Ok(()),
    };
    is_guid("client.phone.kind_key", map.client.as_ref().and_then(|c| c.phone.as_ref()?.kind_key.as_deref()))?;
    let price = map.service.as_ref().and_then(|service| service.price.as_ref());
    is_guid("service.price.type_key", price.and_then(|price| price.type_key.as_deref()))?;
    let constants = [
        ("client", map.client.as_ref().map(|client| &client.constants)),
        ("appointment", map.appointment.as_ref().map(|appointment| &appointment.constants)),
        ("lead", map.lead.as_ref().map(|lead| &lead.constants)),
    ];
    for (section, constants) in constants {
        for (field, value) in constants.into_iter().flatten() {
            let text = value.as_str().filter(|text| text.starts_with("guid:"));
            is_guid(&format!("{section}.const.{field}"), text)?;
        }
    }
    if let Some(appointment) = &map.appointment {
        check_appointment(appointment)?;
    }
    if map.step_min == Some(0) {
        return Err("`map.step_min` is zero: times are offered every so many minutes".to_owned());
    }
    map.hours().map(drop)
}

fn check_appointment(map: &AppointmentMap) -> Result<(), String> {
    if map.end.is_none() && map.duration.is_none() {
        return Err(
            "`map.appointment`: name the field `end`, or `duration`: else nobody knows when a visit ends".into()
        );
    }
    if map.cancel() == Cancel::Status && map.status.as_ref().is_none_or(|status| status.canceled.is_none()) {
        return Err("`map.appointment.cancel` is \"status\": say which status with `status.canceled`, or take \
                    \"unpost_and_mark\""
            .to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::PhonePlace;
    use super::*;

    #[test]
    fn a_map_is_the_worked_one_with_changes_or_its_own() {
        let worked = settled(None).unwrap();
        assert!(worked.lock.is_some() && worked.hours().unwrap().is_some());
        let changed = settled(Some(&json!({"step_min": 15, "lead_time_min": 120}))).unwrap();
        assert_eq!((changed.step(), changed.lead_time(), changed.lead.is_some()), (15, 120, true));
        let own = settled(Some(&json!({
            "appointment": {"status": {"done": "Завершена", "no_show": "Неявка"}},
            "client": {"set": "Catalog_Клиенты", "phone_field": "Телефон"},
        })))
        .unwrap();
        let status = own.appointment.as_ref().unwrap().status.as_ref().unwrap();
        assert_eq!(
            (status.canceled.as_ref(), status.done.as_ref()),
            (Some(&json!("Отменена")), Some(&json!("Завершена")))
        );
        assert!(own.lead.is_none() && own.lock.is_none() && own.service.is_none());
        assert_eq!(own.phone(own.client.as_ref().unwrap()), PhonePlace::Field("Телефон".to_owned()));
    }

    #[test]
    fn a_map_that_cannot_work_is_told() {
        for (map, word) in [
            (json!({"client": {"set": "Catalog_К", "const": {"Parent_Key": "guid:…"}}}), "no guid"),
            (json!({"client": {"set": "Catalog_К", "nmae": "x"}}), "nmae"),
            (json!({"appointment": {"set": "Document_З", "start": "Начало"}}), "end"),
            (json!({"appointment": {"set": "Document_З", "start": "Н", "end": "К", "cancel": "status"}}), "canceled"),
            (json!({"employee": {"hours": {"mon": "25:00-26:00"}}}), "hours"),
            (json!("x"), "table"),
        ] {
            let error = settled(Some(&map)).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
