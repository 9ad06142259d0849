//! Logins by an identity provider, as a browser goes through them.

use super::*;
use crate::people::oidc::tests::fake::{Fake, Told};

#[tokio::test]
async fn a_browser_goes_to_the_provider_and_comes_back_logged_in() {
    let fake = Fake::start().await;
    let place = Place::with(Doorway::default(), Some(fake.provider())).await;
    let sent = place.get("/auth/oidc?next=/desk%3Fagent%3D1001").send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let url = header(&sent, "location").to_owned();
    assert!(
        url.starts_with(&format!("{}/auth?response_type=code&client_id=tonegate&", fake.issuer)),
        "{url}"
    );
    let waiting = set_cookie(&sent);
    assert!(
        waiting.starts_with("tonegate-login=") && waiting.contains("HttpOnly; SameSite=Lax"),
        "{waiting}"
    );
    let waiting = waiting.split(';').next().unwrap().to_owned();
    let (state, code) = fake.browser(&url, Told::good(fake.claims(&place.house)));
    let back = format!("/auth/oidc/callback?state={state}&code={code}");

    let stranger = place.get(&back).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN, "another browser has no cookie");
    assert!(detail(stranger).await.starts_with("no login waits for this answer"));

    let answer = place.get(&back).header("cookie", &waiting).send().await.unwrap();
    assert_eq!((answer.status(), header(&answer, "location")), (StatusCode::SEE_OTHER, "/desk?agent=1001"));
    let cookies: Vec<&str> =
        answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies[1].starts_with("tonegate-login=;"), "{cookies:?}");
    let session = cookies[0].split(';').next().unwrap();
    let desk = place.get("/desk").header("cookie", session).send().await.unwrap();
    assert_eq!(desk.text().await.unwrap(), "Anna de Vries");

    let shown = place.get("/auth/session").header("cookie", session).send().await.unwrap();
    let shown: Value = serde_json::from_str(&shown.text().await.unwrap()).unwrap();
    let out = place.post("/auth/logout").header("cookie", session);
    let out = out.header("x-csrf-token", shown["csrf"].as_str().unwrap()).send().await.unwrap();
    assert!(header(&out, "location").starts_with(&format!("{}/bye?", fake.issuer)), "out there as well");
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told() {
    let place = Place::new(Doorway::default()).await;
    let none = place.get("/auth/oidc").send().await.unwrap();
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
    assert!(detail(none).await.contains("[oidc]"));
    let fake = Fake::start().await;
    let place = Place::with(Doorway::default(), Some(fake.provider())).await;
    let refused = place.get("/auth/oidc/callback?error=access_denied&state=x").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(detail(refused).await, "the identity provider refused: access_denied");
}
