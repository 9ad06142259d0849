//! Sessions: how long they live, and what ends them.

use super::*;

async fn alive(house: &House, session: &Session) -> bool {
    house.people.session(&session.token, true).await.unwrap().is_some()
}

#[tokio::test]
async fn fifteen_minutes_without_a_request_end_a_session() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    for _ in 0..8 {
        house.pass(14 * MINUTE_MS);
        assert!(alive(&house, &session).await, "whoever works stays");
    }
    house.pass(15 * MINUTE_MS);
    assert!(!alive(&house, &session).await);
    house.pass(-MINUTE_MS);
    assert!(!alive(&house, &session).await, "what has ended does not come back");
    let end = "person:anna | session ended | person:anna | idle for too long";
    assert_eq!(house.trail().await.iter().filter(|row| *row == end).count(), 1);
}

#[tokio::test]
async fn a_page_that_only_listens_does_not_keep_a_session_alive() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    for _ in 0..15 {
        assert!(house.people.session(&session.token, false).await.unwrap().is_some());
        house.pass(MINUTE_MS);
    }
    assert!(house.people.session(&session.token, false).await.unwrap().is_none());
}

#[tokio::test]
async fn twelve_hours_end_a_session_however_busy() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    for _ in 0..(12 * 6 - 1) {
        house.pass(10 * MINUTE_MS);
        assert!(alive(&house, &session).await);
    }
    house.pass(10 * MINUTE_MS);
    assert!(!alive(&house, &session).await);
}

#[tokio::test]
async fn logging_out_ends_one_session_and_a_lock_all() {
    let house = House::with("anna", &[Role::Agent]).await;
    let (one, other) = (house.enter("anna").await, house.enter("anna").await);
    assert_ne!(one.token, other.token, "each login has a token of its own");
    assert_ne!(one.person.csrf, other.person.csrf);
    house.people.logout(&one.person).await.unwrap();
    assert!(!alive(&house, &one).await && alive(&house, &other).await);
    house.people.lock("shell:0", "anna").await.unwrap();
    assert!(!alive(&house, &other).await);
}

#[tokio::test]
async fn a_person_has_ten_sessions_at_most() {
    let house = House::with("anna", &[Role::Agent]).await;
    let mut sessions = Vec::new();
    for _ in 0..11 {
        sessions.push(house.enter("anna").await);
        house.pass(1_000);
    }
    assert!(!alive(&house, &sessions[0]).await, "the oldest gave way");
    for session in &sessions[1..] {
        assert!(alive(&house, session).await);
    }
}

#[tokio::test]
async fn a_token_that_was_made_up_is_none() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    for token in ["", "anna", &secret::digest(&session.token)] {
        assert_eq!(house.people.session(token, true).await.unwrap(), None);
    }
}
