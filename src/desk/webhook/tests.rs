use super::*;
use crate::call::{DeclineReason, Money};
use crate::pbx::Means;
use crate::store::{AttemptRecord, NewPayment};

const ATTEMPT: AttemptId = AttemptId { payment: 7, ordinal: 1 };

fn euros(text: &str) -> Money {
    Money::parse(text, "EUR".parse().expect("a currency")).expect("an amount")
}

fn payment(state: AttemptState) -> Payment {
    Payment {
        begun: NewPayment {
            id: Uuid::from_u128(7),
            merchant: "Example Ltd".into(),
            agent: None,
            means: Means::Api,
            caller_number: None,
            dialled_number: None,
            reference: None,
            amount: euros("42.50"),
            description: String::new(),
            customer_leg: "leg".into(),
            agent_leg: None,
        },
        created_at_ms: 0,
        brand: None,
        masked_pan: None,
        ending: None,
        ended_at_ms: None,
        attempts: vec![AttemptRecord {
            attempt: ATTEMPT,
            psp: "bank".into(),
            state,
            decline_reason: None,
            psp_reference: None,
            detail: String::new(),
            journalled_at_ms: 0,
            changed_at_ms: 0,
        }],
    }
}

fn news(event: Event, amount: Option<Money>) -> News {
    News { key: Some(ATTEMPT.key()), reference: None, change: None, amount, event, detail: String::new() }
}

fn approved() -> Outcome {
    Outcome::Approved { reference: "r".into() }
}

#[test]
fn news_settle_what_is_open() {
    for state in [AttemptState::Sent, AttemptState::Unknown] {
        for outcome in [approved(), Outcome::Declined(DeclineReason::Expired)] {
            let told = news(Event::Charge(outcome.clone()), Some(euros("42.50")));
            assert_eq!(weigh(&payment(state), ATTEMPT, "bank", &told), Weight::Settles(outcome));
        }
    }
}

#[test]
fn late_doubled_and_strange_news_change_nothing() {
    let refused = news(Event::Charge(Outcome::Declined(DeclineReason::Generic)), None);
    for state in [AttemptState::Declined, AttemptState::NotCharged] {
        assert_eq!(weigh(&payment(state), ATTEMPT, "bank", &refused), Weight::Nothing);
    }
    let open = payment(AttemptState::Unknown);
    let paid = news(Event::Charge(approved()), None);
    assert_eq!(weigh(&open, ATTEMPT, "another", &paid), Weight::Elsewhere);
    assert_eq!(weigh(&open, ATTEMPT, "another", &refused), Weight::Nothing, "not its own, and no money");
    let second = AttemptId { ordinal: 2, ..ATTEMPT };
    assert_eq!(weigh(&open, second, "bank", &paid), Weight::Nothing, "an attempt that never was");
    for event in [Event::Captured(true), Event::Refunded(false), Event::Chargeback] {
        assert_eq!(weigh(&open, ATTEMPT, "bank", &news(event, None)), Weight::Nothing);
    }
    let less = news(Event::Charge(approved()), Some(euros("4.25")));
    assert_eq!(weigh(&open, ATTEMPT, "bank", &less), Weight::OtherAmount);
}
