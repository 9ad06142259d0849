//! A call that plays recordings to somebody's telephone.

use super::link::{Link, LinkError, LinkState};
use super::{FreeSwitchSettings, check, words};
use crate::pbx::TestCall;
use crate::pbx::play::{RING_MAX_S, Standing};

/// Calls, plays, and returns when the call has ended.
///
/// # Errors
/// With a sentence for the admin, if FreeSWITCH cannot be reached or nobody answers.
pub async fn play(settings: FreeSwitchSettings, call: &TestCall) -> Result<(), String> {
    call.check()?;
    let target = words::path(&call.clip).map_err(|why| why.to_string())?;
    let link = check::connected(&settings.into()).await?;
    let leg = uuid::Uuid::new_v4().to_string();
    let TestCall { to, context, .. } = call;
    let url = if call.is_telephone() { to.clone() } else { format!("loopback/{to}/{context}") };
    let state = link.state();
    let told = |why: LinkError| match (&why, &*state.borrow()) {
        (LinkError::NotConnected, LinkState::Down(reason)) => reason.clone(),
        _ => why.to_string(),
    };
    link.background(&format!(
        "originate {{origination_uuid={leg},ignore_early_media=true,originate_timeout={RING_MAX_S},\
         origination_caller_id_name=tonegate}}{url} &playback({target})"
    ))
    .await
    .map_err(told)?;
    call.follow(async || match standing(&link, &leg).await {
        // A connection for commands that was lost is made anew; the call goes on.
        Err(LinkError::NotConnected | LinkError::Timeout) if link.is_up() => Ok(Standing::Unseen),
        other => other.map_err(told),
    })
    .await
}

async fn standing(link: &Link, leg: &str) -> Result<Standing, LinkError> {
    if !link.exists(leg).await? {
        return Ok(Standing::Absent);
    }
    let running = link.get(leg, "current_application").await?;
    let plays = running.is_some_and(|application| application == "playback");
    Ok(if plays { Standing::Playing } else { Standing::Ringing })
}
