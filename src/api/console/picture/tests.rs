//! What a screen shows after some events.

use super::*;
use crate::pbx::Means;
use crate::store::NewPayment;

fn picture() -> Picture {
    let begun = NewPayment {
        id: Uuid::now_v7(),
        merchant: "Example Ltd".into(),
        agent: Some("1001".into()),
        means: Means::Api,
        caller_number: None,
        dialled_number: None,
        reference: None,
        amount: Money { minor: 4250, currency: "EUR".parse().unwrap() },
        description: String::new(),
        customer_leg: "leg".into(),
        agent_leg: None,
    };
    let payment = Payment {
        begun,
        order: None,
        created_at_ms: 0,
        brand: None,
        masked_pan: None,
        ending: None,
        ended_at_ms: None,
        attempts: Vec::new(),
    };
    Picture::new(&payment, &[Field::Number, Field::Expiry, Field::Code])
}

fn happen(picture: &mut Picture, bodies: &[EventBody]) {
    for body in bodies {
        picture.add(picture.seq + 1, body);
    }
}

fn states(picture: &Picture) -> Vec<(FieldState, u8)> {
    picture.fields.iter().map(|keyed| (keyed.state, keyed.count)).collect()
}

#[test]
fn a_card_taken_again_empties_every_field() {
    let mut picture = picture();
    let opened = |field| EventBody::FieldOpened { field, attempt: 1 };
    happen(
        &mut picture,
        &[
            EventBody::Sealed { line: "clean" },
            opened(Field::Number),
            EventBody::Progress { field: Field::Number, count: 16, brand: Some(Brand::Visa) },
            EventBody::FieldDone { field: Field::Number, masked: None, brand: Some(Brand::Visa) },
            opened(Field::Expiry),
            EventBody::Progress { field: Field::Expiry, count: 2, brand: None },
        ],
    );
    use FieldState::{Done, Open, Waiting};
    assert_eq!(states(&picture), [(Done, 16), (Open, 2), (Waiting, 0)]);
    happen(&mut picture, &[opened(Field::Number)]);
    assert_eq!(states(&picture), [(Open, 0), (Waiting, 0), (Waiting, 0)]);
    assert_eq!(picture.brand, None);
}

#[test]
fn an_unknown_outcome_becomes_known_after_the_call() {
    let mut picture = picture();
    happen(
        &mut picture,
        &[EventBody::OutcomeUnknown { attempt: 1 }, EventBody::Ended { ending: Ending::Unknown }],
    );
    assert_eq!(picture.result, Some(Verdict::Unknown));
    let outcome = Outcome::Approved { reference: "A1".into() };
    happen(&mut picture, &[EventBody::Settled { attempt: 1, outcome }]);
    assert_eq!(picture.result, Some(Verdict::Approved("A1".into())));
    assert_eq!(picture.ended, Some(Ending::Approved));
}
