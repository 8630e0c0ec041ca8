//! A business for tests.

use jiff::civil::{Date, Time};

use crate::domain::company::{
    BookingRules, Company, DaySpan, Employee, Interval, KnowledgeEntry, Price, Profile, Service, WeekHours, Zone,
};
use crate::domain::contact::{Locale, Phone, Region};

pub fn phone(text: &str) -> Phone {
    Phone::parse(text, Region::default()).unwrap()
}

pub fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Time {
    let (hour, minute) = text.split_once(':').unwrap();
    Time::new(hour.parse().unwrap(), minute.parse().unwrap(), 0, 0).unwrap()
}

fn week(days: [&str; 7]) -> WeekHours {
    let read = |text: &str| {
        let bound = |text: &str| {
            let at = time(text);
            u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
        };
        let stretch = |text: &str| text.split_once('-').map(|(from, to)| Interval { from: bound(from), to: bound(to) });
        text.split(',').filter_map(stretch).collect()
    };
    WeekHours(days.map(read))
}

fn service(id: &str, title: &str, category: &str, duration_min: u32, price: Option<(i64, Option<i64>)>) -> Service {
    let aliases: &[&str] = match id {
        "oil" => &["масло", "поменять масло", "oil change"],
        "tyres" => &["переобуть машину", "резина", "tyre change"],
        "engine" => &["двигатель", "диагностика", "engine check"],
        _ => &["подвеска", "диагностика", "suspension check"],
    };
    Service {
        id: id.to_owned(),
        title: title.to_owned(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        category: Some(category.to_owned()),
        duration_min,
        price: price.map(|(from, to)| Price { from, to }),
        hidden: false,
    }
}

fn employee(id: &str, name: &str, services: &[&str], hours: Option<WeekHours>) -> Employee {
    Employee {
        id: id.to_owned(),
        name: name.to_owned(),
        aliases: Vec::new(),
        title: Some("Механик".to_owned()),
        services: services.iter().map(|id| (*id).to_owned()).collect(),
        hours,
        days_off: Vec::new(),
        hidden: false,
    }
}

fn entry(title: &str, text: &str, tags: &[&str]) -> KnowledgeEntry {
    KnowledgeEntry {
        title: title.to_owned(),
        text: text.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

/// A garage: closed on Sundays and on 20 March; Marat comes from Tuesday to Saturday at noon.
pub fn garage() -> Profile {
    let open = "09:00-19:00";
    let noon = "12:00-19:00";
    Profile {
        company: Company {
            name: "Автосервис «Поршень»".to_owned(),
            phone: Some(phone("+78462000000")),
            address: Some("Самара, ул. Заводская, 3".to_owned()),
            timezone: Zone::find("Europe/Samara").unwrap(),
            locale: Locale::Ru,
            currency: "RUB".to_owned(),
            hours: week([open, open, open, open, open, "10:00-16:00", ""]),
            booking: BookingRules { step_min: 30, lead_time_min: 60, horizon_days: 30 },
            closed: vec![DaySpan { from: date("2026-03-20"), to: date("2026-03-20") }],
        },
        services: vec![
            service("oil", "Замена масла", "Обслуживание", 30, Some((150_000, None))),
            service("tyres", "Шиномонтаж", "Обслуживание", 60, Some((200_000, Some(400_000)))),
            service("engine", "Диагностика двигателя", "Диагностика", 90, None),
            service("gear", "Диагностика подвески", "Диагностика", 60, Some((100_000, None))),
        ],
        employees: vec![
            employee("oleg", "Олег Ветров", &["oil", "tyres"], None),
            employee(
                "marat",
                "Марат Сафин",
                &["engine", "gear", "oil"],
                Some(week(["", noon, noon, noon, noon, "12:00-16:00", ""])),
            ),
            employee("anna", "Анна Лис", &["tyres", "oil"], None),
        ],
        knowledge: vec![
            entry("Парковка", "Машину можно оставить во дворе, въезд свободный.", &["парковка", "parking", "стоянка"]),
            entry("Гарантия", "На работы даём гарантию 6 месяцев.", &["гарантия"]),
            entry("Оплата", "Принимаем карты, СБП и наличные.", &["оплата", "карта", "наличные"]),
        ],
    }
}
