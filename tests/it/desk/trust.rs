//! Whose visits a typed phone opens.

use crate::support::talk::{Office, Talk, phone};

const SOMEBODY: &str = "+79130000001";

/// Asks for the visits of a phone that is typed, in one dialogue and in the next.
async fn typed(trusted: bool) -> Vec<String> {
    let office = Office::open(|config| config.dialog.trust_typed_phone = trusted).await;
    office.book("a", "2026-05-21T11:00:00+07:00", phone(SOMEBODY)).await;
    let mut talk = Talk::new(&office, "stranger");
    let mut replies = vec![talk.says("на когда я записан?").await];
    for words in [
        "8 913 000-00-01, меня зовут Пётр",
        "какие у меня записи?",
        "отмените мою запись",
        "да",
        "перенесите визит на завтра",
    ] {
        replies.push(talk.says(words).await);
    }
    office.clock.advance(jiff::SignedDuration::from_hours(30));
    replies.push(talk.says("на когда я записан?").await);
    let contact = talk.conversation().await.contact;
    assert_eq!((contact.phone, contact.verified_phone), (Some(phone(SOMEBODY)), None));
    assert_eq!(contact.name.as_deref(), Some("Пётр"), "who writes is remembered either way");
    replies
}

#[tokio::test]
async fn a_typed_phone_opens_nothing_where_it_is_not_trusted_also_later() {
    let replies = typed(false).await;
    for reply in &replies {
        assert!(!reply.contains("21 мая") && !reply.contains("11:00"), "{replies:#?}");
    }
}

#[tokio::test]
async fn a_typed_phone_opens_the_visits_under_it_where_it_is_trusted() {
    let replies = typed(true).await;
    assert!(replies[1].contains("21 мая"), "{replies:#?}");
}

#[tokio::test]
async fn a_phone_of_the_channel_and_ones_own_bookings_are_open_in_either_case() {
    let office = Office::open(|config| config.dialog.trust_typed_phone = false).await;
    office.book("a", "2026-05-21T11:00:00+07:00", phone(SOMEBODY)).await;
    let mut known = Talk::new(&office, "owner");
    known.phone = Some(phone(SOMEBODY));
    let reply = known.says("на когда я записан?").await;
    assert!(reply.contains("21 мая"), "{reply}");
    let mut own = Talk::new(&office, "newcomer");
    own.says("поменять масло завтра в 15:00").await;
    own.says("Пётр, 8 913 000-00-02").await;
    let reply = own.says("да").await;
    assert!(reply.contains("записаны"), "{reply}");
    let reply = own.says("на когда я записан?").await;
    assert!(reply.contains("20 мая") && reply.contains("15:00"), "{reply}");
}
