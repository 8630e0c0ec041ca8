//! What the server reads in a text and in a keyboard, and what it says of mistakes.

use std::borrow::Cow;

use serde_json::Value;

use super::state::is_private;

/// A message holds that many UTF-16 units.
const LONGEST: usize = 4096;
pub(super) const TOO_LONG: &str = "Bad Request: message is too long";

const TAGS: [&str; 16] = [
    "a",
    "b",
    "blockquote",
    "code",
    "del",
    "em",
    "i",
    "ins",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "tg-emoji",
    "tg-spoiler",
    "u",
];

const ACTIONS: [&str; 10] = [
    "callback_data",
    "callback_game",
    "copy_text",
    "login_url",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "url",
    "web_app",
];

/// The text that a client would see, or the server's word against it.
pub(super) fn visible_text(params: &Value) -> Result<Cow<'_, str>, Cow<'static, str>> {
    let text = params["text"].as_str().unwrap_or_default();
    if text.is_empty() {
        return Err(Cow::Borrowed("Bad Request: message text is empty"));
    }
    let text = match params["parse_mode"].as_str().unwrap_or_default() {
        "" => Cow::Borrowed(text),
        mode if mode.eq_ignore_ascii_case("html") => {
            let seen = parse_html(text).map_err(|problem| format!("Bad Request: can't parse entities: {problem}"))?;
            Cow::Owned(seen)
        }
        _ => return Err(Cow::Borrowed("Bad Request: unsupported parse_mode")),
    };
    if text.trim().is_empty() {
        return Err(Cow::Borrowed("Bad Request: text must be non-empty"));
    }
    // As many bytes can hold no more units.
    if text.len() > LONGEST && text.encode_utf16().count() > LONGEST {
        return Err(Cow::Borrowed(TOO_LONG));
    }
    Ok(text)
}

/// Reads the tags as the real server does; an entity that it does not know is a mistake here.
fn parse_html(text: &str) -> Result<String, String> {
    let mut seen = String::with_capacity(text.len());
    let mut open: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        seen.push_str(&rest[..at]);
        rest = &rest[at..];
        let offset = text.len() - rest.len();
        if rest.starts_with('&') {
            let (letter, used) = entity(rest).ok_or_else(|| format!("Unsupported entity at byte offset {offset}"))?;
            seen.push(letter);
            rest = &rest[used..];
        } else if let Some(tag) = rest.strip_prefix("</") {
            let Some(expected) = open.pop() else { return Err(format!("Unexpected end tag at byte offset {offset}")) };
            let Some(end) = tag.find('>') else { return Err(format!("Unclosed end tag at byte offset {offset}")) };
            let name = tag[..end].trim_end().to_ascii_lowercase();
            if !name.is_empty() && name != expected {
                let told = format!("expected \"</{expected}>\", found \"</{name}>\"");
                return Err(format!("Unmatched end tag at byte offset {offset}, {told}"));
            }
            rest = &tag[end + 1..];
        } else {
            let (name, used) = start_tag(&rest[1..], offset)?;
            open.push(name);
            rest = &rest[1 + used..];
        }
    }
    seen.push_str(rest);
    match open.last() {
        Some(tag) => Err(format!("Can't find end tag corresponding to start tag \"{tag}\"")),
        None => Ok(seen),
    }
}

/// The name of a tag that begins here and how many bytes it takes with its `>`.
fn start_tag(text: &str, offset: usize) -> Result<(String, usize), String> {
    let unclosed = || format!("Unclosed start tag at byte offset {offset}");
    let end = text.find(|letter: char| letter.is_ascii_whitespace() || letter == '>').ok_or_else(unclosed)?;
    let name = text[..end].to_ascii_lowercase();
    if !TAGS.contains(&name.as_str()) {
        return Err(format!("Unsupported start tag \"{name}\" at byte offset {offset}"));
    }
    // A `>` between quotes belongs to a value.
    let mut quote = None;
    let close = text.char_indices().skip_while(|(at, _)| *at < end).find(|(_, letter)| {
        match (quote, *letter) {
            (None, '>') => return true,
            (None, '"' | '\'') => quote = Some(*letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
        false
    });
    let (close, _) = close.ok_or_else(unclosed)?;
    if name == "span" && !text[end..close].contains("tg-spoiler") {
        return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {offset}"));
    }
    Ok((name, close + 1))
}

/// The letter that an entity stands for and how many bytes it takes; none for an entity that is not known.
fn entity(text: &str) -> Option<(char, usize)> {
    let number = text.strip_prefix("&#");
    let name = number.unwrap_or(&text[1..]);
    let length = name.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(name.len());
    let is_closed = name[length..].starts_with(';');
    let used = text.len() - name.len() + length + usize::from(is_closed);
    let name = &name[..length];
    let letter = match (number, name) {
        (Some(_), code) => match code.strip_prefix('x') {
            Some(code) => u32::from_str_radix(code, 16).ok().and_then(char::from_u32),
            None => code.parse().ok().and_then(char::from_u32),
        },
        (None, "lt") => Some('<'),
        (None, "gt") => Some('>'),
        (None, "amp") => Some('&'),
        (None, "quot") => Some('"'),
        _ => None,
    };
    match letter {
        Some(letter) => Some((letter, used)),
        None if is_closed && length > 0 => None,
        // A lone `&` stays as it is.
        None => Some(('&', 1)),
    }
}

/// An object or a list, also when it came as a string of JSON, as in a form.
pub(super) fn nested<'a>(params: &'a Value, key: &str) -> Result<Option<Cow<'a, Value>>, Cow<'static, str>> {
    match &params[key] {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value) => Ok(Some(Cow::Owned(value))),
            Err(_) => Err(format!("Bad Request: can't parse {key} JSON object").into()),
        },
        value => Ok(Some(Cow::Borrowed(value))),
    }
}

/// The titles of the buttons with what they send: the data, a link, or nothing for a button of the reply keyboard.
pub(super) fn buttons(markup: &Value, chat: i64) -> Result<Vec<(String, String)>, Cow<'static, str>> {
    let mut found = Vec::new();
    for button in rows(&markup["inline_keyboard"]) {
        let title = button["text"].as_str().unwrap_or_default();
        if title.is_empty() {
            return Err("Bad Request: can't parse inline keyboard button: Field \"text\" must be non-empty".into());
        }
        let mut actions = ACTIONS.iter().filter(|action| !button[**action].is_null());
        let action = *actions.next().ok_or(
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        )?;
        if actions.next().is_some() {
            return Err("Bad Request: can't parse inline keyboard button: exactly one action is expected".into());
        }
        let data = button[action].as_str().unwrap_or_default();
        if action == "callback_data" && (data.is_empty() || data.len() > 64) {
            return Err("Bad Request: BUTTON_DATA_INVALID".into());
        }
        found.push((title.to_owned(), data.to_owned()));
    }
    for button in rows(&markup["keyboard"]) {
        let Some(title) = button.as_str().or_else(|| button["text"].as_str()).filter(|title| !title.is_empty()) else {
            return Err("Bad Request: can't parse keyboard button: Field \"text\" must be non-empty".into());
        };
        if button["request_contact"] == true && !is_private(chat) {
            return Err("Bad Request: phone number can be requested in private chats only".into());
        }
        found.push((title.to_owned(), String::new()));
    }
    Ok(found)
}

/// The buttons of a keyboard, row after row.
fn rows(keyboard: &Value) -> impl Iterator<Item = &Value> {
    keyboard.as_array().into_iter().flatten().filter_map(Value::as_array).flatten()
}
