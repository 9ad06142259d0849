//! One-time codes: set up, asked for, never taken twice.

use totp_rs::{Builder, Secret};

use super::*;

/// What the authenticator shows now.
fn shown(house: &House, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let authenticator = Builder::new().with_secret(secret).with_account_name("anna").build().unwrap();
    authenticator.generate(u64::try_from(house.people.now_ms() / 1_000).unwrap()).to_string()
}

/// An admin with an authenticator: its secret, and the recovery codes.
async fn set_up() -> (House, String, Vec<String>) {
    let house = House::with("anna", &[Role::Admin]).await;
    let session = house.enter("anna").await;
    assert_eq!(session.person.duty, Some(Duty::SetUpCodes));
    assert!(!session.person.may(Scope::Admin), "nothing is allowed before");
    let enrolment = house.people.enrol_codes(&session.person).await.unwrap();
    assert!(enrolment.url.starts_with("otpauth://totp/"), "{}", *enrolment.url);
    assert!(enrolment.qr_svg.contains("<svg"));
    let wrong = house.people.confirm_codes(&session.person, "000000").await.unwrap_err();
    assert_eq!(wrong, PeopleFault::WrongCode);
    // Whoever mistyped need not scan again.
    let begun = house.people.begun_codes(&session.person).await.unwrap();
    assert_eq!((&*begun.secret, &*begun.qr_svg), (&*enrolment.secret, &*enrolment.qr_svg));
    let code = shown(&house, &enrolment.secret);
    let recovery = house.people.confirm_codes(&session.person, &code).await.unwrap();
    let person = house.people.session(&session.token, true).await.unwrap().unwrap();
    assert_eq!((person.duty, person.codes), (None, true));
    assert_eq!(
        house.login("anna", GOOD, Some(&code)).await.unwrap_err(),
        LoginFault::Refused,
        "used already"
    );
    let complete = house.people.begun_codes(&session.person).await.err().unwrap();
    assert_eq!(complete, PeopleFault::NoEnrolment);
    (house, enrolment.secret.to_string(), recovery)
}

#[tokio::test]
async fn a_code_is_asked_for_and_taken_once() {
    let (house, secret, _) = set_up().await;
    assert_eq!(house.login("anna", GOOD, None).await.unwrap_err(), LoginFault::CodeNeeded);
    assert_eq!(house.login("anna", GOOD, Some(" ")).await.unwrap_err(), LoginFault::CodeNeeded);
    let wrong = house.login("anna", "wrong wrong wrong", None).await.unwrap_err();
    assert_eq!(wrong, LoginFault::Refused, "no code is asked for behind a wrong password");
    house.pass(30_000);
    let code = shown(&house, &secret);
    house.login("anna", GOOD, Some(&code)).await.unwrap();
    assert_eq!(house.login("anna", GOOD, Some(&code)).await.unwrap_err(), LoginFault::Refused);
    house.pass(30_000);
    let next = shown(&house, &secret);
    let spaced = format!("{} {}", &next[..3], &next[3..]);
    house.login("anna", GOOD, Some(&spaced)).await.unwrap();
    house.pass(-60_000);
    let older = shown(&house, &secret);
    assert_eq!(house.login("anna", GOOD, Some(&older)).await.unwrap_err(), LoginFault::Refused);
}

#[tokio::test]
async fn a_clock_a_little_off_does_not_matter() {
    let (house, secret, _) = set_up().await;
    house.pass(90_000);
    let code = shown(&house, &secret);
    house.pass(30_000);
    house.login("anna", GOOD, Some(&code)).await.unwrap();
    let code = shown(&house, &secret);
    house.pass(61_000);
    assert_eq!(house.login("anna", GOOD, Some(&code)).await.unwrap_err(), LoginFault::Refused);
}

#[tokio::test]
async fn a_recovery_code_is_good_for_one_login() {
    let (house, _, recovery) = set_up().await;
    assert_eq!(recovery.len(), 10);
    assert!(!house.holds(&recovery[0]).await && !house.holds(&recovery[0].replace('-', "")).await);
    let typed = recovery[0].to_lowercase();
    house.login("anna", GOOD, Some(&typed)).await.unwrap();
    assert_eq!(house.login("anna", GOOD, Some(&recovery[0])).await.unwrap_err(), LoginFault::Refused);
    house.login("anna", GOOD, Some(&recovery[9])).await.unwrap();
    let trail = house.trail().await;
    let used = trail.iter().filter(|row| row.contains("by password and recovery code"));
    assert_eq!(used.count(), 2);
}

#[tokio::test]
async fn guessing_codes_locks_like_guessing_passwords() {
    let (house, secret, _) = set_up().await;
    // One was wrong already: the code of the set-up, used a second time.
    for _ in 0..9 {
        assert_eq!(house.login("anna", GOOD, Some("000000")).await.unwrap_err(), LoginFault::Refused);
    }
    house.pass(30_000);
    let code = shown(&house, &secret);
    assert_eq!(house.login("anna", GOOD, Some(&code)).await.unwrap_err(), LoginFault::Refused);
}

#[tokio::test]
async fn codes_are_set_up_once_and_taken_away_by_an_admin() {
    let (house, secret, _) = set_up().await;
    house.pass(30_000);
    let code = shown(&house, &secret);
    let session = house.login("anna", GOOD, Some(&code)).await.unwrap();
    let again = house.people.enrol_codes(&session.person).await.err().unwrap();
    assert_eq!(again, PeopleFault::CodesSet("anna".into()));
    house.people.reset("shell:0", "anna", None, true).await.unwrap();
    assert!(house.people.session(&session.token, true).await.unwrap().is_none());
    assert_eq!(house.enter("anna").await.person.duty, Some(Duty::SetUpCodes));
}

#[tokio::test]
async fn agents_need_no_code_unless_they_want_one() {
    let house = House::with("anna", &[Role::Agent]).await;
    let session = house.enter("anna").await;
    assert_eq!(session.person.duty, None);
    let nothing = house.people.confirm_codes(&session.person, "123456").await.unwrap_err();
    assert_eq!(nothing, PeopleFault::NoEnrolment);
    house.people.enrol_codes(&session.person).await.unwrap();
    house.enter("anna").await;
}

/// What the store has of anna's secret.
async fn kept(house: &House) -> String {
    let mut reading = house.people.store.read().await.unwrap();
    let row =
        query("SELECT totp_secret FROM people WHERE name = 'anna'").fetch_one(&mut *reading).await.unwrap();
    row.get::<Option<String>, _>("totp_secret").unwrap_or_default()
}

#[tokio::test]
async fn secrets_stand_in_the_store_encrypted_and_those_of_an_earlier_release_are_made_so() {
    let (house, secret, _) = set_up().await;
    assert!(kept(&house).await.starts_with("v1:") && !house.holds(&secret).await);
    // As an earlier release wrote it: without a key.
    let mut work = house.people.store.write().await.unwrap();
    query("UPDATE people SET totp_secret = $1").bind(&secret).execute(&mut *work).await.unwrap();
    house.people.store.commit(work).await.unwrap();
    std::fs::remove_file(house.codes_key()).unwrap();
    let key = CodesKey::File(house.codes_key());
    let house = house.restarted(key);
    house.pass(30_000);
    house.login("anna", GOOD, Some(&shown(&house, &secret))).await.unwrap();
    assert!(house.holds(&secret).await, "until the start of the daemon");

    house.people.seal_codes().await.unwrap();
    assert!(kept(&house).await.starts_with("v1:") && !house.holds(&secret).await);
    assert_eq!(std::fs::metadata(house.codes_key()).unwrap().permissions().mode() & 0o777, 0o600);
    house.people.seal_codes().await.unwrap();
    let trail = house.trail().await;
    let rows = trail.iter().filter(|row| row.starts_with("tonegate | codes encrypted | person:anna"));
    assert_eq!(rows.count(), 1, "{trail:?}");
    house.pass(30_000);
    house.login("anna", GOOD, Some(&shown(&house, &secret))).await.unwrap();
}

#[tokio::test]
async fn without_their_key_codes_are_not_checked_and_the_remedy_is_told() {
    let (house, secret, recovery) = set_up().await;
    house.people.seal_codes().await.unwrap();
    let away = house.directory.path().join("away");
    std::fs::rename(house.codes_key(), &away).unwrap();
    let key = CodesKey::File(house.codes_key());
    let house = house.restarted(key);
    let told = house.people.seal_codes().await.unwrap_err().to_string();
    assert!(told.contains("codes.key: the key of one-time codes is missing"), "{told}");
    assert!(told.contains("tonegate user reset --codes NAME"), "{told}");
    assert!(!house.codes_key().exists(), "no other key takes its place");
    house.pass(30_000);
    let code = shown(&house, &secret);
    assert_eq!(house.login("anna", GOOD, Some(&code)).await.unwrap_err(), LoginFault::Codes);
    house.login("anna", GOOD, Some(&recovery[0])).await.unwrap();
    house.add("bob", &[Role::Agent]).await;
    let bob = house.enter("bob").await;
    let fault = house.people.enrol_codes(&bob.person).await.err().unwrap();
    assert!(matches!(fault, PeopleFault::Codes(CodesFault::Missing(_))), "{fault:?}");

    let wrong = house.restarted(CodesKey::Given(crate::config::Secret::of(&"0".repeat(64))));
    let told = wrong.people.seal_codes().await.unwrap_err().to_string();
    assert!(told.contains("put the right key back") && told.contains("reset --codes anna"), "{told}");
    assert_eq!(wrong.login("anna", GOOD, Some(&code)).await.unwrap_err(), LoginFault::Codes);

    std::fs::rename(&away, wrong.codes_key()).unwrap();
    let key = CodesKey::File(wrong.codes_key());
    let house = wrong.restarted(key);
    house.people.seal_codes().await.unwrap();
    house.login("anna", GOOD, Some(&code)).await.unwrap();

    // The other remedy.
    std::fs::remove_file(house.codes_key()).unwrap();
    let key = CodesKey::File(house.codes_key());
    let house = house.restarted(key);
    house.people.reset("shell:0", "anna", None, true).await.unwrap();
    let session = house.enter("anna").await;
    let enrolment = house.people.enrol_codes(&session.person).await.unwrap();
    let code = shown(&house, &enrolment.secret);
    house.people.confirm_codes(&session.person, &code).await.unwrap();
    assert!(house.codes_key().exists());
}
