//! What a turn costs the engine itself: understanding, the state machine and the reads of the store.
//!
//! `cargo bench --bench engine` (about ten seconds). The business has 1,000 knowledge entries, 200 services and 20
//! people; clients book, ask, misspell, move and cancel. The goal is a median of 2 ms and 20 ms for one in a hundred.
//! The floor is the same reads of the store without the engine.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::app::App;
use flow::config::{Config, StoreUrl};
use flow::dialog::understand::understand;
use flow::domain::clock::{Clock, ManualClock};
use flow::domain::company::{
    BookingRules, Company, Employee, Interval, KnowledgeEntry, Price, Profile, Service, WeekHours, Zone,
};
use flow::domain::contact::{Channel, Identity, Locale};
use flow::domain::conversation::{Incoming, MessageKind};
use flow::domain::id::ConversationId;
use flow::domain::text::stems;
use jiff::{SignedDuration, Timestamp};

const CLIENTS: usize = 40;
const GOAL: (f64, f64) = (2.0, 20.0);

const KINDS: [&str; 20] = [
    "Стрижка",
    "Окрашивание",
    "Маникюр",
    "Педикюр",
    "Массаж",
    "Чистка",
    "Пилинг",
    "Укладка",
    "Депиляция",
    "Макияж",
    "Обёртывание",
    "Ламинирование",
    "Наращивание",
    "Мезотерапия",
    "Татуаж",
    "Полировка",
    "Завивка",
    "Уход",
    "Диагностика",
    "Консультация",
];
const SORTS: [&str; 10] = [
    "женская",
    "мужская",
    "детская",
    "классическая",
    "экспресс",
    "глубокая",
    "лечебная",
    "праздничная",
    "вечерняя",
    "комплексная",
];
const NAMES: [&str; 20] = [
    "Анна Петрова",
    "Ольга Сидорова",
    "Мария Иванова",
    "Ирина Козлова",
    "Елена Новикова",
    "Дарья Морозова",
    "Иван Волков",
    "Олег Соколов",
    "Пётр Лебедев",
    "Денис Орлов",
    "Никита Зайцев",
    "Марат Сафин",
    "Юлия Белова",
    "Вера Крылова",
    "Нина Громова",
    "Галина Титова",
    "Софья Жукова",
    "Артём Фомин",
    "Глеб Носов",
    "Тимур Алиев",
];
const TOPICS: [&str; 25] = [
    "парковка",
    "оплата",
    "сертификат",
    "скидка",
    "гарантия",
    "доставка",
    "ожидание",
    "дети",
    "животные",
    "документы",
    "страховка",
    "подготовка",
    "противопоказания",
    "абонемент",
    "возврат",
    "рассрочка",
    "лифт",
    "гардероб",
    "напитки",
    "интернет",
    "стерилизация",
    "материалы",
    "обучение",
    "вакансии",
    "аренда",
];
const WORDS: [&str; 40] = [
    "клиент",
    "кабинет",
    "администратор",
    "процедура",
    "инструмент",
    "результат",
    "неделя",
    "специалист",
    "запись",
    "правило",
    "договор",
    "помещение",
    "этаж",
    "вход",
    "двор",
    "карта",
    "наличные",
    "перевод",
    "банк",
    "номер",
    "телефон",
    "почта",
    "праздник",
    "выходной",
    "смена",
    "обед",
    "график",
    "очередь",
    "ребёнок",
    "родитель",
    "паспорт",
    "справка",
    "анализ",
    "курс",
    "занятие",
    "набор",
    "средство",
    "кожа",
    "волосы",
    "ногти",
];

/// What one client writes; {k} is a kind of service, {s} its sort, {t} a topic, {n} a person, {p} a phone.
const SCRIPT: [&str; 12] = [
    "Здравствуйте! Сколько стоит {k} {s}?",
    "а {t} у вас есть?",
    "подскажите, как у вас устроена парковка и можно ли оплатить картой",
    "паркофка есть?",
    "у вас продают слонов?",
    "Хочу записаться на {k} {s} к {n} в четверг после обеда, если можно",
    "давайте в любое время",
    "меня зовут Мария, {p}",
    "да",
    "на когда я записана?",
    "перенесите, пожалуйста, на следующую пятницу на 12:00",
    "отмените запись",
];

fn now() -> Timestamp {
    "2026-03-10T07:00:00Z".parse().expect("a moment")
}

fn business() -> Profile {
    let day = vec![Interval { from: 9 * 60, to: 21 * 60 }];
    let mut services = Vec::new();
    for (k, kind) in KINDS.iter().enumerate() {
        for (s, sort) in SORTS.iter().enumerate() {
            services.push(Service {
                id: format!("s{k}-{s}"),
                title: format!("{kind} {sort}"),
                aliases: vec![format!("{sort} {}", kind.to_lowercase())],
                category: Some((*kind).to_owned()),
                duration_min: 30 + 15 * u32::try_from(s % 4).expect("small"),
                price: Some(Price { from: 100_000, to: None }),
                hidden: false,
            });
        }
    }
    let employee = |(e, name): (usize, &&str)| Employee {
        id: format!("e{e}"),
        name: (**name).to_owned(),
        aliases: Vec::new(),
        title: None,
        services: services.iter().enumerate().filter(|(i, _)| (i + e) % 4 == 0).map(|(_, s)| s.id.clone()).collect(),
        hours: None,
        days_off: Vec::new(),
        hidden: false,
    };
    let entry = |n: usize| {
        let word = |i: usize| WORDS[(n * 7 + i * (n % 11 + 3)) % WORDS.len()];
        let topic = TOPICS[n % TOPICS.len()];
        let text: Vec<&str> = (0..30).map(word).collect();
        KnowledgeEntry {
            title: format!("{topic} {} {n}", word(1)),
            text: format!("Про {topic}: {}.", text.join(" ")),
            tags: vec![topic.to_owned(), word(2).to_owned()],
        }
    };
    Profile {
        company: Company {
            name: "Большой салон".to_owned(),
            phone: None,
            address: Some("Москва".to_owned()),
            timezone: Zone::find("Europe/Moscow").expect("a zone"),
            locale: Locale::Ru,
            currency: "RUB".to_owned(),
            hours: WeekHours(std::array::from_fn(|_| day.clone())),
            booking: BookingRules { step_min: 15, lead_time_min: 60, horizon_days: 60 },
            closed: Vec::new(),
        },
        employees: NAMES.iter().enumerate().map(employee).collect(),
        services,
        knowledge: (0..1000).map(entry).collect(),
    }
}

fn line(script: &str, client: usize) -> String {
    script
        .replace("{k}", &KINDS[client % KINDS.len()].to_lowercase())
        .replace("{s}", SORTS[client * 3 % SORTS.len()])
        .replace("{t}", TOPICS[client % TOPICS.len()])
        .replace("{n}", NAMES[client % NAMES.len()].split(' ').next().unwrap_or_default())
        .replace("{p}", &format!("+7 916 000-{:02}-{:02}", client / 100, client % 100))
}

fn incoming(client: usize, number: usize, text: String) -> Incoming {
    Incoming {
        identity: Identity { channel: Channel::Web, account: String::new(), external_id: format!("client-{client}") },
        external_id: format!("{client}-{number}"),
        kind: MessageKind::Text,
        text,
        button_value: None,
        name: None,
        phone: None,
        metadata: None,
    }
}

/// Times of one kind, with the words they were taken for.
#[derive(Default)]
struct Times(Vec<(Duration, String)>);

impl Times {
    fn at(&self, share: f64) -> f64 {
        let mut times: Vec<Duration> = self.0.iter().map(|(time, _)| *time).collect();
        times.sort();
        times.get(((times.len().max(1) - 1) as f64 * share) as usize).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    /// Medians by what was written, the slowest first.
    fn slowest(&self) -> Vec<(f64, &str)> {
        let mut rows: Vec<(f64, &str)> = Vec::new();
        for script in SCRIPT {
            let of = Times(self.0.iter().filter(|(_, text)| text == script).cloned().collect());
            rows.push((of.at(0.5), script));
        }
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        rows
    }
}

struct Run {
    /// From the claim to the stored reply.
    turns: Times,
    /// The same reads without the engine.
    floor: Times,
    /// Understanding alone.
    parse: Times,
    /// A search of the knowledge base alone.
    search: Times,
}

/// Plays the script for every client, one message after another.
async fn play(app: &App, clock: &ManualClock) -> Run {
    let mut run =
        Run { turns: Times::default(), floor: Times::default(), parse: Times::default(), search: Times::default() };
    let (profile, words) = app.desk.vocabulary().await.expect("read").expect("a profile");
    for client in 0..CLIENTS {
        for (number, script) in SCRIPT.iter().enumerate() {
            clock.advance(SignedDuration::from_secs(20));
            let text = line(script, client);
            let received = app.receive(&incoming(client, number, text.clone()), None).await.expect("stored");
            let began = Instant::now();
            reads(app, received.conversation_id).await;
            run.floor.0.push((began.elapsed(), (*script).to_owned()));
            let began = Instant::now();
            app.store.search_knowledge(&stems(&text), 8).await.expect("found");
            run.search.0.push((began.elapsed(), (*script).to_owned()));
            let local = clock.now().to_zoned(profile.company.timezone.tz().clone());
            let began = Instant::now();
            std::hint::black_box(understand(&text, &local, &words, profile.company.region()));
            run.parse.0.push((began.elapsed(), (*script).to_owned()));
            let began = Instant::now();
            app.runner.run_due().await.expect("answered");
            run.turns.0.push((began.elapsed(), (*script).to_owned()));
        }
    }
    run
}

/// What every turn reads: the conversation with its messages, the profile, what is taken.
async fn reads(app: &App, id: ConversationId) {
    app.store.turn_input(id, 20).await.expect("a turn's input");
    app.store.profile().await.expect("the profile");
    let until = app.now() + SignedDuration::from_hours(24 * 60);
    app.store.busy("local", app.now(), until).await.expect("what is taken");
}

fn config() -> Config {
    let mut config = Config::default();
    config.dialog.coalesce = Duration::ZERO;
    config
}

fn row(what: &str, times: &Times, floor: Option<&Times>) {
    let shown = |times: &Times, share: f64| format!("{:.2} ms", times.at(share));
    let (f50, f99) = floor.map_or(("-".to_owned(), "-".to_owned()), |floor| (shown(floor, 0.5), shown(floor, 0.99)));
    println!("{what:<44} {:>11} {:>11} {f50:>11} {f99:>11}", shown(times, 0.5), shown(times, 0.99));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("flow.db");
    let profile = business();
    println!("{:<44} {:>11} {:>11} {:>11} {:>11}", "what", "p50", "p99", "floor p50", "floor p99");
    let memory = runtime.block_on(async {
        let clock = Arc::new(ManualClock::at(now()));
        let app = App::in_memory(config(), clock.clone()).expect("a store");
        app.store.save_profile(&profile, app.now()).await.expect("saved");
        play(&app, &clock).await
    });
    row("understand", &memory.parse, None);
    row("a search of 1,000 entries, in memory", &memory.search, None);
    row("a whole turn with its commit, in memory", &memory.turns, Some(&memory.floor));
    let disk = runtime.block_on(async {
        let clock = Arc::new(ManualClock::at(now()));
        let mut config = config();
        config.store.url = StoreUrl::Sqlite(file.clone());
        let app = App::open(config, clock.clone()).expect("a store");
        app.store.save_profile(&profile, app.now()).await.expect("saved");
        play(&app, &clock).await
    });
    let engine = own_times(&file);
    row("a search of 1,000 entries, in a file", &disk.search, None);
    row("the engine's own time, in a file", &engine, Some(&disk.floor));
    row("a whole turn with its sync to disk", &disk.turns, None);
    let (p50, p99) = (engine.at(0.5), engine.at(0.99));
    let met = if p50 <= GOAL.0 && p99 <= GOAL.1 { "met" } else { "NOT met" };
    println!("\ngoal for the engine's own time: p50 {} ms, p99 {} ms: {met}", GOAL.0, GOAL.1);
    println!("\nmedian of a whole turn in memory, by message:");
    for (ms, script) in memory.turns.slowest() {
        println!("  {ms:>7.2} ms  {script}");
    }
}

/// What the desk itself noted of each turn: from the first read to the commit.
fn own_times(file: &std::path::Path) -> Times {
    let connection = rusqlite::Connection::open(file).expect("the store");
    let mut statement = connection.prepare("SELECT duration_us FROM usage").expect("a statement");
    let rows = statement.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
    let time = |us: i64| (Duration::from_micros(u64::try_from(us).unwrap_or(0)), String::new());
    Times(rows.map(|us| time(us.expect("a row"))).collect())
}
