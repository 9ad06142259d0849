//! A call that plays recordings to somebody's telephone.

use std::sync::Arc;

use super::link::{Link, LinkError};
use super::{AsteriskSettings, Legs, words};
use crate::pbx::TestCall;
use crate::pbx::play::Standing;

/// Calls, plays, and returns when the call has ended. It is the console's `channel originate`, which our account may
/// give: a call of ARI would need an application of its own, and the Manager's one more class.
///
/// # Errors
/// With a sentence for the admin, if Asterisk cannot be reached or nobody answers.
pub async fn play(settings: AsteriskSettings, call: &TestCall) -> Result<(), String> {
    call.check()?;
    settings.check().map_err(|why| why.to_string())?;
    let sound = words::sound(&call.clip).map_err(|why| why.to_string())?;
    let (legs, _) = Legs::new();
    let link = Link::new(Arc::new(settings), None, legs, Arc::default());
    link.probe(made(&link, call, sound)).await?
}

async fn made(link: &Link, call: &TestCall, sound: &str) -> Result<(), String> {
    let TestCall { to, context, .. } = call;
    let channel = if call.is_telephone() { to.clone() } else { format!("Local/{to}@{context}") };
    let told = |why: LinkError| why.to_string();
    let order = format!("channel originate {channel} application Playback {sound}");
    let said = link.console(&order).await.map_err(told)?;
    if let Some(line) = said.iter().find(|line| line.contains("No such command")) {
        return Err(format!("Asterisk says: {line}; load the module res_clioriginate"));
    }
    let name = format!("{channel}-");
    call.follow(async || {
        let channels = link.get("/channels").await.map_err(told)?;
        let mut own = channels
            .as_array()
            .into_iter()
            .flatten()
            .filter(|channel| channel["name"].as_str().is_some_and(|own| own.starts_with(&name)));
        let plays = own.clone().any(|channel| channel["dialplan"]["app_name"] == "Playback");
        Ok(match (plays, own.next()) {
            (true, _) => Standing::Playing,
            (false, Some(_)) => Standing::Ringing,
            (false, None) => Standing::Absent,
        })
    })
    .await
}
