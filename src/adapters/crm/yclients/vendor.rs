//! In what YCLIENTS and Altegio differ.

use super::Kind;
use super::judge;
use crate::adapters::http::judge::Judge;

/// YCLIENTS in the table of kinds.
pub const YCLIENTS_KIND: Kind = Kind {
    kind: "yclients",
    summary: "YCLIENTS: the branch's own journal; by the booking form, or with a user's token by the journal's API",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "leads", "notes", "hooks"],
};

/// Altegio in the table of kinds.
pub const ALTEGIO_KIND: Kind = Kind {
    kind: "altegio",
    summary: "Altegio: the location's own calendar; by the booking form, or with a user's token by the business API",
    capabilities: &["services", "staff", "slots", "clients", "appointments", "leads", "notes", "hooks"],
};

/// A brand of the platform.
pub(super) struct Vendor {
    pub kind: &'static Kind,
    /// Where its API lies.
    pub base: &'static str,
    /// What selects the form of its answers.
    pub accept: &'static str,
    /// The language of its messages.
    pub language: &'static str,
    pub judge: Judge,
    /// What marks a client that flow wrote a lead to.
    pub label: &'static str,
    /// What stands in an appointment without a remark.
    pub remark: &'static str,
    /// A card needs a name.
    pub nobody: &'static str,
    /// Where comments of clients lie: what comes first, and what may come instead.
    pub comments: [&'static str; 2],
    /// Whether labels may have given way to tags of the second version.
    pub has_tags: bool,
    /// So many addresses are called at most.
    pub most_urls: Option<usize>,
    pub cabinet: Cabinet,
}

/// What stands in the vendor's cabinet.
pub(super) struct Cabinet {
    /// Where rights of a user are given.
    pub rights: &'static str,
    pub see: &'static str,
    pub create: &'static str,
    pub edit: &'static str,
    pub delete: &'static str,
    pub carry: &'static str,
    pub clients: &'static str,
    pub phones: &'static str,
    pub comments: &'static str,
    pub hooks: &'static str,
    /// Where online booking is set up.
    pub online: &'static str,
    pub code: &'static str,
    pub email: &'static str,
    pub licence: &'static str,
    pub address_lock: &'static str,
    pub one_master: &'static str,
}

/// YCLIENTS.
pub(super) const YCLIENTS: Vendor = Vendor {
    kind: &YCLIENTS_KIND,
    base: "https://api.yclients.com/api/v1",
    accept: "application/vnd.yclients.v2+json",
    language: "ru",
    judge: judge::yclients,
    label: "Лид: чат",
    remark: "Запись из чата.",
    nobody: "Клиент",
    comments: ["company", "clients"],
    has_tags: false,
    most_urls: None,
    cabinet: Cabinet {
        rights: "«Настройки» → «Пользователи» → the user → «Права доступа»",
        see: "«Журнал записи» → «Просмотр журнала записи»",
        create: "«Окно записи» → «Создание записей»",
        edit: "«Окно записи» → «Редактирование записей»",
        delete: "«Окно записи» → «Удаление записей»",
        carry: "«Журнал записи» → «Перенос записей»",
        clients: "«Клиенты» → «Доступ к клиентской базе»",
        phones: "«Клиенты» → «Просмотр телефонов и email клиентов»",
        comments: "«Клиенты» → «Комментарии к клиентам: просмотр и добавление»",
        hooks: "«Настройки» → «Доступ к настройкам» and «Вебхуки»",
        online: "«Онлайн-запись» → «Формы записи»",
        code: "«Подтверждение номера телефона по SMS»",
        email: "«Обязательный email»",
        licence: "«Настройки» → «Лицензия»",
        address_lock: "«Ограничение доступа по IP»",
        one_master: "«Только свои записи»",
    },
};

/// Altegio.
pub(super) const ALTEGIO: Vendor = Vendor {
    kind: &ALTEGIO_KIND,
    base: "https://api.alteg.io/api/v1",
    accept: "application/vnd.api.v2+json",
    language: "en",
    judge: judge::altegio,
    label: "Lead: chat",
    remark: "Booked from the chat.",
    nobody: "Client",
    comments: ["clients", "company"],
    has_tags: true,
    most_urls: Some(10),
    cabinet: Cabinet {
        rights: "Settings → Users → the user → Access rights",
        see: "Calendar → View the calendar",
        create: "Appointment window → Create appointments",
        edit: "Appointment window → Edit appointments",
        delete: "Appointment window → Delete appointments",
        carry: "Calendar → Move appointments",
        clients: "Clients → Access to the client base",
        phones: "Clients → View phones and emails",
        comments: "Clients → Client comments: view and add",
        hooks: "Settings → Access to settings and Webhooks",
        online: "Online booking → Booking forms",
        code: "Confirm phone number by SMS",
        email: "Email is required",
        licence: "Settings → License",
        address_lock: "IP restriction",
        one_master: "Own appointments only",
    },
};
