//! What a call will say is there before it says it.

use super::*;
use crate::call::Phrase;
use crate::prompts::Language;

/// A PBX that does not find one prompt.
struct Blind;

#[async_trait::async_trait]
impl Pbx for Blind {
    async fn open(&self, _: &Offer, _: &str) -> Result<Session, PbxError> {
        Err(PbxError::Busy)
    }

    async fn find(&self, _: &CallName) -> Result<Offer, PbxError> {
        Err(PbxError::Busy)
    }

    async fn whisper(&self, _: &Offer, _: Vec<PathBuf>) -> Result<(), PbxError> {
        Err(PbxError::Busy)
    }

    async fn lacking(&self, files: &[PathBuf]) -> Result<Vec<PathBuf>, PbxError> {
        Ok(files.iter().filter(|file| file.ends_with("en/bf_emma/goodbye.wav")).cloned().collect())
    }

    async fn close(&self) {}
}

fn alarmed(name: &str, word: &str) -> bool {
    crate::observe::alarms().iter().any(|alarm| alarm.name == name && alarm.what.contains(word))
}

#[tokio::test]
async fn a_language_nobody_has_asked_for_yet_is_made_ready_by_who_does() {
    let merchant = merchant("main", &[], &[]);
    assert_eq!(merchant.ready_to_speak(Language::Spanish).await, Language::Spanish);
    for language in [Language::Spanish, Language::Italian] {
        let [goodbye] = &merchant.clips(Phrase::Goodbye, language).await[..] else { panic!("{language}") };
        assert!(goodbye.is_file() && goodbye.components().any(|part| part.as_os_str() == language.code()));
    }
}

#[tokio::test]
async fn who_asks_for_a_language_that_cannot_be_spoken_is_spoken_to_in_the_merchants() {
    let merchant = merchant("main", &[], &[]);
    assert_eq!(merchant.ready_to_speak(Language::German).await, Language::English);
    assert!(alarmed("prompts_broken", "no recordings in `de`"));
}

#[tokio::test]
async fn a_prompt_that_the_pbx_does_not_find_is_an_alarm() {
    let directory = private_directory();
    let store = store_in(&directory).await;
    Desk::new(rules(), Arc::new(Blind), Vec::new(), store).have_prompts_found().await;
    assert!(alarmed("prompts_unreadable", "goodbye.wav"));
}
