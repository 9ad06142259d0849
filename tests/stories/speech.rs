//! What is heard: by whom, whole, in which language and how fast; and what an admin has played to a telephone.

use std::process::Command;
use std::time::{Duration, Instant};

use tonegate::call::Party;
use tonegate::inspect::stage::{CallPlan, Keys, SetOptions, StageError};

use crate::ensure;
use crate::scene::{Scene, Told, VISA, open, open_with, set};
use crate::story;
use crate::teller::{Stage, Story};

/// Longer than any two sentences.
const SENTENCES_MS: u64 = 20_000;
/// How long the dialplan may take to hear that the daemon is up.
const LEASE: Duration = Duration::from_millis(2_000);
/// What the PBX may add to a recording's length, or hear of it late.
const SLACK: Duration = Duration::from_millis(400);

pub fn stories() -> Vec<Story> {
    vec![
        story!(whispers_stay_with_the_agent_and_prompts_with_the_customer_while_both_talk),
        story!(the_agent_changes_the_customers_language_and_pace),
        story!(a_caller_alone_hears_the_question_again_and_what_to_note),
        story!(an_admin_hears_a_sentence_on_a_telephone),
    ]
}

/// When a sentence to a party went out and when the last one to it had ended, from a place on.
async fn heard(
    scene: &Scene,
    place: usize,
    to: &'static str,
) -> Result<(Instant, Instant, serde_json::Value), StageError> {
    let is = move |kind: &'static str| move |e: &serde_json::Value| e["type"] == kind && e["to"] == to;
    let says = scene.events().wait(place, SENTENCES_MS, "a sentence", is("says")).await?;
    let said = scene.events().wait(place, SENTENCES_MS, "its end", is("said")).await?;
    Ok((says.at, said.at, says.event))
}

/// How long our recording of an English sentence lasts.
fn length(id: &str) -> Result<Duration, StageError> {
    let file = format!("{}/sounds/en/bf_emma/{id}.wav", env!("CARGO_MANIFEST_DIR"));
    let wav = hound::WavReader::open(&file).map_err(|fault| StageError(format!("{file}: {fault}")))?;
    Ok(Duration::from_secs_f64(f64::from(wav.duration()) / f64::from(wav.spec().sample_rate)))
}

async fn whispers_stay_with_the_agent_and_prompts_with_the_customer_while_both_talk(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan { clean: true, ..CallPlan::default() }).await?;
    scene.pay().await?;
    // Until both have heard what they are told at the beginning.
    heard(&scene, 0, "agent").await?;
    heard(&scene, 0, "customer").await?;
    tokio::time::sleep(SLACK).await;

    // Nobody but the agent is told that there is no other language.
    let (place, from) = (scene.events().place(), Instant::now());
    scene.agent("*7").await?;
    let (begun, ended, _) = heard(&scene, place, "agent").await?;
    tokio::time::sleep(SLACK).await;
    ensure!(
        ended - begun + SLACK >= length("whisper-one-language")?,
        "the whisper was cut: {:?}",
        ended - begun
    );
    let (customer, agent) = (&scene.call.customer, &scene.call.agent);
    ensure!(agent.hears_prompt(from, Instant::now()), "the agent heard no whisper");
    ensure!(!customer.hears_prompt(from, Instant::now()), "the customer heard a whisper");
    ensure!(agent.hears_voice(Party::Customer, begun, ended), "the whisper took the customer's voice away");

    // Nobody but the customer hears the question again, and hears all of it, although both talk.
    let (place, from) = (scene.events().place(), Instant::now());
    customer.key("#", 100, 100).await?;
    let (begun, ended, _) = heard(&scene, place, "customer").await?;
    tokio::time::sleep(SLACK).await;
    let whole = length("ask-number")? + length("keys-help")?;
    ensure!(ended - begun + SLACK >= whole, "{:?} of {whole:?} were heard", ended - begun);
    ensure!(customer.hears_prompt(from, Instant::now()), "the customer heard no question");
    ensure!(!agent.hears_prompt(from, Instant::now()), "the agent heard the customer's question");
    ensure!(customer.hears_voice(Party::Agent, begun, ended), "the question took the agent's voice away");
    ensure!(agent.hears_voice(Party::Customer, begun, ended), "the customer was not heard meanwhile");
    scene.agent("*9").await?;
    scene.ended("cancelled_by_agent").await
}

async fn the_agent_changes_the_customers_language_and_pace(stage: Stage) -> Told {
    let more = "[merchant.speech]\nother_languages = [\"fr\"]\n";
    // At one rate alone, two languages are ready sooner.
    let rate_hz = if stage.theatre.name() == "asterisk" { 8_000 } else { 16_000 };
    let options = |o: &mut SetOptions| {
        o.merchant = more.into();
        o.prompt_rate_hz = Some(rate_hz);
    };
    let mut scene = open_with(&stage, CallPlan::default(), options).await?;
    scene.pay().await?;
    let place = scene.events().place();
    scene.agent("*7").await?;
    let (_, _, says) = heard(&scene, place, "customer").await?;
    ensure!(says["language"] == "fr", "the customer is told in {says}");
    let whisper =
        scene.events().wait(place, 1_000, "a whisper", |e| e["type"] == "says" && e["to"] == "agent");
    let whisper = whisper.await?.event;
    ensure!(whisper["language"] == "en", "the agent is told in {whisper}");
    // Back again, and slowly.
    scene.agent("*7").await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let place = scene.events().place();
    scene.agent("*6").await?;
    let (begun, ended, says) = heard(&scene, place, "customer").await?;
    ensure!(says["language"] == "en", "the customer is told in {says}");
    let normal = length("ask-number")? + length("keys-help")?;
    ensure!(
        ended - begun + SLACK > normal.mul_f64(1.3),
        "{:?}, spoken slowly; {normal:?} are usual",
        ended - begun
    );
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn a_caller_alone_hears_the_question_again_and_what_to_note(stage: Stage) -> Told {
    let set = set(&stage, |_| {}).await?;
    // The dialplan hears that the daemon is up a moment after it is.
    tokio::time::sleep(LEASE).await;
    let customer = set.theatre.dial_direct(Keys::Rfc4733).await?;
    let says = |place, words: &'static str| {
        set.events.wait(place, 60_000, words, move |e| {
            e["type"] == "says" && e["words"].as_str().is_some_and(|said| said.contains(words))
        })
    };
    let opened = |field: &'static str| {
        set.events.wait(0, 30_000, field, move |e| e["type"] == "field_opened" && e["field"] == field)
    };
    opened("number").await?;
    let place = set.events.place();
    customer.key("#", 60, 60).await?;
    says(place, "key your card number").await?;
    says(place, "press the star key").await?;
    customer.key(&VISA.number(), 60, 60).await?;
    opened("expiry").await?;
    customer.key(VISA.expiry, 60, 60).await?;
    opened("code").await?;
    customer.key(VISA.code, 60, 60).await?;
    set.events.wait_for(0, "confirming").await?;
    customer.key("1", 60, 60).await?;
    set.events.wait_for(0, "approved").await?;
    says(0, "Please note the reference: INV-4711.").await?;
    says(0, "Once more: INV-4711.").await?;
    let end = set.events.wait(0, 90_000, "the end", |e| e["type"] == "ended").await?;
    ensure!(end.event["ending"] == "approved", "{}", end.event);
    let refused = set.events.all().iter().any(|seen| seen.kind() == "field_refused");
    ensure!(!refused, "hearing a question again counts as a mistake");
    Ok(())
}

async fn an_admin_hears_a_sentence_on_a_telephone(stage: Stage) -> Told {
    let set = set(&stage, |_| {}).await?;
    let context = if set.theatre.name() == "rehearsal" { "default" } else { "stage" };
    let config = set.settings.config.clone();
    let play = move |id: &str, to: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tonegate"));
        command
            .args(["sounds", "play", id, "--to", to, "--context", context, "--slow", "--config"])
            .arg(&config);
        let run = tokio::task::spawn_blocking(move || command.output());
        async move { run.await.map_err(|fault| StageError(fault.to_string()))?.map_err(StageError::from) }
    };
    let began = Instant::now();
    let played = play("receipt-again", "9196").await?;
    let said = String::from_utf8_lossy(&[played.stdout, played.stderr].concat()).into_owned();
    ensure!(played.status.success() && said.contains("played to 9196: receipt-again"), "{said}");
    ensure!(began.elapsed() > Duration::from_secs(5), "a reference was read out in {:?}", began.elapsed());
    let nobody = play("welcome", "9999").await?;
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    ensure!(!nobody.status.success() && said.contains("did not answer"), "{said}");
    let none = play("no-such-sentence", "9196").await?;
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    ensure!(!none.status.success() && said.contains("nothing is called `no-such-sentence`"), "{said}");
    Ok(())
}
