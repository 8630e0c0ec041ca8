//! One wrong letter.

/// Whether `written` is `meant` with one letter missing, extra, changed or swapped with its neighbour.
/// The first letter must be right, and both words have four letters or more.
pub(super) fn is_one_edit(written: &str, meant: &str) -> bool {
    // Letters take one or two bytes here: far lengths cannot be one letter apart.
    if written.len().abs_diff(meant.len()) > 4 || written == meant || written.chars().next() != meant.chars().next() {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (written.chars().collect(), meant.chars().collect());
    if a.len() < 4 || b.len() < 4 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[head..], &b[head..]);
    match ra.len().cmp(&rb.len()) {
        std::cmp::Ordering::Less => rb.get(1..) == Some(ra),
        std::cmp::Ordering::Greater => ra.get(1..) == Some(rb),
        std::cmp::Ordering::Equal => {
            let swapped = ra.len() >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2..] == rb[2..];
            swapped || ra.get(1..) == rb.get(1..)
        }
    }
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
