//! The truth around one simulated payment call, and what must hold of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::call::{
    AgentCommand, AttemptId, Command, DeclineReason, Ending, Field, FromPbx, Input, Line, Millis, Mode,
    Notice, Outcome, Party, PaymentCall, Phrase, SayId, SealLoss, SealRefusal,
};
use crate::card::{Card, Key};

use super::commander::{Commander, draw_setup};
use super::people::{Customer, asks, owed, whim};
use super::{Dice, History, Violation};

/// Steps after which a history that has not ended is a fault of the core.
const MAX_STEPS: u32 = 20_000;

/// An input on its way; digits are made into keys only when they arrive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Parcel {
    Sealed(u8),
    Refused,
    Lost(u8),
    Unsealed,
    UnsealFailed,
    Shield(bool),
    ShieldFailed,
    Line(u8),
    Key(u8),
    Said(u32, bool),
    AgentKey(u8),
    AgentApi(u8),
    Ask(Field),
    Complete,
    Owed(u8),
    Left(bool),
    LinkLost,
    LinkBack,
    Journalled(AttemptId, bool),
    Bank(AttemptId, u8),
    Drain,
}

struct World {
    seed: u64,
    dice: Dice,
    now: Millis,
    step: u32,
    queue: BinaryHeap<Reverse<(u64, u64, Parcel)>>,
    posted: u64,
    /// Per thousand messages: lost, doubled, late.
    lost: u64,
    doubled: u64,
    late: u64,
    customer: Customer,
    assisted: bool,
    /// Where the desk asks for each field.
    commander: Option<Commander>,
    // The truth.
    sealed: bool,
    shield: bool,
    stuck: bool,
    link_up: bool,
    /// A PBX that was away at the wrong moment cannot whisper; the desk still shows the end.
    link_wavered: bool,
    agent_here: bool,
    customer_here: bool,
    journalled: Option<AttemptId>,
    charged: Vec<AttemptId>,
    /// What the core knows of the last charge: `None` while it knows nothing.
    settled: bool,
    approved: bool,
    unknown: bool,
    agent_told: bool,
    notices_ended: u32,
    finished: Option<Ending>,
}

/// Plays one history.
///
/// # Errors
/// The first rule it breaks.
pub fn run(seed: u64) -> Result<History, Violation> {
    let mut dice = Dice::new(seed);
    let setup = draw_setup(&mut dice);
    let assisted = setup.mode == Mode::Assisted;
    let calm = dice.chance(300);
    let rate = |dice: &mut Dice, most: u64| if calm { 0 } else { dice.between(0, most) };
    let (lost, doubled, late) = (rate(&mut dice, 80), rate(&mut dice, 120), rate(&mut dice, 200));
    let commander = Commander::of(&setup, &mut dice);
    let mut world = World {
        seed,
        commander,
        customer: Customer::draw(&mut dice),
        now: Millis(1_000),
        step: 0,
        queue: BinaryHeap::with_capacity(64),
        posted: 0,
        lost,
        doubled,
        late,
        assisted,
        sealed: false,
        shield: false,
        stuck: false,
        link_up: true,
        link_wavered: false,
        agent_here: assisted,
        customer_here: true,
        journalled: None,
        charged: Vec::new(),
        settled: true,
        approved: false,
        unknown: false,
        agent_told: false,
        notices_ended: 0,
        finished: None,
        dice,
    };
    world.plan_mishaps(calm);
    let mut call = PaymentCall::new(setup);
    let mut out = Vec::with_capacity(16);
    world.take(&mut call, Input::Start, &mut out)?;
    while world.finished.is_none() {
        let arrival = world.queue.peek().map(|Reverse((at, _, _))| Millis(*at));
        let input = match (arrival, call.deadline()) {
            (Some(at), deadline) if deadline.is_none_or(|d| at <= d) => {
                let Some(Reverse((_, _, parcel))) = world.queue.pop() else { break };
                world.now = world.now.max(at);
                world.open(parcel)
            }
            (_, Some(deadline)) => {
                world.now = world.now.max(deadline);
                Some(Input::Tick)
            }
            _ => return Err(world.broken("a call that is not over waits for nothing")),
        };
        if let Some(input) = input {
            world.take(&mut call, input, &mut out)?;
        }
        if world.step > MAX_STEPS {
            return Err(world.broken("the call ends"));
        }
    }
    world.last_rules(&mut call)
}

impl World {
    fn broken(&self, rule: &'static str) -> Violation {
        Violation { seed: self.seed, step: self.step, rule }
    }

    fn post(&mut self, after_ms: u64, parcel: Parcel) {
        self.posted += 1;
        self.queue.push(Reverse((self.now.0 + after_ms, self.posted, parcel)));
    }

    /// Sends a message that may be lost, doubled or late.
    fn send(&mut self, after_ms: u64, parcel: Parcel) {
        if self.dice.chance(self.lost) {
            return;
        }
        let delay_ms = if self.dice.chance(self.late) { self.dice.between(1, 20_000) } else { 0 };
        if self.dice.chance(self.doubled) {
            let again_ms = self.dice.between(0, 10_000);
            self.post(after_ms + again_ms, parcel.clone());
        }
        self.post(after_ms + delay_ms, parcel);
    }

    fn plan_mishaps(&mut self, calm: bool) {
        if calm {
            return;
        }
        let when = |dice: &mut Dice| dice.between(0, 120_000);
        for _ in 0..self.dice.between(0, 3) {
            let at = when(&mut self.dice);
            let which = self.dice.next() as u8;
            let parcel = match self.dice.between(0, 24) {
                0..=6 => Parcel::AgentKey(which),
                7..=11 => Parcel::AgentApi(which),
                12 => Parcel::Left(true),
                13 => Parcel::Left(false),
                14 | 15 => Parcel::LinkLost,
                16 => Parcel::Lost(which),
                17 => Parcel::ShieldFailed,
                18 | 19 => Parcel::Line(which),
                20 => Parcel::Drain,
                _ => continue,
            };
            self.post(at, parcel);
        }
    }

    /// Turns a parcel into what the core is told, and changes the truth with it where it has to.
    fn open(&mut self, parcel: Parcel) -> Option<Input> {
        let line = |n: u8| [Line::Clean, Line::Dirty, Line::Unknown][usize::from(n) % 3];
        Some(match parcel {
            Parcel::Sealed(n) => Input::Pbx(FromPbx::Sealed { line: line(n) }),
            Parcel::Refused => Input::Pbx(FromPbx::SealRefused(SealRefusal::ProxyMedia)),
            Parcel::Lost(n) => {
                if !self.sealed {
                    return None;
                }
                let why = [SealLoss::KeypadLost, SealLoss::Opened, SealLoss::Moved][usize::from(n) % 3];
                Input::Pbx(FromPbx::SealLost(why))
            }
            Parcel::Unsealed => Input::Pbx(FromPbx::Unsealed),
            Parcel::UnsealFailed => Input::Pbx(FromPbx::UnsealFailed),
            Parcel::Shield(up) => Input::Pbx(FromPbx::Shield { up }),
            Parcel::ShieldFailed => Input::Pbx(FromPbx::ShieldFailed),
            Parcel::Line(n) => Input::Pbx(FromPbx::Line(line(n))),
            Parcel::Key(key) if self.customer_here && self.sealed => {
                Input::Pbx(FromPbx::Key(Key::from_ascii(key)?))
            }
            Parcel::Key(_) => return None,
            Parcel::Said(id, heard) => Input::Pbx(FromPbx::Said { id: SayId(id), heard }),
            Parcel::AgentKey(_) | Parcel::AgentApi(_) if !self.agent_here => return None,
            Parcel::AgentKey(_) => Input::Pbx(FromPbx::Agent(whim(&mut self.dice))),
            Parcel::AgentApi(_) => Input::Agent(whim(&mut self.dice)),
            Parcel::Ask(field) => Input::Agent(AgentCommand::Ask(field)),
            Parcel::Complete => Input::Agent(AgentCommand::Complete),
            Parcel::Owed(n) => Input::Owed(owed(n)),
            Parcel::Left(customer) => {
                if customer {
                    self.customer_here = false;
                } else {
                    self.agent_here = false;
                }
                Input::Pbx(FromPbx::Left(if customer { Party::Customer } else { Party::Agent }))
            }
            Parcel::LinkLost => {
                self.link_up = false;
                self.link_wavered = true;
                let back_ms = self.dice.between(10, 60_000);
                self.post(back_ms, Parcel::LinkBack);
                Input::Pbx(FromPbx::LinkLost)
            }
            Parcel::LinkBack => {
                self.link_up = true;
                Input::Pbx(FromPbx::LinkBack { sealed: self.sealed })
            }
            Parcel::Journalled(attempt, true) => Input::Journalled(attempt),
            Parcel::Journalled(attempt, false) => Input::JournalFailed(attempt),
            Parcel::Bank(attempt, n) => {
                let outcome = match n {
                    0 => Outcome::Approved { reference: String::from("ch_1") },
                    1 => Outcome::Declined(DeclineReason::InsufficientFunds),
                    2 => Outcome::NotCharged,
                    _ => Outcome::Unknown,
                };
                Input::Bank(attempt, outcome)
            }
            Parcel::Drain => Input::Drain,
        })
    }

    fn take(
        &mut self,
        call: &mut PaymentCall,
        input: Input,
        out: &mut Vec<Command>,
    ) -> Result<(), Violation> {
        self.step += 1;
        if let (Some(commander), Input::Agent(command) | Input::Pbx(FromPbx::Agent(command))) =
            (&mut self.commander, &input)
        {
            commander.commanded(*command);
        }
        call.handle(self.now, input, out);
        let mut drained = std::mem::take(out);
        for command in drained.drain(..) {
            self.carry_out(command)?;
        }
        *out = drained;
        Ok(())
    }

    fn carry_out(&mut self, command: Command) -> Result<(), Violation> {
        if self.finished.is_some() {
            return Err(self.broken("nothing follows Finish"));
        }
        match command {
            Command::Seal => self.order_seal(),
            Command::Unseal => self.order_unseal(),
            Command::Shield { up } => self.order_shield(up),
            Command::Say { id, to, phrase, .. } => return self.order_say(id, to, phrase),
            Command::LookUp { .. } | Command::Agree { .. } => self.order_look_up(),
            Command::HandOver | Command::HangUp if self.assisted => {
                return Err(self.broken("an agent's customer is never hung up on"));
            }
            Command::Hush { .. } | Command::HandOver | Command::HangUp | Command::NextLanguage => {}
            Command::Journal { attempt } => {
                self.journalled = Some(attempt);
                let ok = !self.dice.chance(self.lost / 4);
                let after_ms = self.dice.between(1, 30);
                self.send(after_ms, Parcel::Journalled(attempt, ok));
            }
            Command::Charge { attempt, card } => return self.order_charge(attempt, &card),
            Command::Tell(notice) => return self.told(&notice),
            Command::Finish(ending) => self.finished = Some(ending),
        }
        Ok(())
    }

    fn order_seal(&mut self) {
        if self.link_up && !self.dice.chance(self.lost / 2) {
            self.sealed = true;
            let line = self.dice.next() as u8;
            let after_ms = self.dice.between(20, 200);
            self.send(after_ms, Parcel::Sealed(line));
        } else if self.link_up {
            self.send(50, Parcel::Refused);
        }
    }

    fn order_look_up(&mut self) {
        let (after_ms, owed) = (self.dice.between(5, 25_000), self.dice.next() as u8);
        self.send(after_ms, Parcel::Owed(owed));
    }

    fn order_unseal(&mut self) {
        if !self.link_up {
            return;
        }
        if self.dice.chance(self.lost / 2) {
            return self.send(10, Parcel::UnsealFailed);
        }
        self.sealed = false;
        self.shield = false;
        let after_ms = self.dice.between(5, 100);
        self.send(after_ms, Parcel::Unsealed);
    }

    fn order_shield(&mut self, up: bool) {
        if !self.link_up {
            return;
        }
        if self.dice.chance(self.lost / 4) {
            return self.send(5, Parcel::ShieldFailed);
        }
        self.shield = up;
        self.send(3, Parcel::Shield(up));
    }

    fn order_say(&mut self, id: SayId, to: Party, phrase: Phrase) -> Result<(), Violation> {
        if to == Party::Agent {
            self.agent_told = true;
            self.send(800, Parcel::Said(id.0, true));
            return Ok(());
        }
        let asks = asks(phrase);
        if asks && !self.link_up {
            return Err(self.broken("nobody is asked while the PBX is away"));
        }
        if asks && !self.sealed {
            return Err(self.broken("no card is asked for on a leg that is not sealed"));
        }
        if asks && !self.shield {
            return Err(self.broken("no card is asked for without a shield"));
        }
        let uncharged = matches!(phrase, Phrase::Cancelled | Phrase::CannotTakeNow);
        if uncharged && (!self.settled || self.approved || self.unknown) {
            return Err(self.broken("nobody is told that nothing was charged while it may have been"));
        }
        let length_ms = self.dice.between(500, 6_000);
        self.send(length_ms, Parcel::Said(id.0, true));
        if let Some(keys) = self.customer.answer(phrase, &mut self.dice) {
            let mut at_ms = self.dice.between(200, 9_000);
            for key in keys {
                // Keys are neither lost nor doubled: the PBX's keypad is measured elsewhere.
                self.post(at_ms, Parcel::Key(key));
                at_ms += self.customer.key_gap_ms;
            }
        }
        Ok(())
    }

    fn order_charge(&mut self, attempt: AttemptId, card: &Card) -> Result<(), Violation> {
        if let Some(rule) = self.commander.as_mut().and_then(|commander| commander.sent(card)) {
            return Err(self.broken(rule));
        }
        if self.journalled != Some(attempt) {
            return Err(self.broken("what is sent was journalled before"));
        }
        if self.charged.contains(&attempt) {
            return Err(self.broken("an attempt is sent once"));
        }
        if !self.settled || self.approved || self.unknown {
            return Err(self.broken("no second card while the first may have been charged"));
        }
        self.charged.push(attempt);
        self.settled = false;
        let outcome = match self.dice.between(0, 9) {
            0..=5 => 0,
            6 | 7 => 1,
            8 => 2,
            _ => 3,
        };
        let after_ms = if self.dice.chance(100) { self.dice.between(5_000, 90_000) } else { 400 };
        self.send(after_ms, Parcel::Bank(attempt, outcome));
        // What was unknown becomes known later, to whoever still listens.
        if outcome == 3 {
            let later_ms = after_ms + self.dice.between(100, 10_000);
            let outcome = self.dice.between(0, 2) as u8;
            self.send(later_ms, Parcel::Bank(attempt, outcome));
        }
        Ok(())
    }

    fn told(&mut self, notice: &Notice) -> Result<(), Violation> {
        match notice {
            Notice::Approved { attempt, .. } => {
                if self.approved {
                    return Err(self.broken("approved once"));
                }
                if self.charged.last() != Some(attempt) {
                    return Err(self.broken("only the card that was sent is approved"));
                }
                (self.approved, self.settled, self.unknown) = (true, true, false);
            }
            Notice::Declined { .. } | Notice::NotCharged(_) => (self.settled, self.unknown) = (true, false),
            Notice::OutcomeUnknown(_) => self.unknown = true,
            Notice::Alarm(crate::call::Alarm::SealStuck) => self.stuck = true,
            Notice::Ended(_) => self.notices_ended += 1,
            Notice::Remaining(fields) => self.command_next(fields),
            Notice::FieldOpened { field, .. }
                if self.commander.as_ref().is_some_and(|c| !c.wanted(*field)) =>
            {
                return Err(self.broken("no field opens that the desk did not ask for"));
            }
            Notice::Agent(AgentCommand::Cancel) if !self.assisted && !self.agent_here => {
                return Err(self.broken("nobody cancels who is not there"));
            }
            _ => {}
        }
        Ok(())
    }

    fn command_next(&mut self, remaining: &[Field]) {
        let Some(commander) = &mut self.commander else { return };
        let parcel = match commander.next(remaining, &mut self.dice) {
            AgentCommand::Ask(field) => Parcel::Ask(field),
            _ => Parcel::Complete,
        };
        let after_ms = self.dice.between(5, 20_000);
        self.send(after_ms, parcel);
    }

    fn last_rules(mut self, call: &mut PaymentCall) -> Result<History, Violation> {
        let Some(ending) = self.finished else { return Err(self.broken("the call ends")) };
        if self.sealed && !self.stuck {
            return Err(self.broken("the seal ends, or an alarm says that it does not"));
        }
        if self.notices_ended != 1 {
            return Err(self.broken("the end is told once"));
        }
        if self.assisted && self.agent_here && !self.link_wavered && !self.agent_told {
            return Err(self.broken("the agent is told"));
        }
        if self.approved != (ending == Ending::Approved) {
            return Err(self.broken("a payment that was approved ends as approved, and no other does"));
        }
        if self.unknown && ending != Ending::Unknown {
            return Err(self.broken("what is not known ends as unknown"));
        }
        if !self.settled && !self.unknown {
            return Err(self.broken("no payment ends while its charge is open"));
        }
        let mut out = Vec::new();
        call.handle(self.now.plus(3_600_000), Input::Start, &mut out);
        if !out.is_empty() || call.deadline().is_some() {
            return Err(self.broken("a finished call stays finished"));
        }
        self.step += 1;
        Ok(History { ending, steps: self.step, charges: self.charged.len() as u32 })
    }
}
