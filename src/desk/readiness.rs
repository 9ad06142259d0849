//! What a call will say is there before it says it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::call::Phrase;
use crate::observe::alarm;
use crate::prompts::{Language, SoundTree};

use super::Desk;
use super::merchant::Merchant;

/// What to do about a prompt of ours that is not there.
const BROKEN_REMEDY: &str = "install tonegate's sounds again, and see that state_dir can be written";
/// What to do about prompts that the PBX does not find.
const UNREADABLE_REMEDY: &str =
    "see that the PBX runs on this machine, and that its user may enter and read that directory";

impl Merchant {
    /// Makes the recordings of a language ready, and says what is wrong with them. The language that will be spoken:
    /// the merchant's own, which was ready at the start, if this one cannot be.
    pub(super) async fn ready_to_speak(&self, language: Language) -> Language {
        self.ready_in(&self.sounds, language).await
    }

    /// The same in the recordings that somebody hears who dialled a certain number.
    pub(super) async fn ready_in(&self, sounds: &Arc<SoundTree>, language: Language) -> Language {
        let sounds = Arc::clone(sounds);
        let made = tokio::task::spawn_blocking(move || sounds.make_ready(language)).await;
        match made {
            Ok(Ok(None)) => language,
            Ok(Ok(Some(told))) => {
                tracing::info!(%language, written = told.written, "prompts are ready");
                told.complaints().for_each(|complaint| tracing::warn!("{complaint}"));
                language
            }
            Ok(Err(fault)) => {
                alarm("prompts_broken", None, fault, BROKEN_REMEDY);
                self.language
            }
            Err(fault) => {
                alarm("prompts_broken", None, fault, BROKEN_REMEDY);
                self.language
            }
        }
    }

    /// The recordings of a sentence; in a language nobody has asked for yet, once they are made ready.
    pub(super) async fn clips(&self, phrase: Phrase, language: Language) -> Vec<PathBuf> {
        self.clips_in(&self.sounds, phrase, language).await
    }

    /// The same in the recordings that somebody hears who dialled a certain number.
    pub(super) async fn clips_in(
        &self,
        sounds: &Arc<SoundTree>,
        phrase: Phrase,
        language: Language,
    ) -> Vec<PathBuf> {
        let clips = sounds.files(phrase, language);
        if !clips.is_empty() {
            return clips;
        }
        let language = self.ready_in(sounds, language).await;
        sounds.files(phrase, language)
    }
}

impl Desk {
    /// Asks the PBX, whose user and whose view of the disk may be another, whether it finds what calls will need.
    pub(super) async fn have_prompts_found(self: Arc<Self>) {
        let mut needed: Vec<PathBuf> = Vec::new();
        for merchant in self.rules.merchants.all() {
            let language = merchant.ready_to_speak(merchant.language).await;
            needed.extend(merchant.sounds.all(language));
        }
        needed.sort_unstable();
        needed.dedup();
        match self.pbx.lacking(&needed).await {
            Ok(lacking) if lacking.is_empty() => {
                tracing::debug!(prompts = needed.len(), "the PBX finds them")
            }
            Ok(lacking) => {
                let first = lacking[0].display();
                let what = format!("the PBX does not find {} prompts, {first} among them", lacking.len());
                alarm("prompts_unreadable", None, what, UNREADABLE_REMEDY);
            }
            // It is away, which is told by itself, and is asked again when it is back.
            Err(why) => tracing::debug!(%why, "the PBX could not be asked for its prompts"),
        }
    }
}
