//! One-time codes: set up on the page, then asked for.

use std::time::{SystemTime, UNIX_EPOCH};

use tonegate::inspect::stage::CallPlan;
use totp_rs::{Builder, Secret};

use crate::browser::ENGLISH;
use crate::scene::Stage;

/// Seconds for which an authenticator shows a code (RFC 6238).
const STEP_S: u64 = 30;

/// What an authenticator shows that was given this secret, so many steps from now.
fn code(secret: &str, later: u64) -> String {
    let secret = Secret::try_from_base32(secret).expect("base32");
    let made =
        Builder::new().with_secret(secret).with_account_name("cleo").build().expect("an authenticator");
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    made.generate(now_s + later * STEP_S).to_string()
}

#[tokio::test]
async fn somebody_sets_up_an_authenticator_and_signs_in_with_its_codes() {
    let change = |options: &mut tonegate::inspect::stage::SetOptions| {
        options.sections = "[people]\ncode_required = [\"auditor\"]\n".into();
    };
    let stage = Stage::open_with(ENGLISH, CallPlan::default(), change).await;
    let page = &stage.browser;
    let cleo = stage.scene.set.person("cleo", &["auditor"], &[]).await.expect("somebody is made known");
    page.click(".who button").await;
    page.until("location.pathname === '/console/login'").await;
    stage.enter(&cleo, "/console").await;
    // Nothing else is theirs before that.
    page.until("location.pathname === '/console/codes'").await;
    page.reads("h1", "Set up one-time codes").await;
    let secret = page.text("code.wide").await;
    let drawn = "(() => { const qr = document.querySelector('.qr svg').getBoundingClientRect(); \
                 return qr.width > 150 && Math.abs(qr.width - qr.height) < 1; })()";
    page.until(drawn).await;
    page.fits().await;
    page.is_accessible().await;
    page.write("input[name=code]", "000000").await;
    page.click("main button.first").await;
    page.reads("main .note.bad", "code").await;
    assert_eq!(page.text("code.wide").await, secret, "whoever mistyped has to scan again");
    page.shot("codes-en-1280").await;
    page.write("input[name=code]", &code(&secret, 0)).await;
    page.click("main button.first").await;
    page.reads("h1", "Recovery codes").await;
    assert_eq!(page.value("document.querySelectorAll('ul.wide li').length").await, 10);
    page.is_accessible().await;
    page.click("main a.button").await;
    page.reads("h1", "Overview").await;
    page.click(".who button").await;
    page.until("location.pathname === '/console/login'").await;
    stage.enter(&cleo, "/console").await;
    page.reads("main .note.bad", "Add a code of your authenticator").await;
    page.write("input[name=password]", &cleo.password).await;
    // The one of this half minute was taken at the set-up, and is not taken again.
    page.write("input[name=totp]", &code(&secret, 1)).await;
    page.click("main button.first").await;
    page.reads("h1", "Overview").await;
    stage.close().await;
}
