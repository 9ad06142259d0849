//! The scenarios of `tonegate demo`: what the people do, and how it has to end.

mod alone;
mod link;
mod search;

use std::time::Duration;

use super::{CallPlan, Keys, Scene, Set, SetOptions, StageError, TestCard};

/// A published test card that the test bank approves.
const GOOD: TestCard = TestCard { pan: 5_555_444_433_331_111, expiry: "0330", code: "737" };

/// One that it declines for want of money.
const POOR: TestCard = TestCard { pan: 4_000_000_000_009_995, expiry: "0330", code: "123" };

/// Something to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What happens, in a line.
    pub about: &'static str,
    /// How the payment has to end.
    pub ending: &'static str,
    /// Charges that the bank has to have made.
    pub charges: usize,
    /// The amount; the test bank decides by its last two digits.
    amount: &'static str,
    keys: Keys,
    agent: bool,
    card: TestCard,
}

const USUAL: Scenario = Scenario {
    name: "approved",
    about: "an agent takes a payment while talking; the bank approves",
    ending: "approved",
    charges: 1,
    amount: "42.50",
    keys: Keys::Rfc4733,
    agent: true,
    card: GOOD,
};

/// Everything that can be watched.
pub const SCENARIOS: &[Scenario] = &[
    USUAL,
    Scenario {
        name: "declined",
        about: "the bank says no, and the agent lets it be",
        ending: "declined",
        charges: 0,
        card: POOR,
        ..USUAL
    },
    Scenario { name: "retry", about: "the bank says no to the first card and yes to the second", ..USUAL },
    Scenario {
        name: "agent-reset",
        about: "the customer keys nonsense; the agent has the number taken again",
        ..USUAL
    },
    Scenario { name: "pause", about: "they pause to look for the card, talk, and go on", ..USUAL },
    Scenario {
        name: "cancel",
        about: "the agent ends the payment; the conversation goes on",
        ending: "cancelled_by_agent",
        charges: 0,
        ..USUAL
    },
    Scenario {
        name: link::NAME,
        about: "the card is not at hand: the agent's key sends a payment link, and the customer pays by it",
        ending: "other_means",
        charges: 0,
        ..USUAL
    },
    Scenario {
        name: "hangup",
        about: "the customer hangs up in the middle of the card number",
        ending: "customer_left",
        charges: 0,
        ..USUAL
    },
    Scenario {
        name: "bank-lost-answer",
        about: "the bank charges and its answer is lost; it is found, and nothing is charged twice",
        amount: "42.72",
        ..USUAL
    },
    Scenario { name: "bank-slow", about: "the bank takes seven seconds", amount: "42.71", ..USUAL },
    Scenario {
        name: "in-band",
        about: "a line whose keys are tones in the audio: the agent still hears none",
        keys: Keys::InBand,
        ..USUAL
    },
    Scenario {
        name: "self-service",
        about: "no agent: the customer dials the payment number and pays alone",
        agent: false,
        ..USUAL
    },
    Scenario {
        name: "instalments",
        about: "no agent: the customer keys the reference of what is owed and pays a part of it",
        agent: false,
        ..USUAL
    },
];

/// Whom a scenario is shown to while it is played.
pub trait Audience: Send + Sync {
    /// Both telephones of a conversation that is up; in self-service the customer's alone.
    fn opens(&self, customer: &dyn super::Handset, agent: Option<&dyn super::Handset>, set: &Set);
    /// What somebody does.
    fn does(&self, who: &str, what: &str);
    /// All is over, and the daemon still runs: whoever wants to go on looking waits here.
    fn lingers(&self);
}

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// How the payment ended.
    pub ending: String,
    /// Charges that the bank made.
    pub charges: usize,
    /// What was searched for digits and found clean.
    pub clean: Vec<String>,
    /// What could not be searched, and why.
    pub unsearched: Vec<String>,
}

impl Scenario {
    /// The scenario of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name).copied()
    }

    /// What its set needs.
    ///
    /// # Errors
    /// If it cannot be had.
    pub async fn prepare(&self, options: &mut SetOptions) -> Result<(), StageError> {
        options.slow_answer_ms = 7_000;
        if self.name == link::NAME { Self::prepare_link(options).await } else { Ok(()) }
    }

    /// Plays it to its end and searches everything for what may be left of the card.
    ///
    /// # Errors
    /// If something does not happen that has to, or a digit is found.
    pub async fn play(&self, set: Set, audience: &dyn Audience) -> Result<Review, StageError> {
        if !self.agent {
            return self.play_alone(set, audience).await;
        }
        let plan =
            CallPlan { keys: self.keys, amount: Some(self.amount), record: true, ..CallPlan::default() };
        let mut scene = Scene::open(set, &plan).await?;
        audience.opens(&*scene.call.customer, Some(&*scene.call.agent), &scene.set);
        tokio::time::sleep(Duration::from_millis(800)).await;
        audience.does("agent", "keys *729: take a payment");
        scene.pay().await?;
        self.act(&mut scene, audience).await?;
        let end = scene.told("ended").await?;
        let ending = end.event["ending"].as_str().unwrap_or_default().to_owned();
        if self.name == link::NAME {
            Self::pays_by_link(&mut scene, audience).await?;
        }
        if scene.call.agent.is_up() && scene.call.customer.is_up() {
            scene.they_talk().await?;
            audience.does("both", "talk on");
            scene.call.customer.hang_up().await?;
        }
        // The PBX writes its records when a call is over.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        scene.nobody_got_a_digit().await?;
        let clean = search::SEARCHED.map(String::from).to_vec();
        let mut review = Review { ending, charges: scene.charges(), clean, unsearched: Vec::new() };
        self.search(&scene, &mut review)?;
        audience.lingers();
        scene.set.daemon.stop().await?;
        Ok(review)
    }

    async fn act(&self, scene: &mut Scene, audience: &dyn Audience) -> Result<(), StageError> {
        let card = || audience.does("customer", "keys the card as asked");
        match self.name {
            "retry" => {
                card();
                scene.card(POOR).await?;
                scene.told("declined").await?;
                tokio::time::sleep(Duration::from_millis(2_000)).await;
                audience.does("agent", "keys *2: another card");
                scene.agent("*2").await?;
                scene.asked("number").await?;
                card();
                scene.card(self.card).await
            }
            "declined" => {
                card();
                scene.card(self.card).await?;
                scene.told("declined").await?;
                tokio::time::sleep(Duration::from_millis(2_000)).await;
                audience.does("agent", "keys *9: leave it");
                scene.agent("*9").await
            }
            "agent-reset" => {
                audience.does("customer", "keys seven digits that are not the card's");
                scene.customer("4929001").await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
                audience.does("agent", "keys *1: the number again");
                scene.agent("*1").await?;
                scene.asked("number").await?;
                card();
                scene.card(self.card).await
            }
            "pause" => {
                audience.does("customer", "keys four digits, then looks for the card");
                scene.customer("5555").await?;
                audience.does("agent", "keys *3: pause");
                scene.agent("*3").await?;
                scene.told("paused").await?;
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                scene.they_talk().await?;
                audience.does("agent", "keys *3: go on");
                scene.agent("*3").await?;
                scene.asked("number").await?;
                card();
                scene.card(self.card).await
            }
            "cancel" => {
                audience.does("customer", "keys five digits");
                scene.customer("55554").await?;
                audience.does("agent", "keys *9: end the payment");
                scene.agent("*9").await
            }
            link::NAME => {
                audience.does("customer", "keys four digits, and has only the telephone at hand");
                scene.customer("5555").await?;
                audience.does("agent", "keys *4: a payment link instead");
                scene.agent("*4").await
            }
            "hangup" => {
                audience.does("customer", "keys eight digits and hangs up");
                scene.customer("55554444").await?;
                scene.call.customer.hang_up().await
            }
            _ => {
                card();
                scene.card(self.card).await
            }
        }
    }
}
