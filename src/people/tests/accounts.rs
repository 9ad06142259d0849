//! What an admin does with people, and a person with their password.

use super::*;

fn password(text: &str) -> Password {
    Password::new(text.into())
}

#[tokio::test]
async fn whoever_is_new_chooses_a_password_first() {
    let house = House::new().await;
    house.people.add("shell:0", &new("Anna", &[Role::Agent])).await.unwrap();
    let session = house.login("anna", "first things first", None).await.unwrap();
    assert_eq!(session.person.duty, Some(Duty::ChangePassword));
    assert!(!session.person.may(Scope::PaymentsRead), "nothing is allowed before");
    let first = password("first things first");
    let change =
        async |new: &str| house.people.change_password(&session.person, &first, &password(new)).await;
    assert_eq!(change("first things first").await.unwrap_err(), PeopleFault::SamePassword);
    assert_eq!(change("anna anna anna").await.unwrap_err(), PeopleFault::Weak(Weak::Name));
    change(GOOD).await.unwrap();
    let person = house.people.session(&session.token, true).await.unwrap().unwrap();
    assert_eq!(person.duty, None);
    assert_eq!(house.login("anna", "first things first", None).await.unwrap_err(), LoginFault::Refused);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let house = House::with("anna", &[Role::Agent]).await;
    let (here, elsewhere) = (house.enter("anna").await, house.enter("anna").await);
    house
        .people
        .change_password(&here.person, &password(GOOD), &password("eight grey herons"))
        .await
        .unwrap();
    assert!(house.people.session(&here.token, true).await.unwrap().is_some());
    assert!(house.people.session(&elsewhere.token, true).await.unwrap().is_none());
}

#[tokio::test]
async fn other_roles_hold_from_the_next_request_on() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    let change = Change { name: "Anna".into(), roles: Some(vec![Role::Auditor]), ..Change::default() };
    house.people.change("person:carol", &change).await.unwrap();
    let person = house.people.session(&session.token, true).await.unwrap().unwrap();
    assert_eq!(person.roles, [Role::Auditor]);
    assert!(!person.may(Scope::PaymentsWrite));
    assert_eq!(
        (person.extensions.len(), person.locale.as_deref()),
        (1, Some("fr")),
        "what is not named stays"
    );
    let none = Change { roles: Some(vec![]), ..change };
    assert_eq!(house.people.change("person:carol", &none).await.unwrap_err(), PeopleFault::Nothing("role"));
    let row = "person:carol | person changed | person:anna | roles: auditor; extensions: 1001";
    assert!(house.trail().await.contains(&row.into()));
}

#[tokio::test]
async fn guessing_the_present_password_locks() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    for _ in 0..10 {
        let wrong = password("wrong wrong wrong");
        let fault =
            house.people.change_password(&session.person, &wrong, &password("eight grey herons")).await;
        assert_eq!(fault.unwrap_err(), PeopleFault::WrongPassword);
    }
    let (present, new) = (password(GOOD), password("eight grey herons"));
    let right = house.people.change_password(&session.person, &present, &new).await;
    assert_eq!(right.unwrap_err(), PeopleFault::WrongPassword, "locked by now");
    assert_eq!(house.login("anna", GOOD, None).await.unwrap_err(), LoginFault::Refused);
}

#[tokio::test]
async fn what_cannot_be_is_said_in_words() {
    let house = House::with("anna", &[Role::Agent]).await;
    let told = async |new: NewPerson| house.people.add("shell:0", &new).await.unwrap_err().to_string();
    assert_eq!(
        told(new("ANNA", &[Role::Agent])).await,
        "there is a person named `anna` already; choose another name"
    );
    assert_eq!(
        told(new("a b", &[Role::Agent])).await,
        "`a b` is no name: write 1 to 40 letters, digits, `.`, `-`, `_` or `@`"
    );
    assert_eq!(told(new("bob", &[])).await, "name at least one role");
    let weak = NewPerson { password: password("short"), ..new("bob", &[Role::Agent]) };
    assert!(told(weak).await.starts_with("the password has fewer than 12 characters"));
    let odd = NewPerson { extensions: vec!["10,01".into()], ..new("bob", &[Role::Agent]) };
    assert!(told(odd).await.starts_with("extension: at most 32 characters"));
    assert_eq!(
        house.people.lock("shell:0", "bob").await.unwrap_err().to_string(),
        "there is no person named `bob`; `tonegate user list` shows all"
    );
}

#[tokio::test]
async fn every_act_is_in_the_trail_and_the_trail_is_whole() {
    let house = House::with("anna", &[Role::Agent]).await;
    house.people.lock("person:carol", "anna").await.unwrap();
    house.people.unlock("person:carol", "anna").await.unwrap();
    house.people.reset("person:carol", "anna", Some(&password("ten brown herons")), true).await.unwrap();
    let trail = house.trail().await;
    for row in [
        "shell:0 | person added | person:anna | roles: agent",
        "person:anna | login | person:anna | by password; from 192.0.2.7",
        "person:anna | password changed | person:anna | ",
        "person:anna | session ended | person:anna | logged out",
        "person:carol | locked | person:anna | by an admin",
        "person:carol | unlocked | person:anna | by an admin",
        "person:carol | reset | person:anna | password and codes",
    ] {
        assert!(trail.iter().any(|found| found == row), "{row} is missing: {trail:#?}");
    }
    assert!(house.people.store.verify_trail().await.unwrap().is_whole());
    let account = &house.people.list().await.unwrap()[0];
    assert!(account.must_change && !account.codes && !account.locked);
}
