//! Rust source as far as paths are concerned: words, `::`, braces, without comments and literals.

/// A piece of code and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Cuts source into tokens; comments, strings and characters leave nothing behind.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let c = chars[at];
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let end = match (c, next) {
            ('/', '/') => find(&chars, at, |rest| rest[0] == '\n'),
            ('/', '*') => block_comment(&chars, at),
            ('"', _) => quoted(&chars, at),
            ('r', '"' | '#') if raw_hashes(&chars, at).is_some() => raw(&chars, at),
            ('b', 'r') if raw_hashes(&chars, at + 1).is_some() => raw(&chars, at + 1),
            ('b' | 'c', '"') => quoted(&chars, at + 1),
            ('\'', _) => character(&chars, at),
            _ => at,
        };
        if end > at {
            line += chars[at..end].iter().filter(|c| **c == '\n').count();
            at = end;
            continue;
        }
        let start = at;
        at += 1;
        if c == '\n' {
            line += 1;
        } else if c.is_alphabetic() || c == '_' {
            at = find(&chars, at, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
        } else if c.is_ascii_digit() {
            at = find(&chars, at, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
            continue;
        } else if (c, next) == (':', ':') {
            at += 1;
        }
        if !c.is_whitespace() {
            found.push(Token { text: chars[start..at].iter().collect(), line });
        }
    }
    found
}

fn find(chars: &[char], from: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| stop(&chars[*at..])).unwrap_or(chars.len())
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < chars.len() {
        let pair = (chars[at], chars.get(at + 1).copied().unwrap_or(' '));
        match pair {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn quoted(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// How many `#` a raw string beginning at this `r` has; `None` when none begins there.
fn raw_hashes(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    // Not in the middle of a word: `for"` cannot occur, `her#"` neither.
    let word_before = from > 0 && (chars[from - 1].is_alphanumeric() && chars[from - 1] != 'b');
    (!word_before && chars.get(from + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn raw(chars: &[char], from: usize) -> usize {
    let hashes = raw_hashes(chars, from).unwrap_or(0);
    let body = from + hashes + 2;
    let close = |rest: &[char]| rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (find(chars, body, close) + 1 + hashes).min(chars.len())
}

/// The end of a character literal, or just past the quote of a lifetime.
fn character(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => find(chars, from + 3, |rest| rest[0] == '\'') + 1,
        (Some(_), Some('\'')) => from + 3,
        _ => find(chars, from + 1, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_')).max(from + 1),
    }
}

/// A path that the code names, as segments from the crate's root or from another crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
}

/// Every path with more than one segment, and every `use`. `module` is where the file's code lives;
/// `self::` and `super::` are resolved against it and against inline modules.
pub fn paths(tokens: &[Token], module: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while at < tokens.len() {
        let here = || {
            let mut here = module.to_vec();
            here.extend(inline.iter().map(|(name, _)| name.clone()));
            here
        };
        match tokens[at].text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if inline.last().is_some_and(|(_, inside)| *inside > depth) {
                    inline.pop();
                }
            }
            "mod" if text(tokens, at + 2) == "{" => {
                inline.push((tokens[at + 1].text.clone(), depth + 1));
                depth += 1;
                at += 2;
            }
            "use" if at == 0 || text(tokens, at - 1) != "::" => {
                let mut listed = Vec::new();
                at = tree(tokens, at + 1, &[], &mut listed);
                found.extend(listed.into_iter().map(|named| resolved(named, &here())));
                continue;
            }
            "extern" if text(tokens, at + 1) == "crate" => {
                found.push(Named { segments: vec![text(tokens, at + 2).to_owned()], line: tokens[at].line });
                at += 2;
            }
            _ if starts_path(tokens, at) => {
                let (segments, end) = straight(tokens, at);
                found.push(resolved(Named { segments, line: tokens[at].line }, &here()));
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn starts_path(tokens: &[Token], at: usize) -> bool {
    tokens[at].is_word() && text(tokens, at + 1) == "::" && {
        // `::name::` begins a path, `a::name::` and `<T>::name::` go on with one.
        let inside = at > 0
            && text(tokens, at - 1) == "::"
            && at > 1
            && (tokens[at - 2].is_word() || text(tokens, at - 2) == ">");
        !inside
    }
}

fn straight(tokens: &[Token], from: usize) -> (Vec<String>, usize) {
    let mut segments = vec![tokens[from].text.clone()];
    let mut at = from + 1;
    while text(tokens, at) == "::" && tokens.get(at + 1).is_some_and(Token::is_word) {
        segments.push(tokens[at + 1].text.clone());
        at += 2;
    }
    (segments, at)
}

/// Reads one tree of a `use`; answers where it ends.
fn tree(tokens: &[Token], from: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = prefix.to_vec();
    let mut at = from;
    while at < tokens.len() {
        let token = &tokens[at];
        match token.text.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while at < tokens.len() && text(tokens, at) != "}" {
                    at = tree(tokens, at, &segments, found);
                    at += usize::from(text(tokens, at) == ",");
                }
                return at + 1;
            }
            "as" => at += 2,
            "," | ";" | "}" => break,
            _ => {
                if token.text != "self" || segments.is_empty() {
                    segments.push(token.text.clone());
                }
                at += 1;
            }
        }
    }
    if segments.len() > prefix.len() || text(tokens, at.saturating_sub(1)) == "self" {
        found.push(Named { segments, line: tokens[at.min(tokens.len()) - 1].line });
    }
    at
}

/// `self::`, `super::` become paths from `crate`.
fn resolved(named: Named, here: &[String]) -> Named {
    let mut base = here.to_vec();
    let mut rest = named.segments.as_slice();
    let relative = matches!(rest.first().map(String::as_str), Some("self" | "super"));
    if !relative {
        return named;
    }
    while let Some(first) = rest.first() {
        match first.as_str() {
            "self" => {}
            "super" => drop(base.pop()),
            _ => break,
        }
        rest = &rest[1..];
    }
    let mut segments = vec!["crate".to_owned()];
    segments.extend(base);
    segments.extend(rest.iter().cloned());
    Named { segments, line: named.line }
}

/// Functions with the line they begin on and how many lines they take.
pub fn functions(tokens: &[Token]) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.text != "fn" || !tokens.get(at + 1).is_some_and(Token::is_word) {
            continue;
        }
        let Some(open) = (at..tokens.len()).find(|i| matches!(text(tokens, *i), "{" | ";")) else { continue };
        let mut depth = 0_usize;
        for end in &tokens[open..] {
            match end.text.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                found.push((tokens[at + 1].text.clone(), token.line, end.line - token.line + 1));
                break;
            }
        }
    }
    found
}
