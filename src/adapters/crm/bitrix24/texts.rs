//! What flow writes for people: names, descriptions with a mark of ours, and text as the portal's editor takes it.

use crate::domain::crm::BookRequest;

/// Text for a field that is read as BB code: tags of HTML are taken out, brackets cannot begin a tag.
#[must_use]
pub fn bb(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        match after.find('>').filter(|_| is_tag) {
            Some(end) => rest = &after[end + 1..],
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.replace('[', "&#91;").replace(']', "&#93;")
}

/// What stands in a description for flow itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tag {
    /// The mark of the key.
    pub marker: Option<String>,
    /// The service's id.
    pub service: Option<String>,
    /// The id of whoever provides it, where the portal's own does not say.
    pub employee: Option<String>,
}

impl Tag {
    /// The line of a description.
    #[must_use]
    pub fn line(&self) -> String {
        let mut parts: Vec<String> = self.marker.iter().cloned().collect();
        parts.extend(self.service.iter().map(|id| format!("service={id}")));
        parts.extend(self.employee.iter().map(|id| format!("staff={id}")));
        parts.join(" ")
    }

    /// Reads it out of a description.
    #[must_use]
    pub fn read(description: &str) -> Self {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '&');
        for line in description.split(['\n', '\r', '<', '>']).rev() {
            let Some(at) = line.find("flow-") else { continue };
            let mut words = line[at..].split(is_end).filter(|word| !word.is_empty());
            let Some(marker) = words.next().filter(|word| is_marker(word)) else { continue };
            let mut tag = Self { marker: Some(marker.to_owned()), ..Self::default() };
            for word in words {
                match word.split_once('=') {
                    Some(("service", id)) => tag.service = Some(id.to_owned()),
                    Some(("staff", id)) => tag.employee = Some(id.to_owned()),
                    _ => {}
                }
            }
            return tag;
        }
        Self::default()
    }
}

fn is_marker(word: &str) -> bool {
    word.len() == 15 && word["flow-".len()..].bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The name of a visit as staff see it.
#[must_use]
pub fn visit_name(service: &str, client: Option<&str>) -> String {
    client.map_or_else(|| service.to_owned(), |client| format!("{service} — {client}"))
}

/// The description of a visit: what staff read, then the line for flow.
#[must_use]
pub fn visit_description(request: &BookRequest, tag: &Tag) -> String {
    let client = [request.name.as_deref(), Some(request.phone.as_str())].into_iter().flatten();
    let client = client.collect::<Vec<_>>().join(", ");
    let comment = request.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty());
    let lines = [comment.map(str::to_owned), Some(client), Some(tag.line())];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// A name as the portal keeps it: the given one and the rest.
#[must_use]
pub fn split_name(name: &str) -> (String, String) {
    let name = name.trim();
    let (first, rest) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    (first.to_owned(), rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_client_cannot_become_a_link() {
        assert_eq!(bb("[URL=http://x]a[/URL] <b>fat</b> 2 < 3"), "&#91;URL=http://x&#93;a&#91;/URL&#93; fat 2 < 3");
        assert_eq!(bb("<"), "<");
        assert_eq!(bb("a <script>x"), "a x");
    }

    #[test]
    fn the_mark_is_found_in_a_description_that_people_edited() {
        let tag =
            Tag { marker: Some("flow-ABCDEFGHIJ".into()), service: Some("1265".into()), employee: Some("anna".into()) };
        for text in [
            format!("первый визит\n{}", tag.line()),
            format!("{}\r\nпопросила кофе", tag.line()),
            format!("<p>x</p><p>{}</p>", tag.line()),
            format!("flow-nothing\n{}", tag.line()),
        ] {
            assert_eq!(Tag::read(&text), tag, "{text}");
        }
        assert_eq!(Tag::read("flow- flow-ы123456789 и так"), Tag::default());
        assert_eq!(Tag::read(""), Tag::default());
    }
}
