//! Adyen: exact bodies, what its answers mean, and that it never charges twice.

use serde_json::{Value, json};

use super::adyen_fake::Checkout;
use super::fake::{Asked, Fake};
use super::never_twice::{impatient, nobody_there, overhead, patient, ten_at_once, whatever_breaks};
use super::*;
use crate::call::DeclineReason;
use crate::psp::Environment;
use crate::psp::adyen::{Adyen, AdyenSecrets, AdyenSettings};
use crate::psp::http::HttpSettings;
use crate::psp::{Agreement, Change, Effect, Link, LinkState, NewLink, StoredCard};

const CARD: &str = "4111111111111111";

/// Of Adyen's own example.
pub(super) const WEBHOOK_KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

pub(super) fn connector_with(
    base: &str,
    http: &HttpSettings,
    change: impl FnOnce(&mut AdyenSettings),
) -> Adyen {
    let mut settings = AdyenSettings::test("ACME_FR");
    settings.url = Some(format!("{base}/v72"));
    change(&mut settings);
    let secrets = AdyenSecrets {
        api_key: "test_key".to_owned().into(),
        webhook_secret: Some(WEBHOOK_KEY.to_owned().into()),
    };
    Adyen::new("adyen", &settings, http, &secrets, None).expect("a connector")
}

async fn fake() -> (Fake, Adyen) {
    let fake = Fake::start(Checkout).await;
    let adyen = connector_with(&fake.url(), &patient(), |_| {});
    (fake, adyen)
}

fn sent(fake: &Fake) -> Value {
    fake.asked().last().map(Asked::json).unwrap_or_default()
}

#[tokio::test]
async fn a_charge_has_exactly_the_published_shape() {
    let (fake, adyen) = fake().await;
    let mut charge = charge("tg-1", "19.99");
    charge.caller_number = Some("+33612345678".into());
    charge.reference = Some("order 42".into());
    charge.customer = customer();
    charge.parameters.insert("campaign".into(), "spring".into());
    let answer = adyen.authorise(&charge, &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "P1".into() }, "{answer:?}");
    let asked = fake.asked().remove(0);
    assert_eq!(asked.line(), "POST /v72/payments");
    assert_eq!((asked.header("idempotency-key"), asked.header("x-api-key")), ("tg-1", "test_key"));
    assert_eq!(
        asked.json(),
        json!({
            "merchantAccount": "ACME_FR", "amount": { "currency": "EUR", "value": 1999 }, "reference": "tg-1",
            "returnUrl": "https://telephone-order.invalid/", "shopperInteraction": "Moto",
            "merchantOrderReference": "order 42", "metadata": { "campaign": "spring" },
            "shopperReference": "cust-0042", "shopperEmail": "jean@example.fr",
            "telephoneNumber": "+33612345678", "shopperName": { "firstName": "Jean", "lastName": "Dupont" },
            "billingAddress": { "street": "Rue de Rivoli", "houseNumberOrName": "1", "postalCode": "75001",
                "city": "Paris", "country": "FR" },
            "deliveryAddress": { "street": "Rue de Rivoli", "houseNumberOrName": "1", "postalCode": "75001",
                "city": "Paris", "country": "ZZ" },
            "accountInfo": { "purchasesLast6Months": 4, "accountCreationDate": "2024-01-02T00:00:00Z" },
            "additionalData": { "riskdata.totalOrderQuantity": "9" },
            "riskData": { "customFields": { "failuresThisCall": "1" } },
            "paymentMethod": { "type": "scheme", "number": CARD, "expiryMonth": "03", "expiryYear": "2030",
                "cvc": "737", "holderName": "Jean Dupont" }
        })
    );
}

#[tokio::test]
async fn of_an_unknown_customer_nothing_is_invented() {
    let (fake, adyen) = fake().await;
    let mut card = card(CARD);
    card.code = None;
    adyen.authorise(&charge("tg-1", "19.99"), &card).await;
    assert_eq!(
        sent(&fake),
        json!({ "amount": { "currency": "EUR", "value": 1999 }, "merchantAccount": "ACME_FR", "reference": "tg-1",
            "returnUrl": "https://telephone-order.invalid/", "shopperInteraction": "Moto",
            "paymentMethod": { "type": "scheme", "number": CARD, "expiryMonth": "03", "expiryYear": "2030" } })
    );
}

#[tokio::test]
async fn with_a_public_key_no_digit_leaves_in_the_clear() {
    let fake = Fake::start(Checkout).await;
    // Any odd number of 2048 bits will do: nobody has to read it here.
    let key = format!("10001|C{}1", "5A".repeat(255));
    let adyen = connector_with(&fake.url(), &patient(), |settings| settings.encryption_key = Some(key));
    assert!(approved(&adyen.authorise(&charge("tg-1", "19.99"), &card(CARD)).await));
    let method = sent(&fake)["paymentMethod"].clone();
    let mut names: Vec<&String> = method.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "encryptedCardNumber",
            "encryptedExpiryMonth",
            "encryptedExpiryYear",
            "encryptedSecurityCode",
            "type"
        ]
    );
    assert!(method["encryptedCardNumber"].as_str().is_some_and(|jwe| jwe.split('.').count() == 5));
    assert!(!fake.asked()[0].body.contains("4111"));
}

#[tokio::test]
async fn cards_are_stored_and_charged_later() {
    let (fake, adyen) = fake().await;
    let storing = storing(Agreement::Subscription);
    let stored = StoredCard { token: "TOKEN1".into(), shopper: "cust-0042".into() };
    assert_eq!(adyen.tokenise(&storing, &card(CARD)).await.effect, Effect::Done(stored.clone()));
    let body = sent(&fake);
    assert_eq!(body["amount"]["value"], 0);
    assert_eq!(
        (&body["storePaymentMethod"], &body["recurringProcessingModel"]),
        (&json!(true), &json!("Subscription"))
    );
    let answer = adyen.charge_token(&charge("tg-c", "5.00"), &stored, Agreement::Unscheduled).await;
    assert!(approved(&answer), "{answer:?}");
    assert_eq!(
        sent(&fake),
        json!({
            "merchantAccount": "ACME_FR", "amount": { "currency": "EUR", "value": 500 }, "reference": "tg-c",
            "returnUrl": "https://telephone-order.invalid/", "shopperInteraction": "ContAuth",
            "recurringProcessingModel": "UnscheduledCardOnFile", "shopperReference": "cust-0042",
            "paymentMethod": { "type": "scheme", "storedPaymentMethodId": "TOKEN1" }
        })
    );
}

#[tokio::test]
async fn changes_are_taken_and_told_later() {
    let (fake, adyen) = fake().await;
    let change = Change { key: "ref-1".into(), reference: "P 1".into(), amount: charge("", "5.00").amount };
    let taken = Effect::Taken("CHANGE1".to_owned());
    assert_eq!(adyen.refund(&change).await.effect, taken);
    assert_eq!(fake.asked()[0].line(), "POST /v72/payments/P%201/refunds");
    assert_eq!(
        sent(&fake),
        json!({ "merchantAccount": "ACME_FR", "reference": "ref-1", "amount": { "currency": "EUR", "value": 500 } })
    );
    assert_eq!(adyen.capture(&Change { key: "cap-1".into(), ..change.clone() }).await.effect, taken);
    assert_eq!(fake.asked()[1].line(), "POST /v72/payments/P%201/captures");
    assert_eq!(adyen.cancel(&Change { key: "can-1".into(), ..change }).await.effect, taken);
    assert_eq!(sent(&fake), json!({ "merchantAccount": "ACME_FR", "reference": "can-1" }));
    assert!(fake.asked().iter().all(|asked| !asked.header("idempotency-key").is_empty()));
}

#[tokio::test]
async fn a_link_is_made_looked_at_and_ended() {
    let (fake, adyen) = fake().await;
    let new = NewLink {
        key: "tg-l".into(),
        amount: charge("", "19.99").amount,
        description: "Invoice 7".into(),
        expires_at: "2026-12-01T10:00:00Z".parse().expect("a time"),
        language: "fr-FR".into(),
        customer: Customer { email: Some("jean@example.fr".into()), ..Customer::default() },
    };
    let url = Some("https://test.adyen.link/PL1".to_owned());
    let as_it_is = |state| Effect::Done(Link { id: "PL1".into(), url: url.clone(), state });
    assert_eq!(adyen.create_link(&new).await.effect, as_it_is(LinkState::Open));
    assert_eq!(
        sent(&fake),
        json!({ "merchantAccount": "ACME_FR", "reference": "tg-l", "amount": { "currency": "EUR", "value": 1999 },
            "expiresAt": "2026-12-01T10:00:00Z", "reusable": false, "description": "Invoice 7",
            "shopperLocale": "fr-FR", "shopperEmail": "jean@example.fr" })
    );
    assert_eq!(adyen.link("PL1").await.effect, as_it_is(LinkState::Paid));
    assert_eq!(adyen.expire_link("PL1").await.effect, as_it_is(LinkState::Ended));
    assert_eq!(sent(&fake), json!({ "status": "expired" }));
}

#[tokio::test]
async fn declines_have_their_reasons_and_faults_of_the_configuration_are_none() {
    use DeclineReason::*;
    let (fake, adyen) = fake().await;
    declined(
        &adyen,
        CARD,
        &[
            ("1.05", Generic),
            ("1.06", Expired),
            ("1.12", InsufficientFunds),
            ("1.24", CodeWrong),
            ("1.46", Blocked),
            ("2.29", Expired),
        ],
    )
    .await;
    misconfigured(
        &adyen,
        CARD,
        &[
            ("2.10", "role"),
            ("2.38", "currency"),
            ("2.91", "merchant_account"),
            ("2.93", "acquirer"),
            ("3.01", "MOTO"),
        ],
    )
    .await;
    for (euros, outcome, may_retry) in [
        ("1.09", Outcome::NotCharged, false),
        ("2.74", Outcome::Unknown, true),
        ("2.50", Outcome::Unknown, true),
        ("3.00", Outcome::Unknown, false),
    ] {
        let answer = adyen.authorise(&charge(euros, euros), &card(CARD)).await;
        assert_eq!((&answer.outcome, answer.may_retry), (&outcome, may_retry), "{euros} {answer:?}");
    }
    let settings =
        AdyenSettings { url: Some(format!("{}/v72", fake.url())), ..AdyenSettings::test("ACME_FR") };
    let secrets = AdyenSecrets { api_key: "wrong".to_owned().into(), webhook_secret: None };
    let wrong = Adyen::new("adyen", &settings, &patient(), &secrets, None).expect("a connector");
    let answer = wrong.authorise(&charge("tg-1", "42.50"), &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::NotCharged);
    assert!(answer.remedy.is_some_and(|remedy| remedy.contains("api_key_file")));
    assert!(fake.charges().is_empty());
}

#[tokio::test]
async fn a_test_account_takes_test_cards_and_a_live_one_takes_none() {
    let (fake, test) = fake().await;
    // Published by Adyen for tests, but not among the numbers that tonegate knows: it stands for a real card.
    let other = card("4988438843884305");
    assert!(!other.pan.test_number());
    let answer = test.authorise(&charge("tg-1", "42.50"), &other).await;
    assert!(answer.outcome == Outcome::NotCharged && answer.remedy.is_some(), "{answer:?}");
    let live = connector_with(&fake.url(), &patient(), |settings| settings.environment = Environment::Live);
    let answer = live.authorise(&charge("tg-2", "42.50"), &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::Declined(DeclineReason::Invalid));
    assert!(fake.asked().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn whatever_breaks_there_is_one_charge() {
    let fake = Fake::start(Checkout).await;
    let adyen = connector_with(&fake.url(), &impatient(), |_| {});
    whatever_breaks(&fake, &adyen, &["POST /v72/payments"], true).await;
}

#[tokio::test]
async fn ten_at_once_are_one_charge() {
    let (fake, adyen) = fake().await;
    ten_at_once(&fake, &adyen).await;
}

#[tokio::test]
async fn nobody_there_is_nothing_charged() {
    nobody_there(&connector_with("http://127.0.0.1:9", &impatient(), |_| {})).await;
}

#[tokio::test]
#[ignore = "a measurement; needs an idle machine and a release build"]
async fn overhead_is_small() {
    let (_fake, adyen) = fake().await;
    let took = overhead(&adyen).await;
    assert!(took.as_micros() <= 3_000, "{took:?} at the 99th percentile");
}
