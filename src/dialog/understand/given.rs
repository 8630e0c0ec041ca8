//! Given names: their short forms and their cases.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A full name a row, then what its bearer may be called.
static NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("lexicon/names.txt").lines().filter(|line| !line.starts_with('#')).collect());

struct Table {
    /// Every case of every form, and the nominatives it may stand for.
    cases: HashMap<String, Vec<&'static str>>,
    /// The groups that a nominative belongs to.
    groups: HashMap<&'static str, Vec<usize>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { cases: HashMap::new(), groups: HashMap::new() };
    for (index, row) in NAMES.iter().enumerate() {
        for form in row.split(' ') {
            let groups = table.groups.entry(form).or_default();
            groups.push(index);
            if groups.len() > 1 {
                continue;
            }
            for case in declined(form) {
                table.cases.entry(case).or_default().push(form);
            }
        }
    }
    table
});

/// Whether a folded word is a given name in some case.
pub(super) fn is_given_name(word: &str) -> bool {
    TABLE.cases.contains_key(word)
}

/// Everything that a bearer of the folded full or short name is called.
pub(super) fn called(name: &str) -> Vec<&'static str> {
    let Some(groups) = TABLE.groups.get(name) else { return Vec::new() };
    let mut forms: Vec<&'static str> = Vec::new();
    for group in groups {
        let row = NAMES[*group];
        // A short form leads to its full name and back, not from one full name to another's.
        forms.extend(row.split(' '));
    }
    forms
}

/// Dear forms of a short name: «Димочка», «Надюша», «Маратик». Those in the list are left out.
pub(super) fn endeared(name: &str) -> Vec<String> {
    let (stem, endings): (&str, &[&str]) = if let Some(stem) = name.strip_suffix('а') {
        (stem, &["очка", "онька", "енька", "уля", "уша", "уся", "ушка", "ка"])
    } else if let Some(stem) = name.strip_suffix('я') {
        (stem, &["ечка", "енька", "юша", "юшка", "юля", "юся", "ька"])
    } else if name.ends_with(['н', 'р', 'т', 'м', 'д', 'с', 'б', 'в', 'г', 'к', 'п', 'л']) {
        (name, &["ик", "чик", "ушка", "ка"])
    } else {
        return Vec::new();
    };
    let forms = endings.iter().map(|ending| format!("{stem}{ending}"));
    forms.filter(|form| stem.chars().count() >= 2 && !is_given_name(form)).collect()
}

/// Every case of a folded name or surname, the nominative first.
pub(super) fn declined(name: &str) -> Vec<String> {
    if name.is_ascii() {
        return vec![name.to_owned(), format!("{name}'s")];
    }
    let without = |ending: &str| name.strip_suffix(ending);
    let with = |stem: &str, endings: &[&str]| {
        let mut forms = vec![name.to_owned()];
        forms.extend(endings.iter().map(|ending| format!("{stem}{ending}")));
        forms
    };
    const IRREGULAR: &[(&str, &str, &[&str])] = &[
        ("лев", "льв", &["а", "у", "ом", "е"]),
        ("павел", "павл", &["а", "у", "ом", "е"]),
        ("любовь", "любов", &["и", "ью"]),
        ("петр", "петр", &["а", "у", "ом", "е"]),
    ];
    if let Some((_, stem, endings)) = IRREGULAR.iter().find(|(irregular, ..)| *irregular == name) {
        return with(stem, endings);
    }
    if let Some(stem) = without("ия") {
        return with(stem, &["ии", "ию", "ией"]);
    }
    for ending in ["ская", "цкая", "ная"] {
        if without(ending).is_some()
            && let Some(stem) = without("ая")
        {
            return with(stem, &["ой", "ую", "ою"]);
        }
    }
    for ending in ["ский", "цкий", "ный", "ной"] {
        if without(ending).is_some()
            && let Some(stem) = name.get(..name.len() - "ий".len())
        {
            return with(stem, &["ого", "ому", "им", "ым", "ом"]);
        }
    }
    if ["ова", "ева", "ина", "ына"].iter().any(|ending| name.ends_with(ending))
        && let Some(stem) = without("а")
    {
        return with(stem, &["ой", "у", "ы", "е", "ою"]);
    }
    if let Some(stem) = without("а") {
        return with(stem, &["ы", "и", "е", "у", "ой", "ою", "ей"]);
    }
    if let Some(stem) = without("я") {
        return with(stem, &["и", "е", "ю", "ей", "ею"]);
    }
    if let Some(stem) = without("й").or_else(|| without("ь")) {
        return with(stem, &["я", "ю", "ем", "е", "и"]);
    }
    if ["о", "е", "и", "у", "ы", "ю", "э", "их", "ых"].iter().any(|ending| name.ends_with(ending)) {
        return vec![name.to_owned()];
    }
    if let Some(stem) = without("ек") {
        return with(stem, &["ька", "ьку", "ьком", "ьке", "ека", "еку"]);
    }
    with(name, &["а", "у", "ом", "ым", "ем", "е"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_every_case_and_short_form() {
        for word in ["анна", "ане", "аней", "юлии", "сашу", "игорю", "павла", "антонине"]
        {
            assert!(is_given_name(word), "{word}");
        }
        assert!(!is_given_name("салон"));
        assert!(called("аня").contains(&"анна"));
        assert!(declined("петрова").contains(&"петровой".to_owned()));
    }
}
