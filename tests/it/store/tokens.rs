use flow::domain::id::TokenId;
use flow::domain::store::{Store, StoreError};
use flow::domain::token::{Scope, Token};
use jiff::Timestamp;

use super::samples::at;

fn token(now: Timestamp) -> Token {
    Token {
        id: TokenId::new(now),
        name: "сайт".to_owned(),
        scopes: vec![Scope::LeadsWrite, Scope::PiiRead],
        created_at: now,
        expires_at: Some(at(3600)),
        last_used_at: None,
        last_used_ip: None,
        revoked_at: None,
    }
}

pub async fn a_token_is_found_by_its_hash(store: &dyn Store) {
    let (first, second) = (token(at(0)), token(at(1)));
    store.create_token(&first, &[1; 32]).await.unwrap();
    store.create_token(&second, &[2; 32]).await.unwrap();
    assert_eq!(store.token_by_hash(&[1; 32]).await.unwrap(), Some(first.clone()));
    assert_eq!(store.token_by_hash(&[3; 32]).await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap(), [second, first]);
    assert!(store.create_token(&token(at(2)), &[1; 32]).await.is_err(), "one hash is one token");
    assert_eq!(store.counts().await.unwrap().tokens, 2);
}

pub async fn revoking_twice_keeps_the_first_moment(store: &dyn Store) {
    let made = token(at(0));
    store.create_token(&made, &[1; 32]).await.unwrap();
    assert!(made.is_valid(at(5)));
    let revoked = store.revoke_token(made.id, at(5)).await.unwrap();
    assert_eq!((revoked.revoked_at, revoked.is_valid(at(5))), (Some(at(5)), false));
    assert_eq!(store.revoke_token(made.id, at(9)).await, Ok(revoked.clone()));
    assert_eq!(store.token_by_hash(&[1; 32]).await.unwrap(), Some(revoked));
    assert_eq!(store.revoke_token(TokenId::new(at(0)), at(9)).await, Err(StoreError::NotFound("token")));
    assert_eq!(store.counts().await.unwrap().tokens, 0);
}

pub async fn a_use_is_noted_at_most_once_a_minute(store: &dyn Store) {
    let made = token(at(0));
    store.create_token(&made, &[1; 32]).await.unwrap();
    for (second, ip, noted, from) in
        [(10, "10.0.0.1", 10, "10.0.0.1"), (69, "10.0.0.2", 10, "10.0.0.1"), (70, "10.0.0.3", 70, "10.0.0.3")]
    {
        store.touch_token(made.id, Some(ip), at(second)).await.unwrap();
        let now = store.token_by_hash(&[1; 32]).await.unwrap().unwrap();
        assert_eq!((now.last_used_at, now.last_used_ip.as_deref()), (Some(at(noted)), Some(from)), "{second}");
    }
}
