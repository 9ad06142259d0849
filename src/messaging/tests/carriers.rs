//! SMS carriers: what they are asked, and what each of their answers means.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Place, message};
use crate::messaging::{Fate, Medium, Messenger, Probe, Sent};
use crate::psp::tests::PATIENCE_MS;
use crate::psp::tests::fake::{Asked, Break, Fake, Said, Script};

/// A carrier that always says the same.
struct Says(u16, Value);

impl Script for Says {
    fn key(&self, _: &Asked) -> Option<String> {
        None
    }

    fn answer(&self, _: &Asked, _: &HashMap<String, u32>) -> Said {
        Said::new(self.0, self.1.clone())
    }
}

/// Every kind: its settings beside the address, its address's end, its yes, and its name of the message.
fn kinds() -> [(&'static str, &'static str, &'static str, Says, &'static str); 5] {
    [
        (
            "brevo",
            "sender = \"EXAMPLE\"\napi_key_file = \"secret\"",
            "",
            Says(201, json!({ "messageId": 1511882900176_u64 })),
            "1511882900176",
        ),
        (
            "ovh",
            "sender = \"EXAMPLE\"\nservice = \"sms-ab12345-1\"\napplication_key = \"AK\"\n\
             application_secret_file = \"secret\"\nconsumer_key_file = \"secret\"",
            "",
            Says(200, json!({ "ids": [7], "invalidReceivers": [], "validReceivers": ["+33612345678"] })),
            "7",
        ),
        (
            "twilio",
            "sender = \"+15005550006\"\naccount_sid = \"AC1\"\nauth_token_file = \"secret\"",
            "",
            Says(201, json!({ "sid": "SM1", "status": "queued", "error_code": null })),
            "SM1",
        ),
        (
            "vonage",
            "sender = \"EXAMPLE\"\naccount_key = \"ab12\"\nsecret_file = \"secret\"",
            "",
            Says(202, json!({ "message_uuid": "u-1" })),
            "u-1",
        ),
        (
            "http",
            "body = '{\"to\": \"{to_plain}\", \"msg\": \"{text}\", \"id\": \"{id}\"}'\nreference = \"message.id\"\n\
             token_file = \"secret\"",
            "/send",
            Says(200, json!({ "message": { "id": "m-1" } })),
            "m-1",
        ),
    ]
}

fn section(kind: &str, settings: &str, url: &str) -> String {
    let more = if kind == "vonage" { format!("account_url = \"{url}\"\n") } else { String::new() };
    format!(
        "kind = \"{kind}\"\nurl = \"{url}\"\n{settings}\n{more}answer_timeout_ms = {PATIENCE_MS}\nconnect_timeout_ms = 50"
    )
}

async fn to(kind: &str, settings: &str, end: &str, script: Says) -> (Fake, std::sync::Arc<dyn Messenger>) {
    let fake = Fake::start(script).await;
    let messenger = Place::new().messenger(&section(kind, settings, &format!("{}{end}", fake.url())));
    (fake, messenger.expect("an account"))
}

const TEXT: &str = "Example: pay 42.50 EUR, open \"https://pay.example/1?a=b&c\" (until 24 Nov)";

#[tokio::test]
async fn every_carrier_is_asked_in_its_own_way_and_names_the_message() {
    for (kind, settings, end, says, name) in kinds() {
        let (fake, messenger) = to(kind, settings, end, says).await;
        assert_eq!((messenger.name(), messenger.medium()), ("carrier", Medium::Sms));
        let sent = messenger.send(&message("+33612345678", TEXT)).await;
        assert_eq!(sent.fate, Fate::Taken(Some(name.into())), "{kind}: {sent:?}");
        let asked = fake.asked().pop().expect("a request");
        let (line, body) = (asked.line(), asked.json());
        let has = |place: &str, wanted: &str| {
            assert_eq!(body.pointer(place).and_then(Value::as_str), Some(wanted), "{kind}: {}", asked.body);
        };
        match kind {
            "brevo" => {
                assert_eq!(line, "POST /v3/transactionalSMS/send");
                assert_eq!(asked.header("api-key"), "0123456789abcdef");
                has("/recipient", "33612345678");
                has("/content", TEXT);
                assert_eq!(body["unicodeEnabled"], false);
            }
            "ovh" => {
                assert_eq!(line, "POST /1.0/sms/sms-ab12345-1/jobs");
                assert!(asked.header("x-ovh-signature").starts_with("$1$"), "{asked:?}");
                assert_eq!(
                    (asked.header("x-ovh-application"), body["noStopClause"].as_bool()),
                    ("AK", Some(true))
                );
                has("/receivers/0", "+33612345678");
                has("/message", TEXT);
                has("/coding", "7bit");
            }
            "twilio" => {
                assert_eq!(line, "POST /2010-04-01/Accounts/AC1/Messages.json");
                assert_eq!(asked.header("authorization"), "Basic QUMxOjAxMjM0NTY3ODlhYmNkZWY=");
                let form: HashMap<String, String> =
                    form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
                let said = ["To", "From", "Body"].map(|name| form[name].as_str());
                assert_eq!(said, ["+33612345678", "+15005550006", TEXT]);
            }
            "vonage" => {
                assert_eq!(line, "POST /v1/messages");
                assert!(asked.header("authorization").starts_with("Basic "), "{asked:?}");
                has("/to", "33612345678");
                has("/text", TEXT);
                has("/channel", "sms");
            }
            _ => {
                assert_eq!(line, "POST /send");
                assert_eq!(asked.header("authorization"), "Bearer 0123456789abcdef");
                assert_eq!(asked.header("idempotency-key"), "0190b2c4-7e1f-7000-8000-1234567890ab");
                has("/to", "33612345678");
                has("/msg", TEXT);
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_have_been_taken_is_told_from_what_may_have_been() {
    for at in 0..kinds().len() {
        let one = || kinds().into_iter().nth(at).expect("a kind");
        let (kind, settings, end, ..) = one();
        for (status, fate, has_remedy) in [
            (400, Fate::Refused, false),
            (401, Fate::Refused, true),
            (402, Fate::Refused, true),
            (404, Fate::Refused, false),
            (408, Fate::Unknown, false),
            (429, Fate::NotNow, false),
            (500, Fate::Unknown, false),
            (503, Fate::Unknown, false),
        ] {
            let says = Says(status, json!({ "code": "no", "message": "said so" }));
            let (_fake, messenger) = to(kind, settings, end, says).await;
            let Sent { fate: came, detail, remedy } = messenger.send(&message("+33612345678", TEXT)).await;
            assert_eq!((came, remedy.is_some()), (fate, has_remedy), "{kind}: {status}: {detail}");
            assert_eq!(detail, format!("HTTP {status} no said so"), "{kind}");
        }
        for (how, fate) in [
            (Break::Cut, Fate::Unknown),
            (Break::CutBefore, Fate::Unknown),
            (Break::Error, Fate::Unknown),
            (Break::Slow, Fate::Unknown),
            (Break::HalfABody, Fate::Unknown),
            (Break::Redirect, Fate::Refused),
        ] {
            let (kind, settings, end, says, _) = one();
            let (fake, messenger) = to(kind, settings, end, says).await;
            fake.break_next("POST", how);
            let sent = messenger.send(&message("+33612345678", TEXT)).await;
            assert_eq!(sent.fate, fate, "{kind}: {how:?}: {sent:?}");
            assert_eq!(fake.asked().len(), 1, "{kind}: nothing is repeated down here");
        }
        // Nobody listens there.
        let nobody = section(kind, settings, &format!("http://127.0.0.1:9{end}"));
        let messenger = Place::new().messenger(&nobody).expect("an account");
        let sent = messenger.send(&message("+33612345678", TEXT)).await;
        assert_eq!(sent.fate, Fate::NotNow, "{kind}: {sent:?}");
    }
}

#[tokio::test]
async fn an_account_says_whether_it_lets_us_in_where_it_can_be_asked() {
    for at in 0..kinds().len() {
        let (kind, settings, end, ..) = kinds().into_iter().nth(at).expect("a kind");
        let (fake, messenger) = to(kind, settings, end, Says(200, json!({}))).await;
        let wanted = if kind == "http" { Probe::CannotBeAsked } else { Probe::Answers };
        assert_eq!(messenger.probe().await, wanted, "{kind}");
        assert!(fake.asked().iter().all(|asked| asked.method == "GET"), "{kind}: nothing is sent");
        if kind == "http" {
            continue;
        }
        let (_fake, messenger) = to(kind, settings, end, Says(401, json!({ "message": "who?" }))).await;
        match messenger.probe().await {
            Probe::Fault { what, remedy } => {
                assert!(what.contains("401 who?") && remedy.contains("key"), "{kind}: {what}; {remedy}");
            }
            other => panic!("{kind}: {other:?}"),
        }
    }
    let fake = Fake::start(Says(200, json!({}))).await;
    let (settings, url) = (kinds().into_iter().last().expect("a kind").1, fake.url());
    let with_check = format!("{settings}\ncheck_url = \"{url}/ping\"");
    let messenger = Place::new().messenger(&section("http", &with_check, &url)).expect("an account");
    assert_eq!(messenger.probe().await, Probe::Answers);
    assert_eq!(fake.asked()[0].line(), "GET /ping");
}

#[tokio::test]
async fn a_success_that_is_none_and_letters_of_other_alphabets() {
    let no = Says(200, json!({ "ids": [], "invalidReceivers": ["+33612345678"], "validReceivers": [] }));
    let all = kinds();
    let (_fake, ovh) = to("ovh", all[1].1, "", no).await;
    assert_eq!(ovh.send(&message("+33612345678", TEXT)).await.fate, Fate::Refused);
    let no = Says(201, json!({ "sid": "SM1", "error_code": 21610 }));
    let (_fake, twilio) = to("twilio", all[2].1, "", no).await;
    let sent = twilio.send(&message("+33612345678", TEXT)).await;
    assert!(sent.fate == Fate::Refused && sent.detail.contains("21610"), "{sent:?}");
    let [brevo, ovh, ..] = all;
    let (fake, messenger) = to("brevo", brevo.1, "", brevo.3).await;
    messenger.send(&message("+33612345678", "Κατάστημα")).await;
    assert_eq!(fake.asked()[0].json()["unicodeEnabled"], true);
    let (fake, messenger) = to("ovh", ovh.1, "", ovh.3).await;
    messenger.send(&message("+33612345678", "Κατάστημα")).await;
    assert_eq!(fake.asked()[0].json()["coding"], "8bit");
}

#[tokio::test]
async fn a_gateway_gets_what_its_admin_wrote() {
    let fake = Fake::start(Says(200, Value::Null)).await;
    let settings = "format = \"form\"\nbody = \"n={to}&m={text}&s={sender}\"\nsender = \"A B\"\nuser = \"u\"\n\
                    password_file = \"secret\"\ndeduplicates = true";
    let messenger = Place::new().messenger(&section("http", settings, &fake.url())).expect("an account");
    assert!(messenger.deduplicates());
    let sent = messenger.send(&message("+33612345678", "a&b {sender}\n")).await;
    assert_eq!(sent.fate, Fate::Taken(None), "{sent:?}");
    assert_eq!(fake.asked()[0].body, "n=%2B33612345678&m=a%26b%20%7Bsender%7D%0A&s=A%20B");
}

#[test]
fn a_section_that_cannot_work_is_told_with_its_place() {
    let brevo = "kind = \"brevo\"\nsender = \"EXAMPLE\"\napi_key_file = \"secret\"";
    let http = "kind = \"http\"\nurl = \"https://sms.example/\"";
    let told = |settings: &str| Place::new().messenger(settings).map(|_| ()).unwrap_err();
    assert!(Place::new().messenger(brevo).is_ok());
    for (settings, words) in [
        ("kind = \"pigeon\"".to_owned(), "messenger.carrier.kind"),
        ("kind = \"brevo\"\nsender = \"EXAMPLE\"".into(), "messenger.carrier.api_key_file"),
        (brevo.replace("EXAMPLE", "FAR TOO LONG A NAME"), "messenger.carrier.sender"),
        (format!("{brevo}\nurl = \"http://sms.example/\""), "messenger.carrier.url"),
        (format!("{brevo}\nurll = \"x\""), "urll"),
        (format!("{brevo}\napi_key = \"x\""), "messenger.carrier.api_key"),
        (format!("{brevo}\nanswer_timeout_ms = 1"), "messenger.carrier.answer_timeout_ms"),
        (format!("{http}\nbody = '{{\"to\": \"{{to}}\"}}'"), "no place for number or text"),
        (format!("{http}\nbody = '{{\"to\": {{to}}, \"m\": {{text}}}}'"), "not JSON once it is filled"),
    ] {
        let fault = told(&settings);
        assert!(fault.contains(words), "{settings}: {fault}");
    }
    for (section, words) in [
        ("[links]\ncountry_code = \"+33\"", "links.country_code"),
        ("[links]\nsms_segments_max = 0", "links.sms_segments_max"),
        ("[links]\nkey_sends = \"pigeon\"", "links.key_sends"),
        ("[links.texts]\nfr = \"payez\"", "no {link}"),
        ("[links.texts]\nxx = \"{link}\"", "links.texts.xx"),
        ("[links.texts]\nen = \"{link} {card}\"", "{card}"),
    ] {
        let fault = Place::new().config(section).map(|_| ()).unwrap_err();
        assert!(fault.contains(words), "{section}: {fault}");
    }
}
