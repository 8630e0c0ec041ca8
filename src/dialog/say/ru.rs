//! Russian.

use super::{Label, Phrases, Refusal, VisitWords};
use crate::dialog::say::format::capitalised;

pub(super) struct Ru;

/// Lines of a visit, the first letters as capitals.
fn lines(visit: VisitWords<'_>) -> String {
    let employee =
        if visit.employee.is_empty() { String::new() } else { format!("Специалист: {}", visit.employee) };
    [visit.service, &capitalised(visit.when), &employee, visit.price]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

impl Phrases for Ru {
    fn hello(&self) -> &'static str {
        "Здравствуйте!"
    }
    fn greeting(&self, company: &str) -> String {
        format!("Здравствуйте! Это {company}.")
    }
    fn how_can_i_help(&self) -> &'static str {
        "Чем помочь? Можно записаться, узнать цены, адрес и часы работы."
    }
    fn you_are_welcome(&self) -> &'static str {
        "Пожалуйста. Если что-то ещё понадобится, напишите."
    }
    fn goodbye(&self) -> &'static str {
        "До свидания, хорошего дня."
    }
    fn smalltalk(&self) -> &'static str {
        "Спасибо, всё хорошо. Если нужна запись или есть вопрос, напишите."
    }

    fn button(&self, label: Label) -> &'static str {
        match label {
            Label::Book => "Записаться",
            Label::Prices => "Цены",
            Label::Contacts => "Адрес и часы",
            Label::Visits => "Мои записи",
            Label::Person => "Позвать администратора",
            Label::Yes => "Да",
            Label::No => "Нет",
            Label::Change => "Изменить",
            Label::Move => "Перенести",
            Label::Cancel => "Отменить",
            Label::AnyEmployee => "Любой специалист",
            Label::Drop => "Не записываться",
            Label::ChangeService => "Услугу",
            Label::ChangeDay => "День",
            Label::ChangeTime => "Время",
            Label::ChangeEmployee => "Специалиста",
            Label::OtherDay => "Другой день",
            Label::AllServices => "Все услуги",
        }
    }

    fn ask_service(&self) -> &'static str {
        "На какую услугу вас записать?"
    }
    fn ask_which_service(&self) -> &'static str {
        "Уточните, пожалуйста, какая услуга нужна?"
    }
    fn ask_category(&self) -> &'static str {
        "Что вас интересует?"
    }
    fn ask_employee(&self) -> &'static str {
        "К кому вас записать?"
    }
    fn employee_does_not(&self, name: &str, service: &str) -> String {
        format!("{name}: услуги «{service}» среди работ этого специалиста нет.")
    }
    fn ask_day(&self, service: &str) -> String {
        format!("{service}: на какой день вам удобно?")
    }
    fn ask_new_day(&self, service: &str, when: &str) -> String {
        format!("Вижу запись: {service}, {when}. На какой день её перенести?")
    }
    fn ask_other_day(&self) -> &'static str {
        "Какой день вам подойдёт?"
    }
    fn offer_times(&self, day: &str, times: &str, more: bool) -> String {
        let more =
            if more { " Есть и другие часы, напишите удобное время." } else { "" };
        format!("{}, свободно: {times}.{more} Какое время вам удобно?", capitalised(day))
    }
    fn ask_reading(&self, day: &str, first: &str, second: &str) -> String {
        format!("{}, свободно и {first}, и {second}. Какое время вы имели в виду?", capitalised(day))
    }
    fn offer_days_at(&self, list: &str) -> String {
        format!("Есть свободное время: {list}. Что вам подойдёт?")
    }
    fn free_with(&self, time: &str, name: &str) -> String {
        format!("В {time} можно записаться к другому специалисту: {name}.")
    }
    fn free_then(&self, list: &str) -> String {
        format!("Свободно, например, {list}.")
    }
    fn offer_nearest(&self, list: &str) -> String {
        format!("Ближайшее свободное время: {list}. Что вам подойдёт?")
    }
    fn refusal(&self, why: &Refusal) -> String {
        match why {
            Refusal::Past => "К сожалению, это время уже прошло.".to_owned(),
            Refusal::TooSoon(lead) => {
                format!("К сожалению, на это время уже не успеть: запись открыта не позже чем за {lead} до визита.")
            }
            Refusal::Beyond(days, last) => {
                format!("К сожалению, так далеко вперёд записи нет: она открыта на {days}, последний день — {last}.")
            }
            Refusal::Closed(day) => format!("К сожалению, {day}, мы не работаем."),
            Refusal::DayOff(name, day) => format!("К сожалению, {day}, {name} не работает."),
            Refusal::NotProvided(day) => format!("К сожалению, {day}, приёма по этой услуге нет."),
            Refusal::Outside(day, time, hours) => {
                format!("К сожалению, в {time} приёма нет: {day}, часы работы {hours}.")
            }
            Refusal::PartOutside(day, hours) => {
                format!("К сожалению, {day}, в это время приёма нет: часы работы {hours}.")
            }
            Refusal::TooLong(time, length) => {
                format!("К сожалению, если начать в {time}, до закрытия не успеть: услуга занимает {length}.")
            }
            Refusal::NotOffered(time) => format!("К сожалению, ровно на {time} записать не получится."),
            Refusal::Taken(day, time) => format!("К сожалению, {day}, время {time} занято."),
            Refusal::JustTaken(day, time) => format!("К сожалению, {day}, время {time} только что заняли."),
            Refusal::Busy(name, day, time) => {
                format!("К сожалению, {day}, в {time} {name} не принимает: время занято.")
            }
            Refusal::DayFull(day) => format!("К сожалению, {day}, свободного времени нет."),
            Refusal::PartFull(day) => format!("К сожалению, {day}, в эти часы свободного времени нет."),
            Refusal::RangeFull => "К сожалению, в эти дни свободного времени нет.".to_owned(),
            Refusal::UnclearDay => "Не получилось понять, какой это день.".to_owned(),
            Refusal::SameTime => "Визит и так назначен на это время.".to_owned(),
            Refusal::NothingFree => {
                "К сожалению, свободного времени сейчас нет. Администратор поможет подобрать.".to_owned()
            }
        }
    }

    fn time_is_free(&self, when: &str) -> String {
        format!("{} — свободно.", capitalised(when))
    }
    fn ask_contact(&self) -> &'static str {
        "Как вас зовут и по какому номеру телефона с вами связаться?"
    }
    fn ask_name(&self) -> &'static str {
        "Как вас зовут?"
    }
    fn ask_phone(&self) -> &'static str {
        "Напишите, пожалуйста, ваш номер телефона."
    }
    fn bad_phone(&self) -> &'static str {
        "Этот номер не похож на телефонный, проверьте, пожалуйста, цифры."
    }
    fn ask_phone_for_visits(&self) -> &'static str {
        "Напишите, пожалуйста, номер телефона, на который оформлен визит, и я его найду."
    }
    fn why_contact(&self) -> &'static str {
        "Без имени и телефона оформить визит не получится: по ним вас узнают и предупредят, если что-то изменится."
    }

    fn summary_book(&self, visit: VisitWords<'_>) -> String {
        format!("Проверьте, пожалуйста:\n{}\nВсё верно?", lines(visit))
    }
    fn summary_move(&self, service: &str, old: &str, new: &str, employee: &str) -> String {
        let employee = if employee.is_empty() { String::new() } else { format!("\nСпециалист: {employee}") };
        format!("Перенести визит?\n{service}\nБыло: {old}\nБудет: {new}{employee}\nВсё верно?")
    }
    fn summary_cancel(&self, visit: VisitWords<'_>) -> String {
        format!("Отменить этот визит?\n{}", lines(visit))
    }
    fn ask_change(&self) -> &'static str {
        "Хорошо, что изменить? Можно сразу написать другой день или время."
    }
    fn dropped(&self) -> &'static str {
        "Хорошо, ничего не оформляю. Если передумаете, напишите."
    }
    fn all_right(&self) -> &'static str {
        "Хорошо. Если что-то понадобится, напишите."
    }
    fn kept(&self) -> &'static str {
        "Хорошо, всё остаётся как было."
    }
    fn stale(&self) -> &'static str {
        "Эта кнопка относится к прежнему предложению, оно уже не действует."
    }

    fn booked(&self, visit: VisitWords<'_>, address: Option<&str>) -> String {
        let address = address.map(|address| format!("\nАдрес: {address}")).unwrap_or_default();
        format!("Готово, вы записаны:\n{}{address}\nЖдём вас.", lines(visit))
    }
    fn requested(&self, visit: VisitWords<'_>) -> String {
        format!("Заявка отправлена, администратор её подтвердит:\n{}", lines(visit))
    }
    fn moved(&self, visit: VisitWords<'_>) -> String {
        format!("Готово, визит перенесён:\n{}\nЖдём вас.", lines(visit))
    }
    fn cancelled(&self, visit: VisitWords<'_>) -> String {
        format!("Визит отменён:\n{}\nБудем рады видеть вас в другой раз.", lines(visit))
    }
    fn pending(&self) -> &'static str {
        "Ваша заявка уже в работе, пришлю ответ, как только она будет подтверждена."
    }
    fn pending_cancel(&self) -> &'static str {
        "Отмена уже в работе, напишу, как только визит будет снят."
    }
    fn unknown_command(&self) -> &'static str {
        "Такой команды у меня нет."
    }
    fn place_received(&self) -> &'static str {
        "Спасибо, точка на карте получена, но посмотреть её я не могу. Напишите, пожалуйста, словами, чем помочь."
    }
    fn in_private(&self) -> &'static str {
        "Записи и телефоны я обсуждаю только в личной переписке. Напишите мне туда, пожалуйста."
    }
    fn delayed(&self) -> &'static str {
        "Заявка принята. Подтвердим её чуть позже и сразу напишем вам сюда."
    }
    fn escalated(&self) -> &'static str {
        "Подтверждение задерживается. Передаю администратору, он проверит и ответит вам здесь."
    }
    fn schedule_away(&self) -> &'static str {
        "Сейчас не могу посмотреть расписание: система записи не отвечает. Передаю администратору, он ответит вам здесь."
    }
    fn elsewhere(&self, link: Option<&str>) -> String {
        let request = "Я передал вашу просьбу администратору, он ответит вам здесь.";
        match link {
            Some(link) => format!("Выбрать свободное время и записаться можно на странице {link} {request}"),
            None => format!("Записать вас сам я не могу. {request}"),
        }
    }
    fn broken(&self) -> &'static str {
        "Извините, с вашим сообщением у меня не получилось справиться. Передаю администратору, он ответит вам здесь."
    }
    fn voice_received(&self) -> &'static str {
        "Голосовое сообщение получено, но прослушать его сейчас не могу. Напишите, пожалуйста, текстом."
    }
    fn media_received(&self) -> &'static str {
        "Спасибо, вложение получено, но открыть его я не могу. Опишите, пожалуйста, словами, чем помочь."
    }
    fn card_of_somebody(&self) -> &'static str {
        "Это контакт другого человека. Если записать нужно на этот номер, напишите его, пожалуйста, текстом."
    }
    fn what_i_can(&self) -> &'static str {
        "Помогу записаться, перенести или отменить визит, подскажу цены, адрес и часы работы. Просто напишите, что нужно. Начать заново: /start, бросить начатое: /cancel."
    }
    fn refused(&self) -> &'static str {
        "К сожалению, оформить не получилось. Передаю администратору, он ответит вам здесь."
    }
    fn stands(&self, visit: VisitWords<'_>) -> String {
        let comma = if visit.service.is_empty() { "" } else { ", " };
        format!("Всё в силе: {}{comma}{}.", visit.service, visit.when)
    }
    fn stays_cancelled(&self) -> &'static str {
        "Визит уже отменён, больше ничего делать не нужно."
    }

    fn no_visits(&self) -> &'static str {
        "Предстоящих визитов не нашлось."
    }
    fn no_visits_by_phone(&self) -> &'static str {
        "На этот номер предстоящих визитов не нашлось. Если он оформлен на другой номер, напишите его, или давайте подберём новое время."
    }
    fn no_visits_untrusted(&self) -> &'static str {
        "По номеру из переписки визит найти не могу. Администратор поможет, позвать его?"
    }
    fn visits(&self) -> &'static str {
        "Ваши предстоящие визиты:"
    }
    fn ask_visit(&self) -> &'static str {
        "О каком визите речь?"
    }

    fn price(&self, from: &str, to: Option<&str>) -> String {
        to.map_or_else(|| from.to_owned(), |to| format!("от {from} до {to}"))
    }
    fn price_by_person(&self) -> &'static str {
        "стоимость назовёт специалист"
    }
    fn service_line(&self, title: &str, price: &str, duration: &str) -> String {
        format!("{title} — {price}, {duration}")
    }
    fn prices(&self) -> &'static str {
        "Наши цены:"
    }
    fn services(&self) -> &'static str {
        "Наши услуги:"
    }
    fn and_more(&self, count: usize) -> String {
        format!("и ещё {count}")
    }
    fn duration(&self, title: &str, duration: &str) -> String {
        format!("{title} занимает {duration}.")
    }
    fn staff(&self) -> &'static str {
        "У нас работают:"
    }
    fn staff_for(&self, service: &str) -> String {
        format!("«{service}» делают:")
    }
    fn staff_none(&self) -> &'static str {
        "Сейчас записи к специалистам нет."
    }
    fn hours(&self, week: &str) -> String {
        format!("Мы работаем: {week}.")
    }
    fn hours_on(&self, day: &str, hours: &str) -> String {
        format!("{}, мы работаем: {hours}.", capitalised(day))
    }
    fn employee_hours(&self, name: &str, hours: &str) -> String {
        format!("{name}, часы приёма: {hours}.")
    }
    fn closed_on(&self, day: &str) -> String {
        format!("{}, мы не работаем, выходной.", capitalised(day))
    }
    fn closed_soon(&self, days: &str) -> String {
        format!("Не работаем: {days}.")
    }
    fn day_off(&self) -> &'static str {
        "выходной"
    }
    fn contacts(&self, address: Option<&str>, phone: Option<&str>) -> String {
        match (address, phone) {
            (Some(address), Some(phone)) => format!("Наш адрес: {address}. Телефон: {phone}."),
            (Some(address), None) => format!("Наш адрес: {address}."),
            (None, Some(phone)) => format!("Адрес подскажут по телефону {phone}."),
            (None, None) => "Адрес подскажет администратор.".to_owned(),
        }
    }
    fn one_by_one(&self, first: &str, next: &str) -> String {
        format!("Начнём с услуги «{first}», потом подберём время для «{next}».")
    }
    fn and_also(&self, service: &str) -> String {
        format!("Вы называли ещё «{service}». Подобрать время?")
    }
    fn no_such_service(&self) -> &'static str {
        "Среди наших услуг такой не вижу, уточню у администратора."
    }
    fn unknown_answer(&self) -> &'static str {
        "К сожалению, не знаю точного ответа на этот вопрос. Передам его администратору."
    }

    fn not_set_up(&self) -> &'static str {
        "Здравствуйте! Передаю ваше сообщение администратору, он ответит вам здесь."
    }
    fn not_understood(&self) -> &'static str {
        "Не получилось понять вас, напишите, пожалуйста, другими словами."
    }
    fn offer_person(&self) -> &'static str {
        "Снова не получилось понять. Если хотите, позову администратора."
    }
    fn person_comes(&self) -> &'static str {
        "Передаю администратору, он ответит вам здесь."
    }
    fn sorry_person_comes(&self) -> &'static str {
        "Мне очень жаль, что так вышло, приносим извинения. Передаю администратору, он разберётся и ответит вам здесь."
    }
    fn failures_person_comes(&self) -> &'static str {
        "Похоже, я не справляюсь. Передаю администратору, он ответит вам здесь."
    }
}
