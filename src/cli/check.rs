//! `tonegate check`: looks at the configuration and at what it names, and says what an admin should do.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Fault, accounts, pbx, sounds};
use crate::config::{self, Config};
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
}

impl Check {
    /// Exit status 0 if nothing was found, 1 if something was.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let config = Config::load(&self.config)?;
        let findings = super::runtime()?.block_on(findings(&config, self.psp))?;
        for finding in &findings {
            anstream::println!("{}", line(finding));
        }
        if findings.is_empty() {
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
            findings(&config, false).await.map_err(|fault| fault.to_string())
        })
    })
}

/// All that is found, the worst first.
async fn findings(config: &Config, ask_providers: bool) -> Result<Vec<Finding>, Fault> {
    // All accounts, not only those that are charged: keys, certificates, and what each shall be used for.
    let accounts = accounts::accounts(config)?;
    let mut findings = accounts::check::findings(config, &accounts);
    if ask_providers {
        findings.extend(accounts::check::probe(config, &accounts).await);
    }
    findings.extend(sounds::findings(config));
    findings.extend(pbx::check(config).await?);
    findings.sort_by_key(|finding| finding.severity);
    Ok(findings)
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
