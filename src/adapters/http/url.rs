//! Addresses: percent-encoding as RFC 3986 has it, a space as `%20`.

/// A word as it stands in a path or a query.
#[must_use]
pub fn encode(word: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    word.bytes().map(escape).collect()
}

/// The word that such a text stands for; `+` is a space where it is one in a form.
#[must_use]
pub fn decode(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = (byte == b'%').then(|| {
            let mut ahead = rest.clone();
            let pair = [ahead.next()?, ahead.next()?];
            let code = std::str::from_utf8(&pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())?;
            rest = ahead;
            Some(code)
        });
        bytes.push(match (escaped.flatten(), byte) {
            (Some(code), _) => code,
            (None, b'+') if plus_is_space => b' ',
            (None, byte) => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An address with these pairs in its query; those without a value stay out.
#[must_use]
pub fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = url.to_owned();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(if url.contains('?') { '&' } else { '?' });
        // Brackets stand in names of PHP arrays and are read by every vendor as they are.
        url.push_str(&encode(name).replace("%5B", "[").replace("%5D", "]"));
        url.push('=');
        url.push_str(&encode(value));
    }
    url
}

/// Pairs of a query or a form.
#[must_use]
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, true), decode(value, true))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Pairs as a form is sent.
#[must_use]
pub fn form(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Scheme, host (with its port) and the rest of an address, from its first slash on.
#[must_use]
pub fn split(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    (!scheme.is_empty() && !host.is_empty()).then_some((scheme, host, path))
}

/// Whether an address may be called: https, or plain http to this machine.
///
/// # Errors
/// What is wrong with it, without the address.
pub fn check(url: &str) -> Result<(), String> {
    let (scheme, host, _) = split(url).ok_or("this is no address: expected https://HOST/…")?;
    let name = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = name.strip_prefix('[').and_then(|v6| v6.split(']').next()).unwrap_or_else(|| {
        name.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(name, |(n, _)| n)
    });
    let is_here = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match scheme {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        "http" => Err("plain http is for this machine only: use https".to_owned()),
        _ => Err("expected https://HOST/…".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_way_there_and_back() {
        for word in ["Каталог_Услуги", "a b+c&d=e%", "", "~-._", "\u{0}"] {
            assert_eq!(decode(&encode(word), false), word);
        }
        assert_eq!(decode("a+b%20c%zz%4", true), "a b c%zz%4");
        assert_eq!(
            pairs("a%5B%5D=1&b=x+y&c"),
            [("a[]", "1"), ("b", "x y"), ("c", "")].map(|(a, b)| (a.into(), b.into()))
        );
    }

    #[test]
    fn a_query_is_encoded_and_what_is_empty_stays_out() {
        let url = with_query("https://h/p", &[("service_ids[]", "5"), ("staff", ""), ("q", "+7 916")]);
        assert_eq!(url, "https://h/p?service_ids[]=5&q=%2B7%20916");
    }

    #[test]
    fn only_this_machine_is_called_without_tls() {
        for fine in ["https://x.ru/a", "http://127.0.0.1:80/x", "http://localhost:1", "http://[::1]:9/"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for bad in ["http://x.ru", "ftp://x", "x.ru", "http://127.0.0.1.evil.ru", "http://localhost@evil.ru/"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
