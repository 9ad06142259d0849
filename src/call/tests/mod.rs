//! Stories of the core alone: a payment call, its inputs, and what it wants done.

use super::*;
use crate::card::{Key, YearMonth};

mod flow;

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
            enter_twice: false,
            code: CodePolicy::Required,
            postal: None,
            confirm: Confirm::None,
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

    fn hand(&mut self, input: Input) {
        let mut out = Vec::new();
        self.call.handle(self.now, input, &mut out);
        for command in out {
            self.said.push(match command {
                Command::Say { id, to, phrase } => {
                    if to == Party::Customer {
                        self.last_say = Some(id);
                    }
                    format!("{to:?}: {phrase:?}")
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
                Command::Seal => String::from("Seal"),
                Command::Unseal => String::from("Unseal"),
                Command::Shield { up } => format!("Shield {up}"),
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

/// Fails with all that was asked for, if this was not.
macro_rules! saw {
    ($desk:expr, $($what:expr),+) => {
        $( assert!($desk.saw($what), "no `{}` in {:#?}", $what, $desk.said); )+
    };
}
use saw;
