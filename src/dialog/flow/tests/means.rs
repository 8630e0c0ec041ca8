//! Understandings built by hand.

use super::garage::{date, phone, time};
use crate::dialog::understand::{Candidates, DateRange, Intent, TimeRange, Understanding, YesNo};
use crate::domain::contact::Locale;

/// A message of which nothing is understood yet.
pub fn said(text: &str) -> Understanding {
    let russian = text.chars().any(|c| ('а'..='я').contains(&c) || ('А'..='Я').contains(&c));
    Understanding {
        text: text.to_owned(),
        locale: if russian { Locale::Ru } else { Locale::En },
        intent: Intent::Other,
        intents: vec![Intent::Other],
        date: None,
        time: None,
        start: None,
        part: None,
        ambiguous: false,
        service: None,
        employee: None,
        candidates: Candidates::default(),
        phone: None,
        name: None,
        yes_no: None,
        other_time: None,
        any_employee: false,
        any_time: false,
        bare_name: None,
        lone_number: None,
        several_services: false,
        asides: Vec::new(),
        outright: Vec::new(),
        faint: false,
        other_name: None,
        negated: false,
    }
}

/// Adds what a message means.
pub trait Means {
    fn wants(self, intents: &[Intent]) -> Self;
    fn day(self, day: &str) -> Self;
    fn days(self, from: &str, to: &str) -> Self;
    fn at(self, time: &str) -> Self;
    fn between(self, from: &str, to: &str) -> Self;
    fn or_at(self, time: &str) -> Self;
    fn service(self, ids: &[&str]) -> Self;
    fn employee(self, ids: &[&str]) -> Self;
    fn phone(self, text: &str) -> Self;
    fn name(self, text: &str) -> Self;
    fn with(self, change: impl FnOnce(&mut Understanding)) -> Self;
}

impl Means for Understanding {
    fn wants(mut self, intents: &[Intent]) -> Self {
        self.intents = intents.to_vec();
        self.outright = intents.to_vec();
        self.intent = intents[0];
        self
    }
    fn day(self, day: &str) -> Self {
        self.days(day, day)
    }
    fn days(mut self, from: &str, to: &str) -> Self {
        let bound = |text: &str| Some(text).filter(|text| !text.is_empty()).map(date);
        self.date = Some(DateRange { from: bound(from), to: bound(to) });
        self
    }
    fn at(self, time: &str) -> Self {
        self.between(time, time)
    }
    fn between(mut self, from: &str, to: &str) -> Self {
        let bound = |text: &str| Some(text).filter(|text| !text.is_empty()).map(time);
        self.time = Some(TimeRange { from: bound(from), to: bound(to) });
        self
    }
    fn or_at(mut self, other: &str) -> Self {
        self.ambiguous = true;
        self.other_time = Some(time(other));
        self
    }
    fn service(mut self, ids: &[&str]) -> Self {
        self.candidates.service = ids.iter().map(|id| (*id).to_owned()).collect();
        self.service = Some(ids).filter(|ids| ids.len() == 1).map(|ids| ids[0].to_owned());
        self
    }
    fn employee(mut self, ids: &[&str]) -> Self {
        self.candidates.employee = ids.iter().map(|id| (*id).to_owned()).collect();
        self.employee = Some(ids).filter(|ids| ids.len() == 1).map(|ids| ids[0].to_owned());
        self
    }
    fn phone(mut self, text: &str) -> Self {
        self.phone = Some(phone(text));
        self
    }
    fn name(mut self, text: &str) -> Self {
        self.name = Some(text.to_owned());
        self
    }
    fn with(mut self, change: impl FnOnce(&mut Understanding)) -> Self {
        change(&mut self);
        self
    }
}

pub fn yes(text: &str) -> Understanding {
    said(text).wants(&[Intent::Yes]).with(|u| u.yes_no = Some(YesNo::Yes))
}

pub fn no(text: &str) -> Understanding {
    said(text).wants(&[Intent::No]).with(|u| u.yes_no = Some(YesNo::No))
}

pub fn book(text: &str) -> Understanding {
    said(text).wants(&[Intent::Book])
}
