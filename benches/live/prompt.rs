//! How soon a sentence is heard once it is decided on, and how soon it is silent once the customer keys.

use std::time::{Duration, Instant};

use tonegate::inspect::stage::{Conversation, Handset, StageError};

use crate::figure::Figure;
use crate::stand::{Stand, ms};

/// Payments, one after another, on one conversation each.
const PAYMENTS: usize = 20;

/// A sentence is heard when it sounds for so long on end; its words have pauses between them.
const SOUND_MS: u64 = 100;

/// How exactly the edges of a sentence are looked for.
const STEP_MS: u64 = 5;

/// How long after it was decided on, a sentence is looked for, and how long after a key, one that goes on.
const LOOKED_MS: u64 = 1_500;

/// Each customer listens for another while before the first key, so that words are cut at different places.
const LISTENS_MS: [u64; 5] = [1_200, 1_450, 1_700, 1_950, 2_200];

pub async fn figures(stand: &Stand) -> Result<Vec<Figure>, StageError> {
    let (mut begins, mut goes_on) = (Vec::new(), Vec::new());
    for payment in 0..PAYMENTS {
        let call = stand.call().await?;
        let listens_ms = LISTENS_MS[payment % LISTENS_MS.len()];
        let (began, went_on) = one(stand, &call, listens_ms).await?;
        begins.extend(began);
        goes_on.push(went_on);
        call.customer.hang_up().await?;
    }
    Ok(vec![
        Figure::of("sentence: from the decision to its first sound at the customer's ear", "ms", begins),
        Figure::of("sentence: still heard after the first packet of a key", "ms", goes_on),
    ])
}

async fn one(stand: &Stand, call: &Conversation, listens_ms: u64) -> Result<(Option<f64>, f64), StageError> {
    let place = stand.set.events.place();
    let (payment, _) = stand.begin(call).await?;
    let told = |event: &serde_json::Value| {
        event["payment"] == payment.as_str() && event["type"] == "says" && event["to"] == "customer"
    };
    let says = stand.set.events.wait(place, 30_000, "a sentence", told).await?;
    let decided = stand.published(&says).unwrap_or(says.at);
    stand.told(place, &payment, "field_opened").await?;
    tokio::time::sleep(Duration::from_millis(listens_ms)).await;
    let keyed = call.customer.key("4", 60, 60).await?;
    let key = keyed.first().ok_or_else(|| StageError("no key was sent".into()))?;
    tokio::time::sleep(Duration::from_millis(LOOKED_MS)).await;
    let customer = call.customer.as_ref();
    let began = first_sound(customer, decided).map(|at| ms(decided, at));
    let went_on = last_sound(customer, key.began).map_or(0.0, |at| ms(key.began, at).max(0.0));
    stand.cancel(&payment).await?;
    Ok((began, went_on))
}

fn heard_from(customer: &dyn Handset, at: Instant) -> bool {
    customer.hears_prompt(at, at + Duration::from_millis(SOUND_MS))
}

fn first_sound(customer: &dyn Handset, from: Instant) -> Option<Instant> {
    moments(from).find(|at| heard_from(customer, *at))
}

/// The end of the last sound that had begun before the key or in its time.
fn last_sound(customer: &dyn Handset, key: Instant) -> Option<Instant> {
    let sound = Duration::from_millis(SOUND_MS);
    let ends = moments(key).take_while(|end| *end < key + Duration::from_millis(LOOKED_MS / 3));
    ends.filter(|end| heard_from(customer, *end - sound)).last()
}

fn moments(from: Instant) -> impl Iterator<Item = Instant> {
    (0..LOOKED_MS / STEP_MS).map(move |step| from + Duration::from_millis(step * STEP_MS))
}
