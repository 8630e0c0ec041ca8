//! The known word that an unknown one was probably meant to be.

/// The nearest of `known` to `word`: a third of its letters may be wrong, or one is the beginning of the other.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|candidate| {
            let folded = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&word, &folded);
            let begins = |long: &str, short: &str| short.chars().count() >= 3 && long.starts_with(short);
            let near = distance <= allowed || begins(&word, &folded) || begins(&folded, &word);
            near.then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Advice about an unknown word: the nearest known one, or all of them when they are few.
#[must_use]
pub fn advice(word: &str, known: &[&str]) -> Option<String> {
    const FEW: usize = 12;
    match nearest(word, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if !known.is_empty() && known.len() <= FEW => Some(format!("known here: {}", known.join(", "))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        assert_eq!(nearest("listne", ["listen", "public_url"]), Some("listen"));
        assert_eq!(nearest("monday", ["mon", "tue"]), Some("mon"));
        assert_eq!(nearest("Europe/Moskow", ["Europe/Moscow", "Europe/Monaco"]), Some("Europe/Moscow"));
        assert_eq!(nearest("zzz", ["listen", "public_url"]), None);
    }
}
