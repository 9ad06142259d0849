//! What can go wrong with a PBX, on purpose.

use std::collections::VecDeque;

use super::Rehearsal;

/// Refusals that may wait.
const MAX_REFUSALS: usize = 256;
/// What a refused command is answered.
pub(super) const REFUSED: &str = "-ERR refused by the rehearsal\n";

#[derive(Default)]
pub(super) struct Faults {
    pub(super) answer_delay_ms: u64,
    refusals: VecDeque<String>,
    pub(super) restart_ms: Option<u64>,
}

impl Faults {
    /// True once for each refusal ordered for a command that begins so.
    pub(super) fn refuses(&mut self, command: &str) -> bool {
        let place = self.refusals.iter().position(|start| command.starts_with(start.as_str()));
        place.is_some_and(|place| self.refusals.remove(place).is_some())
    }
}

impl Rehearsal {
    /// Cuts every control connection; new ones are welcome.
    pub fn drop_control_link(&self) {
        for listener in self.core.world().listeners.values_mut().filter(|listener| !listener.outbound) {
            listener.abrupt = true;
            listener.cut.cancel();
        }
    }

    /// Cuts the private connection of a leg, as if the daemon's end had vanished.
    pub fn kill_private_connection(&self, leg: &str) {
        let mut world = self.core.world();
        let id = world.leg(leg).and_then(|leg| leg.listener);
        if let Some(listener) = id.and_then(|id| world.listeners.get_mut(&id)) {
            listener.abrupt = true;
            listener.cut.cancel();
        }
    }

    /// Answers every command only after this time; 0 ends it.
    pub fn delay_answers(&self, delay_ms: u64) {
        self.core.world().faults.answer_delay_ms = delay_ms;
    }

    /// Refuses, once, the next `api` command that begins so (`uuid_bridge`).
    pub fn refuse_once(&self, command: &str) {
        let mut world = self.core.world();
        if world.faults.refusals.len() < MAX_REFUSALS {
            world.faults.refusals.push_back(command.to_owned());
        }
    }

    /// Ends every call and connection, is away for a while, and comes back knowing nothing.
    pub fn restart(&self, away_ms: u64) {
        let mut world = self.core.world();
        let legs: Vec<String> = world.legs.keys().cloned().collect();
        for leg in legs {
            world.hang_up(&leg, "MANAGER_REQUEST");
        }
        for listener in world.listeners.values_mut() {
            listener.abrupt = true;
            listener.cut.cancel();
        }
        world.globals.retain(|name, _| name == "hostname");
        world.scheduled.clear();
        world.core_uuid = uuid::Uuid::new_v4().to_string();
        world.faults.restart_ms = Some(away_ms);
        drop(world);
        self.away.notify_one();
    }
}
