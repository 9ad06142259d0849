//! The recordings in the repository are those that were listened to: whole, locked and fit for a telephone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::catalogue::Catalogue;
use super::{Language, SampleRate, look_through};

/// What all languages may weigh in the repository.
const TREE_MAX_BYTES: u64 = 90_000_000;

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
    let expected: BTreeSet<String> = Language::VOICES
        .into_iter()
        .flat_map(|(l, voice)| {
            Catalogue::of(l).clips().into_iter().map(move |c| format!("{l}/{voice}/{c}.wav"))
        })
        .collect();
    assert_eq!(locked().into_keys().collect::<BTreeSet<_>>(), expected);
    for (language, voice) in Language::VOICES {
        let directory =
            std::fs::read_dir(sounds().join(Language::voice_directory((language, voice)))).expect("a voice");
        for file in directory.flatten().filter(|file| file.path().is_file()) {
            let name = file.file_name().to_string_lossy().into_owned();
            let path = format!("{language}/{voice}/{name}");
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
    for spoken in Language::VOICES {
        let recorded =
            look_through(&sounds().join(Language::voice_directory(spoken)), spoken.0, Some(SampleRate::Wide));
        assert!(recorded.unfit.is_empty() && recorded.missing.is_empty(), "{recorded:?}");
        assert_eq!(recorded.fit, Catalogue::of(spoken.0).clips().len());
    }
}

#[test]
fn no_clip_begins_or_ends_with_a_click() {
    for file in locked().keys() {
        let reader = hound::WavReader::open(sounds().join(file)).expect("a clip");
        let samples: Vec<i16> = reader.into_samples().map(|sample| sample.expect("a sample")).collect();
        let mut edge = samples[..16].iter().chain(&samples[samples.len() - 16..]);
        assert!(edge.all(|sample| sample.unsigned_abs() < 650), "{file} begins or ends with a click");
    }
}
