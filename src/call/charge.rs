//! From the last field to the bank's answer: confirm, write down, send once, tell.

use crate::card::{Card, Key, KeyKind, LastFour};

use super::bank::{AttemptId, DeclineReason, Outcome};
use super::command::Command;
use super::input::{Millis, Party};
use super::notice::{Alarm, Ending, Field, Notice};
use super::phrase::Phrase;
use super::policy::{Confirm, Mode};
use super::state::{PaymentCall, Stage};

impl PaymentCall {
    pub(super) fn ask_to_confirm(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(last_four) = self.last_four() else {
            return self.fault(now, Ending::Fault, out);
        };
        self.menu_failures = 0;
        self.menu_repeats = 0;
        self.enter(now, Stage::Confirming);
        out.push(Command::Tell(Notice::Confirming));
        self.menu_said = self.say(Party::Customer, self.confirmation(last_four), out);
    }

    pub(super) fn last_four(&self) -> Option<LastFour> {
        self.taken.pan.as_ref().map(|pan| pan.last_four())
    }

    pub(super) fn confirmation(&self, last_four: LastFour) -> Phrase {
        match self.setup.confirm {
            Confirm::Payment => Phrase::ConfirmPayment { amount: self.setup.amount, last_four },
            Confirm::None | Confirm::LastFour => Phrase::ConfirmLastFour { last_four },
        }
    }

    pub(super) fn confirm_key(&mut self, now: Millis, key: Key, out: &mut Vec<Command>) {
        if self.menu_said.take().is_some() {
            self.hush_customer(out);
        }
        if key.kind() == KeyKind::Hash && self.wants_menu_again(now, out) {
            return;
        }
        match key.menu() {
            Some(1) => self.journal(now, out),
            Some(2) => {
                self.wipe();
                self.first_field(now, out);
            }
            _ => self.confirm_again(now, out),
        }
    }

    pub(super) fn confirm_time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.confirm_again(now, out);
    }

    fn confirm_again(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.menu_failures = self.menu_failures.saturating_add(1);
        match self.last_four() {
            Some(last_four) if self.menu_failures < self.setup.bounds.attempts_per_field => {
                self.enter(now, Stage::Confirming);
                self.menu_said = self.say(Party::Customer, self.confirmation(last_four), out);
            }
            _ => self.close_timed_out(now, out),
        }
    }

    /// All fields are there: has the attempt written down before anything is sent.
    pub(super) fn journal(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.taken.pan.is_none()
            || self.taken.expiry.is_none()
            || self.charges >= self.setup.bounds.max_charges
        {
            return self.fault(now, Ending::Fault, out);
        }
        self.charges += 1;
        let attempt = AttemptId { payment: self.setup.payment, ordinal: self.charges };
        self.attempt = Some(attempt);
        self.enter(now, Stage::Journalling);
        out.push(Command::Journal { attempt });
        self.say(Party::Customer, Phrase::PleaseWaitBank, out);
        self.whisper(Phrase::WhisperCharging, out);
        self.talk(now, out);
    }

    /// No field is open: the two may talk. In self-service nobody listens, so the shield stays.
    pub(super) fn talk(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.setup.mode == Mode::Assisted {
            self.lower_shield(now, out);
        }
    }

    pub(super) fn journalled(&mut self, now: Millis, attempt: AttemptId, out: &mut Vec<Command>) {
        if self.stage != Stage::Journalling || self.attempt != Some(attempt) {
            return;
        }
        let taken = std::mem::take(&mut self.taken);
        let (Some(pan), Some(expiry)) = (taken.pan, taken.expiry) else {
            return self.fault(now, Ending::Fault, out);
        };
        let card = Card { pan, expiry, code: taken.code, postal: taken.postal };
        self.slow_told = false;
        self.enter(now, Stage::Charging);
        out.push(Command::Charge { attempt, card });
        out.push(Command::Tell(Notice::Charging(attempt)));
    }

    pub(super) fn journal_failed(&mut self, now: Millis, attempt: AttemptId, out: &mut Vec<Command>) {
        if self.stage == Stage::Journalling && self.attempt == Some(attempt) {
            self.journal_time_is_up(now, out);
        }
    }

    pub(super) fn journal_time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.attempt = None;
        self.alarm(Alarm::JournalFailed, out);
        self.fault(now, Ending::Fault, out);
    }

    pub(super) fn bank_time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.slow_told {
            if let Some(attempt) = self.attempt {
                self.outcome_unknown(now, attempt, out);
            }
            return;
        }
        self.slow_told = true;
        out.push(Command::Tell(Notice::BankSlow));
        self.say(Party::Customer, Phrase::StillWaitingBank, out);
    }

    /// What became of an attempt; only the attempt in question counts, and only once.
    pub(super) fn bank(&mut self, now: Millis, attempt: AttemptId, outcome: Outcome, out: &mut Vec<Command>) {
        if self.unknown == Some(attempt) {
            return self.known_at_last(attempt, outcome, out);
        }
        if self.stage != Stage::Charging || self.attempt != Some(attempt) {
            return;
        }
        self.attempt = None;
        match outcome {
            Outcome::Approved { reference } => {
                out.push(Command::Tell(Notice::Approved { attempt, reference }));
                let (customer, agent) = self.done_words();
                self.close(now, Ending::Approved, Some(customer), Some(agent), out);
            }
            Outcome::Declined(reason) => self.declined(now, attempt, reason, out),
            Outcome::NotCharged => {
                out.push(Command::Tell(Notice::NotCharged(attempt)));
                self.not_paid(now, Ending::Fault, Phrase::CannotTakeNow, Phrase::WhisperTechnical, out);
            }
            Outcome::Unknown => self.outcome_unknown(now, attempt, out),
        }
    }

    /// What customer and agent hear when it is done. Of a card that was stored nobody hears of a payment.
    fn done_words(&self) -> (Phrase, Phrase) {
        let amount = self.setup.amount;
        if amount.minor == 0 {
            return (Phrase::BackToAgent, Phrase::WhisperFieldDone(Field::Number));
        }
        (Phrase::Approved { amount }, Phrase::WhisperApproved)
    }

    fn declined(&mut self, now: Millis, attempt: AttemptId, reason: DeclineReason, out: &mut Vec<Command>) {
        out.push(Command::Tell(Notice::Declined { attempt, reason }));
        let (customer, agent) = (Phrase::Declined(reason), Phrase::WhisperDeclined(reason));
        self.not_paid(now, Ending::Declined, customer, agent, out);
    }

    /// Nothing was charged: another card may be taken, if that is still possible.
    fn not_paid(
        &mut self,
        now: Millis,
        ending: Ending,
        customer: Phrase,
        agent: Phrase,
        out: &mut Vec<Command>,
    ) {
        let someone_decides = match self.setup.mode {
            Mode::Assisted => self.agent_here && self.customer_here,
            Mode::SelfService => self.customer_here && ending == Ending::Declined,
        };
        let may = self.charges < self.setup.bounds.max_charges && !self.draining;
        let sound = self.seal == super::state::Seal::Shut && self.link_lost.is_none();
        if !(may && someone_decides && sound) {
            return self.close(now, ending, Some(customer), Some(agent), out);
        }
        self.enter(now, Stage::Deciding);
        self.not_paid_as = ending;
        self.menu_failures = 0;
        self.menu_repeats = 0;
        self.menu_said = None;
        self.say(Party::Customer, customer, out);
        self.whisper(agent, out);
        if self.setup.mode == Mode::SelfService {
            self.menu_said = self.say(Party::Customer, Phrase::TryAnotherCard, out);
        }
    }

    pub(super) fn decide_key(&mut self, now: Millis, key: Key, out: &mut Vec<Command>) {
        if self.menu_said.take().is_some() {
            self.hush_customer(out);
        }
        if key.kind() == KeyKind::Hash && self.wants_menu_again(now, out) {
            return;
        }
        match key.menu() {
            Some(1) => self.begin(now, Field::Number, out),
            Some(2) => self.close(now, Ending::Declined, None, None, out),
            _ => {
                self.menu_failures = self.menu_failures.saturating_add(1);
                if self.menu_failures >= self.setup.bounds.attempts_per_field {
                    return self.close(now, Ending::Declined, None, None, out);
                }
                self.menu_said = self.say(Party::Customer, Phrase::TryAnotherCard, out);
                self.since = now;
            }
        }
    }

    fn outcome_unknown(&mut self, now: Millis, attempt: AttemptId, out: &mut Vec<Command>) {
        self.attempt = None;
        self.unknown = Some(attempt);
        out.push(Command::Tell(Notice::OutcomeUnknown(attempt)));
        self.close(now, Ending::Unknown, Some(Phrase::OutcomeUnknown), Some(Phrase::WhisperUnknown), out);
    }

    /// The answer to an attempt that people were told is unknown, while they are still on the call.
    fn known_at_last(&mut self, attempt: AttemptId, outcome: Outcome, out: &mut Vec<Command>) {
        let (ending, customer, agent, notice) = match outcome {
            Outcome::Unknown => return,
            Outcome::Approved { reference } => {
                let (customer, agent) = self.done_words();
                (Ending::Approved, customer, agent, Notice::Approved { attempt, reference })
            }
            Outcome::Declined(reason) => (
                Ending::Declined,
                Phrase::Declined(reason),
                Phrase::WhisperDeclined(reason),
                Notice::Declined { attempt, reason },
            ),
            Outcome::NotCharged => {
                (Ending::Fault, Phrase::CannotTakeNow, Phrase::WhisperTechnical, Notice::NotCharged(attempt))
            }
        };
        self.unknown = None;
        out.push(Command::Tell(notice));
        match self.stage {
            Stage::Closing(_) => {
                if self.setup.mode == Mode::SelfService {
                    // "You will be connected", on its way, may be true no more.
                    self.hush_customer(out);
                }
                let customer = self.say(Party::Customer, customer, out);
                let customer = self.part_with(ending, customer, out);
                let agent = self.whisper(agent, out);
                self.farewell = [customer.or(self.farewell[0]), agent.or(self.farewell[1])];
                self.stage = Stage::Closing(ending);
            }
            Stage::Unsealing(_) => self.stage = Stage::Unsealing(ending),
            _ => {}
        }
    }
}
