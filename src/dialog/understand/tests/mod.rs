//! What the reader as a whole understands.

mod dates;
mod golden;
mod properties;
mod rules;

use super::*;
use crate::domain::company::{Employee, Service};

fn service(id: &str, title: &str, aliases: &[&str]) -> Service {
    Service {
        id: id.to_owned(),
        title: title.to_owned(),
        aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
        category: None,
        duration_min: 60,
        price: None,
        hidden: false,
    }
}

fn employee(id: &str, name: &str, aliases: &[&str]) -> Employee {
    Employee {
        id: id.to_owned(),
        name: name.to_owned(),
        aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
        title: None,
        services: Vec::new(),
        hours: None,
        days_off: Vec::new(),
        hidden: false,
    }
}

/// The words of a beauty salon.
fn salon() -> Vocabulary {
    let mut hidden = service("tan", "Солярий", &[]);
    hidden.hidden = true;
    let services = [
        service("cut-m", "Мужская стрижка", &["men's haircut"]),
        service("cut-w", "Женская стрижка", &["women's haircut"]),
        service("cut-k", "Детская стрижка", &["kids haircut"]),
        service("color", "Окрашивание в один тон", &["окрашивание", "покрасить волосы"]),
        service("mani", "Маникюр", &["manicure"]),
        service("mani-gel", "Маникюр с покрытием", &["маникюр с гель-лаком"]),
        service("pedi", "Педикюр", &["pedicure"]),
        service("back", "Массаж спины", &["back massage"]),
        service("face", "Чистка лица", &["facial"]),
        service("brows", "Коррекция бровей", &["брови"]),
        hidden,
    ];
    let employees = [
        employee("anna", "Анна Петрова", &[]),
        employee("olga", "Ольга Смирнова", &["Оля"]),
        employee("sasha-m", "Александр Волков", &[]),
        employee("sasha-f", "Александра Белова", &[]),
        employee("maria", "Мария Котова", &[]),
        employee("timur", "Тимур Ахметов", &[]),
        employee("kate", "Kate Miller", &[]),
    ];
    Vocabulary::new(&services, &employees)
}

fn moment(text: &str) -> Zoned {
    text.parse().unwrap()
}

/// A Tuesday morning in Moscow.
fn tuesday() -> Zoned {
    moment("2026-03-10T10:00:00+03:00[Europe/Moscow]")
}

fn read_at(text: &str, now: &Zoned) -> Understanding {
    understand(text, now, &Vocabulary::empty(), Region::default())
}

fn read(text: &str) -> Understanding {
    read_at(text, &tuesday())
}

fn read_in_salon(text: &str) -> Understanding {
    understand(text, &tuesday(), &salon(), Region::default())
}

/// `2026-03-13..2026-03-13 15:00..15:00 !` for a date, a time and a flag; `-` for what is absent.
fn brief(said: &Understanding) -> String {
    let open = |text: Option<String>| text.unwrap_or_default();
    let date = said.date.map_or("-".to_owned(), |d| match (d.from, d.to) {
        (Some(from), Some(to)) if from == to => from.to_string(),
        (from, to) => format!("{}..{}", open(from.map(|d| d.to_string())), open(to.map(|d| d.to_string()))),
    });
    let clock = |t: Time| t.strftime("%H:%M").to_string();
    let time = said.time.map_or("-".to_owned(), |t| match (t.from, t.to) {
        (Some(from), Some(to)) if from == to => clock(from),
        (from, to) => format!("{}..{}", open(from.map(clock)), open(to.map(clock))),
    });
    format!("{date} {time}{}", if said.ambiguous { " !" } else { "" })
}
