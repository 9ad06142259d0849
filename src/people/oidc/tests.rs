//! Logins by a provider that is our own.

mod fake;

use fake::{Fake, Told};
use serde_json::{Value, json};

use super::*;
use crate::people::tests::{House, MINUTE_MS};
use crate::people::{LoginFault, Session};

/// A provider, our side of it, and people.
struct Scene {
    house: House,
    fake: Fake,
    provider: Provider,
}

impl Scene {
    async fn new() -> Self {
        let fake = Fake::start().await;
        let settings = ProviderSettings {
            issuer: fake.issuer.clone(),
            client_id: "tonegate".into(),
            client_secret: Secret::default(),
            public_url: "https://pay.example.com/".into(),
            scopes: vec!["profile".into()],
            name_claim: "preferred_username".into(),
            groups_claim: "groups".into(),
            extension_claim: "extension".into(),
            roles: vec![
                (Role::Agent, vec!["phone".into()]),
                (Role::Refunder, vec!["money".into(), "boss".into()]),
            ],
            skew_s: 60,
        };
        Self { house: House::new().await, fake, provider: Provider::new(settings).unwrap() }
    }

    /// What the provider says about Anna now.
    fn claims(&self) -> Value {
        let now = self.now_s();
        json!({
            "iss": self.fake.issuer, "sub": "a-1", "aud": "tonegate", "exp": now + 300, "iat": now,
            "preferred_username": "Anna", "name": "Anna de Vries", "groups": ["phone", "others"],
            "extension": "1001",
        })
    }

    fn now_s(&self) -> i64 {
        self.house.people.now_ms() / 1_000
    }

    /// A whole login: the browser goes to the provider and comes back.
    async fn login(&self, told: Told) -> Result<(Session, String), LoginFault> {
        let begun = self.provider.begin().await?;
        let cookie = self.house.people.wait_for_provider(&begun, "/desk?agent=1001").await?;
        let (state, code) = self.fake.browser(&begun.url, told);
        self.come_back(&cookie, &state, &code).await
    }

    async fn come_back(
        &self,
        cookie: &str,
        state: &str,
        code: &str,
    ) -> Result<(Session, String), LoginFault> {
        let back = Returned { cookie, state, code, from: "192.0.2.7" };
        self.house.people.login_by_provider(&self.provider, &back).await
    }

    /// Why a login with these changes to the claims is refused.
    async fn why(&self, changes: Value) -> String {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.login(Told::good(claims)).await.unwrap_err().to_string()
    }
}

#[tokio::test]
async fn the_providers_word_leads_in_with_the_roles_of_its_groups() {
    let scene = Scene::new().await;
    let (session, next) = scene.login(Told::good(scene.claims())).await.unwrap();
    assert_eq!(next, "/desk?agent=1001");
    let person = &session.person;
    assert_eq!((person.name.as_str(), person.display.as_str()), ("anna", "Anna de Vries"));
    assert_eq!(
        (person.roles.as_slice(), person.extensions.as_slice()),
        (&[Role::Agent][..], &["1001".to_owned()][..])
    );
    assert_eq!(person.duty, None);

    let mut claims = scene.claims();
    claims["groups"] = json!(["boss"]);
    claims["extension"] = json!(["1001", "1002"]);
    claims["preferred_username"] = json!("anna.devries");
    let (again, _) = scene.login(Told::good(claims)).await.unwrap();
    assert_eq!(again.person.id, person.id, "known by subject, whatever the name is now");
    assert_eq!((again.person.roles.as_slice(), again.person.extensions.len()), (&[Role::Refunder][..], 2));
    assert_eq!(again.person.duty, None, "the second factor was the provider's affair");
    let trail = scene.house.trail().await;
    let row = "person:anna | login | person:anna | by the identity provider; from 192.0.2.7";
    assert_eq!(trail.iter().filter(|found| *found == row).count(), 2, "{trail:#?}");
    let url = scene.provider.logout_url().await.unwrap();
    assert!(url.contains(
        "/bye?client_id=tonegate&post_logout_redirect_uri=https%3A%2F%2Fpay.example.com%2Fconsole"
    ));
}

#[tokio::test]
async fn whoever_is_not_believed_stays_outside() {
    let scene = Scene::new().await;
    let now = scene.now_s();
    for (changes, word) in [
        (json!({ "iss": "https://evil.example" }), "InvalidIssuer"),
        (json!({ "aud": "another" }), "InvalidAudience"),
        (json!({ "aud": ["tonegate", "another"] }), "another program (azp)"),
        (json!({ "azp": "another" }), "another program (azp)"),
        (json!({ "nonce": "another" }), "another login (nonce)"),
        (json!({ "exp": now - 60 }), "expired"),
        (json!({ "iat": now + 61, "exp": now + 900 }), "of the future"),
        (json!({ "nbf": now + 61 }), "of the future"),
        (json!({ "iat": now - 661 }), "old"),
        (json!({ "groups": ["others"] }), "no group that gives a role"),
        (json!({ "preferred_username": "" }), "`preferred_username` is missing"),
    ] {
        let why = scene.why(changes.clone()).await;
        assert!(why.contains(word), "{changes}: {why}");
    }
    assert!(scene.house.people.list().await.unwrap().is_empty(), "and leaves nothing behind");
    let mut skewed = scene.claims();
    (skewed["iat"], skewed["exp"]) = (json!(now + 59), json!(now - 59));
    scene.login(Told::good(skewed)).await.unwrap();
}

#[tokio::test]
async fn a_signature_is_the_providers_or_none() {
    let scene = Scene::new().await;
    let claims = || scene.claims();
    for (told, word) in [
        (Told { stranger: true, ..Told::good(claims()) }, "InvalidSignature"),
        (Told { kid: "unknown", ..Told::good(claims()) }, "does not publish"),
        (Told { hmac: true, ..Told::good(claims()) }, "anybody could have done"),
    ] {
        let why = scene.login(told).await.unwrap_err().to_string();
        assert!(why.contains(word), "{why}");
    }
}

#[tokio::test]
async fn an_answer_belongs_to_one_browser_one_login_and_ten_minutes() {
    let scene = Scene::new().await;
    let begin = async || {
        let begun = scene.provider.begin().await.unwrap();
        let cookie = scene.house.people.wait_for_provider(&begun, "/").await.unwrap();
        let (state, code) = scene.fake.browser(&begun.url, Told::good(scene.claims()));
        (cookie, state, code)
    };
    let not_waiting = LoginFault::from(ProviderFault::NotWaiting);
    let (cookie, state, code) = begin().await;
    let (other, _, _) = begin().await;
    for (cookie, state) in [("", state.as_str()), (&other, &state)] {
        assert_eq!(scene.come_back(cookie, state, &code).await.unwrap_err(), not_waiting);
    }
    assert_eq!(scene.come_back(&cookie, "guessed", &code).await.unwrap_err(), not_waiting);
    assert_eq!(scene.come_back(&cookie, &state, &code).await.unwrap_err(), not_waiting, "one try");

    let (cookie, state, code) = begin().await;
    scene.come_back(&cookie, &state, &code).await.unwrap();
    assert_eq!(scene.come_back(&cookie, &state, &code).await.unwrap_err(), not_waiting, "one login");

    let (cookie, state, code) = begin().await;
    scene.house.pass(10 * MINUTE_MS);
    assert_eq!(scene.come_back(&cookie, &state, &code).await.unwrap_err(), not_waiting);

    let (cookie, state, _) = begin().await;
    let why = scene.come_back(&cookie, &state, "stolen").await.unwrap_err().to_string();
    assert_eq!(why, "the identity provider refused: 400 Bad Request invalid_grant: no such code");
}

#[tokio::test]
async fn the_provider_takes_over_nobodys_name_and_lets_nobody_in_who_is_locked() {
    let scene = Scene::new().await;
    scene.house.add("anna", &[Role::Admin]).await;
    let why = scene.login(Told::good(scene.claims())).await.unwrap_err().to_string();
    assert!(why.starts_with("`anna` is a person with a password here"), "{why}");
    let mut bob = scene.claims();
    (bob["sub"], bob["preferred_username"]) = (json!("b-2"), json!("bob"));
    scene.login(Told::good(bob.clone())).await.unwrap();
    assert_eq!(
        scene.house.login("bob", "", None).await.unwrap_err(),
        LoginFault::Refused,
        "no password opens it"
    );
    let fault = scene.house.people.reset("shell:0", "bob", None, true).await.unwrap_err().to_string();
    assert_eq!(fault, "bob logs in by the identity provider: there is no password and no code here");
    scene.house.people.lock("shell:0", "bob").await.unwrap();
    let why = scene.login(Told::good(bob)).await.unwrap_err().to_string();
    assert_eq!(why, "`bob` is locked; an admin can unlock it: tonegate user unlock bob");
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_said() {
    let scene = Scene::new().await;
    scene.fake.stop().await;
    let why = scene.provider.begin().await.err().unwrap().to_string();
    assert!(why.starts_with("the identity provider cannot be asked") && why.contains("oidc.issuer"), "{why}");
    assert!(fetch::address("http://id.example.com").is_err(), "secrets travel over TLS");
    assert!(
        fetch::address("http://127.0.0.1:1/x").is_ok() && fetch::address("https://id.example.com").is_ok()
    );
}
