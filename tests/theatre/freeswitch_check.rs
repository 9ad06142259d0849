//! What `tonegate check` says of a FreeSWITCH that is well set, and of those that are not.

use std::path::Path;
use std::sync::Arc;

use tonegate::inspect::stage::{FreeSwitchTheatre, Theatre};

use crate::common::check::{assert_said, check};
use crate::{is_here, theatre};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_good_freeswitch_check_says_nothing_serious() {
    let Some((theatre, directory)) = theatre().await else { return };
    let (_, said) = check(&*theatre, directory.path(), |config| config);
    // Without a daemon beside it.
    assert_said(&said, &[&["warning: tonegate serve: no daemon has told FreeSWITCH that it is up"]]);
    assert!(!said.contains("error:") && said.lines().count() == 1, "{said}");
    let wrong = |config: String| config.replace("freeswitch.password", "wrong.password");
    std::fs::write(directory.path().join("check/wrong.password"), "wrong").expect("it can be written");
    let (_, said) = check(&*theatre, directory.path(), wrong);
    assert_said(&said, &[&["refuses our password", "event_socket.conf"]]);
    let none = |config: String| {
        config.replace("control_address = \"127.0.0.1:", "control_address = \"127.0.0.1:1\" # ")
    };
    let (_, said) = check(&*theatre, directory.path(), none);
    assert_said(&said, &[&["127.0.0.1:1"]]);
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_event_socket_and_missing_parts_are_named() {
    if !is_here() {
        return;
    }
    let directory = tempfile::Builder::new().prefix("theatre").tempdir().expect("a directory");
    let changes = [
        ("<param name=\"listen-ip\" value=\"127.0.0.1\"/>", "<param name=\"listen-ip\" value=\"0.0.0.0\"/>"),
        ("<load module=\"mod_spandsp\"/>", ""),
    ];
    let theatre = FreeSwitchTheatre::start_otherwise(directory.path(), "ClueCon", &changes).await;
    let theatre: Arc<FreeSwitchTheatre> = theatre.expect("FreeSWITCH starts");
    let other = |config: String| format!("{config}keypad_context = \"public\"\n");
    let (status, said) = check(&*theatre, directory.path(), |config| config);
    assert_eq!(status, Some(1));
    assert_said(
        &said,
        &[
            &[
                "warning: event_socket.conf.xml: the Event Socket has the password every FreeSWITCH comes with",
                "reload mod_event_socket",
            ],
            &[
                "warning: event_socket.conf.xml: the Event Socket listens on 0.0.0.0",
                "set listen-ip to 127.0.0.1",
            ],
            &["warning: modules.conf.xml: mod_spandsp is not loaded", "load it"],
        ],
    );
    let (_, said) = check(&*theatre, directory.path(), other);
    assert_said(
        &said,
        &[&["error: dialplan: the context public has no extension tonegate_customer", "reloadxml"]],
    );
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_freeswitch_does_not_find_is_named() {
    let Some((theatre, directory)) = theatre().await else { return };
    let masters = |config: String| format!("{config}\n[prompts]\nrate_hz = 16000\n");
    let (_, said) = check(&*theatre, directory.path(), masters);
    assert!(!said.contains("prompts"), "each of our recordings was asked for: {said}");
    // A name that ends where its first word does, to FreeSWITCH.
    let own = directory.path().join("check/our own/en");
    std::fs::create_dir_all(&own).expect("a directory");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds/en/bf_emma/goodbye.wav");
    std::fs::copy(ours, own.join("goodbye.wav")).expect("copied");
    let with_own = |config: String| format!("{}own_directory = \"our own\"\n", masters(config));
    let (status, said) = check(&*theatre, directory.path(), with_own);
    assert_said(&said, &[&["error: prompts: the PBX does not find 1 prompts", "our own/en/goodbye.wav"]]);
    assert_eq!(status, Some(1));
    theatre.close().await;
}
