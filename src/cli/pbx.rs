//! The configured PBX: its settings in the adapter's own words, its start, and a look at it.
//!
//! Passwords are read again for each connection, so that they can be changed without a restart.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Fault;
use crate::config::{AgentKeysSection, Config, PbxKind};
use crate::pbx::asterisk::{self, Asterisk, AsteriskSettings};
use crate::pbx::freeswitch::{self, FreeSwitch, FreeSwitchSettings};
use crate::pbx::{AgentKeys, Finding, News, Pbx, TestCall};

/// Starts the adapter of the configured PBX.
pub(super) async fn start(config: &Config) -> Result<(Arc<dyn Pbx>, mpsc::Receiver<News>), Fault> {
    let failed = |fault: &dyn std::fmt::Display| Fault::Unavailable(fault.to_string());
    Ok(match config.pbx.kind {
        PbxKind::FreeSwitch => {
            let started = FreeSwitch::start(freeswitch_settings(config)?).await;
            let (pbx, news) = started.map_err(|fault| failed(&fault))?;
            (Arc::new(pbx), news)
        }
        PbxKind::Asterisk => {
            let started = Asterisk::start(asterisk_settings(config)?).await;
            let (pbx, news) = started.map_err(|fault| failed(&fault))?;
            (Arc::new(pbx), news)
        }
    })
}

/// Looks at the configured PBX, without taking anything from a daemon that may be running.
pub(super) async fn check(config: &Config) -> Result<Vec<Finding>, Fault> {
    let prompts = super::accounts::prompts_there(config)?;
    let found = match config.pbx.kind {
        PbxKind::FreeSwitch => freeswitch::check(freeswitch_settings(config)?, &prompts).await,
        PbxKind::Asterisk => asterisk::check(asterisk_settings(config)?, &prompts).await,
    };
    found.map_err(Fault::Unavailable)
}

/// Has the configured PBX call somebody and play recordings.
pub(super) async fn play(config: &Config, call: &TestCall) -> Result<(), Fault> {
    let played = match config.pbx.kind {
        PbxKind::FreeSwitch => freeswitch::play(freeswitch_settings(config)?, call).await,
        PbxKind::Asterisk => asterisk::play(asterisk_settings(config)?, call).await,
    };
    played.map_err(Fault::Unavailable)
}

fn missing(kind: &str) -> Fault {
    Fault::Settings(format!("pbx.{kind}: missing; write a section [pbx.{kind}]"))
}

/// What agents press during a payment.
pub(super) fn keys(config: &Config) -> Result<AgentKeys, Fault> {
    Ok(match config.pbx.kind {
        PbxKind::FreeSwitch => freeswitch_settings(config)?.agent_keys,
        PbxKind::Asterisk => asterisk_settings(config)?.agent_keys,
    })
}

fn agent_keys(keys: &AgentKeysSection) -> AgentKeys {
    AgentKeys {
        restart_field: keys.restart_field.digit(),
        restart_all: keys.restart_all.digit(),
        toggle_pause: keys.pause.digit(),
        other_means: keys.other_means.digit(),
        repeat: keys.repeat.digit(),
        pace: keys.pace.digit(),
        language: keys.language.digit(),
        cancel: keys.cancel.digit(),
    }
}

fn freeswitch_settings(config: &Config) -> Result<FreeSwitchSettings, Fault> {
    let section = config.pbx.freeswitch.as_ref().ok_or_else(|| missing("freeswitch"))?;
    Ok(FreeSwitchSettings {
        control_address: section.control_address,
        password_file: section.password_path(),
        keypad_listen: section.keypad_listen,
        keypad_context: section.keypad_context.clone(),
        agent_realm: section.agent_realm.clone(),
        feature_code: section.feature_code.clone(),
        agent_keys: agent_keys(&section.agent_keys),
        accept_sip_info: section.accept_sip_info,
        connect_timeout_ms: section.connect_timeout_ms,
        answer_timeout_ms: section.command_timeout_ms,
        seal_timeout_ms: section.park_timeout_ms,
        reconnect_first_ms: section.reconnect_first_ms,
        reconnect_longest_ms: section.reconnect_longest_ms,
        heartbeat_ms: section.heartbeat_ms,
    })
}

fn asterisk_settings(config: &Config) -> Result<AsteriskSettings, Fault> {
    let section = config.pbx.asterisk.as_ref().ok_or_else(|| missing("asterisk"))?;
    Ok(AsteriskSettings {
        ami_address: section.ami_address,
        ari_address: section.ari_address,
        ari_prefix: section.ari_prefix.clone(),
        ari_listen: section.ari_listen,
        user: section.user.clone(),
        keypad_user: section.keypad_user.clone(),
        password_file: section.password_path(),
        application: section.application.clone(),
        legs_context: section.legs_context.clone(),
        agent_keys: agent_keys(&section.agent_keys),
        connect_timeout_ms: section.connect_timeout_ms,
        answer_timeout_ms: section.command_timeout_ms,
        seal_timeout_ms: section.seal_timeout_ms,
        reconnect_first_ms: section.reconnect_first_ms,
        reconnect_longest_ms: section.reconnect_longest_ms,
        heartbeat_ms: section.heartbeat_ms,
    })
}
