//! One wrong letter.

/// Whether `written` is `meant` with one letter missing, extra, changed or swapped with its neighbour.
/// The first letter must be right, and both words have four letters or more.
pub(super) fn is_one_edit(written: &str, meant: &str) -> bool {
    // A letter is one or two bytes long here: far lengths cannot be one letter apart.
    let (a, b) = (written.as_bytes(), meant.as_bytes());
    if a.len().abs_diff(b.len()) > 2 || a.first() != b.first() || written == meant {
        return false;
    }
    let same = written.char_indices().zip(meant.chars()).find(|((_, x), y)| x != y);
    let (head, written_rest, meant_rest) = match same {
        Some(((at, _), _)) => (at, &written[at..], &meant[at..]),
        None => {
            let at = a.len().min(b.len());
            (at, &written[at..], &meant[at..])
        }
    };
    let after = |text: &str| text.chars().next().map_or(0, char::len_utf8);
    let (x, y) = (after(written_rest), after(meant_rest));
    let (written_tail, meant_tail) = (&written_rest[x..], &meant_rest[y..]);
    let changed = x > 0 && y > 0 && written_tail == meant_tail;
    let near = changed || written_tail == meant_rest || written_rest == meant_tail || {
        let (x, y) = (after(written_tail), after(meant_tail));
        x > 0
            && y > 0
            && written_rest.chars().next() == meant_tail.chars().next()
            && written_tail.chars().next() == meant_rest.chars().next()
            && written_tail[x..] == meant_tail[y..]
    };
    head > 0 && near && written.chars().nth(3).is_some() && meant.chars().nth(3).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_may_be_wrong_but_not_the_first_nor_two() {
        for written in ["пятницо", "пятниц", "пятницаа", "пятинца"] {
            assert!(is_one_edit(written, "пятница"), "{written}");
        }
        for written in ["пятница", "тятница", "пяница1а", "птяинца", "пят"] {
            assert!(!is_one_edit(written, "пятница"), "{written}");
        }
    }
}
