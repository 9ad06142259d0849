//! What `tonegate check` finds about the company's own system: is it there, does it take our signature?

use crate::config::{Config, ConfigError};
use crate::orders::crm::Crm;
use crate::pbx::{Finding, Severity};

/// Asks it for an order that cannot be.
pub(in crate::cli) async fn finding(config: &Config) -> Result<Option<Finding>, ConfigError> {
    let Some(crm) = config.crm.as_ref().map(Crm::from_section).transpose()? else { return Ok(None) };
    let asked = config.merchants.all().iter().find(|merchant| crm.knows(&merchant.id));
    let Some(merchant) = asked else { return Ok(None) };
    let fault = crm.probe(&merchant.id).await.err();
    Ok(fault.map(|fault| Finding {
        severity: Severity::Refuses,
        place: "crm".into(),
        what: fault.to_string(),
        remedy: fault.remedy().into(),
    }))
}
