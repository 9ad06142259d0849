//! Programs and their keys.

use super::*;
use crate::people::NewKey;

async fn key(place: &Place, scopes: &[Scope]) -> String {
    let new = NewKey { name: "crm".into(), scopes: scopes.into(), expires_at_ms: None };
    place.auth.people().make_key("shell:0", &new).await.unwrap().to_string()
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_and_a_refusal_says_what_is_needed() {
    let place = Place::new(Doorway::default()).await;
    let key = key(&place, &[Scope::PaymentsRead]).await;
    let answer = place.get("/v1/payments").bearer_auth(&key).send().await.unwrap();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body, json!({ "id": "key:crm", "own": true, "other": true }));
    let refused = place.post("/v1/refunds").bearer_auth(&key).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        detail(refused).await,
        "this needs the scope refunds; make a key with it: tonegate key create --scope refunds NAME"
    );
    let trail = place.house.trail().await;
    assert!(
        trail.contains(&"key:crm | refused | POST /v1/refunds | needs the scope refunds".into()),
        "{trail:?}"
    );
    place.auth.people().revoke_key("shell:0", "crm").await.unwrap();
    let answer = place.get("/v1/payments").bearer_auth(&key).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&answer, "www-authenticate"), "Bearer");
}

#[tokio::test]
async fn the_key_of_the_configuration_still_opens_everything() {
    let place = Place::new(Doorway::default()).await;
    for path in ["/v1/refunds", "/v1/payments"] {
        let answer = place.post(path).bearer_auth("0123456789abcdef").send().await.unwrap();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["id"], "key:configuration");
    }
}

#[tokio::test]
async fn without_a_key_nothing_opens_and_wrong_ones_are_written_down() {
    let place = Place::new(Doorway::default()).await;
    let nothing = place.get("/v1/payments").send().await.unwrap();
    assert_eq!(nothing.status(), StatusCode::UNAUTHORIZED);
    assert!(detail(nothing).await.contains("tonegate key create"));
    // Nothing behind `Bearer` is no key at all.
    for wrong in ["0123456789abcdeF", "tg_x", ""] {
        let answer = place
            .get("/v1/payments")
            .header("authorization", format!("Bearer {wrong}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let trail = place.house.trail().await;
    let row = "somebody | refused | /v1/payments | a key that is not valid; from 127.0.0.1";
    assert_eq!(trail.iter().filter(|found| *found == row).count(), 2, "{trail:?}");
    assert!(!trail.join(" ").contains("abcdeF"), "what was presented stays out");
}

#[tokio::test]
async fn an_agent_serves_their_own_extensions_and_may_not_refund() {
    let place = Place::new(Doorway::default()).await;
    let (cookie, csrf) = place.anna(&[Role::Agent]).await;
    let answer = place.get("/v1/payments").header("cookie", &cookie).send().await.unwrap();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body, json!({ "id": "person:anna", "own": true, "other": false }));
    let refund = place.post("/v1/refunds").header("cookie", &cookie).header("x-csrf-token", &csrf);
    let refused = refund.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(detail(refused).await.contains("none of your roles gives"));
}
