//! Who may see and do what.

use tonegate::inspect::stage::{CallPlan, SetOptions};

use crate::browser::ENGLISH;
use crate::front::Front;
use crate::pages::paid;
use crate::provider;
use crate::scene::{AGENT, Stage, secret};

#[tokio::test]
async fn an_agent_sees_their_own_calls_and_nothing_else() {
    let stage = Stage::open(ENGLISH).await;
    stage.browser.click(".who button").await;
    stage.browser.until("location.pathname === '/console/login'").await;
    stage.browser.is_accessible().await;
    stage.browser.shot("login-en-1280").await;
    stage.browser.write("input[name=name]", "ada").await;
    stage.browser.write("input[name=password]", "not this one at all").await;
    stage.browser.click("main button.first").await;
    stage.browser.reads("main .note.bad", "Not signed in").await;
    let bob = stage.scene.set.person("bob", &["agent"], &[AGENT]).await.expect("somebody is made known");
    stage.enter(&bob, "/console").await;
    // Their first page is the desk of their only telephone.
    stage.browser.until("location.pathname === '/desk'").await;
    stage.browser.reads("h1", AGENT).await;
    assert_eq!(stage.browser.value("document.querySelectorAll('.top nav a').length").await, 2);
    stage.go("/desk?agent=2002").await;
    stage.browser.reads("h1", "Not for you").await;
    for path in ["/console/people", "/console/health"] {
        stage.go(path).await;
        stage.browser.reads("h1", "Not for you").await;
    }
    stage.close().await;
}

#[tokio::test]
async fn somebody_of_the_company_signs_in_with_the_companys_account() {
    let (front, issuer) = (Front::open().await, provider::start().await);
    let change = |options: &mut SetOptions| {
        secret(options, "company.secret", "a secret between the two");
        options.sections += &format!(
            "[oidc]\nissuer = \"{issuer}\"\nclient_id = \"tonegate\"\nclient_secret_file = \"company.secret\"\npublic_url = \"{}\"\n\
             [oidc.roles]\nagent = [\"phone\"]\n",
            front.origin("pay")
        );
    };
    let stage = Stage::open_with(ENGLISH, CallPlan::default(), change).await;
    front.leads_to(&stage.scene.set.settings.api);
    let page = &stage.browser;
    page.go(&format!("{}/desk", front.origin("pay"))).await;
    page.until("location.pathname === '/console/login'").await;
    page.shot("login-company-en-1280").await;
    page.click("main a.button").await;
    page.reads("h1", "Company").await;
    page.click("a").await;
    // Back where they wanted to go, with the role and the telephone that the provider names.
    page.reads("h1", "Desk 1001").await;
    page.reads(".who", "Dora Maar").await;
    assert_eq!(page.value("document.querySelectorAll('.top nav a').length").await, 2, "an agent's pages");
    stage.close().await;
}

#[tokio::test]
async fn a_refund_that_the_provider_cannot_do_is_refused_in_words() {
    let stage = paid(ENGLISH).await;
    stage.go("/console/payments?ending=approved").await;
    stage.browser.click("tbody a").await;
    stage.browser.reads("#refund-title", "Refund").await;
    stage.browser.write("input[name=amount]", "10.00").await;
    stage.browser.click("input[name=sure]").await;
    stage.browser.click("button.danger").await;
    stage.browser.reads("main .note.bad", "cannot do it").await;
    stage.browser.shot("refund-refused-en-1280").await;
    stage.close().await;
}

#[tokio::test]
async fn an_admin_makes_a_person_and_a_key() {
    let stage = Stage::open(ENGLISH).await;
    stage.go("/console/people").await;
    stage.browser.reads("main", "ada").await;
    stage.browser.is_accessible().await;
    stage.browser.unfold("details:nth-of-type(2)").await;
    stage.browser.write("details:nth-of-type(2) input[name=name]", "crm").await;
    stage.browser.write("details:nth-of-type(2) input[name=scopes]", "payments:read, events").await;
    stage.browser.click("details:nth-of-type(2) button.first").await;
    stage.browser.reads("main .note.good code", "tg_").await;
    stage.browser.fits().await;
    stage.go("/console/people").await;
    stage.browser.reads("main", "payments:read, events").await;
    assert_eq!(stage.browser.text(".note.good").await, "", "the key is shown once");
    stage.browser.shot("people-en-1280").await;
    stage.close().await;
}
