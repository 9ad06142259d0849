//! What `tonegate check` says of an Asterisk that is well set, and of those that are not.

use std::path::Path;

use tonegate::inspect::stage::{CallPlan, Otherwise, Theatre};

use crate::common::check::{assert_said, check};
use crate::daemon::theatre_otherwise;
use crate::theatre;

/// What Asterisk plays from a `.wav`.
const WIRE: hound::WavSpec = hound::WavSpec {
    channels: 1,
    sample_rate: 8_000,
    bits_per_sample: 16,
    sample_format: hound::SampleFormat::Int,
};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_good_asterisk_check_says_nothing_serious() {
    let Some((theatre, directory)) = theatre().await else { return };
    let (status, said) = check(&*theatre, directory.path(), |config| config);
    // The stage has telephones whose media go past Asterisk, so that this is found.
    assert_said(
        &said,
        &[&["warning: pjsip.conf: direct_media is on for", "agent-direct", "set direct_media = no"]],
    );
    assert_eq!(status, Some(1), "{said}");
    assert!(!said.contains("error:") && said.lines().count() == 1, "{said}");
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_hear_or_write_keys_is_named() {
    let otherwise = Otherwise {
        changes: vec![("manager_tonegate.conf", "read = user,call", "read = all")],
        ..Otherwise::default()
    };
    let Some((theatre, directory)) = theatre_otherwise(otherwise).await else { return };
    theatre.let_leak(true).await.expect("it can be opened");
    theatre.subscribe_spy("endpoint:PJSIP").await.expect("it can be subscribed");
    let talk = theatre.call(&CallPlan { record: true, ..CallPlan::default() }).await.expect("a conversation");
    let (status, said) = check(&*theatre, directory.path(), |config| config);
    assert_eq!(status, Some(1));
    assert_said(
        &said,
        &[
            &["error: logger.conf: the log", "leak.log writes every key (level dtmf)", "logger reload"],
            &["error: cel.conf: CEL writes every key (event DTMF)", "without DTMF"],
            &[
                "warning: manager.conf: the AMI account leak is connected and may hear every key",
                "without dtmf",
            ],
            &[
                "warning: manager.conf: the account tonegate may hear keys, which it does not need",
                "read = user,call",
            ],
            &[
                "warning: ARI: the ARI application spy hears the channels of others, keys among them",
                "subscribeAll",
            ],
            &[
                "warning: ARI: another program listens to 1 legs over ARI",
                "may record them",
                "hears nothing while a field is open",
            ],
        ],
    );
    talk.customer.hang_up().await.expect("it hangs up");
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named() {
    let otherwise = Otherwise {
        changes: vec![
            ("modules.conf", "load = app_userevent.so\n", ""),
            ("modules.conf", "load = res_mutestream.so\n", ""),
            (
                "manager_tonegate.conf",
                "write = call,system,reporting,command",
                "write = call,reporting,command",
            ),
            ("extensions_tonegate.conf", "exten => rejoin,1,", "exten => elsewhere,1,"),
            ("features_tonegate.conf", "tonegate => *729", "another => *729"),
            ("features_tonegate.conf", "tonegate-digits => *729", "another-digits => *728"),
        ],
        ..Otherwise::default()
    };
    let Some((theatre, directory)) = theatre_otherwise(otherwise).await else { return };
    let (status, said) = check(&*theatre, directory.path(), |config| config);
    assert_eq!(status, Some(1));
    assert_said(
        &said,
        &[
            &["error: modules.conf: the module app_userevent is not loaded; load it"],
            &["warning: modules.conf: the module res_mutestream is not loaded"],
            &["error: manager.conf: the account tonegate lacks write perm: system", "manager_tonegate.conf"],
            &[
                "error: extensions.conf: the context tonegate-legs has no extension rejoin",
                "extensions_tonegate.conf",
            ],
            &["warning: features.conf: there is no feature code", "features_tonegate.conf"],
        ],
    );
    // What keeps the check from being made at all is one sentence.
    let none =
        |config: String| config.replace("ami_address = \"127.0.0.1:", "ami_address = \"127.0.0.1:1\" # ");
    let (_, said) = check(&*theatre, directory.path(), none);
    assert_said(&said, &[&["AMI does not listen on 127.0.0.1:1", "manager.conf"]]);
    let (_, said) = check(&*theatre, directory.path(), |config| format!("{config}user = \"nobody\"\n"));
    assert_said(&said, &[&["AMI refuses the account `nobody`", "pbx.asterisk.password_file"]]);
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_asterisk_cannot_play_is_named() {
    let Some((theatre, directory)) = theatre().await else { return };
    let own = directory.path().join("check/own/en");
    std::fs::create_dir_all(&own).expect("a directory");
    let goodbye = own.join("goodbye.wav");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds/en/bf_emma/goodbye.wav");
    let mut narrow = hound::WavWriter::create(&goodbye, WIRE).expect("a file");
    let samples = hound::WavReader::open(ours).expect("a prompt").into_samples::<i16>();
    samples.step_by(2).for_each(|sample| narrow.write_sample(sample.expect("a sample")).expect("written"));
    narrow.finalize().expect("written");
    let with_own = |config: String| format!("{config}\n[prompts]\nown_directory = \"own\"\n");
    let (_, said) = check(&*theatre, directory.path(), with_own);
    assert!(!said.contains("prompts"), "{said}");
    std::fs::write(&goodbye, "no sound at all").expect("written");
    let (status, said) = check(&*theatre, directory.path(), with_own);
    assert_said(&said, &[&["error: prompts: the PBX does not find 1 prompts", "own/en/goodbye.wav"]]);
    assert_eq!(status, Some(1));
    theatre.close().await;
}
