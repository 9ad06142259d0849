//! What the bank wrote down: one line a transaction id.

use serde::Serialize;
use std::collections::{HashMap, VecDeque};

use super::behaviour::{Behaviour, Fault, Refusal, decide};
use super::request::Read;

/// Lines kept; the oldest goes first, and is then no longer recognised.
const LINES_MAX: usize = 10_000;

/// One transaction, as the bank remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// The company's own name of the attempt.
    pub transaction_id: String,
    /// `twilio` or `signalwire`.
    pub profile: &'static str,
    /// The card with all but its last four digits struck out.
    pub card: String,
    /// Amount and currency; `None` for a card that was stored.
    pub amount: Option<String>,
    /// How often this id was sent.
    pub requests: u32,
    /// How often it was charged. More than one is what must never happen.
    pub charges: u32,
    /// The answer, once there is one.
    pub reply: Option<Reply>,
}

/// What the bank answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The bank's reference of the charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<String>,
    /// The bank's reference of the stored card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// Why not.
    pub error_code: Option<&'static str>,
    /// Why not, in words.
    pub error_message: Option<&'static str>,
}

impl Reply {
    pub(super) fn refused(refusal: Refusal) -> Reply {
        Reply {
            charge_id: None,
            token_id: None,
            error_code: Some(refusal.code),
            error_message: Some(refusal.message),
        }
    }
}

/// What is to be sent back, and how.
#[derive(Debug)]
pub(super) struct Taken {
    /// `None`: no decision was made, and the fault says what is sent instead.
    pub(super) reply: Option<Reply>,
    pub(super) fault: Option<Fault>,
}

/// All lines.
#[derive(Default)]
pub(super) struct Ledger {
    lines: HashMap<String, LedgerLine>,
    order: VecDeque<String>,
}

const EXPIRED: Refusal = Refusal { code: "54", message: "expired card" };
const REUSED: Refusal = Refusal {
    code: "duplicate_transaction",
    message: "this transaction_id was used for another card or amount",
};

impl Ledger {
    /// Decides, charges and writes down, in one go.
    pub(super) fn take(&mut self, read: Read, deduplicates: bool) -> Taken {
        let Read { order, card_number } = read;
        let amount = order.amount.map(|amount| amount.to_string());
        let line = self.line(LedgerLine {
            transaction_id: order.transaction_id,
            profile: order.profile,
            card: order.masked.clone(),
            amount: amount.clone(),
            requests: 0,
            charges: 0,
            reply: None,
        });
        line.requests = line.requests.saturating_add(1);
        if line.card != order.masked || line.amount != amount {
            return Taken { reply: Some(Reply::refused(REUSED)), fault: None };
        }
        if let (true, Some(reply)) = (deduplicates, &line.reply) {
            return Taken { reply: Some(reply.clone()), fault: None };
        }
        let Behaviour { mut refusal, fault } = decide(card_number, order.amount.map(|amount| amount.minor));
        if order.expired {
            refusal = Some(EXPIRED);
        }
        let fault = fault.filter(|fault| match fault {
            Fault::CutBeforeCharging | Fault::ErrorFirst => line.requests == 1,
            _ => true,
        });
        if fault.is_some_and(|fault| !fault.charges()) {
            return Taken { reply: None, fault };
        }
        let reply = match refusal {
            Some(refusal) => Reply::refused(refusal),
            None => {
                let id = uuid::Uuid::new_v4().simple();
                let stored = line.amount.is_none();
                line.charges += u32::from(!stored);
                Reply {
                    charge_id: (!stored).then(|| format!("tb_{id}")),
                    token_id: stored.then(|| format!("tok_{id}")),
                    error_code: None,
                    error_message: None,
                }
            }
        };
        line.reply = Some(reply.clone());
        Taken { reply: Some(reply), fault }
    }

    /// What became of a transaction; `None` if nothing was ever decided about it.
    pub(super) fn reply(&self, transaction_id: &str) -> Option<Reply> {
        self.lines.get(transaction_id)?.reply.clone()
    }

    /// All lines, oldest first.
    pub(super) fn lines(&self) -> Vec<LedgerLine> {
        self.order.iter().filter_map(|id| self.lines.get(id)).cloned().collect()
    }

    fn line(&mut self, fresh: LedgerLine) -> &mut LedgerLine {
        let id = fresh.transaction_id.clone();
        if !self.lines.contains_key(&id) {
            if self.order.len() >= LINES_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.lines.remove(&oldest);
            }
            self.order.push_back(id.clone());
        }
        self.lines.entry(id).or_insert(fresh)
    }
}
