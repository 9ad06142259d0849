//! Bounds, and what has to fit together.

use std::fmt::Display;
use std::net::SocketAddr;

use super::Config;
use super::capture::CaptureSection;
use super::error::{ConfigError, Place};
use super::pbx::{FreeSwitchSection, PbxKind, check_agent_keys};
use super::people::check_tls;
use super::sections::PromptRate;

/// Names of nodes, merchants and accounts stand in keys of the journal and in variables of the PBX.
const MAX_NAME_LETTERS: usize = 40;

impl Config {
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        name(place, "daemon.name", &self.daemon.name)?;
        self.check_pbx(place)?;
        self.check_psps(place)?;
        self.check_merchants(place)?;
        check_capture(place, "capture", &self.capture)?;
        check_capture(place, "self_service", &self.self_service_capture())?;
        self.check_prompts(place)?;
        self.twilio.check(place)?;
        super::webhook::check(place, &self.webhook)?;
        let api = &self.api;
        check_tls(place, api)?;
        if !api.behind_tls_proxy && api.tls_certificate_file.is_none() {
            local(
                place,
                "api.listen",
                api.listen,
                "end TLS here (api.tls_certificate_file and api.tls_key_file), or set api.behind_tls_proxy = true \
                 once a proxy ends TLS before it",
            )?;
        }
        self.people.check(place)?;
        self.oidc.as_ref().map_or(Ok(()), |oidc| oidc.check(place))?;
        self.console.check(place)?;
        between(place, "limits.max_captures", self.limits.max_captures.into(), 1, 100_000, "payment calls")
    }

    fn check_pbx(&self, place: &Place) -> Result<(), ConfigError> {
        match (self.pbx.kind, &self.pbx.freeswitch) {
            (PbxKind::FreeSwitch, Some(freeswitch)) => check_freeswitch(place, freeswitch),
            (PbxKind::Asterisk, _) => match &self.pbx.asterisk {
                Some(asterisk) => asterisk.check(place),
                None => Err(place.fault(
                    "pbx.asterisk",
                    "missing",
                    "write a section [pbx.asterisk] with password_file = \"…\"",
                )),
            },
            (PbxKind::FreeSwitch, None) => Err(place.fault(
                "pbx.freeswitch",
                "missing",
                "write a section [pbx.freeswitch] with password_file = \"…\"",
            )),
        }
    }

    fn check_prompts(&self, place: &Place) -> Result<(), ConfigError> {
        if self.pbx.kind == PbxKind::Asterisk && self.prompts.rate_hz == Some(PromptRate::Wide) {
            return Err(place.fault(
                "prompts.rate_hz",
                "Asterisk reads .wav files of 8000 samples per second alone",
                "leave the key out: wide lines are then given .sln16 files of 16000 beside them",
            ));
        }
        if let Some(own) = &self.prompts.own_directory
            && !own.is_dir()
        {
            let what = format!("{} is not a directory", own.display());
            return Err(place.fault("prompts.own_directory", what, "create it, or leave the key out"));
        }
        Ok(())
    }
}

fn check_freeswitch(place: &Place, fs: &FreeSwitchSection) -> Result<(), ConfigError> {
    let path = |key: &str| format!("pbx.freeswitch.{key}");
    let remedy = "the daemon runs beside FreeSWITCH, and what passes here is not encrypted: use 127.0.0.1";
    local(place, &path("control_address"), fs.control_address, remedy)?;
    local(place, &path("keypad_listen"), fs.keypad_listen, remedy)?;
    if fs.control_address == fs.keypad_listen {
        return Err(place.fault(
            &path("keypad_listen"),
            "the same as control_address",
            "give it a port of its own",
        ));
    }
    name(place, &path("keypad_context"), &fs.keypad_context)?;
    name(place, &path("agent_realm"), &fs.agent_realm)?;
    let keyed = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    if !(2..=16).contains(&fs.feature_code.len()) || !fs.feature_code.chars().all(keyed) {
        return Err(place.fault(
            &path("feature_code"),
            "not keys",
            "write 2 to 16 of 0 to 9, * and #, for example \"*729\"",
        ));
    }
    check_agent_keys(place, "pbx.freeswitch", &fs.agent_keys)?;
    for (key, value, min, max) in [
        ("connect_timeout_ms", fs.connect_timeout_ms, 50, 30_000),
        ("command_timeout_ms", fs.command_timeout_ms, 200, 30_000),
        ("park_timeout_ms", fs.park_timeout_ms, 200, 30_000),
        ("reconnect_first_ms", fs.reconnect_first_ms, 50, 30_000),
        ("reconnect_longest_ms", fs.reconnect_longest_ms, fs.reconnect_first_ms, 60_000),
        ("heartbeat_ms", fs.heartbeat_ms, 500, 4_000),
    ] {
        between(place, &path(key), value, min, max, "ms")?;
    }
    Ok(())
}

fn check_capture(place: &Place, section: &str, capture: &CaptureSection) -> Result<(), ConfigError> {
    let c = capture;
    for (key, value, min, max, unit) in [
        ("first_key_timeout_ms", c.first_key_timeout_ms, 3_000, 300_000, "ms"),
        ("between_keys_timeout_ms", c.between_keys_timeout_ms, 1_000, 60_000, "ms"),
        ("between_keys_max_ms", c.between_keys_max_ms, 1_000, 120_000, "ms"),
        ("settle_ms", c.settle_ms, 300, 10_000, "ms"),
        ("attempts_per_field", c.attempts_per_field.into(), 1, 10, "tries"),
        // Card schemes watch retries; more would look like guessing numbers.
        ("max_charges", c.max_charges.into(), 1, 5, "cards"),
        ("postal_code_min_digits", c.postal_code_min_digits.into(), 1, 10, "digits"),
        ("postal_code_max_digits", c.postal_code_max_digits.into(), 1, 10, "digits"),
        ("pause_max_ms", c.pause_max_ms, 10_000, 3_600_000, "ms"),
        ("seal_timeout_ms", c.seal_timeout_ms, 500, 30_000, "ms"),
        ("shield_timeout_ms", c.shield_timeout_ms, 200, 10_000, "ms"),
        ("sentence_max_ms", c.sentence_max_ms, 5_000, 120_000, "ms"),
        ("bank_slow_ms", c.bank_slow_ms, 1_000, 60_000, "ms"),
        ("bank_bound_ms", c.bank_bound_ms, 5_000, 300_000, "ms"),
        ("decision_timeout_ms", c.decision_timeout_ms, 5_000, 900_000, "ms"),
        ("unseal_timeout_ms", c.unseal_timeout_ms, 500, 30_000, "ms"),
        ("unseal_tries", c.unseal_tries.into(), 1, 20, "tries"),
        ("pbx_grace_ms", c.pbx_grace_ms, 1_000, 300_000, "ms"),
    ] {
        between(place, &format!("{section}.{key}"), value, min, max, unit)?;
    }
    for (small, less, large, more) in [
        ("between_keys_timeout_ms", c.between_keys_timeout_ms, "between_keys_max_ms", c.between_keys_max_ms),
        ("settle_ms", c.settle_ms, "between_keys_timeout_ms", c.between_keys_timeout_ms),
        ("bank_slow_ms", c.bank_slow_ms, "bank_bound_ms", c.bank_bound_ms),
        (
            "postal_code_min_digits",
            c.postal_code_min_digits.into(),
            "postal_code_max_digits",
            c.postal_code_max_digits.into(),
        ),
    ] {
        if less > more {
            let what = format!("{less} is more than {section}.{large}, which is {more}");
            return Err(place.fault(&format!("{section}.{small}"), what, &format!("write at most {more}")));
        }
    }
    Ok(())
}

pub(super) fn between(
    place: &Place,
    key: &str,
    value: u64,
    min: u64,
    max: u64,
    unit: impl Display,
) -> Result<(), ConfigError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let what = format!("{value} {unit} is out of bounds");
    Err(place.fault(key, what, &format!("write a number from {min} to {max}")))
}

pub(super) fn local(place: &Place, key: &str, address: SocketAddr, remedy: &str) -> Result<(), ConfigError> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(place.fault(key, format_args!("{address} can be reached from other machines"), remedy))
}

pub(super) fn name(place: &Place, key: &str, name: &str) -> Result<(), ConfigError> {
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if letters && !name.is_empty() && name.len() <= MAX_NAME_LETTERS {
        return Ok(());
    }
    let remedy = format!("write 1 to {MAX_NAME_LETTERS} letters, digits, `-` or `_`");
    Err(place.fault(key, "not a name", &remedy))
}
