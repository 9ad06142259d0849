//! Stories of the core alone: a payment call, its inputs, and what it wants done.

use super::*;
use crate::card::{Key, YearMonth};

/// Fails with all that was asked for, if this was not.
macro_rules! saw {
    ($desk:expr, $($what:expr),+) => {
        $( assert!($desk.saw($what), "no `{}` in {:#?}", $what, $desk.said); )+
    };
}
/// Fails if this was asked for since the last look.
macro_rules! none {
    ($desk:expr, $($what:expr),+) => {
        $( assert!(!$desk.said.iter().any(|said| said.contains($what)), "`{}` in {:#?}", $what, $desk.said); )+
    };
}

mod capture;
mod charge;
mod commanded;
mod confirm;
mod faults;
mod flow;
mod link;
mod patience;
mod people;
mod seal;
mod self_service;
mod speech;

/// A payment call under test, its clock, and all it has asked for.
struct Desk {
    call: PaymentCall,
    now: Millis,
    /// Commands since the last look, in words.
    said: Vec<String>,
    attempt: Option<AttemptId>,
    last_say: Option<SayId>,
}

impl Desk {
    fn new(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup {
            payment: 7,
            amount: Money { minor: 4250, currency: "EUR".parse().unwrap() },
            mode: Mode::Assisted,
            today: YearMonth::new(2026, 11).unwrap(),
            accepted: Vec::new(),
            order: FieldOrder::Fixed,
            enter_twice: false,
            code: CodePolicy::Required,
            postal: None,
            confirm: Confirm::None,
            manner: Manner::default(),
            besides: Besides::default(),
            bounds: Bounds::default(),
        };
        change(&mut setup);
        Self {
            call: PaymentCall::new(setup),
            now: Millis(0),
            said: Vec::new(),
            attempt: None,
            last_say: None,
        }
    }

    /// A call that is sealed, shielded, and asks for the card number.
    fn asking(change: impl FnOnce(&mut Setup)) -> Self {
        let mut desk = Self::new(change);
        desk.hand(Input::Start);
        desk.pbx(FromPbx::Sealed { line: Line::Unknown });
        desk.pbx(FromPbx::Shield { up: true });
        desk
    }

    /// A call whose card is keyed: the attempt is being written down.
    fn journalling(change: impl FnOnce(&mut Setup)) -> Self {
        let mut desk = Self::asking(change);
        desk.key(CARD);
        saw!(desk, "Journal");
        desk
    }

    /// A call whose card is with the bank.
    fn charging(change: impl FnOnce(&mut Setup)) -> Self {
        let mut desk = Self::journalling(change);
        desk.journalled();
        saw!(desk, "Charge 1");
        desk
    }

    /// A call whose first card was declined.
    fn deciding(change: impl FnOnce(&mut Setup)) -> Self {
        let mut desk = Self::charging(change);
        desk.decline();
        saw!(desk, "Declined { attempt");
        desk
    }

    fn journalled(&mut self) {
        self.hand(Input::Journalled(self.attempt.unwrap()));
    }

    fn decline(&mut self) {
        self.bank(Outcome::Declined(DeclineReason::Generic));
    }

    fn approve(&mut self) {
        self.bank(Outcome::Approved { reference: "ch_7".into() });
    }

    fn agent(&mut self, command: AgentCommand) {
        self.pbx(FromPbx::Agent(command));
    }

    /// The customer's last sentence has been heard.
    fn heard(&mut self) {
        self.pbx(FromPbx::Said { id: self.last_say.unwrap(), heard: true });
    }

    /// What is left to do until the call is over, with a PBX that obeys.
    fn end(&mut self) {
        for _ in 0..20 {
            if self.call.is_done() {
                return;
            }
            self.wait(30_000);
            self.pbx(FromPbx::Shield { up: false });
            if self.said.iter().any(|said| said == "Unseal") {
                self.pbx(FromPbx::Unsealed);
            }
        }
        panic!("the call does not end: {:#?}", self.said);
    }

    fn hand(&mut self, input: Input) {
        let mut out = Vec::new();
        self.call.handle(self.now, input, &mut out);
        for command in out {
            self.said.push(match command {
                Command::Say { id, to, phrase, pace } => {
                    if to == Party::Customer {
                        self.last_say = Some(id);
                    }
                    let slowly = if pace.is_slow() { " slowly" } else { "" };
                    format!("{to:?}{slowly}: {phrase:?}")
                }
                Command::Charge { attempt, .. } => {
                    self.attempt = Some(attempt);
                    format!("Charge {}", attempt.ordinal)
                }
                Command::Journal { attempt } => {
                    self.attempt = Some(attempt);
                    String::from("Journal")
                }
                Command::Tell(notice) => format!("{notice:?}"),
                Command::Agree { amount } => format!("Agree {}", amount.minor),
                Command::LookUp { reference } => format!("LookUp {reference}"),
                Command::Seal => String::from("Seal"),
                Command::Unseal => String::from("Unseal"),
                Command::Shield { up } => format!("Shield {up}"),
                Command::NextLanguage => String::from("NextLanguage"),
                Command::Hush { to } => format!("Hush {to:?}"),
                Command::HandOver => String::from("HandOver"),
                Command::HangUp => String::from("HangUp"),
                Command::Finish(ending) => format!("Finish {ending:?}"),
            });
        }
    }

    fn pbx(&mut self, report: FromPbx) {
        self.hand(Input::Pbx(report));
    }

    fn key(&mut self, keys: &str) {
        for key in keys.bytes() {
            self.now = self.now.plus(300);
            self.pbx(FromPbx::Key(Key::from_ascii(key).unwrap()));
        }
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.hand(Input::Tick);
    }

    fn bank(&mut self, outcome: Outcome) {
        self.hand(Input::Bank(self.attempt.unwrap(), outcome));
    }

    /// Whether this was asked for since the last look; looking forgets what came before it.
    fn saw(&mut self, what: &str) -> bool {
        match self.said.iter().position(|said| said.contains(what)) {
            Some(at) => {
                self.said.drain(..=at);
                true
            }
            None => false,
        }
    }
}

/// The published Visa test number, its expiry and its code.
const CARD: &str = "4111111111111111#0330737";
