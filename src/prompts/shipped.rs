//! The recordings in the repository are those that were listened to: whole, locked and fit for a telephone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::catalogue::Catalogue;
use super::{Language, SampleRate, SoundTree};
use crate::call::Party;

/// Peak level of a recording.
const PEAK_MAX_DBFS: f64 = -3.0;
/// Level of a recording, silence at its ends included.
const LEVEL_DBFS: std::ops::RangeInclusive<f64> = -30.0..=-16.0;
/// What an agent can listen to while talking.
const WHISPER_MAX_MS: u32 = 3_000;
/// What both languages may weigh in the repository.
const TREE_MAX_BYTES: u64 = 30_000_000;

fn sounds() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds")
}

fn locked() -> BTreeMap<String, String> {
    let lock = std::fs::read_to_string(sounds().join("SHA256SUMS")).expect("sounds/SHA256SUMS");
    let lines = lock.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(hash, file)| (file.to_owned(), hash.to_owned())).collect()
}

#[test]
fn every_clip_of_every_language_is_there_and_no_other() {
    SoundTree::new(&[], &sounds(), SampleRate::Wide).expect("every clip, as 16-bit mono WAV at 16 kHz");
    let expected: BTreeSet<String> = Language::ALL
        .into_iter()
        .flat_map(|l| Catalogue::of(l).clips().into_iter().map(move |c| format!("{l}/{}/{c}.wav", l.voice())))
        .collect();
    assert_eq!(locked().into_keys().collect::<BTreeSet<_>>(), expected);
    for language in Language::ALL {
        let voice =
            std::fs::read_dir(sounds().join(language.code()).join(language.voice())).expect("a voice");
        for file in voice.flatten().filter(|file| file.path().is_file()) {
            let name = file.file_name().to_string_lossy().into_owned();
            let path = format!("{language}/{}/{name}", language.voice());
            assert!(expected.contains(&path), "{path} belongs to nothing");
        }
    }
}

#[test]
fn every_clip_is_the_one_that_was_locked() {
    let mut bytes = 0;
    for (file, hash) in locked() {
        let clip = std::fs::read(sounds().join(&file)).expect("a clip");
        bytes += clip.len() as u64;
        assert_eq!(hex::encode(Sha256::digest(&clip)), hash, "{file} is not the recording that was locked");
    }
    assert!(bytes < TREE_MAX_BYTES, "{bytes} bytes");
}

#[test]
fn every_clip_is_fit_for_a_telephone() {
    for file in locked().keys() {
        let reader = hound::WavReader::open(sounds().join(file)).expect("a clip");
        let samples: Vec<f64> =
            reader.into_samples::<i16>().map(|s| f64::from(s.expect("a sample")) / 32_768.0).collect();
        let peak = samples.iter().fold(0.0_f64, |peak, s| peak.max(s.abs()));
        assert!(20.0 * peak.log10() <= PEAK_MAX_DBFS, "{file}: peak {:.1} dBFS", 20.0 * peak.log10());
        let power = samples.iter().map(|s| s * s).sum::<f64>() / samples.len() as f64;
        assert!(LEVEL_DBFS.contains(&(10.0 * power.log10())), "{file}: {:.1} dBFS", 10.0 * power.log10());
        let edge = samples[..16].iter().chain(&samples[samples.len() - 16..]);
        assert!(edge.fold(0.0_f64, |peak, s| peak.max(s.abs())) < 0.02, "{file} begins or ends with a click");
    }
}

#[test]
fn a_whisper_is_over_before_the_customer_has_finished_a_sentence() {
    for language in Language::ALL {
        for clip in Catalogue::of(language).clips() {
            let entry = Catalogue::of(language).entry(clip.name());
            if entry.is_some_and(|entry| entry.listener == Party::Agent) {
                let file = sounds().join(language.code()).join(language.voice()).join(format!("{clip}.wav"));
                let milliseconds = hound::WavReader::open(file).expect("a clip").duration() / 16;
                assert!(milliseconds <= WHISPER_MAX_MS, "{clip} in {language}: {milliseconds} ms");
            }
        }
    }
}
