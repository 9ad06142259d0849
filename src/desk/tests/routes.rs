//! The route that providers tell over, with real connectors, real signatures and real HTTP.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::api;
use crate::config::ApiSection;
use crate::pbx::AgentKeys;
use crate::people::{CodesKey, People, Rules as PeopleRules};
use crate::psp::adyen::{Adyen, AdyenSecrets, AdyenSettings};
use crate::psp::checkout::{Checkout, CheckoutSecrets, CheckoutSettings};
use crate::psp::http::HttpSettings;
use crate::psp::hyperswitch::{Hyperswitch, HyperswitchSecrets, HyperswitchSettings};
use crate::psp::lyra::{Lyra, LyraSettings};
use crate::psp::stripe::{Stripe, StripeSecrets, StripeSettings};
use crate::psp::worldline::{Worldline, WorldlineSecrets, WorldlineSettings};
use crate::store::{AttemptState, OperationKind, OperationState};

const NOWHERE: &str = "http://127.0.0.1:9";
const SECRET: &str = "5EC2E7";

/// What a provider tells of one charge of 42.50 EUR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    Approved,
    Declined,
    Refunded,
}

/// A request: its headers and its body.
type Sent = (Vec<(&'static str, String)>, String);

/// One provider: its account here, and how it tells, with a key, our key of the charge and its reference.
struct Provider {
    psp: Arc<dyn Psp>,
    tell: fn(Tells, &str, &str, &str) -> Sent,
    reply: &'static str,
}

fn hex_mac(algorithm: hmac::Algorithm, secret: &str, text: &str) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), text.as_bytes()))
}

fn adyen(tells: Tells, secret: &str, key: &str, reference: &str) -> Sent {
    let (event, success, psp, original) = match tells {
        Tells::Approved => ("AUTHORISATION", "true", reference.to_owned(), ""),
        Tells::Declined => ("AUTHORISATION", "false", reference.to_owned(), ""),
        Tells::Refunded => ("REFUND", "true", format!("R{reference}"), reference),
    };
    let signed = format!("{psp}:{original}:ACME:{key}:4250:EUR:{event}:{success}");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &hex::decode(secret).expect("hexadecimal"));
    let signature = STANDARD.encode(hmac::sign(&secret, signed.as_bytes()));
    let mut item = json!({ "additionalData": { "hmacSignature": signature },
        "amount": { "currency": "EUR", "value": 4250 }, "eventCode": event, "merchantAccountCode": "ACME",
        "merchantReference": key, "pspReference": psp, "reason": "", "success": success });
    if !original.is_empty() {
        item["originalReference"] = original.into();
    }
    let body = json!({ "live": "false", "notificationItems": [{ "NotificationRequestItem": item }] });
    (Vec::new(), body.to_string())
}

fn stripe(tells: Tells, secret: &str, key: &str, reference: &str) -> Sent {
    let named = json!({ "tonegate_key": key });
    let (kind, object) = match tells {
        Tells::Approved => ("payment_intent.succeeded", json!({ "id": reference, "metadata": named })),
        Tells::Declined => ("payment_intent.payment_failed", json!({ "id": reference, "metadata": named })),
        Tells::Refunded => (
            "refund.created",
            json!({ "id": format!("re_{reference}"), "payment_intent": reference, "status": "succeeded" }),
        ),
    };
    let mut object: Value = object;
    object["amount"] = 4250.into();
    object["currency"] = "eur".into();
    let body = json!({ "type": kind, "data": { "object": object } }).to_string();
    let now_s = jiff::Timestamp::now().as_second();
    let signature = hex_mac(hmac::HMAC_SHA256, secret, &format!("{now_s}.{body}"));
    (vec![("stripe-signature", format!("t={now_s},v1={signature}"))], body)
}

fn checkout(tells: Tells, secret: &str, key: &str, reference: &str) -> Sent {
    let kind = match tells {
        Tells::Approved => "payment_approved",
        Tells::Declined => "payment_declined",
        Tells::Refunded => "payment_refunded",
    };
    let action = format!("act_{kind}_{reference}");
    let body = json!({ "type": kind, "data": { "id": reference, "action_id": action, "reference": key,
        "amount": 4250, "currency": "EUR", "response_code": "20005" } })
    .to_string();
    (vec![("cko-signature", hex_mac(hmac::HMAC_SHA256, secret, &body))], body)
}

fn hyperswitch(tells: Tells, secret: &str, key: &str, reference: &str) -> Sent {
    let (kind, named) = match tells {
        Tells::Approved => ("payment_succeeded", Some(key)),
        Tells::Declined => ("payment_failed", Some(key)),
        Tells::Refunded => ("refund_succeeded", None),
    };
    let mut object = json!({ "payment_id": reference, "amount": 4250, "currency": "EUR",
        "metadata": { "tonegate_key": named } });
    if tells == Tells::Refunded {
        object["refund_id"] = format!("ref_{reference}").into();
    }
    let body = json!({ "event_type": kind, "content": { "object": object } }).to_string();
    (vec![("x-webhook-signature-512", hex_mac(hmac::HMAC_SHA512, secret, &body))], body)
}

fn lyra(tells: Tells, secret: &str, key: &str, reference: &str) -> Sent {
    let status = if tells == Tells::Declined { "UNPAID" } else { "PAID" };
    let transaction = match tells {
        Tells::Refunded => json!({ "uuid": format!("c{reference}"), "operationType": "CREDIT",
            "transactionDetails": { "parentTransactionUuid": reference } }),
        _ => json!({ "uuid": reference, "operationType": "DEBIT", "detailedErrorCode": "05" }),
    };
    let mut transaction: Value = transaction;
    transaction["amount"] = 4250.into();
    transaction["currency"] = "EUR".into();
    let answer = json!({ "orderStatus": status, "orderDetails": { "orderId": key },
        "transactions": [transaction] })
    .to_string();
    let mut url = reqwest::Url::parse("http://x/").expect("an address");
    let hash = hex_mac(hmac::HMAC_SHA256, secret, &answer);
    url.query_pairs_mut().append_pair("kr-hash", &hash).append_pair("kr-answer", &answer);
    let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
    (vec![form], url.query().unwrap_or_default().to_owned())
}

fn worldline(tells: Tells, secret: &str, key: &str, reference: &str) -> Sent {
    let output = json!({ "amountOfMoney": { "amount": 4250, "currencyCode": "EUR" },
        "references": { "merchantReference": key.replace('-', "") } });
    let event = match tells {
        Tells::Approved => {
            json!({ "type": "payment.captured", "payment": { "id": reference, "paymentOutput": output } })
        }
        Tells::Declined => {
            json!({ "type": "payment.rejected", "payment": { "id": reference, "paymentOutput": output } })
        }
        Tells::Refunded => json!({ "type": "refund.refunded",
            "refund": { "id": format!("{reference}_1"), "refundOutput": output } }),
    };
    let body = event.to_string();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body.as_bytes());
    (vec![("x-gcs-signature", STANDARD.encode(signature))], body)
}

fn providers() -> Vec<Provider> {
    let http = HttpSettings::default();
    let secret = |text: &str| zeroize::Zeroizing::new(text.to_owned());
    let hook = || Some(secret(SECRET));
    let url = || Some(NOWHERE.to_owned());
    let adyen_account = Adyen::new(
        "adyen",
        &AdyenSettings { url: url(), ..AdyenSettings::test("ACME") },
        &http,
        &AdyenSecrets { api_key: secret("k"), webhook_secret: hook() },
        None,
    );
    let stripe_account = Stripe::new(
        "stripe",
        &StripeSettings::at(NOWHERE),
        &http,
        &StripeSecrets { api_key: secret("sk_test_1"), webhook_secret: hook() },
        None,
    );
    let checkout_account = Checkout::new(
        "checkout",
        &CheckoutSettings { url: url(), ..CheckoutSettings::default() },
        &http,
        &CheckoutSecrets { api_key: secret("sk_sbox_1"), webhook_secret: hook() },
        None,
    );
    let switch_account = Hyperswitch::new(
        "hyperswitch",
        &HyperswitchSettings::at(NOWHERE),
        &http,
        &HyperswitchSecrets { api_key: secret("snd_1"), webhook_secret: hook() },
        None,
    );
    let lyra_account =
        Lyra::new("lyra", &LyraSettings::at(NOWHERE, "1"), &http, secret("testpassword_5EC2E7"), None);
    let worldline_account = Worldline::new(
        "worldline",
        &WorldlineSettings { url: url(), ..WorldlineSettings::test("SHOP", "KEY") },
        &http,
        &WorldlineSecrets { secret_key: secret("s"), webhook_secret: hook() },
        None,
    );
    vec![
        Provider { psp: Arc::new(adyen_account.expect("one")), tell: adyen, reply: "[accepted]" },
        Provider { psp: Arc::new(stripe_account.expect("one")), tell: stripe, reply: "" },
        Provider { psp: Arc::new(checkout_account.expect("one")), tell: checkout, reply: "" },
        Provider { psp: Arc::new(switch_account.expect("one")), tell: hyperswitch, reply: "" },
        Provider { psp: Arc::new(lyra_account.expect("one")), tell: lyra, reply: "" },
        Provider { psp: Arc::new(worldline_account.expect("one")), tell: worldline, reply: "" },
    ]
}

/// A desk that is served on this machine.
async fn served(accounts: Vec<Arc<dyn Psp>>) -> (Room, String) {
    let room = room(|_| accounts).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let rules =
        PeopleRules { idle_ms: 1, session_ms: 1, code_required: Vec::new(), issuer: "tonegate".into() };
    let key = CodesKey::File(room.store.file().with_extension("codes"));
    let people = People::new(room.store.clone(), rules, key).expect("people");
    let auth = api::Auth::new(people, ApiSection::default().key, None, api::Doorway::default());
    let console = api::console::Surroundings {
        keys: AgentKeys::default(),
        check: Arc::new(|| Box::pin(async { Ok(Vec::new()) })),
    };
    let requests_per_s = ApiSection::default().requests_per_s;
    let options = api::Options { twilio: None, console, requests_per_s };
    tokio::spawn(api::serve(listener, Arc::clone(&room.desk), auth, None, options, CancellationToken::new()));
    (room, url)
}

async fn post(url: &str, (headers, body): Sent) -> (u16, String) {
    let mut request = reqwest::Client::new().post(url).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn every_provider_is_believed_with_its_signature_once_and_in_any_order() {
    let providers = providers();
    let accounts = providers.iter().map(|provider| Arc::clone(&provider.psp)).collect();
    let (room, url) = served(accounts).await;
    for Provider { psp, tell, reply } in &providers {
        let name = psp.name();
        let secret = if name == "lyra" { "testpassword_5EC2E7" } else { SECRET };
        let url = format!("{url}/webhooks/psp/{name}");
        let payment = begun(&room.store).await;
        let attempt = attempted(&room.store, payment, name).await;
        let lost = Settlement { outcome: Outcome::Unknown, detail: String::new() };
        room.store.settle_attempt(attempt, &lost).await.expect("written");
        room.store.end_payment(payment, Ending::Unknown).await.expect("written");
        let reference = format!("p{}", payment.simple());
        let key = attempt.key();
        let said = |tells, secret| tell(tells, secret, &key, &reference);
        let stands = || async {
            let known = room.store.payment(payment).await.expect("readable").expect("known");
            let done = room.store.operations_of(payment).await.expect("readable");
            (known.attempts[0].state, known.ending, done.len())
        };

        let forged = post(&url, said(Tells::Approved, "0BAD")).await;
        assert_eq!(forged.0, 401, "{name}: {forged:?}");
        assert_eq!(stands().await, (AttemptState::Unknown, Some(Ending::Unknown), 0), "{name}");
        let (headers, body) = said(Tells::Approved, secret);
        let tampered = post(&url, (headers, body.replace("4250", "4251"))).await;
        assert_eq!(tampered.0, 401, "{name}: {tampered:?}");
        assert_eq!(post(&url, said(Tells::Refunded, secret)).await, (200, (*reply).to_owned()), "{name}");
        assert_eq!(stands().await, (AttemptState::Unknown, Some(Ending::Unknown), 0), "{name}");
        // Told, told again, and contradicted by something late.
        for tells in [Tells::Approved, Tells::Approved, Tells::Declined] {
            assert_eq!(post(&url, said(tells, secret)).await, (200, (*reply).to_owned()), "{name} {tells:?}");
            assert_eq!(
                stands().await,
                (AttemptState::Approved, Some(Ending::Approved), 0),
                "{name} {tells:?}"
            );
        }
        // Given back at the provider, and told twice.
        for _ in 0..2 {
            assert_eq!(post(&url, said(Tells::Refunded, secret)).await.0, 200, "{name}");
            let done = room.store.operations_of(payment).await.expect("readable");
            let known: Vec<_> = done.iter().map(|o| (o.kind, o.state, o.amount, o.actor.as_str())).collect();
            let refund = (OperationKind::Refund, OperationState::Done, euros("42.50"), name);
            assert_eq!(known, [refund], "{name}");
        }
    }
}

#[tokio::test]
async fn who_is_not_there_or_tells_nothing_is_not_believed() {
    let generic = psp::dummy("generic", "http://127.0.0.1:9/", None).expect("an account");
    let silent = psp::dummy("stripe", NOWHERE, None).expect("an account");
    let (_room, url) = served(vec![generic, silent]).await;
    for (name, status, word) in
        [("generic", 401, "no webhooks"), ("stripe", 401, "webhook_secret_file"), ("nobody", 404, "[[psp]]")]
    {
        let (told, words) = post(&format!("{url}/webhooks/psp/{name}"), (Vec::new(), "{}".into())).await;
        assert!(told == status && words.contains(word), "{name}: {told} {words}");
    }
}
