//! Row versions as strong entity tags, and the conditions that name them (RFC 9110 §13).

use axum::http::{HeaderMap, HeaderName, header};

use super::problem::{PRECONDITION_REQUIRED, Problem, words};

/// The tag of a version: `"v7"`.
#[must_use]
pub fn of(version: i64) -> String {
    format!("\"v{version}\"")
}

/// Whether the caller's copy is this version, so that 304 will do. Weak tags count here.
#[must_use]
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, &header::IF_NONE_MATCH).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The version a change must start from; nothing without `If-Match` or with `*`.
///
/// # Errors
/// 412 when `If-Match` names other versions, 428 when it is required and absent.
pub fn required(headers: &HeaderMap, version: i64, is_required: bool) -> Result<Option<i64>, Problem> {
    let mut wanted = tags(headers, &header::IF_MATCH).peekable();
    if wanted.peek().is_none() {
        let detail = words("Пришлите If-Match с ETag объекта", "Send If-Match with the object's ETag");
        return if is_required { Err(Problem::new(&PRECONDITION_REQUIRED, detail)) } else { Ok(None) };
    }
    let tag = of(version);
    let mut is_any = false;
    // Strong comparison: a weak tag never matches.
    let matches = wanted.any(|wanted| {
        is_any = wanted == "*";
        is_any || wanted == tag
    });
    match (matches, is_any) {
        (true, true) => Ok(None),
        (true, false) => Ok(Some(version)),
        (false, _) => Err(Problem::precondition_failed(version)),
    }
}

/// Whether `If-Match` names that version.
#[must_use]
pub fn names(headers: &HeaderMap, version: i64) -> bool {
    let tag = of(version);
    tags(headers, &header::IF_MATCH).any(|wanted| wanted == tag)
}

fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_change_needs_the_strong_tag_of_the_present_version() {
        let when = |value| required(&with(header::IF_MATCH, value), 7, false).ok();
        assert_eq!(when("\"v7\""), Some(Some(7)));
        assert_eq!(when("\"v6\", \"v7\""), Some(Some(7)));
        assert_eq!(when("*"), Some(None));
        for stale in ["\"v6\"", "W/\"v7\"", "v7"] {
            assert_eq!(when(stale), None, "{stale}");
        }
        assert!(required(&HeaderMap::new(), 7, true).is_err());
    }

    #[test]
    fn a_known_copy_may_be_weak() {
        for known in ["\"v7\"", "W/\"v7\"", "*", "\"v1\", \"v7\""] {
            assert!(is_known(&with(header::IF_NONE_MATCH, known), "\"v7\""), "{known}");
        }
        assert!(!is_known(&with(header::IF_NONE_MATCH, "\"v8\""), "\"v7\""));
    }
}
