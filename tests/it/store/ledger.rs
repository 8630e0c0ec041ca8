use flow::domain::booking::{Booking, BookingState, NewBooking};
use flow::domain::contact::Channel;
use flow::domain::id::{BookingId, LeadId};
use flow::domain::store::{BookingFilter, BookingMove, BookingUpdate, Page, Store, StoreError, StoreResult};
use futures_util::future::join_all;

use super::samples::{at, minute, phone, somebody, visit};

async fn hold(store: &dyn Store, new: &NewBooking) -> StoreResult<Booking> {
    store.reserve(new, BookingState::Held, at(0)).await
}

fn becomes(id: BookingId, state: BookingState) -> BookingUpdate {
    BookingUpdate { id, state, external_id: None, error: None }
}

fn moved(id: BookingId, key: &str, from: i64, to: i64) -> BookingMove {
    BookingMove {
        id,
        key: key.to_owned(),
        start: minute(from),
        end: minute(to),
        employee_id: Some("anna".to_owned()),
        employee_name: Some("Анна Петрова".to_owned()),
    }
}

pub async fn a_booking_reads_back_whole(store: &dyn Store) {
    let (contact, conversation) = somebody(store).await;
    let new = NewBooking {
        comment: Some("аллергия".to_owned()),
        contact_id: Some(contact),
        conversation_id: Some(conversation),
        lead_id: Some(LeadId::new(at(0))),
        ..visit("k", 60, 120)
    };
    let made = store.reserve(&new, BookingState::Held, at(3)).await.unwrap();
    assert_eq!((made.connection.as_str(), made.state, made.version), ("local", BookingState::Held, 1));
    assert_eq!((made.start, made.end), (minute(60), minute(120)));
    assert_eq!((made.phone.clone(), made.client_name.clone()), (new.phone.clone(), new.client_name.clone()));
    assert_eq!((made.price, made.currency.as_str(), made.channel), (Some(250_000), "RUB", Some(Channel::Web)));
    assert_eq!((made.contact_id, made.conversation_id), (new.contact_id, new.conversation_id));
    assert_eq!((made.lead_id, made.comment.clone()), (new.lead_id, new.comment.clone()));
    assert_eq!((made.created_at, made.updated_at), (at(3), at(3)));
    assert_eq!(store.booking(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(store.booking_by_key("local", "k").await.unwrap(), Some(made));
    assert_eq!(store.booking_by_key("other", "k").await.unwrap(), None);
    assert_eq!(store.booking(BookingId::new(at(9))).await.unwrap(), None);
}

pub async fn of_twenty_that_want_one_slot_one_wins(store: &dyn Store) {
    let wishes: Vec<NewBooking> = (0..20).map(|n| visit(&format!("k{n}"), 60, 120)).collect();
    let told = join_all(wishes.iter().map(|wish| hold(store, wish))).await;
    assert_eq!(told.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(told.iter().all(|outcome| matches!(outcome, Ok(_) | Err(StoreError::SlotTaken))));
    assert_eq!(store.counts().await.unwrap().bookings, 1);
    // A loser's key was not used up.
    let loser = told.iter().position(Result::is_err).unwrap();
    let elsewhere = NewBooking { start: minute(120), end: minute(180), ..wishes[loser].clone() };
    assert!(hold(store, &elsewhere).await.is_ok());
}

pub async fn an_overlap_by_a_minute_is_taken_and_touching_is_free(store: &dyn Store) {
    hold(store, &visit("k", 60, 120)).await.unwrap();
    for (from, to) in [(0, 61), (119, 180), (60, 120), (80, 90), (0, 300), (60, 61)] {
        let told = hold(store, &visit(&format!("{from}-{to}"), from, to)).await;
        assert_eq!(told, Err(StoreError::SlotTaken), "{from}-{to}");
    }
    hold(store, &visit("before", 0, 60)).await.unwrap();
    hold(store, &visit("after", 120, 180)).await.unwrap();
}

pub async fn off_the_five_minute_grid_touching_is_free_too(store: &dyn Store) {
    hold(store, &visit("first", 0, 32)).await.unwrap();
    assert_eq!(hold(store, &visit("early", 31, 62)).await, Err(StoreError::SlotTaken));
    let second = hold(store, &visit("second", 32, 63)).await.unwrap();
    hold(store, &visit("third", 63, 64)).await.unwrap();
    hold(store, &visit("fourth", 64, 71)).await.unwrap();
    assert_eq!(hold(store, &visit("inside", 63, 64)).await, Err(StoreError::SlotTaken));
    store.update_booking(&becomes(second.id, BookingState::Cancelled), at(1)).await.unwrap();
    assert_eq!(hold(store, &visit("wide", 31, 63)).await, Err(StoreError::SlotTaken));
    hold(store, &visit("again", 32, 63)).await.unwrap();
}

pub async fn another_employee_or_connection_has_its_own_time(store: &dyn Store) {
    hold(store, &visit("k", 60, 120)).await.unwrap();
    let olga = NewBooking { employee_id: Some("olga".to_owned()), ..visit("olga", 60, 120) };
    hold(store, &olga).await.unwrap();
    // The key is one name space per connection: the same key there is another booking.
    let there = NewBooking { connection: "yclients".to_owned(), ..visit("k", 60, 120) };
    let there = hold(store, &there).await.unwrap();
    assert_eq!(there.connection, "yclients");
    assert_eq!(store.counts().await.unwrap().bookings, 3);
}

pub async fn a_booking_with_nobody_takes_nobodys_time(store: &dyn Store) {
    let anybody = |key: &str| NewBooking { employee_id: None, employee_name: None, ..visit(key, 60, 120) };
    hold(store, &anybody("a")).await.unwrap();
    hold(store, &anybody("b")).await.unwrap();
    hold(store, &visit("anna", 60, 120)).await.unwrap();
}

pub async fn the_same_key_answers_the_first_booking(store: &dyn Store) {
    let first = hold(store, &visit("k", 60, 120)).await.unwrap();
    assert_eq!(hold(store, &visit("k", 60, 120)).await, Ok(first.clone()));
    let others = [
        visit("k", 180, 240),
        NewBooking { employee_id: Some("olga".to_owned()), ..visit("k", 60, 120) },
        NewBooking { phone: Some(phone(2)), ..visit("k", 60, 120) },
        NewBooking { service_id: "colour".to_owned(), ..visit("k", 60, 120) },
    ];
    for other in others {
        assert_eq!(hold(store, &other).await, Err(StoreError::KeyReused), "{other:?}");
    }
    // Also when it was called off: the key says which booking is meant, not whether it stands.
    let cancelled = store.update_booking(&becomes(first.id, BookingState::Cancelled), at(1)).await.unwrap();
    assert_eq!(hold(store, &visit("k", 60, 120)).await, Ok(cancelled));
    assert_eq!(store.counts().await.unwrap().bookings, 1);
}

pub async fn a_refused_key_may_be_used_again(store: &dyn Store) {
    let first = hold(store, &visit("k", 60, 120)).await.unwrap();
    store.update_booking(&becomes(first.id, BookingState::Refused), at(1)).await.unwrap();
    let second = hold(store, &visit("k", 180, 240)).await.unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(store.booking_by_key("local", "k").await.unwrap().unwrap().id, second.id);
    assert_eq!(hold(store, &visit("k", 60, 120)).await, Err(StoreError::KeyReused));
}

pub async fn a_move_frees_the_old_slot_and_keeps_the_new(store: &dyn Store) {
    let made = store.reserve(&visit("k", 60, 120), BookingState::Booked, at(0)).await.unwrap();
    let to_olga = BookingMove {
        employee_id: Some("olga".to_owned()),
        employee_name: Some("Ольга Смирнова".to_owned()),
        ..moved(made.id, "m", 180, 240)
    };
    let now = store.move_booking(&to_olga, at(9)).await.unwrap();
    assert_eq!((now.id, now.start, now.end), (made.id, minute(180), minute(240)));
    assert_eq!((now.employee_id.as_deref(), now.employee_name.as_deref()), (Some("olga"), Some("Ольга Смирнова")));
    assert_eq!((now.state, now.version, now.updated_at), (BookingState::Booked, 2, at(9)));
    hold(store, &visit("old", 60, 120)).await.unwrap();
    let new = NewBooking { employee_id: Some("olga".to_owned()), ..visit("new", 200, 260) };
    assert_eq!(hold(store, &new).await, Err(StoreError::SlotTaken));
}

pub async fn a_move_to_a_taken_slot_changes_nothing(store: &dyn Store) {
    let made = hold(store, &visit("a", 60, 120)).await.unwrap();
    hold(store, &visit("b", 180, 240)).await.unwrap();
    assert_eq!(store.move_booking(&moved(made.id, "m", 200, 260), at(9)).await, Err(StoreError::SlotTaken));
    assert_eq!(store.booking(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(hold(store, &visit("c", 60, 120)).await, Err(StoreError::SlotTaken));
    // The key had no effect and may be used for another time.
    assert!(store.move_booking(&moved(made.id, "m", 300, 360), at(9)).await.is_ok());
    let nobody = store.move_booking(&moved(BookingId::new(at(0)), "n", 0, 60), at(9)).await;
    assert_eq!(nobody, Err(StoreError::NotFound("booking")));
}

pub async fn the_same_move_again_answers_the_same(store: &dyn Store) {
    let made = hold(store, &visit("k", 60, 120)).await.unwrap();
    let first = store.move_booking(&moved(made.id, "m", 180, 240), at(9)).await.unwrap();
    assert_eq!(store.move_booking(&moved(made.id, "m", 180, 240), at(19)).await, Ok(first.clone()));
    assert_eq!(store.move_booking(&moved(made.id, "m", 300, 360), at(19)).await, Err(StoreError::KeyReused));
    assert_eq!(store.move_booking(&moved(made.id, "k", 300, 360), at(19)).await, Err(StoreError::KeyReused));
    assert_eq!(store.booking(made.id).await.unwrap(), Some(first));
}

pub async fn a_visit_may_be_moved_by_less_than_its_length(store: &dyn Store) {
    let made = hold(store, &visit("k", 60, 120)).await.unwrap();
    let now = store.move_booking(&moved(made.id, "m", 90, 150), at(9)).await.unwrap();
    assert_eq!((now.start, now.end), (minute(90), minute(150)));
    hold(store, &visit("before", 30, 90)).await.unwrap();
    assert_eq!(hold(store, &visit("after", 149, 200)).await, Err(StoreError::SlotTaken));
}

pub async fn a_cancelled_booking_frees_its_slot(store: &dyn Store) {
    let made = store.reserve(&visit("k", 60, 120), BookingState::Booked, at(0)).await.unwrap();
    let cancelled = store.update_booking(&becomes(made.id, BookingState::Cancelled), at(5)).await.unwrap();
    assert_eq!((cancelled.state, cancelled.version, cancelled.updated_at), (BookingState::Cancelled, 2, at(5)));
    // Twice is once.
    assert_eq!(store.update_booking(&becomes(made.id, BookingState::Cancelled), at(6)).await, Ok(cancelled));
    hold(store, &visit("next", 60, 120)).await.unwrap();
    let late = store.move_booking(&moved(made.id, "m", 300, 360), at(9)).await;
    assert_eq!(late, Err(StoreError::NotFound("live booking")));
    let nobody = store.update_booking(&becomes(BookingId::new(at(0)), BookingState::Cancelled), at(9)).await;
    assert_eq!(nobody, Err(StoreError::NotFound("booking")));
}

pub async fn a_refused_booking_frees_its_slot_and_says_why(store: &dyn Store) {
    let made = hold(store, &visit("k", 60, 120)).await.unwrap();
    let refusal = BookingUpdate { error: Some("blocked".to_owned()), ..becomes(made.id, BookingState::Refused) };
    assert_eq!(store.update_booking(&refusal, at(1)).await.unwrap().error.as_deref(), Some("blocked"));
    let next = hold(store, &visit("next", 60, 120)).await.unwrap();
    let booked = BookingUpdate { external_id: Some("771".to_owned()), ..becomes(next.id, BookingState::Booked) };
    assert_eq!(store.update_booking(&booked, at(2)).await.unwrap().external_id.as_deref(), Some("771"));
    // The CRM's id stays when a later change does not name it.
    let done = store.update_booking(&becomes(next.id, BookingState::Done), at(3)).await.unwrap();
    assert_eq!((done.state, done.external_id.as_deref()), (BookingState::Done, Some("771")));
}

pub async fn a_booking_comes_back_to_life_only_when_its_slot_is_free(store: &dyn Store) {
    let made = hold(store, &visit("k", 60, 120)).await.unwrap();
    store.update_booking(&becomes(made.id, BookingState::Cancelled), at(1)).await.unwrap();
    let back = store.update_booking(&becomes(made.id, BookingState::Booked), at(2)).await.unwrap();
    assert_eq!(back.state, BookingState::Booked);
    store.update_booking(&becomes(made.id, BookingState::Cancelled), at(3)).await.unwrap();
    let other = hold(store, &visit("other", 90, 150)).await.unwrap();
    let told = store.update_booking(&becomes(made.id, BookingState::Booked), at(4)).await;
    assert_eq!(told, Err(StoreError::SlotTaken));
    assert_eq!(store.booking(made.id).await.unwrap().unwrap().state, BookingState::Cancelled);
    assert_eq!(store.booking(other.id).await.unwrap(), Some(other));
}

pub async fn busy_lists_live_rows_that_touch_the_stretch(store: &dyn Store) {
    for (key, from, to) in [("a", 0, 60), ("b", 60, 120), ("c", 120, 180), ("d", 180, 240)] {
        hold(store, &visit(key, from, to)).await.unwrap();
    }
    let gone = store.booking_by_key("local", "c").await.unwrap().unwrap();
    store.update_booking(&becomes(gone.id, BookingState::Cancelled), at(1)).await.unwrap();
    hold(store, &NewBooking { connection: "other".to_owned(), ..visit("e", 60, 120) }).await.unwrap();
    let busy = store.busy("local", minute(60), minute(181)).await.unwrap();
    let times: Vec<_> = busy.iter().map(|busy| (busy.start, busy.end)).collect();
    assert_eq!(times, [(minute(60), minute(120)), (minute(180), minute(240))]);
    assert!(busy.iter().all(|busy| busy.employee_id.as_deref() == Some("anna")));
    assert!(busy.iter().all(|busy| busy.external_id.is_none()));
    let named =
        BookingUpdate { external_id: Some("555".to_owned()), ..becomes(busy[0].booking_id, BookingState::Booked) };
    store.update_booking(&named, at(2)).await.unwrap();
    let busy = store.busy("local", minute(60), minute(120)).await.unwrap();
    assert!(busy.len() == 1 && busy[0].is("555") && !busy[0].is(&busy[0].booking_id.to_string()));
    assert_eq!(store.busy("local", minute(240), minute(300)).await.unwrap(), []);
}

pub async fn each_filter_of_bookings_finds_its_own(store: &dyn Store) {
    let (contact, conversation) = somebody(store).await;
    let one = NewBooking { contact_id: Some(contact), conversation_id: Some(conversation), ..visit("one", 0, 60) };
    let two = NewBooking {
        connection: "yclients".to_owned(),
        employee_id: Some("olga".to_owned()),
        phone: Some(phone(2)),
        ..visit("two", 60, 120)
    };
    let one = hold(store, &one).await.unwrap();
    let two = store.reserve(&two, BookingState::Booked, at(0)).await.unwrap();
    let find = async |filter: BookingFilter| -> Vec<BookingId> {
        let page = Page { descending: false, ..Page::first(10) };
        store.bookings(&filter, &page).await.unwrap().into_iter().map(|booking| booking.id).collect()
    };
    let every = BookingFilter::default();
    assert_eq!(find(every.clone()).await, [one.id, two.id]);
    assert_eq!(find(BookingFilter { connection: Some("local".to_owned()), ..every.clone() }).await, [one.id]);
    assert_eq!(find(BookingFilter { state: vec![BookingState::Booked], ..every.clone() }).await, [two.id]);
    assert_eq!(find(BookingFilter { phone: Some(phone(2)), ..every.clone() }).await, [two.id]);
    assert_eq!(find(BookingFilter { contact_id: one.contact_id, ..every.clone() }).await, [one.id]);
    assert_eq!(find(BookingFilter { conversation_id: one.conversation_id, ..every.clone() }).await, [one.id]);
    assert_eq!(find(BookingFilter { employee_id: Some("olga".to_owned()), ..every.clone() }).await, [two.id]);
    assert_eq!(find(BookingFilter { from: Some(minute(60)), ..every.clone() }).await, [two.id]);
    assert_eq!(find(BookingFilter { to: Some(minute(60)), ..every.clone() }).await, [one.id]);
    let newest = store.bookings(&every, &Page::first(1)).await.unwrap();
    assert_eq!(newest, [two]);
    let rest = Page { after: Some((newest[0].start, newest[0].id.to_string())), ..Page::first(10) };
    assert_eq!(store.bookings(&every, &rest).await.unwrap(), [one]);
}
