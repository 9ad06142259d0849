//! The state of a payment call.

use crate::card::{Brand, Entry, Expiry, Pan, Postal, SecurityCode};

use super::bank::AttemptId;
use super::command::SayId;
use super::input::{Due, Line, Millis};
use super::manner::Pace;
use super::notice::{Ending, Field};
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
    /// The desk asks for each field, and has asked for none after this one: the two talk.
    Waiting(Field),
    /// A field is open for keys.
    Keying,
    /// The customer confirms with one key.
    Confirming,
    /// The two talk; on resuming, this field is asked.
    Paused(Field),
    /// What the customer's reference stands for is being looked up.
    LookingUp,
    /// All of what is owed, or a part?
    Choosing,
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
    /// How often the customer wanted the question once more.
    pub repeats: u8,
}

/// What has been taken so far; each part is wiped when it goes.
#[derive(Default)]
pub(super) struct Taken {
    pub pan: Option<Pan>,
    pub expiry: Option<Expiry>,
    pub code: Option<SecurityCode>,
    pub postal: Option<Postal>,
    /// Fields that were keyed twice and were the same.
    pub matched: Vec<Field>,
}

/// A payment call. See the module's own words for how to drive it.
pub struct PaymentCall {
    pub(super) setup: Setup,
    pub(super) stage: Stage,
    /// When the payment began.
    pub(super) began: Millis,
    /// When the stage began; what its deadline counts from.
    pub(super) since: Millis,
    pub(super) seal: Seal,
    pub(super) shield: Shield,
    pub(super) shield_since: Millis,
    pub(super) line: Line,
    pub(super) keying: Option<Keying>,
    pub(super) taken: Taken,
    /// What is owed, where a part of it may be paid.
    pub(super) due: Option<Due>,
    /// What the desk asked for before the seal was shut.
    pub(super) wanted: Option<Field>,
    /// Failed tries of the field in question.
    pub(super) failures: u8,
    /// How often the two numbers were not the same; a right first number does not make up for it.
    pub(super) differed: u8,
    /// How the payment ends if no other card is tried.
    pub(super) not_paid_as: Ending,
    /// Failed tries at a menu.
    pub(super) menu_failures: u8,
    /// How often the customer wanted a menu once more.
    pub(super) menu_repeats: u8,
    /// How fast the customer is spoken to now.
    pub(super) pace: Pace,
    /// The brand of a card that was just refused for it.
    pub(super) refused_brand: Option<Brand>,
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
        let pace = setup.manner.pace;
        Self {
            setup,
            stage: Stage::Idle,
            began: Millis(0),
            since: Millis(0),
            seal: Seal::Open,
            shield: Shield::Down,
            shield_since: Millis(0),
            line: Line::Unknown,
            keying: None,
            taken: Taken::default(),
            due: None,
            wanted: None,
            failures: 0,
            differed: 0,
            not_paid_as: Ending::Declined,
            menu_failures: 0,
            menu_repeats: 0,
            pace,
            refused_brand: None,
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
}
