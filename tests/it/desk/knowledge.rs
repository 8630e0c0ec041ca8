//! Questions to a large knowledge base, with slips of the finger.

use flow::domain::company::{KnowledgeEntry, Profile};

use crate::support::talk::{Office, Talk};

fn note(title: &str, text: &str) -> KnowledgeEntry {
    KnowledgeEntry { title: title.to_owned(), text: text.to_owned(), tags: Vec::new() }
}

/// More entries than are looked through one by one, about things that nobody asks for here.
async fn stocked() -> Office {
    let office = Office::open(|_| {}).await;
    let mut profile = Profile::clone(&*office.app.store.profile().await.unwrap().unwrap());
    let part = |n: usize| note(&format!("Деталь артикул{n}"), &format!("Поставляется со склада номер{n} по заказу."));
    profile.knowledge = (0..1000).map(part).collect();
    profile.knowledge.insert(500, note("Парковка", "Машину можно оставить во дворе за шлагбаумом."));
    profile.knowledge.insert(700, note("Waiting room", "There is a lounge with coffee."));
    office.app.store.save_profile(&profile, office.app.now()).await.unwrap();
    office
}

#[tokio::test]
async fn among_a_thousand_entries_a_misspelt_question_finds_its_answer() {
    let office = stocked().await;
    for (client, question, answer) in [
        ("a", "у вас есть парковка?", "шлагбаумом"),
        ("b", "у вас есть паркофка?", "шлагбаумом"),
        ("c", "is there a waitng room?", "lounge"),
    ] {
        let reply = Talk::new(&office, client).says(question).await;
        assert!(reply.contains(answer), "{question}: {reply}");
    }
}

#[tokio::test]
async fn an_unrelated_question_gets_no_answer_out_of_a_thousand() {
    let office = stocked().await;
    for (client, question) in [("a", "у вас есть бассейн?"), ("b", "делаете ли вы скидки пенсионерам?")]
    {
        let mut talk = Talk::new(&office, client);
        let reply = talk.says(question).await;
        assert!(!reply.contains("склада") && !reply.contains("шлагбаумом"), "{question}: {reply}");
        assert!(talk.conversation().await.unanswered, "{question}: {reply}");
    }
}
