//! Getting in, and what an admin is told if we do not.

use std::time::Duration;

use freeswitch_esl_tokio::{AuthMethod, EslClient, EslConnectOptions, EslError, EslEventStream};
use tokio::time::timeout;

use super::super::settings::FreeSwitchSettings;

/// Longest line of a password file, in bytes.
const PASSWORD_MAX_BYTES: usize = 256;
/// Events a connection may be ahead of us; beyond, they are lost and every call checks its legs.
const EVENT_QUEUE_LENGTH: usize = 8_192;

/// One more connection, let in; an error is a sentence for an admin.
pub(super) async fn connect(settings: &FreeSwitchSettings) -> Result<(EslClient, EslEventStream), String> {
    let address = settings.control_address;
    let password = read_password(settings).await?;
    let limit = Duration::from_millis(settings.connect_timeout_ms);
    let options =
        EslConnectOptions::new().with_connect_timeout(limit).with_event_queue_size(EVENT_QUEUE_LENGTH);
    let host = address.ip().to_string();
    let connecting =
        EslClient::connect_with_auth(&host, address.port(), AuthMethod::password(password), options);
    // The crate bounds each step; this bounds them together.
    match timeout(limit * 4, connecting).await {
        Ok(Ok((client, events))) => {
            client.set_command_timeout(Duration::from_millis(settings.answer_timeout_ms));
            Ok((client, events))
        }
        Ok(Err(error)) => Err(why_not(&error, settings)),
        Err(_) => Err(format!(
            "FreeSWITCH at {address} accepts connections but does not greet: is it overloaded, or is this another service's port?"
        )),
    }
}

/// The password as the admin wrote it down; an error is a sentence for them.
pub(in crate::pbx::freeswitch) async fn read_password(
    settings: &FreeSwitchSettings,
) -> Result<String, String> {
    let file = &settings.password_file;
    let text = tokio::fs::read_to_string(file).await.map_err(|e| {
        format!("cannot read the Event Socket password in {} ({e}): write it there and let the daemon's user read it", file.display())
    })?;
    let password = text.lines().next().unwrap_or_default().trim().to_owned();
    if password.is_empty() || password.len() > PASSWORD_MAX_BYTES || password.contains(char::is_control) {
        return Err(format!("{} does not hold a password in its first line", file.display()));
    }
    Ok(password)
}

fn why_not(error: &EslError, settings: &FreeSwitchSettings) -> String {
    let address = settings.control_address;
    match error {
        EslError::AuthenticationFailed { .. } => format!(
            "FreeSWITCH at {address} refuses our password: write the one of event_socket.conf into {}",
            settings.password_file.display()
        ),
        EslError::AccessDenied { .. } => {
            format!(
                "FreeSWITCH at {address} refuses our address: allow 127.0.0.1 in apply-inbound-acl of event_socket.conf"
            )
        }
        EslError::Io(error) => format!(
            "no Event Socket at {address} ({error}): is FreeSWITCH running, mod_event_socket loaded, and the address right?"
        ),
        other => format!(
            "FreeSWITCH at {address} cannot be reached over its Event Socket ({other}): is this FreeSWITCH's port?"
        ),
    }
}

pub(super) fn why_lost(error: &EslError, settings: &FreeSwitchSettings) -> String {
    let address = settings.control_address;
    match error {
        EslError::Timeout { timeout_ms } => {
            format!("FreeSWITCH at {address} did not answer within {timeout_ms} ms: is the host overloaded?")
        }
        other => format!("the connection to FreeSWITCH at {address} broke ({other}): was it stopped?"),
    }
}
