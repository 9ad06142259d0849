//! Logins: who gets in, who is locked, and what nobody learns.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn the_right_password_leads_in_and_only_hashes_are_kept() {
    let house = House::with("Anna", &[Role::Agent]).await;
    let session = house.login(" ANNA ", GOOD, None).await.unwrap();
    let person = &session.person;
    assert_eq!((person.name.as_str(), person.duty), ("anna", None));
    assert_eq!(
        (person.extensions.as_slice(), person.locale.as_deref()),
        (&["1001".to_owned()][..], Some("fr"))
    );
    assert!(person.may(Scope::PaymentsWrite) && !person.may(Scope::Refunds));
    let found = house.people.session(&session.token, true).await.unwrap();
    assert_eq!(found.as_ref(), Some(person));
    for secret in [GOOD, session.token.as_str(), person.csrf.as_str()] {
        assert!(!house.holds(secret).await, "what is kept gives nobody a session");
    }
    assert!(house.holds("anna").await, "the files were looked at");
}

#[tokio::test]
async fn nobody_learns_which_names_there_are() {
    let house = House::with("anna", &[Role::Agent]).await;
    let wrong = house.login("anna", "seven blue heron", None).await.unwrap_err();
    let nobody = house.login("bob", "seven blue heron", None).await.unwrap_err();
    let odd = house.login("no name, at all!", GOOD, None).await.unwrap_err();
    house.people.lock("shell:0", "anna").await.unwrap();
    let locked = house.login("anna", GOOD, None).await.unwrap_err();
    assert!([&wrong, &nobody, &odd, &locked].iter().all(|fault| **fault == LoginFault::Refused));
    let trail = house.trail().await.join("\n");
    assert!(
        trail.contains("somebody | login refused | person:anna | wrong password; from 192.0.2.7"),
        "{trail}"
    );
    assert!(trail.contains("somebody | login refused | a name not known here | from 192.0.2.7"), "{trail}");
    assert!(!trail.contains("bob"), "a password typed into the wrong field would be written down");
}

#[tokio::test]
async fn a_name_that_does_not_exist_takes_as_long() {
    let house = House::with("anna", &[Role::Agent]).await;
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..4 {
        for (name, least) in [("anna", &mut known), ("bob", &mut unknown)] {
            let began = Instant::now();
            house.login(name, "seven blue heron", None).await.unwrap_err();
            *least = began.elapsed().min(*least);
        }
    }
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.3..3.0).contains(&ratio), "{known:?} for a name there is, {unknown:?} for one there is not");
}

#[tokio::test]
async fn ten_wrong_tries_lock_for_thirty_minutes() {
    let house = House::with("anna", &[Role::Agent]).await;
    for _ in 0..9 {
        house.login("anna", "wrong wrong wrong", None).await.unwrap_err();
    }
    house.enter("anna").await;
    for _ in 0..10 {
        house.login("anna", "wrong wrong wrong", None).await.unwrap_err();
    }
    assert_eq!(house.login("anna", GOOD, None).await.unwrap_err(), LoginFault::Refused);
    house.pass(30 * MINUTE_MS - 1);
    assert_eq!(house.login("anna", GOOD, None).await.unwrap_err(), LoginFault::Refused);
    house.pass(1);
    house.enter("anna").await;
    let trail = house.trail().await;
    let locks =
        trail.iter().filter(|row| row.starts_with("tonegate | locked | person:anna | ten wrong tries"));
    assert_eq!(locks.count(), 1);
    assert!(trail.iter().any(|row| row == "person:anna | login | person:anna | by password; from 192.0.2.7"));
}

#[tokio::test]
async fn tries_at_the_same_time_count_like_tries_in_a_row() {
    let house = House::with("anna", &[Role::Agent]).await;
    let tries = (0..24).map(|_| house.login("anna", "wrong wrong wrong", None));
    for fault in futures_util::future::join_all(tries).await {
        assert_eq!(fault.unwrap_err(), LoginFault::Refused);
    }
    assert_eq!(house.login("anna", GOOD, None).await.unwrap_err(), LoginFault::Refused);
    let trail = house.trail().await;
    let with = |words: &str| trail.iter().filter(|row| row.contains(words)).count();
    assert_eq!((with("wrong password"), with("| locked; from")), (10, 15));
}

#[tokio::test]
async fn an_admin_unlocks() {
    let house = House::with("anna", &[Role::Agent]).await;
    for _ in 0..10 {
        house.login("anna", "wrong wrong wrong", None).await.unwrap_err();
    }
    assert!(house.people.list().await.unwrap()[0].locked);
    house.people.unlock("shell:0", "Anna").await.unwrap();
    assert!(!house.people.list().await.unwrap()[0].locked);
    house.enter("anna").await;
}
