//! What the reader as a whole understands.

use super::*;

fn read(text: &str) -> Understanding {
    let now: Zoned = "2026-03-10T10:00:00+03:00[Europe/Moscow]".parse().unwrap();
    understand(text, &now, &Vocabulary::empty(), Region::default())
}

#[test]
fn a_weekday_is_the_nearest_one_strictly_after_today() {
    let said = read("во вторник").date.unwrap();
    assert_eq!(said.from.unwrap().to_string(), "2026-03-17");
}
