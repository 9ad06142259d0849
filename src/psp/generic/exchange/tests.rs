use super::*;
use proptest::prelude::*;

const CHARGE: Asked<'_> = Asked::Charge { deduplicates: true };
const QUERY: Asked<'_> = Asked::Query { transaction_id: "att-1" };

fn of(asked: Asked<'_>, status: u16, body: &str) -> Answer {
    let reply: Option<Value> = serde_json::from_str(body).ok();
    judge(asked, StatusCode::from_u16(status).expect("a status"), reply.as_ref().and_then(Value::as_object))
}

fn approved_as(reference: &str) -> Outcome {
    Outcome::Approved { reference: reference.into() }
}

#[test]
fn an_approval_needs_a_charge_id_and_no_error_code() {
    let yes = "{\"charge_id\":\"ch_1\",\"error_code\":null,\"error_message\":null}";
    assert_eq!(of(CHARGE, 200, yes).outcome, approved_as("ch_1"));
    assert_eq!(of(CHARGE, 200, "{\"charge_id\":77}").outcome, approved_as("77"));
    for half in [
        "{}",
        "{\"charge_id\":null}",
        "{\"charge_id\":\"\"}",
        "[]",
        "",
        "{\"charge_id\":\"a\",\"error_code\":\"\"}",
    ] {
        let answer = of(CHARGE, 200, half);
        assert_eq!((answer.outcome, answer.may_retry), (Outcome::Unknown, true), "{half}");
    }
    let both = "{\"charge_id\":\"ch_1\",\"error_code\":\"51\"}";
    assert_eq!(of(CHARGE, 200, both).outcome, Outcome::Declined(DeclineReason::InsufficientFunds));
}

#[test]
fn a_status_alone_tells_configuration_from_uncertainty() {
    for status in [401, 403, 404, 405, 415, 400, 422] {
        let answer = of(CHARGE, status, "<html>");
        assert_eq!(answer.outcome, Outcome::NotCharged, "{status}");
        assert!(answer.remedy.is_some(), "{status}");
    }
    for status in [408, 409, 500, 502, 503, 504] {
        assert_eq!(of(CHARGE, status, "<html>").outcome, Outcome::Unknown, "{status}");
    }
    assert_eq!(of(CHARGE, 500, "{\"error_code\":\"51\"}").outcome, Outcome::Unknown);
    assert_eq!(of(CHARGE, 201, "{\"error_code\":\"94\"}").outcome, Outcome::Unknown);
}

#[test]
fn a_decline_keeps_its_reason_with_any_client_error() {
    for status in [200, 400, 402, 403, 409, 422] {
        let answer = of(CHARGE, status, "{\"error_code\":\"54\",\"error_message\":\"expired\"}");
        assert_eq!(answer.outcome, Outcome::Declined(DeclineReason::Expired), "{status}");
        assert!(answer.detail.contains("54 expired"));
    }
    assert_eq!(of(CHARGE, 200, "{\"error_code\":\"ZZ\"}").outcome, Outcome::Declined(DeclineReason::Generic));
    let fault = of(CHARGE, 200, "{\"error_code\":\"010\",\"error_message\":\"Not allowed\"}");
    assert_eq!(fault.outcome, Outcome::NotCharged);
    assert!(fault.remedy.is_some_and(|remedy| remedy.contains("MOTO")));
}

#[test]
fn a_failed_query_never_frees_the_card_for_a_second_charge() {
    for (status, body) in [
        (404, "<html>not here</html>"),
        (404, "{\"error_code\":\"not_found\"}"),
        (401, "{\"error_code\":\"unauthorized\"}"),
        (200, "{\"error_code\":\"unauthorized\"}"),
        (200, "{\"error_code\":\"96\"}"),
        (200, "{\"error_code\":\"ZZ\"}"),
        (500, "{\"error_code\":\"unknown_transaction\"}"),
        (429, ""),
    ] {
        assert_eq!(of(QUERY, status, body).outcome, Outcome::Unknown, "{status} {body}");
    }
    for status in [200, 404] {
        let unseen = of(QUERY, status, "{\"error_code\":\"unknown_transaction\"}");
        assert_eq!(unseen.outcome, Outcome::NotCharged, "{status}");
    }
    let ours = "{\"transaction_id\":\"att-1\",\"error_code\":\"96\"}";
    assert_eq!(of(QUERY, 200, ours).outcome, Outcome::NotCharged);
    assert_eq!(of(QUERY, 200, "{\"charge_id\":\"ch_1\"}").outcome, approved_as("ch_1"));
}

#[test]
fn a_provider_that_repeats_the_card_number_is_not_quoted() {
    let words = "{\"error_code\":\"05\",\"error_message\":\"4111 1111-1111 1111 refused in 2026\"}";
    let detail = of(CHARGE, 200, words).detail;
    assert_eq!(detail, "HTTP 200 OK: 05 xxxx xxxx-xxxx xxxx refused in 2026");
}

proptest! {
    #[test]
    fn any_answer_is_understood_without_panic(status in 200u16..600, body in ".{0,60}") {
        let answer = of(CHARGE, status, &body);
        let approved = matches!(answer.outcome, Outcome::Approved { .. });
        prop_assert!(!approved);
    }
}
