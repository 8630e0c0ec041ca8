//! `/r/REQUEST`: the page on which a person of the company decides on a request. Opening it changes nothing (programs
//! open links to show what is behind them); a button does.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::DateTime;
use serde::Deserialize;

use super::frame::AsItIs;
use super::{Http, crm_hooks};
use crate::domain::crm::{Asked, Decision, Hooks};

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;\
    color-scheme:light dark}button,input{font:inherit;padding:.6rem 1rem;margin:.3rem .5rem .3rem 0}\
    form{margin:1rem 0}";

/// What proves that a link is ours.
#[derive(Deserialize)]
pub struct Key {
    #[serde(default)]
    k: String,
}

/// The page.
pub async fn show(State(http): State<Http>, Path(id): Path<String>, Query(key): Query<Key>) -> Response {
    match asked(&http, &id, &key.k).await {
        Some((_, _, asked)) => page(StatusCode::OK, &form(&asked)),
        None => unknown(),
    }
}

/// A decision.
pub async fn decide(
    State(http): State<Http>,
    Path(id): Path<String>,
    Query(key): Query<Key>,
    pressed: Bytes,
) -> Response {
    let Some((name, hooks, asked)) = asked(&http, &id, &key.k).await else { return unknown() };
    let Some(decision) = read(&pressed) else {
        let why = "<p>Укажите день и время, на которое переносите.</p>";
        return page(StatusCode::UNPROCESSABLE_ENTITY, &format!("{why}{}", form(&asked)));
    };
    if let Decision::Change(start) = &decision
        && start.to_zoned(asked.start.time_zone().clone()).is_ok_and(|start| start.timestamp() <= http.app.now())
    {
        let why = "<p>Это время уже прошло: укажите другое.</p>";
        return page(StatusCode::UNPROCESSABLE_ENTITY, &format!("{why}{}", form(&asked)));
    }
    if asked.outcome.is_some() {
        return page(StatusCode::CONFLICT, &form(&asked));
    }
    let Some(call) = hooks.decided(&id, &key.k, &decision).await else { return unknown() };
    let taken = crm_hooks::taken(&http, name, hooks, &call).await.status();
    let said = match taken {
        status if status.is_success() && matches!(decision, Decision::Change(_)) => {
            "<p>Спасибо, время записано. О новом времени договоритесь с клиентом сами: бот его не предложит.</p>"
        }
        status if status.is_success() => "<p>Спасибо, ответ принят. Если клиент писал боту, бот сообщит ему.</p>",
        StatusCode::CONFLICT => "<p>По этой заявке уже ответили.</p>",
        StatusCode::SERVICE_UNAVAILABLE => "<p>Сейчас ответ записать не удалось. Нажмите ещё раз через минуту.</p>",
        _ => "<p>Ответ не принят. Сообщите о заявке администратору.</p>",
    };
    page(taken, said)
}

/// Which button was pressed, by a form as browsers send it.
fn read(pressed: &[u8]) -> Option<Decision> {
    let pairs = crm_hooks::decoded(std::str::from_utf8(pressed).ok()?);
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    match value("result") {
        "confirmed" => Some(Decision::Confirm),
        "rejected" => Some(Decision::Reject),
        "changed" => value("start").parse::<DateTime>().ok().map(Decision::Change),
        _ => None,
    }
}

/// The request that a link is about, with the connection that sent it.
async fn asked<'h>(http: &'h Http, id: &str, key: &str) -> Option<(&'h str, &'h dyn Hooks, Asked)> {
    for (name, crm) in http.app.crms.iter() {
        if let Some(hooks) = crm.hooks()
            && let Some(asked) = hooks.asked(id, key).await
        {
            return Some((name, hooks, asked));
        }
    }
    None
}

fn form(asked: &Asked) -> String {
    let mut html = format!("<p>{}</p>", escaped(&asked.text));
    if let Some(outcome) = &asked.outcome {
        write!(html, "<p><b>Заявка {}.</b></p>", escaped(outcome)).ok();
        return html;
    }
    write!(html, "<p>Ответьте до {}.</p>", asked.until.strftime("%d.%m.%Y %H:%M")).ok();
    html.push_str(
        "<form method=\"post\"><button name=\"result\" value=\"confirmed\">Подтвердить</button>\
         <button name=\"result\" value=\"rejected\">Отказать</button></form>",
    );
    if asked.may_change {
        write!(
            html,
            "<form method=\"post\"><label>Другое время: <input type=\"datetime-local\" name=\"start\" required \
             value=\"{}\"></label><button name=\"result\" value=\"changed\">Предложить</button></form>",
            asked.start.strftime("%Y-%m-%dT%H:%M")
        )
        .ok();
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, "<p>Такой заявки нет: ссылка неверна или её срок прошёл.</p>")
}

fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"ru\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Заявка</title>\
         <style>{STYLE}</style></head><body><h1>Заявка</h1>{body}</body></html>"
    );
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.extensions_mut().insert(AsItIs);
    // The address holds the key: it is told to nobody, and kept nowhere.
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
