//! What is done here and what it costs.

use super::Need;
use super::book::MAX_BUTTONS;
use super::form::Task;
use super::knowledge::question_stems;
use super::questions::SURE;
use super::turn::Turn;
use crate::dialog::say::Label;
use crate::dialog::understand::Understanding;
use crate::domain::company::Service;
use crate::domain::text::{fold, stems, words};

/// Lines of a list of prices or services.
const MAX_LINES: usize = 20;

/// Stems of questions about services in general.
const IN_GENERAL: &[&str] = &[
    "услуг",
    "дела",
    "предлага",
    "предлож",
    "занима",
    "оказыва",
    "вид",
    "перечен",
    "список",
    "прайс",
    "ассортимент",
    "работ",
    "салон",
    "клиник",
    "мастерск",
    "сервис",
    "уме",
    "процедур",
    "направлен",
    "имеет",
    "чем",
    "весь",
    "все",
    "полн",
    "пожалуйст",
    "servic",
    "offer",
    "provid",
    "list",
    "menu",
    "treatment",
    "work",
    "salon",
    "clinic",
    "do",
    "sort",
    "kind",
    "type",
    "full",
    "all",
    "else",
    "have",
    "thing",
    "stuff",
    "procedur",
];

/// Whether a question names something of its own.
fn is_particular(text: &str) -> bool {
    question_stems(text).iter().any(|stem| stem.chars().count() > 2 && !IN_GENERAL.contains(&stem.as_str()))
}

/// Whether a price is asked of something by name: «сколько стоит МРТ?».
fn names_unknown(text: &str) -> bool {
    const PRICES: &[&str] = &["стоит", "стоят", "почем", "стоимость", "цена", "цену", "цены"];
    const GENERAL: &[&str] = &[
        "она",
        "это",
        "оно",
        "они",
        "все",
        "всё",
        "вас",
        "такое",
        "такая",
        "такой",
        "примерно",
        "будет",
        "визит",
        "прием",
        "услуга",
        "услуги",
        "услуг",
        "запись",
        "процедура",
        "удовольствие",
        "этого",
        "него",
        "нее",
        "тут",
        "там",
        "сейчас",
        "если",
        "для",
        "вместе",
        "завтра",
        "сегодня",
        "или",
        "можно",
        "узнать",
        "подскажите",
        "скажите",
        "пожалуйста",
        "ваши",
        "наши",
        "какие",
        "какая",
    ];
    let folded = fold(text);
    let all: Vec<&str> = words(&folded).collect();
    all.iter().enumerate().filter(|(_, word)| PRICES.contains(word)).any(|(at, _)| {
        let named = all[at + 1..].iter().find(|word| !matches!(**word, "на" | "за" | "у"));
        named.is_some_and(|word| word.chars().count() >= 3 && !GENERAL.contains(word))
    })
}

impl Turn<'_> {
    pub fn tell_price(&mut self, said: &Understanding) -> Result<(), Need> {
        let mut services = self.mentioned(said);
        if self.form.task != Task::None
            && let Some(own) = services.iter().find(|service| self.form.service.as_ref() == Some(&service.id))
        {
            services = vec![own.clone()];
        }
        if services.is_empty() {
            if let Some((text, _)) = self.look_up(&said.text)?.filter(|(_, worth)| *worth >= SURE) {
                self.say(text);
                return Ok(());
            }
            if names_unknown(&said.text) {
                self.rule("unknown_service");
                self.say(self.words().no_such_service());
                self.question = Some(said.text.clone());
                return Ok(());
            }
            let done = self.form.done.as_ref().filter(|_| self.form.task == Task::None);
            let context = self.form.service.as_ref().or(done.map(|done| &done.visit.service));
            services.extend(context.and_then(|id| self.scene.profile.service(id)).cloned());
        }
        if services.is_empty() {
            self.tell_services(self.words().prices());
            return Ok(());
        }
        let lines = self.service_lines(&services);
        self.say(lines);
        let mut buttons = match services.as_slice() {
            [only] => vec![self.button(Label::Book, format!("svc:{}", only.id))],
            many => self.service_buttons(many),
        };
        buttons.truncate(MAX_BUTTONS);
        self.offer(buttons);
        Ok(())
    }

    /// Whether something is done here: the services that are meant, what the business wrote, or honestly no such service.
    pub fn tell_offered(&mut self, said: &Understanding) -> Result<(), Need> {
        let mut meant = self.mentioned(said);
        if meant.is_empty() {
            meant = self.of_group(&said.text);
        }
        if !meant.is_empty() {
            let lines = self.service_lines(&meant);
            self.say(lines);
            let buttons = self.service_buttons(&meant);
            self.offer(buttons);
            return Ok(());
        }
        if is_particular(&said.text) {
            if let Some((text, _)) = self.look_up(&said.text)? {
                self.rule("knowledge");
                self.say(text);
                return Ok(());
            }
            self.rule("unknown_service");
            self.say(self.words().no_such_service());
            self.question = Some(said.text.clone());
        }
        self.tell_services(self.words().services());
        Ok(())
    }

    /// The services of a group that is named: «что есть по ногтям?».
    fn of_group(&self, text: &str) -> Vec<Service> {
        let asked = question_stems(text);
        let named = |service: &&Service| {
            let group = service.category.as_deref().map(stems).unwrap_or_default();
            group.iter().any(|stem| asked.contains(stem))
        };
        self.scene.profile.visible_services().filter(named).cloned().collect()
    }

    /// The list of services with prices, a heading above it.
    pub fn tell_services(&mut self, heading: &str) {
        let services = self.grouped_services();
        let mut lines = vec![heading.to_owned()];
        let mut group: Option<&str> = None;
        for service in services.iter().take(MAX_LINES) {
            if service.category.as_deref() != group {
                group = service.category.as_deref();
                lines.extend(group.map(|group| format!("{group}:")));
            }
            lines.push(self.service_lines(std::slice::from_ref(service)));
        }
        if services.len() > MAX_LINES {
            lines.push(self.words().and_more(services.len() - MAX_LINES));
        }
        self.say(lines.join("\n"));
        let buttons = if services.len() <= MAX_BUTTONS { self.service_buttons(&services) } else { self.menu() };
        self.offer(buttons);
    }

    /// Services, those of one group together, the groups by their first service.
    fn grouped_services(&self) -> Vec<Service> {
        let services: Vec<Service> = self.scene.profile.visible_services().cloned().collect();
        let first = |service: &Service| services.iter().position(|other| other.category == service.category);
        let mut grouped = services.clone();
        grouped.sort_by_key(first);
        grouped
    }
}
