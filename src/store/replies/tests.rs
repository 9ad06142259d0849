//! Keys that come again: in this life of the daemon, in the next, with another request, a day later.

use super::*;
use crate::store::{StoreSettings, tests::private_directory};

fn claim(key: &str, request: &str, life: &str) -> Claim {
    let hash = |text: &str| format!("{text:0>64}");
    Claim { key_hash: hash(key), request_hash: hash(request), life: life.into() }
}

fn reply() -> Reply {
    Reply { status: 201, location: Some("/v1/x".into()), content_type: None, body: "{}".into() }
}

#[tokio::test]
async fn a_key_is_claimed_once_and_keeps_its_answer() {
    let directory = private_directory();
    let settings = StoreSettings { path: directory.path().join("payments.sqlite") };
    let store = Store::open(&settings).await.unwrap();
    let first = claim("a", "1", "life");
    assert_eq!(store.claim_reply(&first).await, Ok(Claimed::New));
    assert_eq!(store.claim_reply(&first).await, Ok(Claimed::Running));
    assert_eq!(store.claim_reply(&claim("a", "2", "life")).await, Ok(Claimed::OtherRequest));
    assert_eq!(store.claim_reply(&claim("a", "1", "next")).await, Ok(Claimed::Interrupted));
    store.keep_reply(&first.key_hash, &reply()).await.unwrap();
    for life in ["life", "next"] {
        assert_eq!(store.claim_reply(&claim("a", "1", life)).await, Ok(Claimed::Answered(reply())));
    }
    // What was answered stays; what changed nothing is forgotten.
    store.let_reply_go(&first.key_hash).await.unwrap();
    assert_eq!(store.claim_reply(&first).await, Ok(Claimed::Answered(reply())));
    let second = claim("b", "1", "life");
    assert_eq!(store.claim_reply(&second).await, Ok(Claimed::New));
    store.let_reply_go(&second.key_hash).await.unwrap();
    assert_eq!(store.claim_reply(&second).await, Ok(Claimed::New));
}

#[tokio::test]
async fn what_is_a_day_old_is_forgotten_and_no_more_is_kept_than_the_bound() {
    let directory = private_directory();
    let settings = StoreSettings { path: directory.path().join("payments.sqlite") };
    let store = Store::open(&settings).await.unwrap();
    let (old, young) = (claim("old", "1", "life"), claim("young", "1", "life"));
    assert_eq!(store.claim_reply(&old).await, Ok(Claimed::New));
    assert_eq!(store.claim_reply(&young).await, Ok(Claimed::New));
    let set = |name: &'static str, sql: &'static str, value: i64| {
        let store = store.clone();
        let hash = claim(name, "1", "life").key_hash;
        async move { query(sql).bind(hash).bind(value).execute(&store.writer).await.unwrap() }
    };
    set("young", "UPDATE replies SET seq = $2 WHERE key_hash = $1", REPLIES_MAX).await;
    assert_eq!(store.claim_reply(&claim("new", "1", "life")).await, Ok(Claimed::Full));
    set("old", "UPDATE replies SET asked_at_ms = $2 WHERE key_hash = $1", now_ms() - REPLY_KEPT_MS).await;
    assert_eq!(store.claim_reply(&claim("new", "1", "life")).await, Ok(Claimed::New));
    assert_eq!(store.claim_reply(&old).await, Ok(Claimed::New), "it may be used for something new");
}
