//! What is said to one party: one sentence at a time, the others wait in order. In a conversation it is played
//! on a channel of its own that whispers to that party; in self-service on the caller's own.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::words::{self, Unspeakable};
use crate::call::SayId;
use crate::pbx::clips::{self, CLIPS_MAX, WAITING_MAX};

/// Why a sentence cannot be said.
pub(super) type CannotSay = clips::CannotSay<Unspeakable>;

/// How long a channel that whispers is kept with nothing to say: it costs Asterisk fifty wake-ups a second.
const WHISPER_IDLE_MS: u64 = 1_500;
/// How long a channel that whispers may take to come to us.
const WHISPER_TIMEOUT_MS: u64 = 1_000;

/// The sentences for one party.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    /// The channel that whispers to the party.
    pub whisper: Option<Whisper>,
    pub current: Option<Current>,
    waiting: VecDeque<Waiting>,
}

/// A channel that whispers.
#[derive(Debug)]
pub(super) struct Whisper {
    /// Its unique id.
    pub id: String,
    /// Until when it may come to us; none once it did.
    pub coming: Option<Instant>,
    /// When it was last of use.
    pub used: Instant,
}

/// A sentence that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub id: SayId,
    pub clips: Vec<PathBuf>,
    /// As ARI names them.
    pub media: String,
}

/// What is being played.
#[derive(Debug)]
pub(super) struct Current {
    pub id: SayId,
    pub playback: String,
    pub deadline: Instant,
}

/// A sentence that has ended, and whether it was heard.
pub(super) type Ended = (SayId, bool);

/// The files as ARI names them.
pub(super) fn media(clips: &[PathBuf]) -> Result<String, CannotSay> {
    if clips.is_empty() || clips.len() > CLIPS_MAX {
        return Err(CannotSay::Clips);
    }
    let sounds = clips.iter().map(|clip| words::sound(clip).map(|path| format!("sound:{path}")));
    Ok(sounds.collect::<Result<Vec<_>, _>>()?.join(","))
}

impl Whisper {
    /// One that was just asked for.
    pub fn coming(id: String) -> Self {
        let now = Instant::now();
        Self { id, coming: Some(now + Duration::from_millis(WHISPER_TIMEOUT_MS)), used: now }
    }
}

impl Prompts {
    /// Puts a sentence at the end of the queue.
    pub fn add(&mut self, id: SayId, clips: Vec<PathBuf>) -> Result<(), CannotSay> {
        let media = media(&clips)?;
        if self.waiting.len() >= WAITING_MAX {
            return Err(CannotSay::TooMany);
        }
        self.waiting.push_back(Waiting { id, clips, media });
        Ok(())
    }

    /// When something has to be looked at although nothing was heard.
    pub fn deadline(&self) -> Option<Instant> {
        let coming = self.whisper.as_ref().and_then(|whisper| whisper.coming);
        let playing = self.current.as_ref().map(|current| current.deadline);
        coming.into_iter().chain(playing).chain(self.idle_until()).min()
    }

    /// Until when the channel that whispers is kept, if there is nothing to say.
    fn idle_until(&self) -> Option<Instant> {
        let idle = self.whisper.as_ref().filter(|whisper| whisper.coming.is_none() && self.is_silent());
        idle.map(|whisper| whisper.used + Duration::from_millis(WHISPER_IDLE_MS))
    }

    /// The channel that whispers, once it has been of no use for a while.
    pub fn idle(&mut self) -> Option<Whisper> {
        let is_idle = self.idle_until().is_some_and(|until| Instant::now() >= until);
        if is_idle { self.whisper.take() } else { None }
    }

    fn used(&mut self) {
        if let Some(whisper) = &mut self.whisper {
            whisper.used = Instant::now();
        }
    }

    /// Whether anything is said or waits to be.
    pub fn is_silent(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }

    /// The next sentence, if nothing is being said.
    pub fn next(&mut self) -> Option<Waiting> {
        if self.current.is_some() { None } else { self.waiting.pop_front() }
    }

    /// The whispering channel is there.
    pub fn came(&mut self, channel: &str) {
        if let Some(whisper) = self.whisper.as_mut().filter(|whisper| whisper.id == channel) {
            whisper.coming = None;
            whisper.used = Instant::now();
        }
    }

    /// A playing ended.
    pub fn ended(&mut self, playback: &str, heard: bool) -> Vec<Ended> {
        let current = self.current.take_if(|current| current.playback == playback);
        self.used();
        current.map(|current| (current.id, heard)).into_iter().collect()
    }

    /// Nobody is there to listen, or nothing to play on.
    pub fn drop_all(&mut self) -> Vec<Ended> {
        let current = self.current.take().map(|current| current.id);
        let waiting = self.waiting.drain(..).map(|w| w.id);
        current.into_iter().chain(waiting).map(|id| (id, false)).collect()
    }

    /// Hushed: what to stop, and what has thereby ended.
    pub fn hush(&mut self) -> (Option<String>, Vec<Ended>) {
        let current = self.current.take();
        self.used();
        let mut ended: Vec<Ended> = current.iter().map(|current| (current.id, true)).collect();
        ended.extend(self.waiting.drain(..).map(|w| (w.id, false)));
        (current.map(|current| current.playback), ended)
    }

    /// What should have ended by now.
    pub fn overdue(&mut self) -> Vec<Ended> {
        let now = Instant::now();
        if self.whisper.as_ref().is_some_and(|w| w.coming.is_some_and(|until| now >= until)) {
            self.whisper = None;
            return self.drop_all();
        }
        let late = self.current.take_if(|current| now >= current.deadline);
        late.map(|current| (current.id, true)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_wait_in_order_and_a_hush_drops_them_all() {
        let mut prompts = Prompts::default();
        assert!(prompts.add(SayId(1), vec![]).is_err());
        assert!(prompts.add(SayId(1), vec![PathBuf::from("/s/a b.wav")]).is_err());
        for n in 1..=3 {
            prompts.add(SayId(n), vec![PathBuf::from("/s/a.wav")]).unwrap();
        }
        let first = prompts.next().unwrap();
        prompts.current = Some(Current { id: first.id, playback: "p1".into(), deadline: Instant::now() });
        assert!(prompts.next().is_none());
        assert_eq!(prompts.ended("another", true), []);
        let (stop, ended) = prompts.hush();
        assert_eq!(stop.as_deref(), Some("p1"));
        assert_eq!(ended, [(SayId(1), true), (SayId(2), false), (SayId(3), false)]);
        assert_eq!(prompts.ended("p1", true), [], "its end is reported only once");
        assert!(prompts.is_silent());
    }

    #[test]
    fn several_files_are_one_list_without_their_extension() {
        let two = [PathBuf::from("/s/a.wav"), PathBuf::from("/s/b.wav")];
        assert_eq!(media(&two).unwrap(), "sound:/s/a,sound:/s/b");
        assert!(media(&vec![PathBuf::from("/s/a.wav"); CLIPS_MAX + 1]).is_err());
    }
}
