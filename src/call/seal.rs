//! The seal and the shield: shut before anything is asked, ended whatever happens.

use super::command::{Command, SayId};
use super::input::{Line, Millis, Party, SealLoss, SealRefusal};
use super::notice::{Alarm, Ending, Field, Notice};
use super::phrase::Phrase;
use super::policy::Mode;
use super::state::{PaymentCall, Seal, Shield, Stage};

impl PaymentCall {
    pub(super) fn sealed(&mut self, now: Millis, line: Line, out: &mut Vec<Command>) {
        // A late answer to a seal we have given up: the unseal that was ordered after it ends it.
        if self.stage != Stage::Sealing || self.seal != Seal::Asked {
            return;
        }
        self.seal = Seal::Shut;
        self.line = line;
        out.push(Command::Tell(Notice::Sealed(line)));
        self.whisper(Phrase::WhisperSealed, out);
        if line == Line::Dirty {
            // After the one before, not in its place.
            self.say(Party::Agent, Phrase::WhisperLineNotClean, out);
        }
        self.welcome(out);
        self.first_field(now, out);
    }

    /// Opens a field; raises the shield first if it is not up.
    pub(super) fn begin(&mut self, now: Millis, field: Field, out: &mut Vec<Command>) {
        self.failures = 0;
        if self.link_lost.is_some() {
            // Nobody can be asked, and no shield would answer: it is asked when the PBX is back.
            self.interrupted = true;
            return self.enter(now, Stage::Paused(field));
        }
        match self.shield {
            Shield::Up => self.ask(now, field, None, out),
            Shield::Raising => self.enter(now, Stage::Raising(field)),
            // A held one is thought to be up; after a lost connection only a fresh answer proves it.
            Shield::Down | Shield::Lowering | Shield::Held => {
                self.enter(now, Stage::Raising(field));
                self.move_shield(now, true, out);
            }
        }
    }

    pub(super) fn move_shield(&mut self, now: Millis, up: bool, out: &mut Vec<Command>) {
        self.shield = if up { Shield::Raising } else { Shield::Lowering };
        self.shield_since = now;
        out.push(Command::Shield { up });
    }

    /// The two may talk: opens recordings and audio, once the tail of the last tone is over.
    pub(super) fn lower_shield(&mut self, now: Millis, out: &mut Vec<Command>) {
        match self.shield {
            Shield::Down | Shield::Lowering | Shield::Held => {}
            Shield::Up if self.tail_is_over(now) => self.move_shield(now, false, out),
            Shield::Up => {
                self.shield = Shield::Held;
                self.shield_since = now;
            }
            // On its way up: the order to go down follows it.
            Shield::Raising => self.move_shield(now, false, out),
        }
    }

    fn tail_is_over(&self, now: Millis) -> bool {
        self.tail_end().is_none_or(|end| end <= now)
    }

    fn tail_end(&self) -> Option<Millis> {
        self.last_key.map(|key| key.plus(self.setup.bounds.tone_tail_ms))
    }

    pub(super) fn shield_deadline(&self) -> Option<Millis> {
        match self.shield {
            Shield::Down | Shield::Up => None,
            Shield::Held => Some(self.tail_end().unwrap_or(self.shield_since)),
            Shield::Raising | Shield::Lowering => {
                Some(self.shield_since.plus(self.setup.bounds.shield_timeout_ms))
            }
        }
    }

    pub(super) fn shield_time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.shield == Shield::Held {
            self.move_shield(now, false, out);
        } else {
            self.shield_failed(now, out);
        }
    }

    pub(super) fn shield_moved(&mut self, now: Millis, up: bool, out: &mut Vec<Command>) {
        match (self.shield, up) {
            (Shield::Raising, true) => {
                self.shield = Shield::Up;
                if let Stage::Raising(field) = self.stage {
                    self.ask(now, field, None, out);
                }
            }
            (Shield::Lowering, false) => {
                self.shield = Shield::Down;
                if let Stage::Closing(ending) = self.stage {
                    self.closing_step(now, ending, out);
                }
            }
            // The answer to an order that another has overtaken.
            _ => {}
        }
    }

    pub(super) fn shield_failed(&mut self, now: Millis, out: &mut Vec<Command>) {
        match self.shield {
            Shield::Raising | Shield::Up | Shield::Held => {
                self.alarm(Alarm::ShieldFailed, out);
                if matches!(self.stage, Stage::Raising(_) | Stage::Keying | Stage::Confirming) {
                    self.fault(now, Ending::Fault, out);
                }
                // Whatever of it is up comes down with the seal.
                self.shield = Shield::Down;
            }
            Shield::Lowering => {
                // What stays masked is a pity; what would be open is the danger. Someone should look.
                self.alarm(Alarm::ShieldFailed, out);
                self.shield = Shield::Down;
            }
            Shield::Down => return,
        }
        if let Stage::Closing(ending) = self.stage {
            self.closing_step(now, ending, out);
        }
    }

    pub(super) fn line_known(&mut self, line: Line, out: &mut Vec<Command>) {
        if line == self.line {
            return;
        }
        self.line = line;
        out.push(Command::Tell(Notice::Line(line)));
        if line == Line::Dirty {
            self.whisper(Phrase::WhisperLineNotClean, out);
        }
    }

    pub(super) fn seal_refused(&mut self, now: Millis, why: SealRefusal, out: &mut Vec<Command>) {
        if self.stage != Stage::Sealing {
            return;
        }
        out.push(Command::Tell(Notice::SealRefused(why)));
        let speak = (self.setup.mode == Mode::SelfService).then_some(Phrase::CannotTakeNow);
        // The seal stays `Asked`: whatever of it may have come about is ended like any other.
        self.close(now, Ending::NotSealed, speak, Some(Phrase::WhisperSealRefused(why)), out);
    }

    pub(super) fn seal_lost(&mut self, now: Millis, why: SealLoss, out: &mut Vec<Command>) {
        // Reports overtake each other: one that is lost before it was told as shut is lost all the same.
        let asked = self.seal == Seal::Asked && self.stage == Stage::Sealing;
        if self.seal != Seal::Shut && !asked {
            return;
        }
        self.seal = Seal::Lost;
        self.wipe_keys(out);
        self.alarm(Alarm::SealLost(why), out);
        match self.stage {
            // The card is on its way; what becomes of it still has to be heard.
            Stage::Charging => {
                self.whisper(Phrase::WhisperSealLost, out);
            }
            Stage::Closing(_) | Stage::Unsealing(_) | Stage::Idle | Stage::Done => {}
            _ => self.close(
                now,
                Ending::SealLost,
                Some(Phrase::CannotTakeNow),
                Some(Phrase::WhisperSealLost),
                out,
            ),
        }
    }

    fn wipe_keys(&mut self, out: &mut Vec<Command>) {
        if self.stage != Stage::Journalling {
            self.wipe();
        }
        self.hush_customer(out);
    }

    /// A fault of ours: nothing was charged, people are told, the call goes on.
    pub(super) fn fault(&mut self, now: Millis, ending: Ending, out: &mut Vec<Command>) {
        self.close(now, ending, Some(Phrase::CannotTakeNow), Some(Phrase::WhisperTechnical), out);
    }

    /// Ends the payment: forgets every digit, says the last words, then ends the seal.
    pub(super) fn close(
        &mut self,
        now: Millis,
        ending: Ending,
        to_customer: Option<Phrase>,
        to_agent: Option<Phrase>,
        out: &mut Vec<Command>,
    ) {
        if matches!(self.stage, Stage::Closing(_) | Stage::Unsealing(_) | Stage::Done) {
            return;
        }
        let speaking =
            matches!(self.stage, Stage::Keying | Stage::Confirming | Stage::Raising(_) | Stage::Choosing);
        if speaking {
            self.hush_customer(out);
        }
        self.wipe();
        let customer = to_customer.and_then(|phrase| self.say(Party::Customer, phrase, out));
        let customer = self.receipt(ending, out).or(customer);
        let agent = to_agent.and_then(|phrase| self.whisper(phrase, out));
        self.farewell = [self.part_with(ending, customer, out), agent];
        self.menu_said = None;
        self.enter(now, Stage::Closing(ending));
        self.lower_shield(now, out);
        self.closing_step(now, ending, out);
    }

    /// In self-service, what a caller hears last; otherwise what was said already.
    pub(super) fn part_with(
        &mut self,
        ending: Ending,
        said: Option<SayId>,
        out: &mut Vec<Command>,
    ) -> Option<SayId> {
        let parting = match self.setup.mode {
            Mode::Assisted => return said,
            Mode::SelfService if self.hands_over(ending) => Phrase::TransferToHuman,
            Mode::SelfService => Phrase::Goodbye,
        };
        self.say(Party::Customer, parting, out).or(said)
    }

    /// In self-service, whether the caller goes on to a human rather than being hung up on.
    fn hands_over(&self, ending: Ending) -> bool {
        matches!(
            ending,
            Ending::TooManyAttempts
                | Ending::Declined
                | Ending::NotSealed
                | Ending::SealLost
                | Ending::Fault
                | Ending::Drained
                | Ending::Unknown
                | Ending::OtherMeans
        )
    }

    /// Ends the seal once the last words are said and the shield is down.
    pub(super) fn closing_step(&mut self, now: Millis, ending: Ending, out: &mut Vec<Command>) {
        let silent = !self.customer_here && !self.agent_here;
        let cut = self.link_lost.is_some() || silent;
        if !cut && (self.farewell != [None, None] || self.shield != Shield::Down) {
            return;
        }
        if self.seal == Seal::Open {
            return self.finish(ending, out);
        }
        self.shield = Shield::Down;
        self.unseal_tries = 1;
        self.enter(now, Stage::Unsealing(ending));
        out.push(Command::Unseal);
    }

    pub(super) fn unsealed(&mut self, out: &mut Vec<Command>) {
        let Stage::Unsealing(ending) = self.stage else { return };
        self.seal = Seal::Open;
        out.push(Command::Tell(Notice::Unsealed));
        self.finish(ending, out);
    }

    pub(super) fn unseal_failed(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Stage::Unsealing(ending) = self.stage else { return };
        if self.unseal_tries < self.setup.bounds.unseal_tries {
            self.unseal_tries += 1;
            self.enter(now, Stage::Unsealing(ending));
            out.push(Command::Unseal);
            return;
        }
        // Fail closed: the leg stays sealed, and somebody is told.
        self.alarm(Alarm::SealStuck, out);
        self.finish(ending, out);
    }

    pub(super) fn finish(&mut self, ending: Ending, out: &mut Vec<Command>) {
        if self.setup.mode == Mode::SelfService && self.customer_here {
            out.push(if self.hands_over(ending) { Command::HandOver } else { Command::HangUp });
        }
        out.push(Command::Tell(Notice::Ended(ending)));
        out.push(Command::Finish(ending));
        self.stage = Stage::Done;
    }
}
