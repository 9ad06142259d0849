//! `tonegate check`: looks at the configuration and at what it names, and says what an admin should do.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Fault, accounts, messengers, orders, pbx, sounds};
use crate::config::{self, Config};
use crate::messaging;
use crate::pbx::{Finding, Severity};

/// Options of `tonegate check`.
#[derive(Args)]
pub(super) struct Check {
    /// The configuration.
    #[arg(long, default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Ask the payment service providers as well, what became of a charge that never was: is the key right, are they
    /// there? No money moves.
    #[arg(long)]
    psp: bool,
    /// Ask the carriers of SMS and e-mail as well, whether their accounts let us in. Nothing is sent to anybody.
    #[arg(long)]
    messengers: bool,
}

/// Who is asked.
#[derive(Clone, Copy, Default)]
struct Asked {
    psps: bool,
    messengers: bool,
}

impl Check {
    /// Exit status 0 if nothing was found, 1 if something was; another if the PBX could not be looked at.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let config = Config::load(&self.config)?;
        let asked = Asked { psps: self.psp, messengers: self.messengers };
        let found = super::runtime()?.block_on(findings(&config, asked))?;
        for finding in &found.findings {
            anstream::println!("{}", line(finding));
        }
        if let Some(fault) = found.pbx {
            return Err(fault);
        }
        if found.findings.is_empty() {
            anstream::println!("nothing to complain of");
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::from(1))
    }
}

/// The same look, for the console: at the file as it stands when somebody asks.
pub(super) fn look(file: PathBuf) -> crate::api::console::Check {
    Arc::new(move || {
        let file = file.clone();
        Box::pin(async move {
            let config = Config::load(&file).map_err(|fault| fault.to_string())?;
            let found = findings(&config, Asked::default()).await.map_err(|fault| fault.to_string())?;
            Ok(found.with_pbx())
        })
    })
}

/// What was found.
struct Found {
    /// The worst first.
    findings: Vec<Finding>,
    /// Why the PBX could not be looked at. What was found elsewhere is told all the same.
    pbx: Option<Fault>,
}

impl Found {
    /// All in one list, for where there is no exit status.
    fn with_pbx(mut self) -> Vec<Finding> {
        if let Some(fault) = self.pbx {
            let finding = Finding {
                severity: Severity::Refuses,
                place: "pbx".into(),
                what: fault.to_string(),
                remedy: "no payment can be taken without it".into(),
            };
            self.findings.insert(0, finding);
        }
        self.findings
    }
}

/// Looks at accounts and PBX.
async fn findings(config: &Config, asked: Asked) -> Result<Found, Fault> {
    // All accounts, not only those that are charged: keys, certificates, and what each shall be used for.
    let accounts = accounts::accounts(config)?;
    let mut findings = accounts::check::findings(config, &accounts);
    if asked.psps {
        findings.extend(accounts::check::probe(config, &accounts).await);
    }
    findings.extend(orders::crm_finding(config).await?);
    let post = messaging::post(config)?;
    findings.extend(messengers::findings(config, &accounts, &post));
    if asked.messengers {
        findings.extend(messengers::probe(&post).await);
    }
    findings.extend(sounds::findings(config));
    let pbx = match pbx::check(config).await {
        Ok(more) => {
            findings.extend(more);
            None
        }
        Err(fault) => Some(fault),
    };
    findings.sort_by_key(|finding| finding.severity);
    Ok(Found { findings, pbx })
}

fn line(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Refuses => "error",
        Severity::Warns => "warning",
    };
    format!("{severity}: {}: {}; {}", finding.place, finding.what, finding.remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_with_severity_place_fault_and_remedy() {
        let finding = Finding {
            severity: Severity::Refuses,
            place: "cel.conf".into(),
            what: "CEL writes every key".into(),
            remedy: "list the events without DTMF".into(),
        };
        assert_eq!(line(&finding), "error: cel.conf: CEL writes every key; list the events without DTMF");
    }
}
