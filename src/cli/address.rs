//! The address at which somebody outside calls the daemon.

use std::net::IpAddr;

use super::failure::Failure;

const FORM: &str = "it begins with https://, or leads to this machine; a name in other letters is written as xn--…";

/// The address that is given, else the one that the configuration makes.
///
/// # Errors
/// When there is none, or nobody could call it.
pub fn callable(who: &str, given: Option<String>, made: Option<String>) -> Result<String, Failure> {
    match (given, made) {
        (Some(url), _) if is_callable(&url) => Ok(url),
        (Some(url), _) => Err(Failure::usage(format!("{who} cannot call `{url}`")).hint(FORM)),
        (None, Some(url)) if is_callable(&url) => Ok(url),
        (None, Some(url)) => {
            Err(Failure::config(format!("{who} cannot call {url}")).hint(format!("correct `http.public_url`: {FORM}")))
        }
        (None, None) => Err(Failure::config(format!("nothing says where {who} is to call"))
            .hint("set `http.public_url`, or give the whole address with --url")),
    }
}

/// Over TLS to anywhere, in the clear to this machine only (a Bot API server of one's own).
fn is_callable(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = url.bytes().all(|b| b.is_ascii_graphic()) && !authority.contains('@');
    let host = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_plain && !host.is_empty() && (scheme == "https" || (scheme == "http" && is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called_in_the_clear() {
        for good in [
            "https://bot.example.ru/api/v1/telegram/webhook",
            "https://bot.example.ru:8443/hook",
            "http://127.0.0.1:8080/hook",
            "http://localhost/hook",
            "http://[::1]:8080/hook",
        ] {
            assert!(is_callable(good), "{good}");
        }
        for bad in [
            "",
            "bot.example.ru/hook",
            "http://bot.example.ru/hook",
            "https://",
            "https:///hook",
            "http://127.0.0.1@bot.example.ru/hook",
            "https://бот.рф/hook",
            "https://bot.example.ru/a b",
            "ftp://localhost/hook",
        ] {
            assert!(!is_callable(bad), "{bad}");
        }
    }
}
