//! The payments API of programmable telephony, against a daemon beside the rehearsal PBX.

#![allow(clippy::print_stdout, reason = "what the SDK says is worth reading")]

use std::path::Path;
use std::time::Duration;

use tonegate::inspect::stage::TestCard;

#[path = "twilio/play.rs"]
mod play;
use play::{ACCOUNT, Ear, PATIENCE_MS, Play, TOKEN, of};

const CARD: TestCard = TestCard { pan: 5555444433331111, expiry: "0330", code: "737" };
const MISTYPED: &str = "5555444433331112#";

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_taken_field_by_field_and_nobody_gets_a_digit() {
    let mut play = Play::begin("\"127.0.0.1\"").await;
    let ear = Ear::open().await;
    let create = format!("{}.json", play.payments());
    let form = [
        ("IdempotencyKey", "one"),
        ("StatusCallback", ear.url.as_str()),
        ("ChargeAmount", "42.50"),
        ("PostalCode", "75011"),
    ];
    let (status, created) = play.post(&create, &form).await;
    assert_eq!(status, 201, "{created}");
    let sid = created["sid"].as_str().expect("a sid").to_owned();
    assert_eq!(play.post(&create, &form).await.1["sid"], sid.as_str(), "the same request, the same session");
    let other = [form[0], form[1], ("ChargeAmount", "43.50")];
    let (status, fault) = play.post(&create, &other).await;
    assert_eq!((status, &fault["code"]), (400, &64_020.into()), "{fault}");
    let second = [("IdempotencyKey", "two"), form[1], form[2]];
    let (status, fault) = play.post(&create, &second).await;
    assert_eq!(status, 409, "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("session-in-progress")), "{fault}");
    let first = ear.hear(0, &[("Sid", &sid)]).await;
    assert_eq!((of(&first, "ChargeAmount"), of(&first, "CallSid")), ("42.50", play.call().as_str()));

    play.update(&sid, &ear, "a", ("Capture", "expiration-date")).await;
    play.scene.asked("expiry").await.expect("a question");
    // The very same request again asks nothing anew.
    play.update(&sid, &ear, "a", ("Capture", "expiration-date")).await;
    play.scene.customer(CARD.expiry).await.expect("keys");
    let done = ear.hear(0, &[("Capture", "expiration-date"), ("PartialResult", "false")]).await;
    assert_eq!(
        (of(&done, "ExpirationDate"), of(&done, "Required")),
        ("xxxx", "payment-card-number,security-code")
    );
    let place = ear.place();
    play.update(&sid, &ear, "b", ("Status", "complete")).await;
    let missing = ear.hear(place, &[("Required", "payment-card-number,security-code")]).await;
    assert_eq!(of(&missing, "Result"), "");
    for (key, capture, field, keys) in [
        ("c", "payment-card-number", "number", format!("{}#", CARD.number())),
        ("d", "security-code", "code", CARD.code.into()),
    ] {
        play.update(&sid, &ear, key, ("Capture", capture)).await;
        play.scene.asked(field).await.expect("a question");
        play.scene.customer(&keys).await.expect("keys");
        ear.hear(place, &[("Capture", capture), ("PartialResult", "false")]).await;
    }
    play.update(&sid, &ear, "e", ("Status", "complete")).await;
    let result = ear.hear(place, &[("Result", "success")]).await;
    assert_eq!(of(&result, "PaymentCardNumber"), "xxxxxxxxxxxx1111");
    assert_eq!(of(&result, "PaymentCardPostalCode"), "75011");
    assert!(!of(&result, "PaymentConfirmationCode").is_empty(), "{result:?}");
    play.scene.ended("approved").await.expect("the end");
    assert_eq!(play.scene.charges(), 1);
    play.scene.they_talk().await.expect("a conversation");
    play.scene.nobody_got_a_digit().await.expect("no digit");
    play.scene.nothing_is_left(CARD).expect("nothing");
    for form in ear.told.lock().expect("no panic").iter() {
        let keyed = [CARD.number().as_str(), CARD.expiry]
            .iter()
            .any(|keys| form.iter().any(|(_, v)| v.contains(keys)));
        assert!(!keyed, "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_stored_where_no_amount_is_given() {
    let mut play = Play::begin("\"127.0.0.1\"").await;
    let ear = Ear::open().await;
    let form = [
        ("IdempotencyKey", "one"),
        ("StatusCallback", ear.url.as_str()),
        ("PostalCode", "false"),
        ("SecurityCode", "false"),
        ("TokenType", "reusable"),
        ("Parameter", "{\"shopper_reference\":\"customer-7\"}"),
    ];
    let (status, created) = play.post(&format!("{}.json", play.payments()), &form).await;
    assert_eq!(status, 201, "{created}");
    let sid = created["sid"].as_str().expect("a sid").to_owned();
    for (key, capture, field, keys) in [
        ("a", "payment-card-number", "number", format!("{}#", CARD.number())),
        ("b", "expiration-date", "expiry", CARD.expiry.into()),
    ] {
        play.update(&sid, &ear, key, ("Capture", capture)).await;
        play.scene.asked(field).await.expect("a question");
        play.scene.customer(&keys).await.expect("keys");
        ear.hear(0, &[("Capture", capture), ("PartialResult", "false")]).await;
    }
    play.update(&sid, &ear, "c", ("Status", "complete")).await;
    let result = ear.hear(0, &[("Result", "*")]).await;
    assert_eq!((of(&result, "Result"), of(&result, "ProfileId")), ("success", "customer-7"), "{result:?}");
    assert!(!of(&result, "PaymentToken").is_empty(), "{result:?}");
    assert_eq!((of(&result, "ChargeAmount"), of(&result, "PaymentConfirmationCode")), ("", ""));
    play.scene.ended("approved").await.expect("the end");
    assert_eq!(play.scene.charges(), 0, "nothing is charged");
    play.scene.nothing_is_left(CARD).expect("nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_in_the_shape_that_programs_expect() {
    let play = Play::begin("\"127.0.0.1\"").await;
    let create = format!("{}.json", play.payments());
    let usual =
        [("IdempotencyKey", "one"), ("StatusCallback", "http://127.0.0.1:9/told"), ("ChargeAmount", "1.00")];
    for who in [None, Some((ACCOUNT, "wrong")), Some(("AC1", TOKEN))] {
        let (status, fault) = play.post_as(who, &create, &usual).await;
        assert_eq!((status, &fault["code"], &fault["status"]), (401, &20_003.into(), &401.into()), "{fault}");
        assert!(fault["more_info"].as_str().is_some_and(|link| link.ends_with("/20003")));
    }
    for (path, code) in [
        (create.replace(ACCOUNT, "AC1"), 404),
        (create.replace(&play.call(), "CA00000000000000000000000000000000"), 404),
        (create.replace(".json", "/PK00000000000000000000000000000000.json"), 404),
        (create.replace(".json", "/PK1"), 404),
    ] {
        let (status, fault) = play.post(&path, &usual).await;
        assert_eq!((status, &fault["code"]), (code, &20_404.into()), "{path}: {fault}");
    }
    for (name, value) in [
        ("IdempotencyKey", ""),
        ("StatusCallback", ""),
        ("StatusCallback", "/relative"),
        ("StatusCallback", "http://10.0.0.1/told"),
        ("StatusCallback", "file:///etc/passwd"),
        ("ChargeAmount", "-1"),
        ("ChargeAmount", "1.234"),
        ("ChargeAmount", "1000000"),
        ("Currency", "EURO"),
        ("Input", "speech"),
        ("MinPostalCodeLength", "11"),
        ("Parameter", "[]"),
        ("Parameter", "{\"a\":{\"b\":1}}"),
        ("PaymentConnector", "nobody"),
        ("PaymentMethod", "ach-debit"),
        ("PaymentMethod", "cash"),
        ("BankAccountType", "swiss"),
        ("PostalCode", "SW1A 1AA"),
        ("SecurityCode", "maybe"),
        ("Timeout", "601"),
        ("TokenType", "for-ever"),
        ("ValidCardTypes", "visa monopoly"),
        ("ValidCardTypes", "jcb"),
        ("RequireMatchingInputs", "postal-code-matcher"),
        ("Confirmation", "perhaps"),
    ] {
        let form: Vec<_> =
            usual.into_iter().filter(|(known, _)| *known != name).chain([(name, value)]).collect();
        let (status, fault) = play.post(&create, &form).await;
        assert_eq!((status, &fault["code"]), (400, &64_020.into()), "{name}={value}: {fault}");
        let message = fault["message"].as_str().unwrap_or_default();
        assert!(message.contains(name), "{name}={value}: {message}");
    }
    let got = play.client.get(format!("{}{create}", play.base)).send().await.expect("an answer");
    assert_eq!(got.status().as_u16(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_guessed() {
    let play = Play::begin("").await;
    let create = format!("{}.json", play.payments());
    for n in 0..40 {
        let (status, _) = play.post_as(None, &create, &[]).await;
        assert_eq!(status, 401, "{n}: who presents nothing guesses nothing");
    }
    for n in 0..30 {
        let (status, fault) = play.post_as(Some((ACCOUNT, &format!("guess {n}"))), &create, &[]).await;
        assert_eq!((status, &fault["code"]), (401, &20_003.into()), "{n}: {fault}");
    }
    let url = format!("{}{create}", play.base);
    for token in ["guess", TOKEN] {
        let answer = play.client.post(&url).basic_auth(ACCOUNT, Some(token)).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 429, "{token}");
        let wait_s = answer.headers()["retry-after"].to_str().expect("text").parse::<u32>().expect("seconds");
        assert!((1..=900).contains(&wait_s), "{wait_s}");
        let fault: serde_json::Value =
            serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        assert_eq!((&fault["code"], &fault["status"]), (&20_429.into(), &429.into()), "{fault}");
        assert!(fault["message"].as_str().is_some_and(|text| text.contains("minutes")), "{fault}");
    }
    let other =
        play.client.get(format!("{}/v1/payments", play.base)).bearer_auth("another guess").send().await;
    assert_eq!(
        other.expect("an answer").status().as_u16(),
        429,
        "all that can be guessed is counted together"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_of_hosts_no_callback_leads_inside() {
    let play = Play::begin("").await;
    let form =
        [("IdempotencyKey", "one"), ("StatusCallback", "http://127.0.0.1:9/"), ("ChargeAmount", "1.00")];
    let (status, fault) = play.post(&format!("{}.json", play.payments()), &form).await;
    assert_eq!(status, 400, "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("private network")), "{fault}");
}

/// `TONEGATE_TWILIO_SDK` names the directory in which `npm install twilio` was run.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by tests/run, which installs the SDK"]
async fn the_vendors_own_sdk_drives_a_payment() {
    let sdk = std::env::var("TONEGATE_TWILIO_SDK").expect("TONEGATE_TWILIO_SDK");
    let mut play = Play::begin("\"127.0.0.1\"").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twilio/session.mjs");
    let mut node = tokio::process::Command::new("node")
        .arg(script)
        .args([&sdk, &play.base, ACCOUNT, TOKEN, &play.call()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node");
    let (mut out, mut err) = (node.stdout.take().expect("piped"), node.stderr.take().expect("piped"));
    let (mut said, mut faults) = (String::new(), String::new());
    // The customer keys what is asked for, and mistypes the number once.
    let mut mistyped = false;
    let mut acts = play.scene.events().follow();
    let customer = async {
        loop {
            let Some(event) = acts.next().await else { return };
            if event["type"] != "field_opened" {
                continue;
            }
            let keys = match event["field"].as_str().unwrap_or_default() {
                "number" if !std::mem::replace(&mut mistyped, true) => MISTYPED.to_owned(),
                "number" => format!("{}#", CARD.number()),
                "expiry" | "expiry_again" => CARD.expiry.to_owned(),
                _ => CARD.code.to_owned(),
            };
            // The session may have been cancelled in the meantime.
            let _ = play.scene.customer(&keys).await;
        }
    };
    let ended = async {
        use tokio::io::AsyncReadExt;
        let _ = tokio::join!(out.read_to_string(&mut said), err.read_to_string(&mut faults));
        node.wait().await.expect("an end")
    };
    let status = tokio::select! {
        status = ended => status,
        () = customer => panic!("the events end"),
        () = tokio::time::sleep(Duration::from_millis(3 * PATIENCE_MS)) => panic!("the SDK does not come to an end"),
    };
    println!("{said}");
    assert!(status.success(), "{said}\n{faults}");
    assert_eq!(play.scene.charges(), 1);
    play.scene.ended("approved").await.expect("the first session");
    play.scene.ended("cancelled_by_agent").await.expect("the second session");
    play.scene.nobody_got_a_digit().await.expect("no digit");
    play.scene.nothing_is_left(CARD).expect("nothing");
}
