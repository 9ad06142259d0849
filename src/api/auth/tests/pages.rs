//! People and their browsers.

use super::*;

#[tokio::test]
async fn a_cookie_is_closed_to_scripts_and_to_other_sites() {
    let place = Place::new(Doorway::default()).await;
    place.anna(&[Role::Agent]).await;
    let answer = place.log_in("anna", GOOD).send().await.unwrap();
    let cookie = set_cookie(&answer);
    assert!(
        cookie.starts_with("tonegate=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );

    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let proxied =
        Place::new(Doorway { trusted_proxies: trusted_proxies.clone(), ..Doorway::default() }).await;
    proxied.anna(&[Role::Agent]).await;
    let answer = proxied.log_in("anna", GOOD).header("x-forwarded-proto", "https").send().await.unwrap();
    let cookie = set_cookie(&answer);
    let wanted = "; Path=/; HttpOnly; SameSite=Lax; Secure";
    assert!(cookie.starts_with("__Host-tonegate=") && cookie.ends_with(wanted), "{cookie}");
    assert_eq!(header(&answer, "strict-transport-security"), "max-age=31536000");

    let frame_ancestors = vec!["https://crm.example.com".into()];
    let framed = Place::new(Doorway { trusted_proxies, frame_ancestors, ..Doorway::default() }).await;
    framed.anna(&[Role::Agent]).await;
    let answer = framed.log_in("anna", GOOD).header("x-forwarded-proto", "https").send().await.unwrap();
    assert!(set_cookie(&answer).contains("SameSite=None; Partitioned; Secure"), "for the frame of a CRM");
}

#[tokio::test]
async fn nobody_logs_in_over_plain_http_from_elsewhere() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let place = Place::new(Doorway { trusted_proxies, ..Doorway::default() }).await;
    let (cookie, _) = place.anna(&[Role::Agent]).await;
    let from_elsewhere = |request: RequestBuilder| request.header("x-forwarded-for", "198.51.100.4");
    let answer = from_elsewhere(place.log_in("anna", GOOD)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(detail(answer).await, "nobody logs in over plain HTTP: use https://");
    let with_cookie =
        from_elsewhere(place.get("/v1/payments").header("cookie", &cookie)).send().await.unwrap();
    assert_eq!(with_cookie.status(), StatusCode::UNAUTHORIZED, "nor is a cookie believed that came so");
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_led_to_the_login_page_and_back() {
    let place = Place::new(Doorway::default()).await;
    let page = |path: &'static str| place.get(path).header("accept", "text/html,*/*");
    let answer = page("/desk?agent=1001").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&answer, "location"), "/console/login?next=/desk%3Fagent%3D1001");
    let answer = place.get("/desk").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "a script is told, not led");
    let (cookie, _) = place.anna(&[Role::Agent]).await;
    let answer = page("/desk?agent=1001").header("cookie", &cookie).send().await.unwrap();
    assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, "anna"));
    let open = page("/console/login").send().await.unwrap().text().await.unwrap();
    assert_eq!(open, "false", "the login page is for everybody");
}

#[tokio::test]
async fn a_duty_comes_first() {
    let place = Place::new(Doorway::default()).await;
    let (cookie, csrf) = place.anna(&[Role::Admin]).await;
    let page = |path: &'static str| place.get(path).header("cookie", &cookie).header("accept", "text/html");
    let answer = page("/desk").send().await.unwrap();
    assert_eq!(header(&answer, "location"), "/console/codes");
    let answer = place.get("/v1/payments").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(detail(answer).await.contains("set up your authenticator"));
    let out = place.post("/auth/logout").header("cookie", &cookie).header("x-csrf-token", &csrf);
    assert_eq!(out.send().await.unwrap().status(), StatusCode::SEE_OTHER, "logging out is always possible");
}

#[tokio::test]
async fn a_form_needs_its_token() {
    let place = Place::new(Doorway::default()).await;
    let (cookie, csrf) = place.anna(&[Role::Agent]).await;
    let post = || place.post("/desk").header("cookie", &cookie);
    let form = "application/x-www-form-urlencoded";

    let without = post().header("content-type", form).body("amount=5").send().await.unwrap();
    assert_eq!(without.status(), StatusCode::FORBIDDEN);
    assert!(detail(without).await.contains("X-CSRF-Token"));
    let wrong = post().header("x-csrf-token", "x").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
    let elsewhere =
        post().header("x-csrf-token", &csrf).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN, "whatever it knows");

    let by_header = post().header("x-csrf-token", &csrf).body("amount=5").send().await.unwrap();
    assert_eq!(by_header.text().await.unwrap(), "anna amount=5");
    let fields = format!("amount=5&csrf={csrf}");
    let by_field = post().header("content-type", form).body(fields.clone()).send().await.unwrap();
    assert_eq!(by_field.text().await.unwrap(), format!("anna {fields}"), "the handler gets the whole form");
    let api = place.post("/v1/payments").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(api.status(), StatusCode::FORBIDDEN, "the API is no way round");

    let row = "somebody | refused | POST /desk | the form's token is missing or old; from 127.0.0.1";
    assert!(place.house.trail().await.contains(&row.into()));

    let (other, _) = place.enter().await;
    let foreign =
        place.post("/desk").header("cookie", &other).header("x-csrf-token", &csrf).send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "each session has its own");
}

#[tokio::test]
async fn a_session_ends_when_idle_and_when_logged_out() {
    let place = Place::new(Doorway::default()).await;
    let (cookie, _) = place.anna(&[Role::Agent]).await;
    let ask = async |path: &str, cookie: &str| {
        place.get(path).header("cookie", cookie).send().await.unwrap().status()
    };
    for _ in 0..3 {
        place.pass(14 * MINUTE_MS);
        assert_eq!(ask("/v1/payments", &cookie).await, StatusCode::OK);
    }
    for _ in 0..14 {
        place.pass(MINUTE_MS);
        assert_eq!(ask("/v1/events?agent=1001", &cookie).await, StatusCode::OK);
    }
    place.pass(MINUTE_MS);
    assert_eq!(ask("/v1/payments", &cookie).await, StatusCode::UNAUTHORIZED, "listening is not working");

    let (cookie, csrf) = place.enter().await;
    let out = place.post("/auth/logout").header("cookie", &cookie).header("x-csrf-token", &csrf);
    let out = out.send().await.unwrap();
    assert!(set_cookie(&out).starts_with("tonegate=;") && set_cookie(&out).contains("Max-Age=0"));
    assert_eq!(header(&out, "location"), "/console/login");
    assert_eq!(ask("/v1/payments", &cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn ten_wrong_passwords_lock_over_http_too() {
    let place = Place::new(Doorway::default()).await;
    place.anna(&[Role::Agent]).await;
    let unknown = place.log_in("bob", "wrong wrong wrong").send().await.unwrap();
    let unknown = (unknown.status(), detail(unknown).await);
    for _ in 0..10 {
        let answer = place.log_in("anna", "wrong wrong wrong").send().await.unwrap();
        assert_eq!((answer.status(), detail(answer).await), unknown, "the same words for everybody");
    }
    let locked = place.log_in("anna", GOOD).send().await.unwrap();
    assert_eq!((locked.status(), detail(locked).await), unknown);
    place.pass(30 * MINUTE_MS);
    place.enter().await;
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do() {
    let place = Place::new(Doorway::default()).await;
    for path in ["/console/login", "/v1/payments", "/auth/oidc"] {
        let answer = place.get(path).send().await.unwrap();
        let policy = header(&answer, "content-security-policy");
        // Between the two, what a page's own style sheet needs.
        assert!(policy.starts_with("default-src 'self'; "), "{policy}");
        let end = "; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
        assert!(policy.ends_with(end), "{policy}");
        assert!(!policy.contains("-inline") && !policy.contains("script-src"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "SAMEORIGIN"),
            ("cache-control", "no-store"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(header(&answer, name), value, "{path} {name}");
        }
    }
    let asset = place.get("/assets/x").send().await.unwrap();
    assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000", "what says so is kept");
    let frame_ancestors = vec!["https://crm.example.com".into()];
    let framed = Place::new(Doorway { frame_ancestors, ..Doorway::default() }).await;
    let answer = framed.get("/console/login").send().await.unwrap();
    assert!(
        header(&answer, "content-security-policy")
            .ends_with("frame-ancestors 'self' https://crm.example.com")
    );
    assert_eq!(header(&answer, "x-frame-options"), "");
}
