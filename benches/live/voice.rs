//! How long the seal takes, and what of the voices is missing while it shuts and opens.

use std::time::{Duration, Instant};

use tonegate::call::Party;
use tonegate::inspect::stage::{Conversation, StageError};

use crate::figure::Figure;
use crate::stand::{Stand, ms};

/// Conversations, one after another.
const CALLS: usize = 6;

/// Seals of each, half of them by the API and half by the agent's feature code.
const SEALS_A_CALL: usize = 4;

/// What is still looked at after an event, so that a gap that it ends is seen whole.
const AFTER_MS: u64 = 250;

/// What is looked at before the leg is told to be unsealed: the seal opens in this time, and what comes before
/// it are the last sentences. About as long as the undisturbed stretch it is compared with.
const BEFORE_OPEN_MS: u64 = 1_000;

/// How long both talk undisturbed between two seals.
const TALK_MS: u64 = 1_500;

#[derive(Default)]
struct Gaps {
    to_agent: Vec<f64>,
    to_customer: Vec<f64>,
}

impl Gaps {
    /// The longest hole in each voice between two instants that are long past.
    fn add(&mut self, call: &Conversation, from: Instant, to: Instant) {
        self.to_agent.push(call.agent.longest_gap_ms(Party::Customer, from, to).into());
        self.to_customer.push(call.customer.longest_gap_ms(Party::Agent, from, to).into());
    }

    fn figures(self, when: &str) -> [Figure; 2] {
        let gap = |to: &str| format!("voice gap {when}, heard by the {to}");
        [Figure::of(gap("agent"), "ms", self.to_agent), Figure::of(gap("customer"), "ms", self.to_customer)]
    }
}

#[derive(Default)]
struct Measured {
    shutting: Gaps,
    opening: Gaps,
    undisturbed: Gaps,
    by_api: Vec<f64>,
    by_code: Vec<f64>,
    unseal: Vec<f64>,
}

pub async fn seals(stand: &Stand) -> Result<Vec<Figure>, StageError> {
    let mut measured = Measured::default();
    for _ in 0..CALLS {
        let call = stand.call().await?;
        for seal in 0..SEALS_A_CALL {
            measured.seal(stand, &call, seal % 2 == 0).await?;
        }
        call.customer.hang_up().await?;
    }
    let mut figures = Vec::new();
    figures.extend(measured.shutting.figures("as the seal shuts"));
    figures.extend(measured.opening.figures("as the seal opens"));
    figures.extend(measured.undisturbed.figures("with no seal near (this machine's own)"));
    figures.push(Figure::of("seal, from the API's request to `sealed`", "ms", measured.by_api));
    figures.push(Figure::of(
        "seal, from the feature code's last END packet to `sealed`",
        "ms",
        measured.by_code,
    ));
    figures.push(Figure::of("unseal, from `cancel` to `unsealed`", "ms", measured.unseal));
    Ok(figures)
}

impl Measured {
    async fn seal(&mut self, stand: &Stand, call: &Conversation, by_api: bool) -> Result<(), StageError> {
        let talk_began = Instant::now();
        pause(TALK_MS).await;
        let place = stand.set.events.place();
        self.undisturbed.add(call, talk_began, Instant::now() - Duration::from_millis(AFTER_MS));
        let from = Instant::now();
        let (sealed, payment) = if by_api {
            let (payment, asked) = stand.begin(call).await?;
            let sealed = stand.told(place, &payment, "sealed").await?;
            self.by_api.push(ms(asked, sealed.at));
            (sealed, payment)
        } else {
            let keys = call.agent.key("*729", 60, 60).await?;
            let last = keys.last().ok_or_else(|| StageError("no key was sent".into()))?;
            let sealed =
                stand.set.events.wait(place, 30_000, "sealed", |event| event["type"] == "sealed").await?;
            self.by_code.push(ms(last.ended, sealed.at));
            let payment = sealed.event["payment"].as_str().unwrap_or_default().to_owned();
            (sealed, payment)
        };
        stand.told(place, &payment, "field_opened").await?;
        pause(AFTER_MS * 2).await;
        if by_api {
            // An agent who keys is not heard meanwhile; that is no gap of the seal.
            self.shutting.add(call, from, sealed.at + Duration::from_millis(AFTER_MS));
        }
        let (asked, unsealed) = stand.cancel(&payment).await?;
        self.unseal.push(ms(asked, unsealed.at));
        pause(AFTER_MS * 2).await;
        let from = asked.max(unsealed.at - Duration::from_millis(BEFORE_OPEN_MS));
        self.opening.add(call, from, unsealed.at + Duration::from_millis(AFTER_MS));
        Ok(())
    }
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
