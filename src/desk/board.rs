//! What is under way: where each payment call stands, for whoever begins to look in the middle of it.
//!
//! It is made of the events of the feed and of nothing else, so it knows no more of a card than they do.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::event::{EventBody, outcome_word};
use super::told::Event;
use crate::call::{DeclineReason, Field, Hint, Money};
use crate::card::{Brand, MaskedPan};
use crate::store::Payment;

/// Payments that have ended and are still known by name: what becomes known of them later has their agent.
const ENDED_KEPT: usize = 1_024;

/// Whose payment it is, and on which call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which.
    pub payment: Uuid,
    /// The agent's extension; none in self-service.
    pub agent: Option<String>,
    /// The customer's leg, by the PBX's own name.
    pub call: String,
    /// How much.
    pub amount: Money,
    /// The company's own reference.
    pub reference: Option<String>,
}

impl From<&Payment> for Subject {
    fn from(payment: &Payment) -> Self {
        let begun = &payment.begun;
        Self {
            payment: begun.id,
            agent: begun.agent.clone(),
            call: begun.customer_leg.clone(),
            amount: begun.amount,
            reference: begun.reference.clone(),
        }
    }
}

/// What the call is about at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The line is being sealed.
    Sealing,
    /// It is sealed; nothing has been asked for yet.
    Sealed,
    /// A field waits for keys.
    Asking,
    /// The customer is asked to confirm.
    Confirming,
    /// The two are talking; no key is taken.
    Paused,
    /// The bank is being asked.
    Charging,
    /// The bank takes longer than people expect.
    BankSlow,
    /// The bank's answer is known, or will not be known in time.
    Answered,
    /// The line is an ordinary line again.
    Unsealed,
}

/// What is known of one field, without a digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldStanding {
    /// Which.
    pub field: Field,
    /// Digits keyed so far.
    pub count: u8,
    /// Whether it is complete and right.
    pub done: bool,
    /// What was wrong with it the last time.
    pub hint: Option<Hint>,
}

/// What the bank said of the last card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Answered {
    /// Which card: 1 for the first.
    pub attempt: u8,
    /// `approved`, `declined`, `not_charged` or `unknown`.
    pub outcome: &'static str,
    /// Why it was declined.
    pub reason: Option<DeclineReason>,
    /// The provider's reference, once approved.
    pub reference: Option<String>,
}

/// Where a payment call stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose it is.
    pub subject: Subject,
    /// When it began.
    pub since: jiff::Timestamp,
    /// What it is about now.
    pub stage: Stage,
    /// Quality of the line, once known.
    pub line: Option<&'static str>,
    /// The field that waits for keys.
    pub field: Option<Field>,
    /// Every field that was asked for, in the order in which that happened first.
    pub fields: Vec<FieldStanding>,
    /// The brand, once the first digits tell.
    pub brand: Option<Brand>,
    /// The card's number, all but the last four digits struck out, once it is complete.
    pub card: Option<MaskedPan>,
    /// What the bank said.
    pub answer: Option<Answered>,
    /// The last alarm of this call.
    pub alarm: Option<&'static str>,
    ended: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Board {
    payments: HashMap<Uuid, Standing>,
    ended: VecDeque<Uuid>,
}

impl Board {
    pub(super) fn enter(&mut self, subject: Subject) {
        self.payments.insert(subject.payment, Standing::new(subject));
    }

    pub(super) fn concerns(&mut self, subject: Subject) {
        if let Some(standing) = self.payments.get_mut(&subject.payment) {
            standing.subject = subject;
        }
    }

    /// Knows a payment again whose call is over.
    pub(super) fn recall(&mut self, subject: Subject) {
        let payment = subject.payment;
        self.payments.entry(payment).or_insert_with(|| Standing::new(subject));
        self.end(payment);
    }

    pub(super) fn of(&self, payment: Uuid) -> Option<&Standing> {
        self.payments.get(&payment)
    }

    /// What has not ended, the oldest first.
    pub(super) fn under_way(&self) -> Vec<Standing> {
        let mut all: Vec<_> = self.payments.values().filter(|standing| !standing.ended).cloned().collect();
        all.sort_by_key(|standing| (standing.since, standing.subject.payment));
        all
    }

    pub(super) fn apply(&mut self, event: &Event) {
        if let Some(standing) = self.payments.get_mut(&event.payment) {
            standing.apply(&event.body);
            if matches!(event.body, EventBody::Ended { .. }) {
                self.end(event.payment);
            }
        }
    }

    fn end(&mut self, payment: Uuid) {
        let Some(standing) = self.payments.get_mut(&payment) else { return };
        if std::mem::replace(&mut standing.ended, true) {
            return;
        }
        self.ended.push_back(payment);
        if self.ended.len() > ENDED_KEPT
            && let Some(oldest) = self.ended.pop_front()
        {
            self.payments.remove(&oldest);
        }
    }
}

impl Standing {
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            since: jiff::Timestamp::now(),
            stage: Stage::Sealing,
            line: None,
            field: None,
            fields: Vec::new(),
            brand: None,
            card: None,
            answer: None,
            alarm: None,
            ended: false,
        }
    }

    fn apply(&mut self, body: &EventBody) {
        match body {
            EventBody::Sealed { line } => {
                self.stage = Stage::Sealed;
                self.line = Some(line);
            }
            EventBody::Line { line } => self.line = Some(line),
            EventBody::FieldOpened { field, .. } => self.open(*field),
            EventBody::Progress { field, count, brand } => {
                self.brand = brand.or(self.brand);
                self.at(*field).count = *count;
            }
            EventBody::Cleared { field } => self.at(*field).count = 0,
            EventBody::FieldDone { field, masked, brand } => {
                self.field = None;
                self.brand = brand.or(self.brand);
                self.card = masked.clone().or(self.card.take());
                *self.at(*field) = FieldStanding { done: true, hint: None, ..*self.at(*field) };
            }
            EventBody::FieldRefused { field, hint, .. } => {
                *self.at(*field) = FieldStanding { field: *field, count: 0, done: false, hint: Some(*hint) };
            }
            EventBody::Confirming => self.stage = Stage::Confirming,
            EventBody::Paused => self.stage = Stage::Paused,
            EventBody::Charging { .. } => self.stage = Stage::Charging,
            EventBody::BankSlow => self.stage = Stage::BankSlow,
            EventBody::Alarm { alarm, .. } => self.alarm = Some(alarm),
            EventBody::Unsealed => self.stage = Stage::Unsealed,
            body => self.answered(body),
        }
    }

    /// A field waits for keys. The card number begins the card anew.
    fn open(&mut self, field: Field) {
        self.stage = Stage::Asking;
        self.field = Some(field);
        if field == Field::Number {
            self.fields.retain(|known| known.field == field);
            (self.brand, self.card) = (None, None);
        }
        let known = self.at(field);
        *known = FieldStanding { count: 0, done: false, ..*known };
    }

    fn answered(&mut self, body: &EventBody) {
        let (attempt, reason, reference, outcome) = match body {
            EventBody::Approved { attempt, reference } => (*attempt, None, Some(reference), "approved"),
            EventBody::Declined { attempt, reason } => (*attempt, Some(*reason), None, "declined"),
            EventBody::NotCharged { attempt } => (*attempt, None, None, "not_charged"),
            EventBody::OutcomeUnknown { attempt } => (*attempt, None, None, "unknown"),
            EventBody::Settled { attempt, outcome } => (*attempt, None, None, outcome_word(outcome)),
            _ => return,
        };
        if self.stage != Stage::Unsealed {
            self.stage = Stage::Answered;
        }
        self.answer = Some(Answered { attempt, outcome, reason, reference: reference.cloned() });
    }

    fn at(&mut self, field: Field) -> &mut FieldStanding {
        let place = self.fields.iter().position(|known| known.field == field).unwrap_or_else(|| {
            self.fields.push(FieldStanding { field, count: 0, done: false, hint: None });
            self.fields.len() - 1
        });
        &mut self.fields[place]
    }
}

#[cfg(test)]
mod tests;
