//! Russian names as they are spelt in Latin letters: «Юлия» is Yulia, Yuliya, Julia or Iuliia.

/// More spellings of one name than this say nothing new.
const MOST: usize = 96;

/// The spellings of a letter; the first ones are the commonest.
fn letter(c: char, first: bool) -> &'static [&'static str] {
    match c {
        'а' => &["a"],
        'б' => &["b"],
        'в' => &["v"],
        'г' => &["g"],
        'д' => &["d"],
        'е' if first => &["e", "ye"],
        'е' => &["e"],
        'ж' => &["zh"],
        'з' => &["z"],
        'и' => &["i"],
        'й' => &["y", "i"],
        'к' => &["k", "c"],
        'л' => &["l"],
        'м' => &["m"],
        'н' => &["n"],
        'о' => &["o"],
        'п' => &["p"],
        'р' => &["r"],
        'с' => &["s"],
        'т' => &["t"],
        'у' => &["u"],
        'ф' => &["f", "ph"],
        'х' => &["kh", "h"],
        'ц' => &["ts"],
        'ч' => &["ch"],
        'ш' => &["sh"],
        'щ' => &["shch", "sch"],
        'ы' => &["y"],
        'э' => &["e"],
        'ю' if first => &["yu", "ju", "iu"],
        'ю' => &["yu", "iu"],
        'я' if first => &["ya", "ia"],
        'я' => &["ya", "ia", "a"],
        _ => &[""],
    }
}

/// Every spelling of a folded Cyrillic name; nothing for another word.
pub(super) fn spellings(name: &str) -> Vec<String> {
    if !name.chars().all(|c| matches!(c, 'а'..='я')) {
        return Vec::new();
    }
    let mut found = vec![String::new()];
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        // Endings and pairs that have a spelling of their own.
        let pairs: &[(&str, &[&str])] = &[
            ("кс", &["x", "ks"]),
            ("ия", &["ia", "iya", "iia", "ya"]),
            ("ий", &["y", "iy", "i", "ii"]),
            ("ье", &["ie", "ye"]),
        ];
        let pair = pairs.iter().find(|(pair, _)| rest.starts_with(pair));
        let (spelt, used) =
            pair.map_or((letter(c, found[0].is_empty()), c.len_utf8()), |(pair, spelt)| (*spelt, pair.len()));
        found =
            found.iter().flat_map(|head| spelt.iter().map(move |tail| format!("{head}{tail}"))).take(MOST).collect();
        rest = &rest[used..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_usual_spellings() {
        for (name, spelt) in [
            ("олег", "oleg"),
            ("юлия", "julia"),
            ("алексей", "alexey"),
            ("екатерина", "ekaterina"),
            ("наталья", "natalya"),
            ("дмитрий", "dmitry"),
            ("щукин", "shchukin"),
        ] {
            assert!(spellings(name).iter().any(|s| s == spelt), "{name}: {:?}", spellings(name));
        }
        assert!(spellings("kate").is_empty() && spellings("анна-мария").is_empty());
    }
}
