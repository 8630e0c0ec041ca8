use flow::domain::store::Store;
use flow::domain::text::stems;

use super::samples::{at, note, profile};

async fn find(store: &dyn Store, question: &str) -> Vec<String> {
    let hits = store.search_knowledge(&stems(question), 10).await.unwrap();
    hits.into_iter().map(|hit| hit.title).collect()
}

pub async fn an_entry_is_found_by_inflected_words(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    for (question, title) in [
        ("Есть ли у вас парковки?", "Парковка"),
        ("где припарковаться, есть места во дворе?", "Парковка"),
        ("можно картой", "Оплата"),
        ("подарочный сертификатик", "Подарки"),
    ] {
        assert_eq!(find(store, question).await.first().map(String::as_str), Some(title), "{question}");
    }
    assert_eq!(find(store, "противопоказания").await, Vec::<String>::new());
}

pub async fn a_heading_weighs_more_than_the_text(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    assert_eq!(find(store, "оплата").await, ["Оплата", "Подарки"]);
    let one = store.search_knowledge(&stems("оплата"), 1).await.unwrap();
    assert_eq!((one.len(), one[0].title.as_str()), (1, "Оплата"));
    assert_eq!(one[0].tags, ["оплата", "карта"]);
}

pub async fn a_slip_of_one_letter_finds_what_was_meant(store: &dyn Store) {
    let mut profile = profile();
    profile.knowledge.push(note("Parking", "In the yard.", &["car"]));
    profile.knowledge.push(note("Стул", "Стул для ребёнка есть.", &[]));
    store.save_profile(&profile, at(0)).await.unwrap();
    for (question, title) in [
        ("паркофка", "Парковка"),
        ("парквка", "Парковка"),
        ("прарковка", "Парковка"),
        ("пакровка", "Парковка"),
        ("сертефикат", "Подарки"),
        ("parkng", "Parking"),
    ] {
        assert_eq!(find(store, question).await.first().map(String::as_str), Some(title), "{question}");
    }
    for question in ["порковники", "барковка", "сту", "кар1а", "массаж лица", "warranty"]
    {
        assert_eq!(find(store, question).await, Vec::<String>::new(), "{question}");
    }
    // What is a term itself is not taken for another.
    assert_eq!(find(store, "стул").await, ["Стул"]);
}

pub async fn what_a_client_writes_is_never_query_syntax(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    let hostile = ["\"", "оплата\" OR *", "NEAR(", "title:", "-", "^a", "a*", "'; DROP TABLE knowledge; --"];
    for word in hostile {
        store.search_knowledge(&[word.to_owned()], 10).await.unwrap();
        find(store, word).await;
    }
    assert_eq!(store.search_knowledge(&[], 10).await.unwrap(), []);
    assert_eq!(store.counts().await.unwrap().knowledge, 3);
}

pub async fn a_new_profile_replaces_what_is_searched(store: &dyn Store) {
    store.save_profile(&profile(), at(0)).await.unwrap();
    let mut changed = profile();
    changed.knowledge = vec![note("Гарантия", "Переделаем бесплатно в течение недели.", &[])];
    store.save_profile(&changed, at(1)).await.unwrap();
    assert_eq!(find(store, "оплата").await, Vec::<String>::new());
    assert_eq!(find(store, "гарантии").await, ["Гарантия"]);
}
