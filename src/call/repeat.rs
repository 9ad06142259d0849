//! Greeting and receipt, and whatever lets people hear better: the question once more, more slowly, in another language.

use super::command::{Command, SayId};
use super::input::{Millis, Party};
use super::manner::{Pace, Wording};
use super::notice::Ending;
use super::phrase::Phrase;
use super::policy::Mode;
use super::state::{PaymentCall, Stage};

/// How often a customer hears one question again with `#`; after that the key is a wrong one.
const REPEATS_MAX: u8 = 5;

impl PaymentCall {
    /// The customer's time, at the pace of the call.
    pub(super) fn patient(&self, ms: u64) -> u64 {
        ms.saturating_mul(self.pace.patience())
    }

    /// What is said before the first question.
    pub(super) fn welcome(&mut self, out: &mut Vec<Command>) {
        let amount = self.setup.amount;
        let brief = self.setup.manner.wording == Wording::Brief;
        let welcome = match (self.setup.mode, brief) {
            (Mode::SelfService, _) if self.asks_reference() => Phrase::Greeting,
            (Mode::Assisted, false) => Phrase::Welcome,
            (Mode::Assisted, true) => Phrase::WelcomeBrief,
            (Mode::SelfService, false) => Phrase::WelcomeSelfService { amount },
            (Mode::SelfService, true) => Phrase::WelcomeSelfServiceBrief { amount },
        };
        self.say(Party::Customer, welcome, out);
        if self.setup.mode == Mode::Assisted {
            // The agent tells them what it is for, and says things again.
            return;
        }
        let besides = self.setup.besides;
        if let Some(reference) = besides.reference {
            self.say(Party::Customer, Phrase::ForReference { reference }, out);
        }
        if let Some(date) = besides.due {
            let is_past = besides.today.is_some_and(|today| date < today);
            let due = if is_past { Phrase::Overdue { date } } else { Phrase::Due { date } };
            self.say(Party::Customer, due, out);
        }
        if !brief {
            self.say(Party::Customer, Phrase::RepeatHelp, out);
        }
    }

    /// What is to be noted of a payment that was made.
    pub(super) fn receipt(&mut self, ending: Ending, out: &mut Vec<Command>) -> Option<SayId> {
        let (date, reference) = self.setup.besides.today.zip(self.setup.besides.receipt)?;
        if ending != Ending::Approved || self.setup.amount.minor == 0 {
            return None;
        }
        self.say(Party::Customer, Phrase::Receipt { date, reference }, out);
        self.say(Party::Customer, Phrase::ReceiptAgain { reference }, out)
    }

    /// `#` before any digit: the question once more, from the second time on slowly, with the keys that help. False if
    /// they have heard it often enough.
    pub(super) fn wants_again(&mut self, now: Millis, out: &mut Vec<Command>) -> bool {
        let Some(keying) = &mut self.keying else { return false };
        if keying.repeats >= REPEATS_MAX {
            return false;
        }
        keying.repeats += 1;
        let repeats = keying.repeats;
        let pace = self.slower_from_second(repeats);
        self.ask_again(now, pace, out);
        true
    }

    /// `#` at a menu: the menu once more.
    pub(super) fn wants_menu_again(&mut self, now: Millis, out: &mut Vec<Command>) -> bool {
        if self.menu_repeats >= REPEATS_MAX {
            return false;
        }
        self.menu_repeats += 1;
        let pace = self.slower_from_second(self.menu_repeats);
        self.ask_again(now, pace, out);
        true
    }

    /// Who asks a second time has not understood.
    fn slower_from_second(&self, repeats: u8) -> Pace {
        if repeats > 1 && !self.pace.is_slow() { Pace::Slow } else { self.pace }
    }

    /// The agent wants the customer to hear the question again.
    pub(super) fn repeat(&mut self, now: Millis, out: &mut Vec<Command>) {
        if matches!(self.stage, Stage::Keying | Stage::Confirming) {
            self.hush_customer(out);
            self.ask_again(now, self.pace, out);
        }
    }

    pub(super) fn next_pace(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.pace = self.pace.next();
        let whisper = match self.pace {
            Pace::Normal => Phrase::WhisperNormalPace,
            Pace::Slow => Phrase::WhisperSlow,
            Pace::Relay => Phrase::WhisperRelay,
        };
        self.whisper(whisper, out);
        self.repeat(now, out);
    }

    pub(super) fn next_language(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.setup.manner.other_languages == 0 {
            self.whisper(Phrase::WhisperOneLanguage, out);
            return;
        }
        out.push(Command::NextLanguage);
        self.whisper(Phrase::WhisperLanguage, out);
        self.repeat(now, out);
    }

    /// Says what the customer is to answer, in full words, and gives them their time anew. What they have keyed stays.
    fn ask_again(&mut self, now: Millis, pace: Pace, out: &mut Vec<Command>) {
        match (self.stage, &self.keying) {
            (Stage::Keying, Some(keying)) => {
                let question = self.question(keying.field, false);
                self.say_at(pace, Party::Customer, question, out);
                let asked = self.say_at(pace, Party::Customer, Phrase::KeysHelp, out);
                if let Some(keying) = &mut self.keying {
                    keying.asked = asked;
                    keying.since = now;
                    keying.last_key = keying.last_key.map(|_| now);
                }
            }
            (Stage::Confirming, _) => {
                if let Some(last_four) = self.last_four() {
                    self.menu_said = self.say_at(pace, Party::Customer, self.confirmation(last_four), out);
                    self.since = now;
                }
            }
            (Stage::Deciding, _) => {
                self.menu_said = self.say_at(pace, Party::Customer, Phrase::TryAnotherCard, out);
                self.since = now;
            }
            _ => {}
        }
    }
}
