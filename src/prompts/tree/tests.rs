use std::path::Path;

use super::*;

/// Recordings of the company over ours, with English and French ready; and what there was to say of either.
fn sounds(own: &[PathBuf], masters: &Path, layout: Layout) -> (SoundTree, Vec<String>) {
    let voices = Voices { masters: masters.to_owned(), out: masters.join("made"), layout };
    let sounds = SoundTree::new(own.to_vec(), voices);
    let mut complaints = Vec::new();
    for language in [Language::English, Language::French] {
        let told = sounds.make_ready(language).expect("ready").expect("for the first time");
        complaints.extend(told.complaints());
    }
    (sounds, complaints)
}

/// A tree with a short hum for each clip.
fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for spoken in Language::VOICES.into_iter().take(2) {
        let voice = root.path().join(Language::voice_directory(spoken));
        std::fs::create_dir_all(&voice).expect("a directory");
        for line in script(spoken.0) {
            record(&voice.join(format!("{}.wav", line.id)), 16_000);
        }
    }
    root
}

/// A tenth of a second of a low hum.
fn record(file: &Path, hertz: u32) {
    let wave = |n: u32| (f64::from(n) * 150.0 * std::f64::consts::TAU / f64::from(hertz)).sin();
    let hum: Vec<i16> = (0..hertz / 10).map(|n| (4_600.0 * wave(n)) as i16).collect();
    wav::write(file, hertz, &hum).expect("a file");
}

#[test]
fn an_admins_recording_goes_first_and_ours_fill_the_rest() {
    let ours = tree();
    let theirs = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(theirs.path().join("fr")).expect("a directory");
    let greeting = theirs.path().join("fr/welcome.wav");
    record(&greeting, 8_000);
    let (sounds, _) = sounds(&[theirs.path().to_owned()], ours.path(), Layout::Narrow);
    assert_eq!(sounds.files(Phrase::Welcome, Language::French), [greeting]);
    let english = sounds.files(Phrase::Welcome, Language::English);
    assert_eq!(english, [ours.path().join("made/en/bf_emma/8000/welcome.wav")]);
    assert_eq!(
        sounds.files(Phrase::AskNumber, Language::French),
        [ours.path().join("made/fr/ff_siwis/8000/ask-number.wav")]
    );
}

#[test]
fn a_merchants_recording_lies_over_the_companys() {
    let ours = tree();
    let (merchant, company) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    for (own, names) in [(&merchant, ["welcome"].as_slice()), (&company, &["welcome", "goodbye"])] {
        std::fs::create_dir(own.path().join("en")).expect("a directory");
        for name in names {
            record(&own.path().join(format!("en/{name}.wav")), 16_000);
        }
    }
    let own = [merchant.path().to_owned(), company.path().to_owned()];
    let (sounds, _) = sounds(&own, ours.path(), Layout::Wide);
    let first = |phrase| sounds.files(phrase, Language::English).into_iter().next();
    assert_eq!(first(Phrase::Welcome), Some(merchant.path().join("en/welcome.wav")));
    assert_eq!(first(Phrase::Goodbye), Some(company.path().join("en/goodbye.wav")));
    assert_eq!(first(Phrase::AskExpiry), Some(ours.path().join("en/bf_emma/ask-expiry.wav")));
}

#[test]
fn a_missing_recording_is_named_before_the_first_call() {
    let ours = tree();
    let lost = ours.path().join("fr/ff_siwis/goodbye.wav");
    std::fs::remove_file(&lost).expect("removed");
    let voices =
        Voices { masters: ours.path().to_owned(), out: ours.path().join("made"), layout: Layout::Wide };
    let sounds = SoundTree::new(Vec::new(), voices);
    sounds.make_ready(Language::English).expect("whole");
    let error = sounds.make_ready(Language::French).unwrap_err().to_string();
    assert!(error.contains(&lost.display().to_string()), "{error}");
    assert!(error.contains("install"), "{error}");
}

#[test]
fn an_admins_recording_that_would_sound_wrong_is_named_and_ours_is_played() {
    let ours = tree();
    let theirs = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(theirs.path().join("en")).expect("a directory");
    let wrong = theirs.path().join("en/goodbye.wav");
    let refused = || {
        let (sounds, complaints) = sounds(&[theirs.path().to_owned()], ours.path(), Layout::Sln16Beside);
        assert_eq!(
            sounds.files(Phrase::Goodbye, Language::English),
            [ours.path().join("made/en/bf_emma/goodbye.wav")]
        );
        let [reason] = &complaints[..] else { panic!("{complaints:?}") };
        let reason = reason.clone();
        assert!(reason.contains(&wrong.display().to_string()), "{reason}");
        reason
    };
    record(&wrong, 44_100);
    let reason = refused();
    assert!(reason.contains("44100 Hz") && reason.contains("sox goodbye.wav"), "{reason}");
    std::fs::write(&wrong, "no sound at all").expect("written");
    assert!(refused().contains("cannot be read"));
    wav::write(&wrong, 8_000, &[]).expect("a file");
    assert!(refused().contains("empty"));
    wav::write(&wrong, 8_000, &[3; 4_000]).expect("a file");
    assert!(refused().contains("is silent"));
    wav::write(&wrong, 8_000, &[i16::MAX; 4_000]).expect("a file");
    assert!(refused().contains("is clipped"));
}

#[test]
fn paths_are_absolute_and_are_told_without_making_anything() {
    let out = tempfile::tempdir().expect("a directory");
    let voices = Voices { masters: "sounds".into(), out: out.path().to_owned(), layout: Layout::Wide };
    let sounds = SoundTree::new(Vec::new(), voices);
    assert_eq!(sounds.files(Phrase::Goodbye, Language::English), [] as [PathBuf; 0]);
    let there = sounds.there(Language::English);
    sounds.make_ready(Language::English).expect("the source tree's");
    let files = sounds.files(Phrase::Goodbye, Language::English);
    assert!(!files.is_empty() && files.iter().all(|file| file.is_absolute()), "{files:?}");
    let mut there: Vec<PathBuf> = there;
    there.sort();
    // Beside the masters a call plays pauses, which are made.
    let (pause, masters): (Vec<PathBuf>, Vec<PathBuf>) =
        sounds.all(Language::English).into_iter().partition(|file| file.starts_with(out.path()));
    assert_eq!((there, pause.len()), (masters, 1));
    let none = Voices { masters: "sounds".into(), out: "made".into(), layout: Layout::Narrow };
    assert_eq!(SoundTree::new(Vec::new(), none).there(Language::English), [] as [PathBuf; 0]);
}

#[test]
fn a_file_that_is_lost_while_the_daemon_runs_is_there_again_before_the_next_call() {
    let ours = tree();
    let theirs = tempfile::tempdir().expect("a directory");
    let own = theirs.path().join("en/goodbye.wav");
    record(&own, 16_000);
    let (sounds, _) = sounds(&[theirs.path().to_owned()], ours.path(), Layout::RateDirectories);
    assert!(sounds.make_ready(Language::English).expect("ready").is_none(), "it was");
    std::fs::remove_file(&own).expect("removed");
    let welcome = ours.path().join("made/en/bf_emma/welcome.wav");
    std::fs::remove_file(&welcome).expect("removed");
    let told = sounds.make_ready(Language::English).expect("ready").expect("made again");
    let [complaint] = &told.complaints().collect::<Vec<_>>()[..] else { panic!("{told:?}") };
    assert!(complaint.contains("welcome.wav was lost"), "{complaint}");
    assert!(welcome.exists());
    let goodbye = sounds.files(Phrase::Goodbye, Language::English);
    assert_eq!(goodbye, [ours.path().join("made/en/bf_emma/goodbye.wav")]);
}
