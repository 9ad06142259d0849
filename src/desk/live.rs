//! Payment calls under way, and payments prepared for an agent who has not yet keyed the code.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::call::AgentCommand;
use crate::pbx::LegId;

use super::payment::Prepared;

/// A payment that was prepared and not begun is forgotten after this.
pub const PREPARED_KEPT_MS: u64 = 3_600_000;

/// Payments that may be prepared at the same time.
pub const PREPARED_MAX: usize = 10_000;

/// Commands from the API that may wait for a call.
pub(crate) const COMMAND_QUEUE_LENGTH: usize = 16;

/// One payment call under way.
#[derive(Clone)]
pub struct LiveCall {
    /// The customer's leg.
    pub customer: LegId,
    /// The agent's leg.
    pub agent: Option<LegId>,
    /// The agent's extension.
    pub agent_extension: Option<String>,
    commands: mpsc::Sender<AgentCommand>,
}

/// The register.
pub struct Live {
    max_calls: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: HashMap<Uuid, LiveCall>,
    prepared: HashMap<String, (Instant, Prepared)>,
}

/// Why a payment call cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// As many as the limit allows are under way.
    Limit,
    /// One is under way on this call.
    SameCall,
}

impl Live {
    pub(crate) fn new(max_calls: usize) -> Self {
        Self { max_calls, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a call; only one payment runs on a leg.
    pub(crate) fn enter(
        &self,
        payment: Uuid,
        customer: LegId,
        agent: Option<LegId>,
        agent_extension: Option<String>,
    ) -> Result<mpsc::Receiver<AgentCommand>, Full> {
        let mut state = self.state();
        if state.calls.values().any(|call| call.customer == customer) {
            return Err(Full::SameCall);
        }
        if state.calls.len() >= self.max_calls {
            return Err(Full::Limit);
        }
        let (commands, receiver) = mpsc::channel(COMMAND_QUEUE_LENGTH);
        state.calls.insert(payment, LiveCall { customer, agent, agent_extension, commands });
        Ok(receiver)
    }

    pub(crate) fn leave(&self, payment: Uuid) {
        self.state().calls.remove(&payment);
    }

    /// Whether the payment's call is under way.
    #[must_use]
    pub fn is_live(&self, payment: Uuid) -> bool {
        self.state().calls.contains_key(&payment)
    }

    /// Whether another payment than this one is under way on a customer's leg.
    #[must_use]
    pub fn is_busy_with_another(&self, customer: &LegId, payment: Uuid) -> bool {
        self.state().calls.iter().any(|(id, call)| *id != payment && call.customer == *customer)
    }

    /// How many are under way.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().calls.len()
    }

    /// Hands an agent's command to a call; false if it is not under way or takes none at this moment.
    #[must_use]
    pub fn command(&self, payment: Uuid, command: AgentCommand) -> bool {
        let commands = self.state().calls.get(&payment).map(|call| call.commands.clone());
        commands.is_some_and(|commands| commands.try_send(command).is_ok())
    }

    /// Keeps a payment for the agent's next feature code; replaces an earlier one. False if too many wait.
    #[must_use]
    pub fn prepare(&self, agent_extension: &str, prepared: Prepared) -> bool {
        let mut state = self.state();
        let kept = Duration::from_millis(PREPARED_KEPT_MS);
        state.prepared.retain(|_, (since, _)| since.elapsed() < kept);
        if state.prepared.len() >= PREPARED_MAX && !state.prepared.contains_key(agent_extension) {
            return false;
        }
        state.prepared.insert(agent_extension.to_owned(), (Instant::now(), prepared));
        true
    }

    /// Takes what was prepared for an agent.
    pub(crate) fn take_prepared(&self, agent_extension: &str) -> Option<Prepared> {
        let (since, prepared) = self.state().prepared.remove(agent_extension)?;
        (since.elapsed() < Duration::from_millis(PREPARED_KEPT_MS)).then_some(prepared)
    }
}
