//! Tones in the audio, mutes, detectors, recordings and prompts.

use std::path::PathBuf;

use super::*;

fn recording(rehearsal: &Rehearsal) -> Recording {
    rehearsal.recordings().pop().unwrap()
}

/// A silent WAV file of this length.
fn wav(directory: &tempfile::TempDir, name: &str, ms: u32) -> String {
    let path = directory.path().join(name);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for _ in 0..ms * 8 {
        writer.write_sample(0_i16).unwrap();
    }
    writer.finalize().unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn tones_reach_the_agent_and_the_recording_unless_muted_after_the_detector() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let plan = CallPlan { keys: Keys::InBand, record: Some("/r/a.wav".to_owned()), ..CallPlan::default() };
    let call = rehearsal.place_call(plan).await.unwrap();
    assert_eq!(rehearsal.variable(&call.customer_leg, "rtp_2833_recv_payload"), None);
    let mut line = seal(&mut control, &daemon, &call).await;
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "4", "the seal does not stop a tone");
    assert_eq!(recording(&rehearsal).tones(), "4");
    assert_eq!(digits_of(&line.all().await), "", "and without a detector nobody reads it");

    line.execute("", "spandsp_start_dtmf", "").await;
    let mute = format!("uuid_audio {} start read mute 1", call.customer_leg);
    assert_eq!(control.api(&mute).await, "+OK\n");
    assert!(!call.agent.hears_voice() && call.customer.hears_voice());
    line.all().await;
    call.customer.key("29", 60, 60).await;
    assert_eq!(digits_of(&line.all().await), "29");
    assert_eq!(call.agent.keys_heard(), "4");
    assert_eq!(recording(&rehearsal).tones(), "4");
    control.api(&format!("uuid_audio {} stop", call.customer_leg)).await;
    assert!(call.agent.hears_voice());
}

#[tokio::test]
async fn a_detector_behind_the_mute_hears_nothing() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan { keys: Keys::InBand, ..CallPlan::default() }).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    control.api(&format!("uuid_audio {} start read mute 1", call.customer_leg)).await;
    line.execute("", "spandsp_start_dtmf", "").await;
    line.all().await;
    call.customer.key("29", 60, 60).await;
    assert_eq!(digits_of(&line.all().await), "");
    assert_eq!(call.agent.keys_heard(), "");
}

#[tokio::test]
async fn telephone_events_with_audio_leak_the_audio_and_come_twice_with_a_detector() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan { keys: Keys::Both, ..CallPlan::default() }).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert!(call.agent.heard().iter().any(|heard| heard.what == Sound::Tone('4')));
    assert_eq!(digits_of(&line.all().await), "4");
    line.execute("", "spandsp_start_dtmf", "").await;
    line.all().await;
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(digits_of(&line.all().await), "44");
}

#[tokio::test]
async fn a_masked_recording_keeps_its_length_and_nothing_else() {
    let (rehearsal, _daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    control.ask("event plain RECORD_START RECORD_STOP").await;
    let plan = CallPlan { keys: Keys::InBand, record: Some("/r/a.wav".to_owned()), ..CallPlan::default() };
    let call = rehearsal.place_call(plan).await.unwrap();
    let a = &call.customer_leg;
    control.until("Record-File-Path: /r/a.wav\n").await;
    let bugs = control.api(&format!("uuid_buglist {a}")).await;
    assert!(bugs.contains("<function>session_record</function>\n  <target>/r/a.wav</target>"), "{bugs}");
    assert_eq!(
        control.api(&format!("uuid_record {a} mask all")).await,
        "-ERR Cannot mask recording session!\n"
    );
    assert_eq!(control.api(&format!("uuid_record {a} mask /r/a.wav")).await, "+OK Success\n");
    call.customer.key("4", 60, 0).await;
    assert_eq!(control.api(&format!("uuid_record {a} unmask /r/a.wav")).await, "+OK Success\n");
    call.customer.key("5", 60, 0).await;
    call.customer.hang_up();
    let recording = recording(&rehearsal);
    assert_eq!(recording.tones(), "5");
    let masked: Vec<&Span> = recording.spans.iter().filter(|span| span.what == Recorded::Masked).collect();
    assert!(masked.len() == 1 && masked[0].to_ms - masked[0].from_ms >= 55, "{:?}", recording.spans);
    assert!(recording.spans.iter().any(|span| span.what == Recorded::Voices { own: true, other: true }));
    assert!(!recording.running);
}

#[tokio::test]
async fn prompts_are_for_one_side_and_say_when_they_end() {
    let (rehearsal, _daemon) = start().await;
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (wav(&directory, "one.wav", 40), wav(&directory, "two.wav", 40));
    let list = format!("file_string://{one}!{two}");
    let mut control = Client::login(&rehearsal).await;
    control.ask("event plain MEDIA_BUG_STOP PLAYBACK_STOP").await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let (a, b) = (&call.customer_leg, &call.agent_leg);
    let start = format!("uuid_displace {a} start {list} 0 mux");
    assert_eq!(control.api(&start).await, "+OK Success\n");
    assert_eq!(control.api(&start).await, "-ERR Cannot displace session!\n");
    assert_eq!(
        control.api(&format!("uuid_displace {a} start /none.wav 0 mux")).await,
        "-ERR Cannot displace session!\n"
    );
    assert!(call.customer.hears_voice() && call.agent.hears_voice());
    control.until("Media-Bug-Function: displace\nMedia-Bug-Target: ").await;
    let prompts = |phone: &PhoneHandle| -> Vec<PathBuf> {
        let prompt = |heard: Heard| if let Sound::Prompt(path) = heard.what { Some(path) } else { None };
        phone.heard().into_iter().filter_map(prompt).collect()
    };
    assert_eq!(prompts(&call.customer), [PathBuf::from(&one), PathBuf::from(&two)]);
    assert!(prompts(&call.agent).is_empty());
    control.api(&format!("uuid_displace {b} start {one} 0 mux")).await;
    assert_eq!(control.api(&format!("uuid_displace {b} stop {one}")).await, "+OK Success\n");
    assert_eq!(
        control.api(&format!("uuid_displace {b} stop {one}")).await,
        "-ERR Cannot stop displace session!\n"
    );
    assert_eq!(prompts(&call.agent), [PathBuf::from(&one)]);

    // A prompt by playback is heard alone, and silences both.
    control.api(&format!("uuid_broadcast {a} {one} aleg")).await;
    assert!(!call.customer.hears_voice() && !call.agent.hears_voice());
    assert_eq!(control.api(&format!("uuid_break {a} all")).await, "+OK\n");
    control.until("Playback-Status: break\n").await;
    assert!(call.customer.hears_voice() && call.agent.hears_voice());
}

#[tokio::test]
async fn media_beside_the_pbx_can_be_brought_back() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan { media: Media::Bypass, ..CallPlan::default() }).await.unwrap();
    assert_eq!(control.api(&format!("uuid_media {}", call.customer_leg)).await, "+OK Success\n");
    let mut line = seal(&mut control, &daemon, &call).await;
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "");
    assert_eq!(digits_of(&line.all().await), "4");
    assert_eq!(control.api(&format!("uuid_media off {}", call.customer_leg)).await, "+OK Success\n");
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "4");
}
