//! Which files the PBX is given for each recording, and where it looks for them.

use std::path::{Path, PathBuf};

/// How many samples a second the PBX is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleRate {
    /// 8 kHz, what most telephone lines carry: nothing is resampled while playing.
    Narrow,
    /// 16 kHz, the masters; FreeSWITCH resamples them where a line is narrow.
    Wide,
}

impl SampleRate {
    /// Samples per second.
    #[must_use]
    pub fn hertz(self) -> u32 {
        match self {
            SampleRate::Narrow => 8_000,
            SampleRate::Wide => 16_000,
        }
    }
}

/// Which files there are for each recording, seen from the directory of its voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// At 8 kHz alone: `8000/<id>.wav`.
    Narrow,
    /// At 16 kHz alone: the masters themselves, `<id>.wav`.
    Wide,
    /// At either rate, for FreeSWITCH: told to play `<id>.wav`, it looks into the directory beside it that is named by
    /// the rate of the line's codec (`8000`, `16000`), and then into those of other rates.
    RateDirectories,
    /// At either rate, for Asterisk: of `<id>.wav` (8 kHz) and `<id>.sln16` beside it, it takes what the line's codec
    /// is nearer to.
    Sln16Beside,
}

/// How the samples stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// RIFF WAV.
    Wav,
    /// 16-bit samples, the low byte first, and nothing else: Asterisk's `.sln16`.
    Raw,
}

/// One file that is made of a master.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Seen from the directory of the voice.
    pub(super) name: String,
    pub(super) rate: SampleRate,
    pub(super) encoding: Encoding,
}

impl Layout {
    /// The rate that recordings of a company's own must have.
    #[must_use]
    pub fn own_rate(self) -> SampleRate {
        match self {
            Layout::Narrow | Layout::Sln16Beside => SampleRate::Narrow,
            Layout::Wide | Layout::RateDirectories => SampleRate::Wide,
        }
    }

    /// What is made of the master of a recording; nothing where the PBX is given the masters.
    pub(super) fn made(self, id: &str) -> Vec<File> {
        let wav = |name: String, rate| File { name, rate, encoding: Encoding::Wav };
        match self {
            Layout::Narrow => vec![wav(format!("8000/{id}.wav"), SampleRate::Narrow)],
            Layout::Wide => Vec::new(),
            Layout::RateDirectories => vec![
                wav(format!("8000/{id}.wav"), SampleRate::Narrow),
                wav(format!("16000/{id}.wav"), SampleRate::Wide),
                // Under the name it is told, for who reads how long it is and for a FreeSWITCH that looks nowhere else.
                wav(format!("{id}.wav"), SampleRate::Wide),
            ],
            Layout::Sln16Beside => vec![
                wav(format!("{id}.wav"), SampleRate::Narrow),
                File { name: format!("{id}.sln16"), rate: SampleRate::Wide, encoding: Encoding::Raw },
            ],
        }
    }

    /// The name the PBX is told, seen from the directory of the voice.
    pub(super) fn told(self, voice: &Path, id: &str) -> PathBuf {
        match self {
            Layout::Narrow => voice.join("8000").join(format!("{id}.wav")),
            Layout::Wide | Layout::RateDirectories | Layout::Sln16Beside => voice.join(format!("{id}.wav")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pbx_is_told_is_among_what_is_made() {
        for layout in [Layout::Narrow, Layout::RateDirectories, Layout::Sln16Beside] {
            let told = layout.told(Path::new(""), "welcome");
            let made = layout.made("welcome");
            let file = made.iter().find(|file| Path::new(&file.name) == told).expect("made");
            assert_eq!((file.rate, file.encoding), (layout.own_rate(), Encoding::Wav), "{layout:?}");
        }
        assert_eq!(Layout::Wide.made("welcome"), []);
    }
}
