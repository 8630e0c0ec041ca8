//! What made-up clients and the front desk say to each other.

use jiff::civil::Date;

use crate::domain::company::Price;
use crate::domain::contact::Locale;

/// The sentences of one language. `{…}` is filled in: `service`, `day`, `time`, `price`, `name`, `staff`, `company`,
/// `phone`, `title`.
pub struct Phrases {
    pub(super) names: &'static [&'static str],
    pub(super) wants: &'static [&'static str],
    pub(super) wants_with_day: &'static [&'static str],
    pub(super) asks_price: &'static [&'static str],
    pub(super) asks_about: &'static [&'static str],
    pub(super) asks_unknown: &'static [&'static str],
    pub(super) complains: &'static [&'static str],
    pub(super) advertises: &'static [&'static str],
    pub(super) thanks: &'static [&'static str],
    pub(super) leaves: &'static [&'static str],
    pub(super) cancels: &'static [&'static str],
    pub(super) moves: &'static [&'static str],
    pub(super) takes_time: &'static [&'static str],
    pub(super) contacts: &'static [&'static str],
    pub(super) says_yes: &'static [&'static str],
    pub(super) bot_times: &'static [&'static str],
    pub(super) bot_full: &'static [&'static str],
    pub(super) bot_contacts: &'static str,
    pub(super) bot_summary: &'static str,
    pub(super) bot_booked: &'static [&'static str],
    pub(super) bot_price: &'static [&'static str],
    pub(super) bot_price_by_person: &'static str,
    pub(super) bot_unknown: &'static [&'static str],
    pub(super) bot_person: &'static str,
    pub(super) bot_cancelled: &'static str,
    pub(super) bot_moved: &'static str,
    pub(super) bot_bye: &'static [&'static str],
    pub(super) yes: &'static str,
    pub(super) change: &'static str,
    pub(super) person: &'static str,
}

/// The sentences of a language.
pub fn phrases(locale: Locale) -> &'static Phrases {
    match locale {
        Locale::Ru => &RU,
        Locale::En => &EN,
    }
}

const RU: Phrases = Phrases {
    names: &[
        "Анна",
        "Мария",
        "Елена",
        "Ольга",
        "Наталья",
        "Екатерина",
        "Татьяна",
        "Ирина",
        "Светлана",
        "Юлия",
        "Дарья",
        "Алина",
        "Ксения",
        "Полина",
        "Вера",
        "Людмила",
        "Галина",
        "Марина",
        "Виктория",
        "София",
        "Александр",
        "Дмитрий",
        "Сергей",
        "Андрей",
        "Алексей",
        "Иван",
        "Михаил",
        "Николай",
        "Павел",
        "Артём",
        "Роман",
        "Денис",
        "Олег",
        "Егор",
        "Кирилл",
        "Тимур",
        "Анна Петровна",
        "Ирина Смирнова",
        "Игорь Белов",
        "Марина Крылова",
    ],
    wants: &[
        "Здравствуйте! Хочу записаться, интересует «{service}»",
        "Добрый день, можно к вам на «{service}»?",
        "Запишите, пожалуйста: {service}",
        "{service} — есть свободное время?",
        "Привет! Нужна запись, {service}",
    ],
    wants_with_day: &[
        "Здравствуйте, {service}, {day} можно?",
        "Добрый день! Есть время {day}? Услуга «{service}»",
        "Хочу записаться {day}, {service}",
        "Добрый вечер, «{service}», удобно {day}",
    ],
    asks_price: &[
        "Здравствуйте! Сколько стоит «{service}»?",
        "Подскажите цену: {service}",
        "{service} — почём?",
        "Добрый день, какая цена на «{service}»?",
    ],
    asks_about: &[
        "Подскажите, {title}?",
        "Здравствуйте, есть вопрос: {title}",
        "А что у вас насчёт темы «{title}»?",
        "{title} — расскажите, пожалуйста",
    ],
    asks_unknown: &[
        "А с собакой к вам можно?",
        "Вы делаете скидку студентам?",
        "У вас есть филиал в Казани?",
        "Можно оплатить в рассрочку на год?",
        "Вы работаете с юрлицами по безналу с НДС?",
        "А вы выезжаете за город?",
        "Есть ли у вас вакансии?",
    ],
    complains: &[
        "Мне не понравилось, как всё сделали в прошлый раз. Позовите администратора",
        "Второй раз жду дольше назначенного, это безобразие! Дайте человека",
        "Хочу поговорить с живым человеком",
        "Переведите на менеджера, пожалуйста",
    ],
    advertises: &[
        "Продвижение сайтов в топ за 7 дней! Гарантия, пишите",
        "Здравствуйте, предлагаем кредит для бизнеса под 1%",
        "Заработок от 5000 в день, подробности в личные сообщения",
        "Продаём базы клиентов вашего города, недорого",
    ],
    thanks: &["Спасибо!", "Спасибо большое", "Отлично, спасибо", "Благодарю, до встречи", "Супер, спасибо 🙂"],
    leaves: &["Спасибо, подумаю", "Дороговато, подумаю", "Ладно, напишу позже", "Хорошо, посоветуюсь и вернусь"],
    cancels: &[
        "Отмените, пожалуйста, мою запись, не получается прийти",
        "Здравствуйте, заболели, нужно отменить запись",
        "Не смогу прийти, отмените",
    ],
    moves: &[
        "Можно перенести мою запись?",
        "Не успеваю, перенесите, пожалуйста",
        "Хочу другое время, планы поменялись",
    ],
    takes_time: &["Давайте в {time}", "{time}", "в {time} подойдёт", "{time} удобно"],
    contacts: &["{name}, {phone}", "{name} {phone}", "Меня зовут {name}, телефон {phone}", "{phone}, {name}"],
    says_yes: &["Да", "Да, всё верно", "Верно", "Подтверждаю"],
    bot_times: &[
        "Могу предложить {day}. Какое время удобно?",
        "Свободно {day}. Выберите время:",
        "{day} есть такие окна:",
    ],
    bot_full: &[
        "К сожалению, {day} на «{service}» всё занято. Посмотреть другой день?",
        "На ближайшие дни на «{service}» свободного времени нет. Передать администратору, чтобы вам перезвонили?",
    ],
    bot_contacts: "Как вас зовут и по какому номеру вам можно позвонить?",
    bot_summary: "Проверьте, пожалуйста: {service}, {day} в {time}, мастер {staff}. {price}. Всё верно?",
    bot_booked: &[
        "Вы записаны: {service}, {day} в {time}, мастер {staff}. Ждём вас!",
        "Готово! {service}, {day} в {time}, {staff}. До встречи!",
    ],
    bot_price: &["{service}: {price}. Записать вас?", "«{service}» стоит {price}. Подобрать время?"],
    bot_price_by_person: "Стоимость «{service}» называет мастер после осмотра. Записать вас на консультацию?",
    bot_unknown: &[
        "Точного ответа у меня нет, не хочу вводить вас в заблуждение. Передать вопрос администратору?",
        "Этого я не знаю. Спросить у администратора?",
    ],
    bot_person: "Понимаю. Передаю разговор администратору, вам ответят в ближайшее время.",
    bot_cancelled: "Запись на {day} в {time} отменена. Если захотите прийти в другой день — напишите.",
    bot_moved: "Перенесли: {service}, {day} в {time}, мастер {staff}. До встречи!",
    bot_bye: &["Хорошего дня!", "Будем рады видеть вас!", "Обращайтесь!"],
    yes: "Да",
    change: "Изменить",
    person: "Позвать человека",
};

const EN: Phrases = Phrases {
    names: &[
        "Emma",
        "Olivia",
        "Sophie",
        "Laura",
        "Kate",
        "Nina",
        "James",
        "Oliver",
        "Daniel",
        "Tom",
        "Lucas",
        "Mark Evans",
        "Julia Stone",
        "Peter Novak",
    ],
    wants: &[
        "Hi! I'd like to book: {service}",
        "Hello, do you have a slot for {service}?",
        "Can I make an appointment? {service}",
    ],
    wants_with_day: &["Hi, is {day} free for {service}?", "I'd like to come {day}, {service} please"],
    asks_price: &["How much is {service}?", "Hello, what's the price: {service}?"],
    asks_about: &["Could you tell me about «{title}»?", "I have a question: {title}"],
    asks_unknown: &["Can I bring my dog?", "Do you have a student discount?", "Do you speak German?"],
    complains: &["I was not happy last time. Can I talk to a person?", "Please get me a human"],
    advertises: &["We will get your site to the top of Google in 7 days!", "Cheap loans for business, write me"],
    thanks: &["Thanks!", "Great, thank you", "Perfect, see you"],
    leaves: &["OK, I'll think about it", "Thanks, maybe later"],
    cancels: &["Please cancel my appointment, I can't make it", "I have to cancel, sorry"],
    moves: &["Can I reschedule?", "I need another time, please"],
    takes_time: &["{time} works", "{time} please", "let's say {time}"],
    contacts: &["{name}, {phone}", "I'm {name}, my number is {phone}"],
    says_yes: &["Yes", "Yes, that's right"],
    bot_times: &["I can offer {day}. Which time suits you?", "Free times {day}:"],
    bot_full: &["Sorry, {day} is fully booked for {service}. Shall I look at another day?"],
    bot_contacts: "What is your name and phone number?",
    bot_summary: "Please check: {service}, {day} at {time} with {staff}. {price}. Is that right?",
    bot_booked: &["You are booked: {service}, {day} at {time} with {staff}. See you!"],
    bot_price: &["{service} is {price}. Shall I book you in?"],
    bot_price_by_person: "The price of {service} is named after a look at it. Shall I book you in?",
    bot_unknown: &["I don't have an exact answer. Shall I ask a colleague?"],
    bot_person: "I understand. A colleague will answer you shortly.",
    bot_cancelled: "Your appointment {day} at {time} is cancelled. Write whenever you'd like to come.",
    bot_moved: "Moved: {service}, {day} at {time} with {staff}. See you!",
    bot_bye: &["Have a nice day!", "See you!"],
    yes: "Yes",
    change: "Change",
    person: "Get a person",
};

/// A sentence with its blanks filled in.
pub fn fill(sentence: &str, blanks: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(sentence.len() + 40);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(blanks.iter().find(|(blank, _)| *blank == name).map_or("", |(_, value)| value));
        rest = tail;
    }
    text.push_str(rest);
    text
}

const MONTHS_RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day as it is said on `today`.
pub fn day_name(day: Date, today: Date, locale: Locale) -> String {
    let ahead = (day - today).get_days();
    let month = usize::from(day.month().unsigned_abs()) - 1;
    match (locale, ahead) {
        (Locale::Ru, 0) => "сегодня".to_owned(),
        (Locale::Ru, 1) => "завтра".to_owned(),
        (Locale::Ru, 2) => "послезавтра".to_owned(),
        (Locale::Ru, _) => format!("{} {}", day.day(), MONTHS_RU[month]),
        (Locale::En, 0) => "today".to_owned(),
        (Locale::En, 1) => "tomorrow".to_owned(),
        (Locale::En, _) => format!("on {} {}", MONTHS_EN[month], day.day()),
    }
}

/// A price as it is said; nothing when a person names it.
pub fn price_name(price: Option<Price>, currency: &str, locale: Locale) -> Option<String> {
    let price = price?;
    let sign = if currency == "RUB" { "₽" } else { currency };
    let whole = |minor: i64| minor / 100;
    Some(match (price.to, locale) {
        (None, _) => format!("{} {sign}", whole(price.from)),
        (Some(to), Locale::Ru) => format!("от {} до {} {sign}", whole(price.from), whole(to)),
        (Some(to), Locale::En) => format!("{} to {} {sign}", whole(price.from), whole(to)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_and_unknown_ones_vanish() {
        assert_eq!(fill("{a}, {b}{c}!", &[("a", "x{b}"), ("b", "y")]), "x{b}, y!");
    }
}
