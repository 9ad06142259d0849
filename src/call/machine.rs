//! The state of a payment call, and where each input goes.

use crate::card::{Entry, Expiry, Pan, Postal, SecurityCode};

use super::bank::AttemptId;
use super::command::{Command, SayId};
use super::input::{AgentCommand, FromPbx, Input, Line, Millis, Party, SealRefusal};
use super::notice::{Alarm, Ending, Field, Notice};
use super::phrase::Phrase;
use super::policy::{Mode, Setup};

/// What the call is doing.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Stage {
    /// Not begun.
    Idle,
    /// The seal has been asked for.
    Sealing,
    /// The shield is going up, then this field is asked.
    Raising(Field),
    /// A field is open for keys.
    Keying,
    /// The customer confirms with one key.
    Confirming,
    /// The two talk; on resuming, this field is asked.
    Paused(Field),
    /// The attempt is being written down.
    Journalling,
    /// The bank has been asked.
    Charging,
    /// After a decline: another card, or the end?
    Deciding,
    /// The last sentences are being said.
    Closing(Ending),
    /// The seal is being ended.
    Unsealing(Ending),
    /// Finished; every further input is ignored.
    Done,
}

/// The customer's leg, as the PBX last confirmed it.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Seal {
    /// Never asked for, or ended.
    Open,
    /// Asked for.
    Asked,
    /// Confirmed.
    Shut,
    /// Shut once, no longer to be trusted.
    Lost,
}

/// Recordings and audio towards the agent.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Shield {
    Down,
    Raising,
    Up,
    /// Wanted down, waiting for the tail of the last tone.
    Held,
    Lowering,
}

/// The field that is open.
pub(super) struct Keying {
    pub field: Field,
    pub entry: Entry,
    /// The sentence that asks; `None` once it is over.
    pub asked: Option<SayId>,
    /// When the field opened, then when its sentence ended.
    pub since: Millis,
    pub last_key: Option<Millis>,
    /// The last key was a star: a second one cancels.
    pub star: bool,
}

/// What has been taken so far; each part is wiped when it goes.
#[derive(Default)]
pub(super) struct Taken {
    pub pan: Option<Pan>,
    pub expiry: Option<Expiry>,
    pub code: Option<SecurityCode>,
    pub postal: Option<Postal>,
}

/// A payment call. See the module's own words for how to drive it.
pub struct PaymentCall {
    pub(super) setup: Setup,
    pub(super) stage: Stage,
    /// When the stage began; what its deadline counts from.
    pub(super) since: Millis,
    pub(super) seal: Seal,
    pub(super) shield: Shield,
    pub(super) shield_since: Millis,
    pub(super) line: Line,
    pub(super) keying: Option<Keying>,
    pub(super) taken: Taken,
    /// Failed tries of the field in question.
    pub(super) failures: u8,
    /// Failed tries at a menu.
    pub(super) menu_failures: u8,
    /// When a field last completed itself.
    pub(super) completed_at: Option<Millis>,
    pub(super) last_key: Option<Millis>,
    /// The customer's longest gap between keys so far.
    pub(super) longest_gap_ms: u64,
    pub(super) charges: u8,
    pub(super) attempt: Option<AttemptId>,
    /// An attempt whose outcome people were told is unknown.
    pub(super) unknown: Option<AttemptId>,
    pub(super) slow_told: bool,
    pub(super) customer_here: bool,
    pub(super) agent_here: bool,
    pub(super) link_lost: Option<Millis>,
    /// A field was open when the link went: it is asked again when the link is back.
    pub(super) interrupted: bool,
    pub(super) next_say: u32,
    /// Sentences that have to end before the call closes.
    pub(super) farewell: [Option<SayId>; 2],
    /// The last sentence said to the customer while a menu waits.
    pub(super) menu_said: Option<SayId>,
    pub(super) unseal_tries: u8,
    pub(super) draining: bool,
}

impl PaymentCall {
    /// A payment call that has not begun; hand it [`Input::Start`].
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let agent_here = setup.mode == Mode::Assisted;
        Self {
            setup,
            stage: Stage::Idle,
            since: Millis(0),
            seal: Seal::Open,
            shield: Shield::Down,
            shield_since: Millis(0),
            line: Line::Unknown,
            keying: None,
            taken: Taken::default(),
            failures: 0,
            menu_failures: 0,
            completed_at: None,
            last_key: None,
            longest_gap_ms: 0,
            charges: 0,
            attempt: None,
            unknown: None,
            slow_told: false,
            customer_here: true,
            agent_here,
            link_lost: None,
            interrupted: false,
            next_say: 1,
            farewell: [None, None],
            menu_said: None,
            unseal_tries: 0,
            draining: false,
        }
    }

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
        [stage, shield, link].into_iter().flatten().min()
    }

    fn stage_deadline(&self) -> Option<Millis> {
        let bounds = &self.setup.bounds;
        match self.stage {
            Stage::Idle | Stage::Done | Stage::Raising(_) => None,
            Stage::Sealing => Some(self.since.plus(bounds.seal_timeout_ms)),
            Stage::Keying => self.keying_deadline(),
            Stage::Confirming => Some(self.menu_deadline(bounds.first_key_timeout_ms)),
            Stage::Paused(_) => Some(self.since.plus(bounds.pause_max_ms)),
            Stage::Journalling => Some(self.since.plus(bounds.journal_timeout_ms)),
            Stage::Charging if !self.slow_told => Some(self.since.plus(bounds.bank_slow_ms)),
            Stage::Charging => Some(self.since.plus(bounds.bank_bound_ms)),
            Stage::Deciding => Some(self.menu_deadline(bounds.decision_timeout_ms)),
            Stage::Closing(_) => Some(self.since.plus(bounds.sentence_max_ms)),
            Stage::Unsealing(_) => Some(self.since.plus(bounds.unseal_timeout_ms)),
        }
    }

    fn menu_deadline(&self, after_ms: u64) -> Millis {
        let extra_ms = if self.menu_said.is_some() { self.setup.bounds.sentence_max_ms } else { 0 };
        self.since.plus(after_ms).plus(extra_ms)
    }

    fn time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        let due = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        if due(self.link_deadline()) {
            return self.link_given_up(now, out);
        }
        if due(self.shield_deadline()) {
            return self.shield_time_is_up(now, out);
        }
        match self.stage {
            Stage::Idle | Stage::Done | Stage::Raising(_) => {}
            Stage::Sealing => self.seal_refused(now, SealRefusal::PbxError, out),
            Stage::Keying => self.keying_time_is_up(now, out),
            Stage::Confirming => self.confirm_time_is_up(now, out),
            Stage::Paused(_) => self.close_timed_out(now, out),
            Stage::Journalling => self.journal_time_is_up(now, out),
            Stage::Charging => self.bank_time_is_up(now, out),
            Stage::Deciding => {
                let speak = (self.setup.mode == Mode::SelfService).then_some(Phrase::Goodbye);
                self.close(now, Ending::Declined, speak, Some(Phrase::WhisperTimedOut), out);
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
        let here = match to {
            Party::Customer => self.customer_here,
            Party::Agent => self.agent_here,
        };
        if !here || self.link_lost.is_some() {
            return None;
        }
        let id = SayId(self.next_say);
        self.next_say = self.next_say.wrapping_add(1);
        out.push(Command::Say { id, to, phrase });
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
