//! A set with a conversation on it, and the words in which demo and stories are told.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::call::Party;
use crate::inspect::residue::{Needles, Scan, scan_path, scan_process};

use super::{
    CallPlan, Conversation, EventLog, Pace, Records, Seen, Set, StageError, is_of, keys_by_multimon,
    leaked_keys, multimon_is_here,
};

/// How long a word may take to come true.
const PATIENCE_MS: u64 = 45_000;

/// For so long two people are listened to, and so often before one of them counts as deaf.
const TALK_LOOK_MS: u64 = 800;
const TALK_LOOKS: u32 = 5;

/// How long and how far apart the agent's keys are.
const AGENT_KEY_MS: (u32, u32) = (100, 100);

/// A published test card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestCard {
    /// The number, as a number: the daemon is this same program, and a search of its memory must not find
    /// the digits among its constants.
    pub pan: u64,
    /// MMYY.
    pub expiry: &'static str,
    /// The security code.
    pub code: &'static str,
}

impl TestCard {
    /// The digits, as its owner reads them.
    #[must_use]
    pub fn number(&self) -> String {
        self.pan.to_string()
    }
}

/// Fails with a sentence unless something is so.
macro_rules! ensure {
    ($what:expr, $($words:tt)+) => {
        if !$what {
            return Err(StageError(format!($($words)+)));
        }
    };
}

/// A set with a conversation on it.
pub struct Scene {
    /// Bank, daemon, events.
    pub set: Set,
    /// The two telephones.
    pub call: Conversation,
    /// Events before this place have been waited for.
    pub place: usize,
}

impl Scene {
    /// Sets up a conversation as planned.
    ///
    /// # Errors
    /// If it does not come about.
    pub async fn open(set: Set, plan: &CallPlan) -> Result<Self, StageError> {
        let call = set.theatre.call(plan).await?;
        let place = set.events.place();
        Ok(Self { set, call, place })
    }

    /// What the daemon tells.
    #[must_use]
    pub fn events(&self) -> &EventLog {
        &self.set.events
    }

    /// The agent keys the feature code; returns once the card number is asked for.
    ///
    /// # Errors
    /// If it is not asked for.
    pub async fn pay(&mut self) -> Result<Seen, StageError> {
        self.place = self.events().place();
        self.agent("*729").await?;
        self.asked("number").await
    }

    /// Waits until a field is asked for, from here on.
    ///
    /// # Errors
    /// If it is not in time, like all words here.
    pub async fn asked(&mut self, field: &str) -> Result<Seen, StageError> {
        self.next(&format!("the question for {field}"), |event| {
            event["type"] == "field_opened" && event["field"] == field
        })
        .await
    }

    /// Waits for an event of this type, from here on.
    ///
    /// # Errors
    /// If none comes.
    pub async fn told(&mut self, kind: &str) -> Result<Seen, StageError> {
        self.next(kind, |event| event["type"] == kind).await
    }

    /// Waits for the end, which has to be this one.
    ///
    /// # Errors
    /// If it is another.
    pub async fn ended(&mut self, ending: &str) -> Result<(), StageError> {
        let end = self.told("ended").await?;
        ensure!(end.event["ending"] == ending, "ended as {} instead of {ending}", end.event["ending"]);
        Ok(())
    }

    /// Waits for an event that fits; the next wait begins after it.
    ///
    /// # Errors
    /// If none comes.
    pub async fn next(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Seen, StageError> {
        let seen = self.events().wait(self.place, PATIENCE_MS, what, fits).await?;
        let at = self.events().all().iter().position(|other| other.event["seq"] == seen.event["seq"]);
        self.place = at.map_or(self.place, |at| at + 1);
        Ok(seen)
    }

    /// The customer presses keys.
    ///
    /// # Errors
    /// If the telephone is not in a call.
    pub async fn customer(&self, keys: &str) -> Result<(), StageError> {
        let Pace { tone_ms, gap_ms } = self.set.pace;
        self.call.customer.key(keys, tone_ms, gap_ms).await.map(|_| ())
    }

    /// The agent presses keys.
    ///
    /// # Errors
    /// If the telephone is not in a call.
    pub async fn agent(&self, keys: &str) -> Result<(), StageError> {
        self.call.agent.key(keys, AGENT_KEY_MS.0, AGENT_KEY_MS.1).await.map(|_| ())
    }

    /// The customer keys all three fields as they are asked for; the number was asked for before.
    ///
    /// # Errors
    /// If a field is not asked for.
    pub async fn card(&mut self, card: TestCard) -> Result<(), StageError> {
        self.customer(&card.number()).await?;
        self.asked("expiry").await?;
        self.customer(card.expiry).await?;
        self.asked("code").await?;
        self.customer(card.code).await
    }

    /// From the feature code to the last key.
    ///
    /// # Errors
    /// If a field is not asked for.
    pub async fn pay_with(&mut self, card: TestCard) -> Result<(), StageError> {
        self.pay().await?;
        self.card(card).await
    }

    /// Nobody may have got a key: not the agent's telephone, not the agent's ear, not the PBX's records.
    ///
    /// # Errors
    /// Says who got which.
    pub async fn nobody_got_a_digit(&self) -> Result<(), StageError> {
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
        self.others_hear_nothing_either(&records).await?;
        Ok(())
    }

    /// A second opinion on what the agent heard and what was recorded, where it can be had.
    async fn others_hear_nothing_either(&self, records: &Records) -> Result<(), StageError> {
        let heard = self.set.directory.join("agent-heard.wav");
        if !multimon_is_here() || !self.call.agent.save(&heard)? {
            return Ok(());
        }
        let legs = [&self.call.customer_leg, &self.call.agent_leg];
        let of_this_call = |path: &&PathBuf| legs.iter().any(|leg| is_of(path, leg));
        for wav in std::iter::once(&heard).chain(records.recordings.iter().filter(of_this_call)) {
            let keys = keys_by_multimon(wav).await?;
            ensure!(keys.is_empty(), "multimon-ng hears {keys:?} in {}", wav.display());
        }
        Ok(())
    }

    /// Database, log and configuration of the daemon hold nothing of the card.
    ///
    /// # Errors
    /// Says where something is.
    pub fn files_are_clean(&self, card: TestCard) -> Result<Scan, StageError> {
        let files = scan_path(&self.set.directory, &needles(card)?).map_err(|f| StageError(f.to_string()))?;
        ensure!(files.clean(), "files of the daemon: {}", words(&files.findings));
        Ok(files)
    }

    /// The daemon's memory, searched from outside, holds nothing of the card.
    ///
    /// # Errors
    /// Says where something is, or why it cannot be searched.
    pub fn memory_is_clean(&self, card: TestCard) -> Result<Scan, StageError> {
        let pid = self.set.daemon.pid().ok_or_else(|| StageError("the daemon is gone".into()))?;
        let memory = scan_process(pid, &needles(card)?).map_err(|fault| StageError(fault.to_string()))?;
        ensure!(memory.clean(), "memory of the daemon: {}", words(&memory.findings));
        ensure!(memory.bytes_read > 1_000_000, "only {} bytes of memory were read", memory.bytes_read);
        Ok(memory)
    }

    /// Memory and files of the daemon hold nothing of the card.
    ///
    /// # Errors
    /// Says where something is.
    pub fn nothing_is_left(&self, card: TestCard) -> Result<(), StageError> {
        self.memory_is_clean(card)?;
        self.files_are_clean(card)?;
        Ok(())
    }

    /// Voice both ways for a while, soon: how long the change from one state to the other takes is measured by the
    /// benchmarks, not here, where a busy machine would be taken for a deaf telephone.
    ///
    /// # Errors
    /// Says who does not hear whom.
    pub async fn they_talk(&self) -> Result<(), StageError> {
        for left in (0..TALK_LOOKS).rev() {
            let from = Instant::now();
            tokio::time::sleep(Duration::from_millis(TALK_LOOK_MS)).await;
            let to = Instant::now();
            let agent = self.call.agent.hears_voice(Party::Customer, from, to);
            let customer = self.call.customer.hears_voice(Party::Agent, from, to);
            if agent && customer {
                break;
            }
            ensure!(agent || left > 0, "the agent does not hear the customer");
            ensure!(customer || left > 0, "the customer does not hear the agent");
        }
        Ok(())
    }

    /// Charges that the bank made.
    #[must_use]
    pub fn charges(&self) -> usize {
        self.set.bank.ledger().iter().map(|line| line.charges as usize).sum()
    }
}

fn needles(card: TestCard) -> Result<Needles, StageError> {
    Needles::for_card(&card.number(), card.code).map_err(|fault| StageError(fault.to_string()))
}

fn words<T: std::fmt::Display>(findings: &[T]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
