//! What the agent wants, who hangs up, and a PBX that goes away and comes back.

use super::command::Command;
use super::input::{AgentCommand, Millis, Party};
use super::notice::{Alarm, Ending, Field, Notice};
use super::phrase::Phrase;
use super::policy::Mode;
use super::state::{PaymentCall, Seal, Shield, Stage};

impl PaymentCall {
    pub(super) fn agent_says(&mut self, now: Millis, command: AgentCommand, out: &mut Vec<Command>) {
        if matches!(self.stage, Stage::Idle | Stage::Closing(_) | Stage::Unsealing(_) | Stage::Done) {
            return;
        }
        let of_the_desk = matches!(command, AgentCommand::Ask(_) | AgentCommand::Complete);
        if of_the_desk && !self.is_commanded() {
            return;
        }
        out.push(Command::Tell(Notice::Agent(command)));
        if self.stage == Stage::Charging {
            // Too late to change anything: the card is on its way.
            self.whisper(Phrase::WhisperCharging, out);
            return;
        }
        match command {
            AgentCommand::RestartField => self.restart(now, self.current_field(), out),
            AgentCommand::RestartAll => {
                self.restart_all();
                self.restart(now, Field::Number, out);
            }
            AgentCommand::Ask(field) => self.asked_for(now, field, out),
            AgentCommand::Complete => self.complete(now, out),
            AgentCommand::Pause => self.pause(now, out),
            AgentCommand::Resume => self.resume(now, out),
            AgentCommand::TogglePause if matches!(self.stage, Stage::Paused(_)) => self.resume(now, out),
            AgentCommand::TogglePause => self.pause(now, out),
            AgentCommand::Repeat => self.repeat(now, out),
            AgentCommand::NextPace => self.next_pace(now, out),
            AgentCommand::NextLanguage => self.next_language(now, out),
            AgentCommand::OtherMeans => {
                self.attempt = None;
                let (customer, agent) = (Phrase::OtherMeans, Phrase::WhisperLink);
                self.close(now, Ending::OtherMeans, Some(customer), Some(agent), out);
            }
            AgentCommand::Cancel => {
                self.attempt = None;
                let decided = self.stage == Stage::Deciding;
                let ending = if decided { self.not_paid_as } else { Ending::CancelledByAgent };
                self.close(now, ending, Some(Phrase::Cancelled), Some(Phrase::WhisperCancelled), out);
            }
        }
    }

    /// The field that is open, or would be next.
    fn current_field(&self) -> Field {
        match self.stage {
            Stage::Raising(field) | Stage::Paused(field) | Stage::Waiting(field) => field,
            _ => self.keying.as_ref().map_or(Field::Number, |keying| keying.field),
        }
    }

    pub(super) fn restart(&mut self, now: Millis, field: Field, out: &mut Vec<Command>) {
        match self.stage {
            Stage::Keying | Stage::Confirming | Stage::Paused(_) | Stage::Deciding | Stage::Waiting(_) => {
                self.hush_customer(out);
                // What is keyed twice is compared: both are taken again.
                let field = field.first();
                if field == Field::Number && !self.is_commanded() {
                    self.wipe();
                }
                self.forget(field);
                self.keying = None;
                self.menu_said = None;
                self.differed = 0;
                self.begin(now, field, out);
            }
            Stage::Raising(_) if field == Field::Number => {
                self.forget(field);
                self.enter(now, Stage::Raising(field));
            }
            _ => {}
        }
    }

    /// All fields are taken again, where there is still something to be taken.
    fn restart_all(&mut self) {
        if !matches!(self.stage, Stage::Sealing | Stage::Journalling) {
            self.wipe();
        }
    }

    fn pause(&mut self, now: Millis, out: &mut Vec<Command>) {
        let field = match self.stage {
            Stage::Keying | Stage::Raising(_) => self.current_field(),
            // What was to be confirmed is asked again from the start: it may be what they talk about.
            Stage::Confirming => {
                self.wipe();
                Field::Number
            }
            // The PBX is away: when it is back, the two go on talking.
            Stage::Paused(_) => {
                self.interrupted = false;
                return;
            }
            _ => return,
        };
        self.hush_customer(out);
        // Half a field is no use to anyone after a conversation.
        self.keying = None;
        self.menu_said = None;
        self.enter(now, Stage::Paused(field));
        out.push(Command::Tell(Notice::Paused));
        self.say(Party::Customer, Phrase::Paused, out);
        self.whisper(Phrase::WhisperPaused, out);
        self.talk(now, out);
    }

    fn resume(&mut self, now: Millis, out: &mut Vec<Command>) {
        if let Stage::Paused(field) = self.stage {
            self.whisper(Phrase::WhisperResumed, out);
            self.say(Party::Customer, Phrase::Resumed, out);
            self.begin(now, field, out);
        }
    }

    pub(super) fn left(&mut self, now: Millis, party: Party, out: &mut Vec<Command>) {
        let here = match party {
            Party::Customer => &mut self.customer_here,
            Party::Agent => &mut self.agent_here,
        };
        if !std::mem::replace(here, false) {
            return;
        }
        out.push(Command::Tell(Notice::Left(party)));
        match self.stage {
            // The bank's answer is still wanted: by the journal, by whoever stays, by the desk.
            Stage::Charging | Stage::Idle | Stage::Done | Stage::Unsealing(_) => {}
            Stage::Closing(ending) => {
                self.farewell[usize::from(party == Party::Agent)] = None;
                self.closing_step(now, ending, out);
            }
            _ => {
                self.attempt = None;
                match party {
                    Party::Customer => {
                        self.close(now, Ending::CustomerLeft, None, Some(Phrase::WhisperCustomerGone), out);
                    }
                    Party::Agent => self.close(now, Ending::AgentLeft, Some(Phrase::Cancelled), None, out),
                }
            }
        }
    }

    pub(super) fn link_deadline(&self) -> Option<Millis> {
        // Once closing, the ordinary deadlines lead to the end.
        if matches!(self.stage, Stage::Charging | Stage::Closing(_) | Stage::Unsealing(_) | Stage::Done) {
            return None;
        }
        self.link_lost.map(|since| since.plus(self.setup.bounds.pbx_grace_ms))
    }

    pub(super) fn link_gone(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.link_lost.is_some() || matches!(self.stage, Stage::Idle | Stage::Done) {
            return;
        }
        self.link_lost = Some(now);
        self.alarm(Alarm::PbxLost, out);
        self.menu_said = None;
        match self.stage {
            Stage::Keying | Stage::Raising(_) => {
                // Nobody can be asked; the field is taken again when the PBX is back.
                let field = self.current_field();
                self.keying = None;
                self.interrupted = true;
                self.enter(now, Stage::Paused(field));
            }
            Stage::Confirming => {
                self.wipe();
                self.interrupted = true;
                self.enter(now, Stage::Paused(Field::Number));
            }
            Stage::Closing(ending) => self.closing_step(now, ending, out),
            _ => {}
        }
        // A shield on its way will not be confirmed any more; where it stays is settled when the link is back.
        self.shield = Shield::Down;
    }

    pub(super) fn link_back(&mut self, now: Millis, sealed: bool, out: &mut Vec<Command>) {
        if self.link_lost.take().is_none() {
            return;
        }
        let interrupted = std::mem::take(&mut self.interrupted);
        // While it is being ended, a seal that is gone is what we ordered; the order is given again.
        if !sealed && self.seal == Seal::Shut && !matches!(self.stage, Stage::Unsealing(_)) {
            return self.seal_lost(now, super::input::SealLoss::Opened, out);
        }
        match self.stage {
            Stage::Paused(field) if interrupted => {
                self.say(Party::Customer, Phrase::Resumed, out);
                self.begin(now, field, out);
            }
            // Alone with the prompts: it stays up between fields, which only a fresh answer proves.
            Stage::Journalling | Stage::Charging | Stage::Deciding
                if self.setup.mode == Mode::SelfService =>
            {
                self.move_shield(now, true, out);
            }
            // Up or down when the link went: bring it down for certain.
            Stage::Paused(_) | Stage::Waiting(_) | Stage::Journalling | Stage::Charging | Stage::Deciding => {
                self.shield = Shield::Up;
                self.talk(now, out);
            }
            // The order may have gone down with the link.
            Stage::Unsealing(ending) => {
                self.enter(now, Stage::Unsealing(ending));
                out.push(Command::Unseal);
            }
            _ => {}
        }
    }

    pub(super) fn link_given_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.attempt = None;
        let agent = (self.setup.mode == Mode::Assisted).then_some(Phrase::WhisperTechnical);
        self.close(now, Ending::PbxLost, None, agent, out);
    }
}
