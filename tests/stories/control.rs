//! Control: the stories' own eyes. Without a payment every leak has to be seen, or seeing none means nothing.

use std::time::Duration;

use tonegate::inspect::stage::{CallPlan, Keys, keys_by_multimon, leaked_keys, multimon_is_here};

use crate::ensure;
use crate::scene::{Scene, Told, open};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![story!(without_a_payment_every_leak_is_seen), story!(without_a_payment_tones_are_heard)]
}

async fn without_a_payment_every_leak_is_seen(stage: Stage) -> Told {
    let scene = open(&stage, CallPlan::default()).await?;
    // On Asterisk nothing is written down unless an admin asks for it.
    let places = scene.set.theatre.let_leak(true).await?;
    let seen = leaks_are_seen(&scene, places).await;
    scene.set.theatre.let_leak(false).await?;
    seen
}

async fn leaks_are_seen(scene: &Scene, places: &[&str]) -> Told {
    scene.they_talk().await?;
    scene.customer("4929").await?;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let got = scene.call.agent.keys_received();
    ensure!(got == "4929", "an unsealed line gives the agent {got:?} instead of 4929");
    scene.call.customer.hang_up().await?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let leaked = leaked_keys(&scene.set.theatre.records().await?, &scene.call.customer_leg);
    for place in places {
        ensure!(
            leaked.iter().any(|leak| leak.starts_with(place)),
            "the control finds nothing in {place}: {leaked:?}"
        );
    }
    Ok(())
}

async fn without_a_payment_tones_are_heard(stage: Stage) -> Told {
    // Asterisk takes tones out of the audio of an in-band line, but for their first moments. From a line that
    // sends telephone events as well it takes most of a tone, and leaves enough to be told.
    let (keys, least) = if stage.theatre.name() == "asterisk" { (Keys::Both, 2) } else { (Keys::InBand, 4) };
    let scene = open(&stage, CallPlan { keys, record: true, ..CallPlan::default() }).await?;
    scene.call.customer.key("4929", 120, 120).await?;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let heard = scene.call.agent.tones_heard();
    ensure!(
        is_most_of("4929", &heard, least),
        "an unsealed in-band line lets the agent hear {heard:?} instead of 4929"
    );
    scene.call.customer.hang_up().await?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let records = scene.set.theatre.records().await?;
    let recorded = records.keys_recorded_of(&scene.call.customer_leg)?;
    ensure!(recorded.len() >= least, "the recording of an unsealed in-band call holds {recorded:?}");
    let wav = stage.directory.join("agent-heard.wav");
    if multimon_is_here() && scene.call.agent.save(&wav)? {
        let others = keys_by_multimon(&wav).await?;
        ensure!(
            is_most_of("4929", &others, least),
            "multimon-ng hears {others:?} on an unsealed in-band line instead of 4929"
        );
    }
    Ok(())
}

/// Whether what was heard are these keys, in order, and at most so many are missing that `least` are left.
fn is_most_of(keys: &str, heard: &str, least: usize) -> bool {
    let mut keys = keys.chars();
    heard.len() >= least && heard.chars().all(|key| keys.any(|other| other == key))
}
