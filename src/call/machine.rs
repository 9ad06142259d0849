//! Where each input of a payment call goes, and when its time is up.

use super::command::{Command, SayId};
use super::input::{AgentCommand, FromPbx, Input, Millis, Owed, Party, SealRefusal};
use super::manner::Pace;
use super::notice::{Alarm, Ending, Notice};
use super::phrase::Phrase;
use super::policy::Mode;
use super::state::{PaymentCall, Seal, Stage, Taken};

impl PaymentCall {
    /// Takes one input; what has to be done is appended to `out`, in order.
    pub fn handle(&mut self, now: Millis, input: Input, out: &mut Vec<Command>) {
        if self.stage == Stage::Done {
            return;
        }
        match input {
            Input::Start => self.start(now, out),
            Input::Pbx(report) => self.pbx(now, report, out),
            Input::Agent(command) => self.agent(now, command, out),
            Input::Journalled(attempt) => self.journalled(now, attempt, out),
            Input::JournalFailed(attempt) => self.journal_failed(now, attempt, out),
            Input::Bank(attempt, outcome) => self.bank(now, attempt, outcome, out),
            Input::Owed(owed) => self.owed(now, owed, out),
            Input::Tick => {}
            Input::Drain => self.drain(now, out),
        }
        self.pass_time(now, out);
    }

    /// Whether nothing follows any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether the bank has been asked and has not answered: the one thing that must not be cut short.
    #[must_use]
    pub fn awaits_bank(&self) -> bool {
        self.stage == Stage::Charging
    }

    fn start(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.stage != Stage::Idle {
            return;
        }
        out.push(Command::Tell(Notice::Started));
        self.began = now;
        self.seal = Seal::Asked;
        self.enter(now, Stage::Sealing);
        out.push(Command::Seal);
    }

    fn pbx(&mut self, now: Millis, report: FromPbx, out: &mut Vec<Command>) {
        match report {
            FromPbx::Sealed { line } => self.sealed(now, line, out),
            FromPbx::SealRefused(why) => self.seal_refused(now, why, out),
            FromPbx::SealLost(why) => self.seal_lost(now, why, out),
            FromPbx::Unsealed => self.unsealed(out),
            FromPbx::UnsealFailed => self.unseal_failed(now, out),
            FromPbx::Shield { up } => self.shield_moved(now, up, out),
            FromPbx::ShieldFailed => self.shield_failed(now, out),
            FromPbx::Line(line) => self.line_known(line, out),
            FromPbx::Key(key) => self.key(now, key, out),
            FromPbx::Said { id, heard: _ } => self.said(now, id, out),
            FromPbx::Agent(command) => self.agent(now, command, out),
            FromPbx::Left(party) => self.left(now, party, out),
            FromPbx::LinkLost => self.link_gone(now, out),
            FromPbx::LinkBack { sealed } => self.link_back(now, sealed, out),
        }
    }

    /// Lets everything happen whose time has come.
    fn pass_time(&mut self, now: Millis, out: &mut Vec<Command>) {
        // Each step moves to a state with a later deadline or none; the bound is for a mistake in here.
        for _ in 0..8 {
            match self.deadline() {
                Some(at) if at <= now => self.time_is_up(now, out),
                _ => return,
            }
        }
        debug_assert!(false, "a deadline did not move");
    }

    /// When [`Input::Tick`] is wanted if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let stage = self.stage_deadline();
        let shield = self.shield_deadline();
        let link = self.link_deadline();
        [stage, shield, link, self.capture_end()].into_iter().flatten().min()
    }

    /// Until when a card may be keyed at all: a customer who clears and keys again for ever is not waited for.
    fn capture_end(&self) -> Option<Millis> {
        let keying = matches!(self.stage, Stage::Keying | Stage::Confirming | Stage::Waiting(_));
        keying.then(|| self.began.plus(self.patient(self.setup.bounds.capture_max_ms)))
    }

    fn stage_deadline(&self) -> Option<Millis> {
        let bounds = &self.setup.bounds;
        match self.stage {
            Stage::Idle | Stage::Done | Stage::Raising(_) => None,
            Stage::Sealing => Some(self.since.plus(bounds.seal_timeout_ms)),
            Stage::Keying => self.keying_deadline(),
            Stage::Confirming => Some(self.menu_deadline(bounds.first_key_timeout_ms)),
            Stage::Paused(_) | Stage::Waiting(_) => Some(self.since.plus(bounds.pause_max_ms)),
            Stage::LookingUp => Some(self.since.plus(bounds.look_up_timeout_ms)),
            Stage::Choosing => Some(self.menu_deadline(bounds.first_key_timeout_ms)),
            Stage::Journalling => Some(self.since.plus(bounds.journal_timeout_ms)),
            Stage::Charging if !self.slow_told => Some(self.since.plus(bounds.bank_slow_ms)),
            Stage::Charging => Some(self.since.plus(bounds.bank_bound_ms)),
            Stage::Deciding => Some(self.menu_deadline(bounds.decision_timeout_ms)),
            Stage::Closing(_) => Some(self.since.plus(self.patient(bounds.sentence_max_ms))),
            Stage::Unsealing(_) => Some(self.since.plus(bounds.unseal_timeout_ms)),
        }
    }

    fn menu_deadline(&self, after_ms: u64) -> Millis {
        let extra_ms = if self.menu_said.is_some() { self.setup.bounds.sentence_max_ms } else { 0 };
        self.since.plus(self.patient(after_ms.saturating_add(extra_ms)))
    }

    fn time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        let due = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        if due(self.link_deadline()) {
            return self.link_given_up(now, out);
        }
        if due(self.shield_deadline()) {
            return self.shield_time_is_up(now, out);
        }
        if due(self.capture_end()) {
            return self.close_timed_out(now, out);
        }
        match self.stage {
            Stage::Idle | Stage::Done | Stage::Raising(_) => {}
            Stage::Sealing => self.seal_refused(now, SealRefusal::PbxError, out),
            Stage::Keying => self.keying_time_is_up(now, out),
            Stage::Confirming => self.confirm_time_is_up(now, out),
            Stage::Paused(_) | Stage::Waiting(_) => self.close_timed_out(now, out),
            Stage::LookingUp => self.owed(now, Owed::Unknown, out),
            Stage::Choosing => self.choose_again(now, out),
            Stage::Journalling => self.journal_time_is_up(now, out),
            Stage::Charging => self.bank_time_is_up(now, out),
            Stage::Deciding => {
                self.close(now, self.not_paid_as, None, Some(Phrase::WhisperTimedOut), out);
            }
            Stage::Closing(ending) => {
                self.farewell = [None, None];
                self.closing_step(now, ending, out);
                // The shield may be what is waited for; it has a deadline of its own.
                self.since = now;
            }
            Stage::Unsealing(_) => self.unseal_failed(now, out),
        }
    }

    pub(super) fn enter(&mut self, now: Millis, stage: Stage) {
        self.stage = stage;
        self.since = now;
    }

    /// Says a sentence to a party, if the party is there and the PBX can be reached.
    pub(super) fn say(&mut self, to: Party, phrase: Phrase, out: &mut Vec<Command>) -> Option<SayId> {
        // An agent has no time for slow whispers.
        let pace = if to == Party::Customer { self.pace } else { Pace::Normal };
        self.say_at(pace, to, phrase, out)
    }

    pub(super) fn say_at(
        &mut self,
        pace: Pace,
        to: Party,
        phrase: Phrase,
        out: &mut Vec<Command>,
    ) -> Option<SayId> {
        let here = match to {
            Party::Customer => self.customer_here,
            Party::Agent => self.agent_here,
        };
        if !here || self.link_lost.is_some() {
            return None;
        }
        let id = SayId(self.next_say);
        self.next_say = self.next_say.wrapping_add(1);
        out.push(Command::Say { id, to, phrase, pace });
        Some(id)
    }

    /// Tells the agent what is so now; what was being whispered is older and ends.
    pub(super) fn whisper(&mut self, phrase: Phrase, out: &mut Vec<Command>) -> Option<SayId> {
        if self.agent_here && self.link_lost.is_none() {
            out.push(Command::Hush { to: Party::Agent });
        }
        self.say(Party::Agent, phrase, out)
    }

    pub(super) fn hush_customer(&mut self, out: &mut Vec<Command>) {
        if self.customer_here && self.link_lost.is_none() {
            out.push(Command::Hush { to: Party::Customer });
        }
    }

    fn said(&mut self, now: Millis, id: SayId, out: &mut Vec<Command>) {
        if let Some(keying) = &mut self.keying
            && keying.asked == Some(id)
        {
            keying.asked = None;
            keying.since = now;
        }
        if self.menu_said == Some(id) {
            self.menu_said = None;
            self.since = now;
        }
        if matches!(self.stage, Stage::Closing(_)) {
            // The last words are several sentences; each has its own time.
            self.since = now;
        }
        for waited in &mut self.farewell {
            if *waited == Some(id) {
                *waited = None;
            }
        }
        if let Stage::Closing(ending) = self.stage
            && self.farewell == [None, None]
        {
            self.closing_step(now, ending, out);
        }
    }

    /// Forgets every digit.
    pub(super) fn wipe(&mut self) {
        self.keying = None;
        self.taken = Taken::default();
        self.completed_at = None;
    }

    fn drain(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.draining = true;
        match self.stage {
            Stage::Idle => {
                out.push(Command::Tell(Notice::Ended(Ending::Drained)));
                out.push(Command::Finish(Ending::Drained));
                self.enter(now, Stage::Done);
            }
            // The bank's answer is waited for, within its bound.
            Stage::Charging | Stage::Closing(_) | Stage::Unsealing(_) | Stage::Done => {}
            _ => self.close(
                now,
                Ending::Drained,
                Some(Phrase::CannotTakeNow),
                Some(Phrase::WhisperTechnical),
                out,
            ),
        }
    }

    pub(super) fn alarm(&mut self, alarm: Alarm, out: &mut Vec<Command>) {
        out.push(Command::Tell(Notice::Alarm(alarm)));
    }

    pub(super) fn close_timed_out(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.close(now, Ending::TimedOut, Some(Phrase::Cancelled), Some(Phrase::WhisperTimedOut), out);
    }

    pub(super) fn agent(&mut self, now: Millis, command: AgentCommand, out: &mut Vec<Command>) {
        if self.setup.mode == Mode::SelfService && command != AgentCommand::Cancel {
            return;
        }
        self.agent_says(now, command, out);
    }
}
