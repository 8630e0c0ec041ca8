use flow::domain::booking::BookingState;
use flow::domain::store::Store;

use super::samples::{at, profile, service, visit};

pub async fn without_a_profile_there_is_none_and_its_version_is_zero(store: &dyn Store) {
    assert!(store.profile().await.unwrap().is_none());
    assert_eq!(store.profile_version().await.unwrap(), 0);
}

pub async fn a_profile_reads_back_whole(store: &dyn Store) {
    let change = store.save_profile(&profile(), at(0)).await.unwrap();
    assert!(change.changed);
    assert_eq!((change.services, change.employees, change.knowledge), (2, 2, 3));
    assert_eq!(*store.profile().await.unwrap().unwrap(), profile());
}

pub async fn the_same_profile_again_changes_nothing(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    let version = store.profile_version().await.unwrap();
    let again = store.save_profile(&profile(), at(60)).await.unwrap();
    assert!(!again.changed);
    assert_eq!((again.services_hidden, again.employees_hidden), (0, 0));
    assert_eq!(store.profile_version().await.unwrap(), version);
    // Also when something was taken out before.
    let mut fewer = profile();
    fewer.services.remove(0);
    assert!(store.save_profile(&fewer, at(120)).await.unwrap().changed);
    assert!(!store.save_profile(&fewer, at(180)).await.unwrap().changed);
}

pub async fn a_changed_service_is_updated_by_its_id(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    let before = store.profile_version().await.unwrap();
    let mut changed = profile();
    changed.services[0] = service("haircut", "Женская стрижка");
    assert!(store.save_profile(&changed, at(60)).await.unwrap().changed);
    let now = store.profile().await.unwrap().unwrap();
    assert_eq!(now.services.len(), 2);
    assert_eq!(now.service("haircut").unwrap().title, "Женская стрижка");
    assert!(store.profile_version().await.unwrap() > before);
}

pub async fn a_removed_service_is_hidden_and_its_bookings_stay(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    let booking = store.reserve(&visit("k", 0, 60), BookingState::Booked, at(0)).await.unwrap();
    let mut fewer = profile();
    fewer.services.remove(0);
    fewer.employees.remove(0);
    let change = store.save_profile(&fewer, at(60)).await.unwrap();
    assert_eq!((change.services, change.services_hidden, change.employees_hidden), (1, 1, 1));
    let now = store.profile().await.unwrap().unwrap();
    assert!(now.service("haircut").is_none() && now.employee("anna").is_none());
    assert!(now.services.iter().any(|service| service.id == "haircut" && service.hidden));
    assert_eq!(store.booking(booking.id).await.unwrap(), Some(booking));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.services, counts.employees, counts.bookings), (1, 1, 1));
}

pub async fn a_service_that_returns_is_shown_again(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    let mut fewer = profile();
    fewer.services.remove(0);
    store.save_profile(&fewer, at(60)).await.unwrap();
    assert!(store.save_profile(&profile(), at(120)).await.unwrap().changed);
    assert_eq!(*store.profile().await.unwrap().unwrap(), profile());
}
