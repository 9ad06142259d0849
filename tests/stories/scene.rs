//! One story's stage, and the words stories are told in.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tonegate::call::Party;
use tonegate::inspect::residue::{Needles, scan_path, scan_process};
use tonegate::inspect::stage::{
    CallPlan, Conversation, EventLog, Seen, Set, SetOptions, StageError, leaked_keys,
};

use crate::teller::Stage;

/// Published test cards.
pub const VISA: &str = "4111111111111111";
pub const MASTERCARD: &str = "5555555555554444";
/// Sixteen digits of which no part is found in memory by chance.
pub const VARIED: &str = "5555444433331111";
pub const SHORT_OF_FUNDS: &str = "4000000000009995";
pub const EXPIRY: &str = "0330";
pub const CODE: &str = "737";

pub type Told = Result<(), StageError>;

/// Fails a story with a sentence.
#[macro_export]
macro_rules! ensure {
    ($what:expr, $($words:tt)+) => {
        if !$what {
            return Err(tonegate::inspect::stage::StageError(format!($($words)+)));
        }
    };
}

/// A stage with a conversation on it.
pub struct Scene {
    pub set: Set,
    pub call: Conversation,
    pub place: usize,
}

pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_tonegate"))
}

pub async fn set(stage: &Stage, change: impl FnOnce(&mut SetOptions)) -> Result<Set, StageError> {
    let mut options = SetOptions::new(program(), &stage.directory);
    change(&mut options);
    Set::up(stage.theatre.clone(), &options).await
}

impl Scene {
    /// A conversation as planned, with a daemon beside the PBX.
    pub async fn open(stage: &Stage, plan: CallPlan) -> Result<Self, StageError> {
        Self::open_with(stage, plan, |_| {}).await
    }

    pub async fn open_with(
        stage: &Stage,
        plan: CallPlan,
        change: impl FnOnce(&mut SetOptions),
    ) -> Result<Self, StageError> {
        let set = set(stage, change).await?;
        let call = set.theatre.call(&plan).await?;
        let place = set.events.place();
        Ok(Self { set, call, place })
    }

    pub fn events(&self) -> &EventLog {
        &self.set.events
    }

    /// The agent keys the feature code; returns once the card number is asked for.
    pub async fn pay(&mut self) -> Result<Seen, StageError> {
        self.place = self.events().place();
        self.agent("*729").await?;
        self.asked("number").await
    }

    /// Waits until a field is asked for, from here on.
    pub async fn asked(&mut self, field: &str) -> Result<Seen, StageError> {
        self.next(&format!("the question for {field}"), |event| {
            event["type"] == "field_opened" && event["field"] == field
        })
        .await
    }

    /// Waits for an event of this type, from here on.
    pub async fn told(&mut self, kind: &str) -> Result<Seen, StageError> {
        self.next(kind, |event| event["type"] == kind).await
    }

    /// Waits for the end, and what it is.
    pub async fn ended(&mut self, ending: &str) -> Result<(), StageError> {
        let end = self.told("ended").await?;
        ensure!(end.event["ending"] == ending, "ended as {} instead of {ending}", end.event["ending"]);
        Ok(())
    }

    /// Waits for an event that fits; the next wait begins after it.
    pub async fn next(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Seen, StageError> {
        let seen = self.events().wait(self.place, 45_000, what, fits).await?;
        let at = self.events().all().iter().position(|other| other.event["seq"] == seen.event["seq"]);
        self.place = at.map_or(self.place, |at| at + 1);
        Ok(seen)
    }

    pub async fn customer(&self, keys: &str) -> Told {
        self.call.customer.key(keys, 60, 60).await.map(|_| ())
    }

    pub async fn agent(&self, keys: &str) -> Told {
        self.call.agent.key(keys, 100, 100).await.map(|_| ())
    }

    /// The customer keys all three fields as they are asked for.
    pub async fn card(&mut self, number: &str) -> Told {
        self.customer(number).await?;
        self.asked("expiry").await?;
        self.customer(EXPIRY).await?;
        self.asked("code").await?;
        self.customer(CODE).await
    }

    /// A whole payment from the code to the result.
    pub async fn pay_with(&mut self, number: &str) -> Told {
        self.pay().await?;
        self.card(number).await
    }

    /// What nobody may have got: keys on the agent's side, in the PBX's records, in ours.
    pub async fn nobody_got_a_digit(&self) -> Told {
        let agent = &self.call.agent;
        let (events, tones) = (agent.keys_received(), agent.tones_heard());
        ensure!(events.is_empty(), "the agent's telephone received the keys {events:?}");
        ensure!(tones.is_empty(), "the agent heard the tones {tones:?}");
        let records = self.set.theatre.records().await?;
        let leaked = leaked_keys(&records, &self.call.customer_leg);
        ensure!(leaked.is_empty(), "the PBX's records hold keys of the customer's leg: {leaked:?}");
        for leg in [&self.call.customer_leg, &self.call.agent_leg] {
            let keys = records.keys_recorded_of(leg)?;
            ensure!(keys.is_empty(), "recordings hold the tones {keys:?}");
        }
        Ok(())
    }

    /// Memory, database and log of the daemon, searched from outside.
    pub fn nothing_is_left(&self, number: &str) -> Told {
        let needles = Needles::for_card(number, CODE).map_err(|fault| StageError(fault.to_string()))?;
        let pid = self.set.daemon.pid().ok_or_else(|| StageError("the daemon is gone".into()))?;
        let memory = scan_process(pid, &needles).map_err(|fault| StageError(fault.to_string()))?;
        ensure!(memory.clean(), "memory of the daemon: {}", words(&memory.findings));
        ensure!(memory.bytes_read > 1_000_000, "only {} bytes of memory were read", memory.bytes_read);
        let files = scan_path(&self.set.directory, &needles).map_err(|fault| StageError(fault.to_string()))?;
        ensure!(files.clean(), "files of the daemon: {}", words(&files.findings));
        Ok(())
    }

    /// Voice both ways for a while, from now.
    pub async fn they_talk(&self) -> Told {
        let from = Instant::now();
        tokio::time::sleep(Duration::from_millis(800)).await;
        let to = Instant::now();
        ensure!(self.call.agent.hears_voice(Party::Customer, from, to), "the agent does not hear the customer");
        ensure!(self.call.customer.hears_voice(Party::Agent, from, to), "the customer does not hear the agent");
        Ok(())
    }

    /// Charges that the bank made.
    pub fn charges(&self) -> usize {
        self.set.bank.ledger().iter().map(|line| line.charges as usize).sum()
    }
}

fn words<T: std::fmt::Display>(findings: &[T]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
