//! Each behaviour of the test bank, and what the connector makes of it.

use super::*;
use crate::call::DeclineReason;
use crate::psp::generic::Profile;
use crate::psp::testbank::behaviour::{BY_AMOUNT, BY_NUMBER};
use futures_util::future::join_all;
use std::sync::Arc;

const PLAIN_CARD: &str = "4111111111111111";

async fn outcome(profile: Profile, number: &str, euros: &str) -> Answer {
    let bank = bank(true).await;
    let connector = connector(&bank, |settings| settings.profile = profile);
    connector.authorise(&charge("att-1", euros), &card(number)).await
}

#[tokio::test]
async fn cards_of_every_brand_are_approved_in_both_profiles() {
    let bank = bank(true).await;
    for profile in [Profile::Twilio, Profile::SignalWire] {
        let connector = connector(&bank, |settings| settings.profile = profile);
        for number in ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"] {
            let key = format!("{profile:?}-{}", &number[number.len() - 4..]);
            let answer = connector.authorise(&charge(&key, "42.50"), &card(number)).await;
            assert!(approved(&answer), "{key}: {answer:?}");
        }
    }
    let ledger = bank.ledger();
    assert!(ledger.iter().all(|line| line.charges == 1 && line.amount.as_deref() == Some("42.50 EUR")));
    assert_eq!(ledger.len(), 8);
    assert_eq!((ledger[2].card.as_str(), ledger[2].profile), ("xxxxxxxxxxx0005", "twilio"));
    assert_eq!(ledger[7].profile, "signalwire");
}

#[tokio::test]
async fn each_decline_has_its_reason_in_both_profiles() {
    use DeclineReason::*;
    let expected = |code: &str| match code {
        "01" | "02" => Some(ReferToBank),
        "04" | "41" | "43" | "62" | "lost_card" | "stolen_card" => Some(Blocked),
        "05" | "57" | "card_declined" => Some(Generic),
        "12" | "14" => Some(Invalid),
        "51" | "insufficient_funds" => Some(InsufficientFunds),
        "54" | "expired_card" => Some(Expired),
        "61" | "65" => Some(LimitExceeded),
        "N7" | "incorrect_cvc" => Some(CodeWrong),
        _ => None,
    };
    let bank = bank(true).await;
    let by_amount =
        BY_AMOUNT.iter().map(|(ending, refusal)| (PLAIN_CARD.to_owned(), format!("42.{ending:02}"), refusal));
    let by_number =
        BY_NUMBER.iter().map(|(number, refusal)| (number.to_string(), "42.50".to_owned(), refusal));
    for (number, euros, refusal) in by_amount.chain(by_number) {
        for profile in [Profile::Twilio, Profile::SignalWire] {
            let connector = connector(&bank, |settings| settings.profile = profile);
            let key = format!("{profile:?}-{euros}-{}", &number[number.len() - 4..]);
            let answer = connector.authorise(&charge(&key, &euros), &card(&number)).await;
            match expected(refusal.code) {
                Some(reason) => assert_eq!(answer.outcome, Outcome::Declined(reason), "{key} {answer:?}"),
                None => assert_eq!(answer.outcome, Outcome::NotCharged, "{key} {answer:?}"),
            }
            assert!(answer.detail.contains(refusal.code), "{answer:?}");
            assert_eq!(answer.remedy.is_some(), matches!(refusal.code, "010" | "03" | "58"), "{answer:?}");
        }
    }
    assert!(charged(&bank).iter().all(|(_, charges)| *charges == 0));
}

#[tokio::test]
async fn whatever_breaks_after_sending_is_unknown_and_the_same_key_tells() {
    let bank = bank(true).await;
    let connector = connector(&bank, |_| {});
    for (euros, charged_at_once) in [
        ("1.71", 1),
        ("1.72", 1),
        ("1.73", 0),
        ("1.74", 1),
        ("1.76", 0),
        ("1.77", 1),
        ("1.78", 1),
        ("1.83", 1),
    ] {
        let charge = charge(euros, euros);
        let first = connector.authorise(&charge, &card(PLAIN_CARD)).await;
        assert_eq!((&first.outcome, first.may_retry), (&Outcome::Unknown, true), "{euros} {first:?}");
        let charges = charged(&bank).last().map(|(_, charges)| *charges);
        assert_eq!(charges, Some(charged_at_once), "{euros}");
        let again = connector.authorise(&charge, &card(PLAIN_CARD)).await;
        assert!(approved(&again), "{euros} {again:?}");
        assert_eq!(connector.query(&charge).await.outcome, again.outcome, "{euros}");
        assert_eq!(charged(&bank).last().map(|(_, charges)| *charges), Some(1), "{euros}");
    }
}

#[tokio::test]
async fn without_deduplication_nothing_invites_a_second_charge() {
    let bank = bank(false).await;
    let connector = connector(&bank, |settings| settings.deduplicates = false);
    let answer = connector.authorise(&charge("att-1", "1.72"), &card(PLAIN_CARD)).await;
    assert_eq!((answer.outcome, answer.may_retry), (Outcome::Unknown, false));
    // The bank would indeed charge again: what protects the customer is that nobody asks it to.
    let _ = connector.authorise(&charge("att-1", "1.72"), &card(PLAIN_CARD)).await;
    assert_eq!(charged(&bank), [("att-1".to_owned(), 2)]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = outcome(Profile::Twilio, PLAIN_CARD, "1.79").await;
    assert_eq!(answer.outcome, Outcome::NotCharged);
    assert!(answer.remedy.is_some_and(|remedy| remedy.contains("final address")));
}

#[tokio::test]
async fn ten_at_once_with_one_key_charge_once() {
    let bank = bank(true).await;
    let connector = Arc::new(connector(&bank, |settings| settings.answer_timeout_ms = 5_000));
    let answers = join_all((0..10).map(|_| {
        let connector = Arc::clone(&connector);
        async move { connector.authorise(&charge("att-1", "42.50"), &card(PLAIN_CARD)).await.outcome }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(charged(&bank), [("att-1".to_owned(), 1)]);
    assert_eq!(bank.ledger()[0].requests, 10);
}

#[tokio::test]
async fn a_key_used_for_another_amount_is_neither_charged_nor_declined() {
    let bank = bank(true).await;
    let connector = connector(&bank, |_| {});
    assert!(approved(&connector.authorise(&charge("att-1", "42.50"), &card(PLAIN_CARD)).await));
    let other = connector.authorise(&charge("att-1", "43.50"), &card(PLAIN_CARD)).await;
    assert_eq!((other.outcome, other.may_retry), (Outcome::Unknown, false));
    assert_eq!(charged(&bank), [("att-1".to_owned(), 1)]);
}

#[tokio::test]
async fn a_wrong_password_is_the_admin_s_business() {
    let settings = TestBankSettings {
        login: Some(("shop".into(), "right".to_owned().into())),
        ..TestBankSettings::default()
    };
    let bank = TestBank::start(([127, 0, 0, 1], 0).into(), settings).await.expect("a free port");
    for (password, lets_in) in [("right", true), ("wrong", false)] {
        let mut settings = GenericSettings::at(&bank.url());
        settings.query_url = Some(bank.query_url());
        settings.user = Some("shop".into());
        let password = Some(password.to_owned().into());
        let connector = GenericConnector::new("bank", &settings, password, None).expect("a connector");
        let answer = connector.authorise(&charge("att-1", "42.50"), &card(PLAIN_CARD)).await;
        assert_eq!(approved(&answer), lets_in, "{answer:?}");
        let told = connector.query(&charge("att-1", "42.50")).await;
        assert_eq!(approved(&told), lets_in, "{told:?}");
        if !lets_in {
            assert_eq!((answer.outcome, told.outcome), (Outcome::NotCharged, Outcome::Unknown));
            assert!(answer.remedy.is_some_and(|remedy| remedy.contains("password")));
        }
    }
}

#[tokio::test]
async fn nobody_there_means_nothing_sent() {
    let bank = bank(true).await;
    let connector = connector(&bank, |_| {});
    let gone = bank.address;
    bank.stop().await;
    let answer = connector.authorise(&charge("att-1", "42.50"), &card(PLAIN_CARD)).await;
    assert_eq!((&answer.outcome, answer.may_retry), (&Outcome::NotCharged, true), "{gone} {answer:?}");
    // A query that reached nobody tells nothing.
    assert_eq!(connector.query(&charge("att-1", "42.50")).await.outcome, Outcome::Unknown);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_the_admin_s_business() {
    let mut settings = GenericSettings::at("https://pay.invalid/charge");
    settings.connect_timeout_ms = 20_000;
    let connector = GenericConnector::new("bank", &settings, None, None).expect("a connector");
    let answer = connector.authorise(&charge("att-1", "42.50"), &card(PLAIN_CARD)).await;
    assert_eq!(answer.outcome, Outcome::NotCharged, "{answer:?}");
    assert!(answer.remedy.is_some_and(|remedy| remedy.contains("DNS")), "{}", answer.detail);
}

#[tokio::test]
async fn a_query_for_a_key_never_seen_says_so_and_a_wrong_address_does_not() {
    let bank = bank(true).await;
    let right = connector(&bank, |_| {});
    assert_eq!(right.query(&charge("att /9?", "1.00")).await.outcome, Outcome::NotCharged);
    let wrong = connector(&bank, |s| s.query_url = Some(format!("{}/x/{{transaction_id}}", bank.url())));
    let answer = wrong.query(&charge("att-9", "1.00")).await;
    assert_eq!(answer.outcome, Outcome::Unknown);
    assert!(answer.remedy.is_some_and(|remedy| remedy.contains("query_url")));
}

#[tokio::test]
async fn the_bank_answers_people_and_other_software() {
    let bank = bank(true).await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let at = |path: &str| format!("http://{}{path}", bank.address);
    let page = http.get(at("/")).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("<td>.51<td>51<td>insufficient funds") && page.contains("<td>…9995"), "{page}");
    let stored: serde_json::Value = serde_json::from_str(
        &http
            .post(at("/"))
            .header("content-type", "application/json")
            .body(
                "{\"method\":\"tokenize\",\"transaction_id\":\"tok-1\",\"cardnumber\":\"4242424242424242\",\
                 \"cvv\":\"123\",\"expiry_month\":\"08\",\"expiry_year\":\"40\",\"parameters\":{}}",
            )
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text"),
    )
    .expect("JSON");
    assert!(stored["token_id"].as_str().is_some_and(|token| token.starts_with("tok_")), "{stored}");
    assert!(stored["error_code"].is_null() && stored["parameters"].is_object(), "{stored}");
    let ledger = http.get(at("/ledger")).send().await.expect("a ledger").text().await.expect("text");
    assert!(ledger.contains("xxxxxxxxxxxx4242") && !ledger.contains("42424242"), "{ledger}");
    let form = http.post(at("/charge")).body("x").send().await.expect("an answer");
    assert_eq!(form.status(), 415);
    let broken = http
        .post(at("/charge"))
        .header("content-type", "application/json")
        .body("{\"cardnumber\":\"4242424242424242\"");
    let broken = broken.send().await.expect("an answer").text().await.expect("text");
    assert!(broken.contains("malformed") && !broken.contains("4242"), "{broken}");
}
