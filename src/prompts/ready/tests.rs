use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::prompts::find_default_directory;

fn masters() -> PathBuf {
    find_default_directory(None).expect("the source tree's sounds")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

/// A voice of three-tenths of a second a clip, with the hashes of its masters.
fn small(language: Language) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let voice = Language::voice_directory((language, language.voice().expect("a voice")));
    let mut sums = String::new();
    for (n, clip) in (0_i16..).zip(Catalogue::of(language).clips()) {
        let name = voice.join(format!("{clip}.wav"));
        let hum: Vec<i16> = (0..4_800).map(|at: i16| (at % 80) * 90 + n).collect();
        wav::write(&root.path().join(&name), 16_000, &hum).expect("a file");
        let bytes = fs::read(root.path().join(&name)).expect("the file");
        sums.push_str(&format!("{}  {}\n", hex::encode(Sha256::digest(bytes)), name.display()));
    }
    fs::write(root.path().join(RELEASED), sums).expect("the hashes");
    root
}

#[test]
fn a_shipped_voice_is_made_once_and_then_kept() {
    let out = tempfile::tempdir().expect("a directory");
    let make = || make(&masters(), out.path(), Language::French, Layout::Narrow).expect("made");
    let first = make();
    let clips = Catalogue::of(Language::French).clips().len();
    assert_eq!((first.written as usize, first.kept, first.mended.len()), (clips, 0, 0));
    for file in first.files.values() {
        wav::check(file, 8_000).expect("8 kHz");
    }
    let second = make();
    assert_eq!((second.written, second.kept as usize), (0, clips));
    assert!(!out.path().join("en").exists(), "nobody asked for English");
}

#[test]
fn what_is_lost_cut_short_or_changed_is_made_again_and_named() {
    let (masters, out) = (small(Language::English), tempfile::tempdir().expect("a directory"));
    let make = || make(masters.path(), out.path(), Language::English, Layout::RateDirectories).expect("made");
    make();
    let voice = out.path().join("en/bf_emma");
    let whole = fs::read(voice.join("8000/goodbye.wav")).expect("there");
    fs::remove_file(voice.join("16000/welcome.wav")).expect("lost");
    fs::write(voice.join("8000/goodbye.wav"), &whole[..whole.len() / 2]).expect("cut short");
    // The right format and length, and nobody hears anything.
    wav::write(&voice.join("euro.wav"), 16_000, &[0; 4_800]).expect("silenced");
    let mut mended = make().mended;
    mended.sort();
    let named = ["16000/welcome.wav", "8000/goodbye.wav", "euro.wav"].map(|name| voice.join(name));
    assert_eq!(mended, named);
    assert_eq!(fs::read(voice.join("8000/goodbye.wav")).expect("there"), whole);
    assert_eq!(make().mended, [] as [PathBuf; 0]);
}

#[test]
fn each_pbx_has_each_recording_at_both_rates() {
    let (masters, out) = (small(Language::English), tempfile::tempdir().expect("a directory"));
    let made = |layout| make(masters.path(), out.path(), Language::English, layout).expect("made");
    let voice = out.path().join("en/bf_emma");
    let master = masters.path().join("en/bf_emma/welcome.wav");
    let samples = wav::samples(&master, 16_000).expect("a master");
    made(Layout::RateDirectories);
    for (name, hertz) in [("8000/welcome.wav", 8_000), ("16000/welcome.wav", 16_000), ("welcome.wav", 16_000)]
    {
        wav::check(&voice.join(name), hertz).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(mode(&voice.join(name)), 0o644, "{name}");
    }
    // The same directory, after the company has changed to Asterisk.
    let asterisk = made(Layout::Sln16Beside);
    assert!(asterisk.files.values().all(|file| wav::check(file, 8_000).is_ok()));
    let raw: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert_eq!(fs::read(voice.join("welcome.sln16")).expect("there"), raw);
    assert_eq!(mode(&voice), 0o711);
    // The masters themselves, where the PBX is given those.
    let masters_alone = made(Layout::Wide);
    assert!(masters_alone.files.values().any(|file| *file == master));
    assert_eq!((masters_alone.written, masters_alone.mended.len()), (0, 0));
}

#[test]
fn a_new_master_is_made_anew_and_a_broken_one_is_named() {
    let (masters, out) = (small(Language::English), tempfile::tempdir().expect("a directory"));
    let make = |layout| make(masters.path(), out.path(), Language::English, layout);
    make(Layout::Narrow).expect("made");
    let master = masters.path().join("en/bf_emma/goodbye.wav");
    let released = fs::read(&master).expect("there");
    fs::write(&master, &released[..released.len() - 500]).expect("cut short");
    // What was made of it is still whole: calls have it, and the admin is told.
    let made = make(Layout::Narrow).expect("made");
    let [fault] = &made.unwell[..] else { panic!("{:?}", made.unwell) };
    let fault = fault.to_string();
    assert!(fault.contains("goodbye.wav") && fault.contains("not the one that was released"), "{fault}");
    // Nothing whole was made of it for this PBX.
    let fault = make(Layout::Wide).expect_err("a broken master").to_string();
    assert!(fault.contains("goodbye.wav"), "{fault}");
    assert!(make(Layout::RateDirectories).is_err());
    // A release with another recording under that name.
    let lock = masters.path().join(RELEASED);
    fs::remove_file(&lock).expect("removed");
    wav::write(&master, 16_000, &[900; 3_200]).expect("a file");
    let made = make(Layout::Narrow).expect("made");
    assert_eq!((made.written, made.mended.len(), made.unwell.len()), (1, 0, 0));
    fs::remove_file(&master).expect("removed");
    fs::remove_file(out.path().join("en/bf_emma/8000/goodbye.wav")).expect("removed");
    let fault = make(Layout::Narrow).expect_err("neither master nor anything made of it").to_string();
    assert!(fault.contains("is missing") && fault.contains("install"), "{fault}");
}

#[test]
fn a_place_that_cannot_be_written_and_a_language_without_a_voice_are_named() {
    let blocked = tempfile::NamedTempFile::new().expect("a file");
    let fault = make(&masters(), blocked.path(), Language::French, Layout::Narrow).unwrap_err().to_string();
    assert!(fault.contains(&blocked.path().display().to_string()), "{fault}");
    let silent = Language::ALL.into_iter().find(|language| language.voice().is_none());
    if let Some(silent) = silent {
        let fault = make(&masters(), blocked.path(), silent, Layout::Narrow).unwrap_err();
        assert!(matches!(fault, SoundError::NoVoice(language) if language == silent), "{fault}");
    }
}
