//! Addresses that guess.

use super::*;
use crate::people::NewKey;

/// As many as shut an address out.
const WRONG_TRIES: usize = 30;

const QUARTER_S: u64 = 15 * 60;

/// A place behind a proxy, so that requests come from wherever a test says.
async fn behind_proxy() -> Place {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    Place::new(Doorway { trusted_proxies, behind_proxy: true, ..Doorway::default() }).await
}

fn from(address: &str, request: RequestBuilder) -> RequestBuilder {
    request.header("x-forwarded-for", address).header("x-forwarded-proto", "https")
}

async fn shut_out(answer: Response) {
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait_s: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((1..=QUARTER_S).contains(&wait_s), "{wait_s}");
    let words = detail(answer).await;
    assert!(words.contains("from your address") && words.contains("minutes"), "{words}");
}

#[tokio::test]
async fn an_address_that_tries_one_password_on_many_names_is_not_listened_to_for_a_while() {
    let place = behind_proxy().await;
    place.house.add("anna", &[Role::Agent]).await;
    let bad = |request: RequestBuilder| from("198.51.100.4", request);
    let inside = bad(place.log_in("anna", GOOD)).send().await.unwrap();
    let cookie = set_cookie(&inside).split(';').next().unwrap().to_owned();
    for n in 0..WRONG_TRIES {
        let answer = bad(place.log_in(&format!("name{n}"), "spring 2026 is here")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{n}");
    }
    shut_out(bad(place.log_in("anna", GOOD)).send().await.unwrap()).await;
    let still = bad(place.get("/desk").header("cookie", &cookie)).send().await.unwrap();
    assert_eq!(still.status(), StatusCode::OK, "who is logged in stays so");
    // What a stranger claims in front of the proxy's word counts for nothing.
    let claimed = from("192.0.2.7, 198.51.100.4", place.log_in("anna", GOOD)).send().await.unwrap();
    shut_out(claimed).await;
    let elsewhere = from("192.0.2.7", place.log_in("anna", GOOD)).send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::OK, "from elsewhere one gets in");

    let trail = place.house.trail().await;
    let told: Vec<_> = trail.iter().filter(|row| row.contains("address:198.51.100.4")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("somebody | refused | ") && told[0].contains("30 wrong"), "{told:?}");
    assert!(!trail.iter().any(|row| row.contains("locked")), "no name was locked for it");

    place.pass(15 * MINUTE_MS);
    let again = bad(place.log_in("anna", GOOD)).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
}

#[tokio::test]
async fn wrong_keys_and_wrong_passwords_are_counted_together() {
    let place = behind_proxy().await;
    let new = NewKey { name: "crm".into(), scopes: vec![Scope::PaymentsRead], expires_at_ms: None };
    let key = place.auth.people().make_key("shell:0", &new).await.unwrap();
    let ask =
        |address: &'static str, key: &str| from(address, place.get("/v1/payments").bearer_auth(key)).send();
    for n in 0..WRONG_TRIES - 1 {
        assert_eq!(
            ask("198.51.100.4", &format!("guess{n}")).await.unwrap().status(),
            StatusCode::UNAUTHORIZED
        );
        // Without any key nothing is guessed.
        let nothing = from("198.51.100.4", place.get("/v1/payments")).send().await.unwrap();
        assert_eq!(nothing.status(), StatusCode::UNAUTHORIZED);
    }
    let login = from("198.51.100.4", place.log_in("anna", "spring 2026 is here")).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::UNAUTHORIZED);
    for guess in ["tg_x", "guess", "0123456789abcdef"] {
        shut_out(ask("198.51.100.4", guess).await.unwrap()).await;
    }
    let right = ask("198.51.100.4", &key).await.unwrap();
    assert_eq!(right.status(), StatusCode::OK, "nobody guesses a key made here");
    assert_eq!(ask("192.0.2.7", "0123456789abcdef").await.unwrap().status(), StatusCode::OK);
}
