//! A payment call as a screen shows it: the events of the feed, laid over one another.
//!
//! A screen is always given the whole picture, never a change to the one before. Whoever was away, or was too
//! slow to see every event, is right again with the next picture.

use uuid::Uuid;

use crate::call::{DeclineReason, Ending, Field, Hint, Money, Outcome};
use crate::card::{Brand, MaskedPan};
use crate::desk::EventBody;
use crate::store::{MessageRecord, OperationRecord, Payment};

/// One payment call.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub payment: Uuid,
    /// The last event that is in it.
    pub seq: u64,
    pub agent: Option<String>,
    pub caller: Option<String>,
    pub amount: Money,
    pub reference: Option<String>,
    /// Whether the reference is that of an order that is kept here.
    pub ordered: bool,
    pub began_ms: i64,
    pub seal: Seal,
    pub line: Option<&'static str>,
    pub doing: Doing,
    pub fields: Vec<Keyed>,
    pub brand: Option<Brand>,
    pub masked: Option<MaskedPan>,
    /// What was wrong with the field, and the tries that are left.
    pub hint: Option<(Hint, u8)>,
    pub customer_hears: Option<Sentence>,
    pub agent_hears: Option<Sentence>,
    pub result: Option<Verdict>,
    pub alarm: Option<&'static str>,
    pub left: Option<&'static str>,
    pub ended: Option<Ending>,
    /// Who is paid.
    pub merchant: String,
    /// A payment link in place of the card, as it stands.
    pub link: Option<OperationRecord>,
    /// The last message that took it to the customer.
    pub message: Option<MessageRecord>,
}

/// Whether others can hear the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    Shutting,
    Shut,
    Refused(&'static str),
    Lost,
    Open,
}

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Sealing,
    Keying(Field),
    Confirming,
    Paused,
    Bank {
        slow: bool,
    },
    /// A card was declined; the agent decides.
    Deciding,
    Closing,
}

/// One field and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keyed {
    pub field: Field,
    pub state: FieldState,
    pub count: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldState {
    Waiting,
    Open,
    Done,
}

/// What somebody is told, in the language of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub words: String,
    pub language: &'static str,
    /// False once it has ended.
    pub now: bool,
}

/// What the bank said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Approved(String),
    Declined(DeclineReason),
    NotCharged,
    Unknown,
}

impl Picture {
    /// Nothing has happened yet.
    pub(super) fn new(payment: &Payment, expected: &[Field]) -> Self {
        let waiting = |field: &Field| Keyed { field: *field, state: FieldState::Waiting, count: 0 };
        Self {
            payment: payment.begun.id,
            seq: 0,
            agent: payment.begun.agent.clone(),
            caller: payment.begun.caller_number.clone(),
            amount: payment.begun.amount,
            reference: payment.begun.reference.clone(),
            ordered: payment.order.is_some(),
            began_ms: payment.created_at_ms,
            seal: Seal::Shutting,
            line: None,
            doing: Doing::Sealing,
            fields: expected.iter().map(waiting).collect(),
            brand: None,
            masked: None,
            hint: None,
            customer_hears: None,
            agent_hears: None,
            result: None,
            alarm: None,
            left: None,
            ended: None,
            merchant: payment.begun.merchant.clone(),
            link: None,
            message: None,
        }
    }

    /// Lays an event over it.
    pub(super) fn add(&mut self, seq: u64, event: &EventBody) {
        self.seq = seq;
        match event {
            // What is still to be keyed is for those who ask for the fields one by one; refunds are on their own page; a link
            // is laid over by the board, which knows its address.
            EventBody::Started
            | EventBody::Agent { .. }
            | EventBody::Remaining { .. }
            | EventBody::Operation { .. }
            | EventBody::Message { .. } => {}
            EventBody::Sealed { line } => {
                self.seal = Seal::Shut;
                self.line = Some(line);
            }
            EventBody::SealRefused { why } => self.seal = Seal::Refused(why),
            EventBody::Line { line } => self.line = Some(line),
            EventBody::FieldOpened { field, .. } => self.open(*field),
            EventBody::Progress { field, count, brand } => self.keyed(*field, *count, *brand),
            EventBody::Cleared { field } => self.keyed(*field, 0, None),
            EventBody::FieldDone { field, masked, brand } => {
                self.hint = None;
                if let Some(keyed) = self.of(*field) {
                    keyed.state = FieldState::Done;
                }
                if masked.is_some() {
                    (self.masked, self.brand) = (masked.clone(), *brand);
                }
            }
            EventBody::FieldRefused { field, hint, left } => {
                self.keyed(*field, 0, None);
                self.hint = Some((*hint, *left));
            }
            EventBody::Confirming => self.doing = Doing::Confirming,
            EventBody::Paused => self.doing = Doing::Paused,
            EventBody::Charging { .. } => {
                self.doing = Doing::Bank { slow: false };
                self.result = None;
            }
            EventBody::BankSlow => self.doing = Doing::Bank { slow: true },
            EventBody::Approved { reference, .. } => {
                self.decided(Doing::Closing, Verdict::Approved(reference.clone()));
            }
            EventBody::Declined { reason, .. } => self.decided(Doing::Deciding, Verdict::Declined(*reason)),
            EventBody::NotCharged { .. } => self.decided(Doing::Closing, Verdict::NotCharged),
            EventBody::OutcomeUnknown { .. } => self.decided(Doing::Closing, Verdict::Unknown),
            EventBody::Left { party } => self.left = Some(party),
            EventBody::Alarm { alarm, .. } => {
                self.alarm = Some(alarm);
                if alarm.starts_with("seal_lost") {
                    self.seal = Seal::Lost;
                }
            }
            EventBody::Unsealed => self.seal = Seal::Open,
            EventBody::Ended { ending } => {
                self.doing = Doing::Closing;
                self.ended = Some(*ending);
                self.customer_hears = None;
                self.agent_hears = None;
            }
            EventBody::Settled { outcome, .. } => self.settled(outcome),
            EventBody::Says { to, words, language } => {
                let sentence = Sentence { words: words.clone(), language, now: true };
                *self.ear(to) = Some(sentence);
            }
            EventBody::Said { to } => {
                if let Some(sentence) = self.ear(to) {
                    sentence.now = false;
                }
            }
        }
    }

    fn ear(&mut self, to: &str) -> &mut Option<Sentence> {
        if to == "customer" { &mut self.customer_hears } else { &mut self.agent_hears }
    }

    fn of(&mut self, field: Field) -> Option<&mut Keyed> {
        self.fields.iter_mut().find(|keyed| keyed.field == field)
    }

    /// What comes after an opened field has to be keyed once more.
    fn open(&mut self, field: Field) {
        self.doing = Doing::Keying(field);
        if field == Field::Number {
            (self.brand, self.masked, self.result) = (None, None, None);
        }
        let place = self.fields.iter().position(|keyed| keyed.field == field).unwrap_or(self.fields.len());
        if place == self.fields.len() {
            self.fields.push(Keyed { field, state: FieldState::Open, count: 0 });
        }
        for (at, keyed) in self.fields.iter_mut().enumerate().skip(place) {
            keyed.state = if at == place { FieldState::Open } else { FieldState::Waiting };
            keyed.count = 0;
        }
    }

    fn keyed(&mut self, field: Field, count: u8, brand: Option<Brand>) {
        if count > 0 {
            self.hint = None;
        }
        if field == Field::Number {
            self.brand = brand;
        }
        if let Some(keyed) = self.of(field) {
            keyed.count = count;
        }
    }

    fn decided(&mut self, doing: Doing, verdict: Verdict) {
        self.doing = doing;
        self.result = Some(verdict);
    }

    /// What became known after the call.
    fn settled(&mut self, outcome: &Outcome) {
        let (verdict, ending) = match outcome {
            Outcome::Approved { reference } => (Verdict::Approved(reference.clone()), Ending::Approved),
            Outcome::Declined(reason) => (Verdict::Declined(*reason), Ending::Declined),
            Outcome::NotCharged => (Verdict::NotCharged, Ending::Fault),
            Outcome::Unknown => (Verdict::Unknown, Ending::Unknown),
        };
        self.result = Some(verdict);
        if self.ended == Some(Ending::Unknown) {
            self.ended = Some(ending);
        }
    }
}

#[cfg(test)]
mod tests;
