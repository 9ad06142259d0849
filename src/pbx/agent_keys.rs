//! What the agent keys during a payment.

use serde::Deserialize;

use crate::call::AgentCommand;

/// The keys the agent presses after `*` during a payment.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct AgentKeys {
    /// Take the current field again.
    pub restart_field: char,
    /// Take all fields again, or another card.
    pub restart_all: char,
    /// Pause, or go on.
    pub toggle_pause: char,
    /// Another means of payment.
    pub other_means: char,
    /// The question once more.
    pub repeat: char,
    /// Another pace.
    pub pace: char,
    /// Another language.
    pub language: char,
    /// End the payment.
    pub cancel: char,
}

impl Default for AgentKeys {
    fn default() -> Self {
        Self {
            restart_field: '1',
            restart_all: '2',
            toggle_pause: '3',
            other_means: '4',
            repeat: '5',
            pace: '6',
            language: '7',
            cancel: '9',
        }
    }
}

impl AgentKeys {
    pub(super) fn all(&self) -> [char; 8] {
        [
            self.restart_field,
            self.restart_all,
            self.toggle_pause,
            self.other_means,
            self.repeat,
            self.pace,
            self.language,
            self.cancel,
        ]
    }

    /// What the digit after `*` means; none if it means nothing.
    pub(super) fn command(&self, digit: char) -> Option<AgentCommand> {
        [
            (self.restart_field, AgentCommand::RestartField),
            (self.restart_all, AgentCommand::RestartAll),
            (self.toggle_pause, AgentCommand::TogglePause),
            (self.other_means, AgentCommand::OtherMeans),
            (self.repeat, AgentCommand::Repeat),
            (self.pace, AgentCommand::NextPace),
            (self.language, AgentCommand::NextLanguage),
            (self.cancel, AgentCommand::Cancel),
        ]
        .into_iter()
        .find_map(|(key, command)| (key == digit).then_some(command))
    }

    /// What is wrong with them, and which key it is.
    pub(super) fn fault(&self) -> Option<(char, &'static str)> {
        let keys = self.all();
        if let Some(key) = keys.iter().find(|key| !key.is_ascii_digit()) {
            return Some((*key, "each is one digit, pressed after *"));
        }
        let twice = keys.iter().enumerate().find(|(n, key)| keys[..*n].contains(key));
        twice.map(|(_, key)| (*key, "no two commands may share a digit"))
    }
}
