//! What is looked at on an admin's demand alone: lists that are long on a busy Asterisk.

use serde_json::Value;

use super::link::{Link, LinkError};
use super::recorders;
use crate::pbx::{Finding, Severity};

/// Endpoints that are looked at.
const ENDPOINTS_MAX: usize = 50;

/// Endpoints whose media go past Asterisk, which then does not see the feature code.
pub(super) async fn direct_media(link: &Link) -> Result<Vec<Finding>, LinkError> {
    let endpoints = link.get("/endpoints/PJSIP").await?;
    let mut direct = Vec::new();
    for endpoint in endpoints.as_array().into_iter().flatten().take(ENDPOINTS_MAX) {
        let name = endpoint["resource"].as_str().filter(|name| super::words::is_name(name));
        let Some(name) = name else { continue };
        let fields = link.get(&format!("/asterisk/config/dynamic/res_pjsip/endpoint/{name}")).await?;
        let is_direct = |field: &Value| field["attribute"] == "direct_media" && field["value"] == "true";
        if fields.as_array().into_iter().flatten().any(is_direct) {
            direct.push(name.to_owned());
        }
    }
    if direct.is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("direct_media is on for {}: the feature code is not seen there", direct.join(", "));
    let remedy = "set direct_media = no for agents and trunks";
    Ok(vec![Finding::new(Severity::Warns, "pjsip.conf", what, remedy)])
}

/// Calls that another program listens to over ARI.
pub(super) async fn spies(link: &Link) -> Result<Vec<Finding>, LinkError> {
    let rows = link.channels(None, "").await?;
    let spying = rows.iter().filter(|row| {
        let is_ours = row.get("Uniqueid").starts_with(super::WHISPER);
        !is_ours && recorders::spied_on(row.get("Channel")).is_some()
    });
    let count = spying.count();
    if count == 0 {
        return Ok(Vec::new());
    }
    let what =
        format!("another program listens to {count} legs over ARI (channels Snoop/…) and may record them");
    let remedy = "it hears nothing while a field is open, but whatever is said and keyed before and after; see that it needs to, and keeps its recordings as recordings of card payments have to be kept";
    Ok(vec![Finding::new(Severity::Warns, "ARI", what, remedy)])
}
