//! Stripe: exact bodies, what its answers mean, and that it never charges twice.

use super::fake::Fake;
use super::never_twice::{impatient, nobody_there, overhead, patient, ten_at_once, whatever_breaks};
use super::stripe_fake::Stripes;
use super::*;
use crate::call::DeclineReason;
use crate::psp::http::HttpSettings;
use crate::psp::stripe::{Stripe, StripeSecrets, StripeSettings};
use crate::psp::{
    Address, Agreement, Bounds, Change, Effect, Link, LinkState, Mode, NewLink, StoredCard, settle,
};

const CARD: &str = "4242424242424242";

pub(super) fn connector_with(base: &str, http: &HttpSettings, key: &str) -> Result<Stripe, String> {
    let settings =
        StripeSettings { success_url: Some("https://m.example/ok".into()), ..StripeSettings::at(base) };
    let secrets = StripeSecrets {
        api_key: key.to_owned().into(),
        webhook_secret: Some("whsec_test_secret".to_owned().into()),
    };
    Stripe::new("stripe", &settings, http, &secrets, None).map_err(|fault| fault.to_string())
}

async fn fake() -> (Fake, Stripe) {
    let fake = Fake::start(Stripes).await;
    let stripe = connector_with(&fake.url(), &patient(), "sk_test_123").expect("a connector");
    (fake, stripe)
}

#[tokio::test]
async fn a_charge_is_a_payment_method_and_an_intent_of_exactly_the_published_shape() {
    let (fake, stripe) = fake().await;
    let mut charge = charge("tg-1", "19.99");
    charge.caller_number = Some("+33612345678".into());
    charge.reference = Some("order 42".into());
    charge.customer.first_name = Some("Jean".into());
    charge.customer.last_name = Some("Dupont".into());
    charge.customer.email = Some("jean@example.fr".into());
    charge.customer.billing = Some(Address {
        street: Some("Rue de Rivoli".into()),
        house: Some("1".into()),
        postal_code: Some("75001".into()),
        city: Some("Paris".into()),
        state: None,
        country: Some("FR".into()),
    });
    let answer = stripe.authorise(&charge, &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "pi_1".into() }, "{answer:?}");
    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        (asked[0].line().as_str(), asked[0].header("idempotency-key")),
        ("POST /v1/payment_methods", "tg-1-pm")
    );
    assert_eq!(
        asked[0].body,
        format!(
            "type=card&card[number]={CARD}&card[exp_month]=3&card[exp_year]=2030&card[cvc]=737&\
             billing_details[name]=Jean+Dupont&billing_details[phone]=%2B33612345678&\
             billing_details[email]=jean%40example.fr&billing_details[address][line1]=1+Rue+de+Rivoli&\
             billing_details[address][city]=Paris&billing_details[address][postal_code]=75001&\
             billing_details[address][country]=FR"
        )
    );
    assert_eq!(
        (asked[1].line().as_str(), asked[1].header("idempotency-key")),
        ("POST /v1/payment_intents", "tg-1")
    );
    assert_eq!(asked[1].header("stripe-version"), "2026-10-28.endive");
    assert_eq!(asked[1].header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        asked[1].body,
        "amount=1999&currency=eur&confirm=true&payment_method=pm_1&payment_method_types[0]=card&\
         payment_method_options[card][moto]=true&error_on_requires_action=true&description=Invoice+7&\
         receipt_email=jean%40example.fr&metadata[tonegate_key]=tg-1&metadata[reference]=order+42"
    );
}

#[tokio::test]
async fn the_postal_code_that_was_keyed_goes_with_the_card() {
    let (fake, stripe) = fake().await;
    assert!(approved(&stripe.authorise(&charge("tg-1", "19.99"), &card_with("75001")).await));
    assert!(fake.asked()[0].body.ends_with("&card[cvc]=737&billing_details[address][postal_code]=75001"));
}

#[tokio::test]
async fn cards_are_stored_and_charged_later() {
    let (fake, stripe) = fake().await;
    let storing = storing(Agreement::Unscheduled);
    let stored = StoredCard { token: "pm_1".into(), shopper: "cus_1".into() };
    assert_eq!(stripe.tokenise(&storing, &card(CARD)).await.effect, Effect::Done(stored.clone()));
    let lines: Vec<String> = fake.asked().iter().map(|asked| asked.line()).collect();
    assert_eq!(lines, ["POST /v1/payment_methods", "POST /v1/customers", "POST /v1/setup_intents"]);
    assert_eq!(
        fake.asked()[2].body,
        "confirm=true&customer=cus_1&payment_method=pm_1&payment_method_types[0]=card&\
         payment_method_options[card][moto]=true&usage=off_session&metadata[tonegate_key]=tg-s"
    );
    let answer = stripe.charge_token(&charge("tg-c", "5.00"), &stored, Agreement::Unscheduled).await;
    assert!(approved(&answer), "{answer:?}");
    assert_eq!(
        fake.asked()[3].body,
        "amount=500&currency=eur&confirm=true&off_session=true&customer=cus_1&payment_method=pm_1&\
         error_on_requires_action=true&description=Invoice+7&metadata[tonegate_key]=tg-c"
    );
}

#[tokio::test]
async fn changes_and_links_have_the_published_shape() {
    let (fake, stripe) = fake().await;
    let change = Change { key: "k-1".into(), reference: "pi_1".into(), amount: charge("", "5.00").amount };
    assert_eq!(stripe.refund(&change).await.effect, Effect::Done("re_1".into()));
    let capture = Change { key: "k-3".into(), ..change.clone() };
    assert_eq!(stripe.capture(&capture).await.effect, Effect::Done("pi_1".into()));
    assert_eq!(
        stripe.cancel(&Change { key: "k-2".into(), ..change }).await.effect,
        Effect::Done("pi_1".into())
    );
    let bodies: Vec<String> = fake.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies[0], "payment_intent=pi_1&amount=500&metadata[tonegate_key]=k-1");
    assert_eq!(bodies[2], "cancellation_reason=requested_by_customer");
    let new = NewLink {
        key: "tg-l".into(),
        amount: charge("", "19.99").amount,
        description: "Order 42".into(),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48),
        language: "fr".into(),
        customer: Customer::default(),
    };
    let url = Some("https://checkout.stripe.com/c/cs_1".to_owned());
    let as_it_is = |state| Effect::Done(Link { id: "cs_1".into(), url: url.clone(), state });
    assert_eq!(stripe.create_link(&new).await.effect, as_it_is(LinkState::Open));
    assert_eq!(
        fake.asked().last().map(|asked| asked.body.clone()).unwrap_or_default(),
        "mode=payment&success_url=https%3A%2F%2Fm.example%2Fok&client_reference_id=tg-l&locale=fr&\
         line_items[0][quantity]=1&line_items[0][price_data][currency]=eur&\
         line_items[0][price_data][unit_amount]=1999&line_items[0][price_data][product_data][name]=Order+42&\
         payment_intent_data[metadata][tonegate_key]=tg-l"
    );
    assert_eq!(stripe.link("cs_1").await.effect, as_it_is(LinkState::Paid));
    assert_eq!(stripe.expire_link("cs_1").await.effect, as_it_is(LinkState::Ended));
}

#[tokio::test]
async fn declines_have_their_reasons_and_faults_of_the_configuration_are_none() {
    use DeclineReason::*;
    let (fake, stripe) = fake().await;
    declined(
        &stripe,
        CARD,
        &[
            ("1.05", Generic),
            ("1.51", InsufficientFunds),
            ("1.41", Blocked),
            ("1.54", Expired),
            ("1.82", CodeWrong),
            ("1.65", LimitExceeded),
        ],
    )
    .await;
    misconfigured(&stripe, CARD, &[("2.10", "MOTO"), ("2.38", "currency")]).await;
    for (euros, outcome, may_retry) in [
        ("1.96", Outcome::NotCharged, false),
        ("2.29", Outcome::NotCharged, true),
        ("2.49", Outcome::Unknown, true),
        ("3.00", Outcome::Unknown, false),
    ] {
        let answer = stripe.authorise(&charge(euros, euros), &card(CARD)).await;
        assert_eq!((&answer.outcome, answer.may_retry), (&outcome, may_retry), "{euros} {answer:?}");
    }
    let mut raw = charge("tg-raw", "42.50");
    raw.customer.email = Some("raw@example.fr".into());
    for (key, charge, word) in [
        ("sk_test_123", &raw, "raw card data"),
        ("rk_test_123", &charge("a", "42.50"), "permission"),
        ("sk_test_9", &charge("b", "42.50"), "api_key_file"),
    ] {
        let stripe = connector_with(&fake.url(), &patient(), key).expect("a connector");
        let answer = stripe.authorise(charge, &card(CARD)).await;
        assert_eq!(answer.outcome, Outcome::NotCharged, "{answer:?}");
        assert!(answer.remedy.as_ref().is_some_and(|remedy| remedy.contains(word)), "{answer:?}");
    }
    assert!(fake.charges().is_empty());
}

#[tokio::test]
async fn a_fault_that_the_key_gets_for_ever_is_resolved_by_search() {
    let (fake, stripe) = fake().await;
    let bounds = Bounds { retry_first_ms: 10, retries_max: 2, query_first_ms: 10, ..Bounds::default() };
    let answer = settle(&stripe, &charge("tg-350", "3.50"), card(CARD), &bounds, &mut |_| {}).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "pi_1".into() }, "{answer:?}");
    assert_eq!(fake.charges().get("tg-350"), Some(&1));
    // What was never seen is not told as not charged: the search lags behind.
    assert_eq!(stripe.query(&charge("tg-unseen", "1.00")).await.outcome, Outcome::Unknown);
}

#[test]
fn the_key_tells_whether_money_moves_and_what_is_no_key_is_refused() {
    let mode = |key| connector_with("https://api.stripe.com", &patient(), key).map(|stripe| stripe.mode());
    assert_eq!(mode("sk_test_1"), Ok(Mode::Test));
    assert_eq!(mode("rk_live_1"), Ok(Mode::Live));
    for wrong in ["pk_test_1", "", "whsec_1"] {
        assert!(mode(wrong).is_err_and(|fault| fault.contains("api_key_file")), "{wrong}");
    }
}

#[tokio::test]
async fn whatever_breaks_there_is_one_charge() {
    let fake = Fake::start(Stripes).await;
    let stripe = connector_with(&fake.url(), &impatient(), "sk_test_123").expect("a connector");
    whatever_breaks(&fake, &stripe, &["POST /v1/payment_methods", "POST /v1/payment_intents"], true).await;
}

#[tokio::test]
async fn ten_at_once_are_one_charge() {
    let (fake, stripe) = fake().await;
    ten_at_once(&fake, &stripe).await;
}

#[tokio::test]
async fn nobody_there_is_nothing_charged() {
    nobody_there(&connector_with("http://127.0.0.1:9", &impatient(), "sk_test_123").expect("a connector"))
        .await;
}

#[tokio::test]
#[ignore = "a measurement; needs an idle machine and a release build"]
async fn overhead_is_small() {
    let (_fake, stripe) = fake().await;
    let took = overhead(&stripe).await;
    assert!(took.as_micros() <= 3_000, "{took:?} at the 99th percentile");
}
