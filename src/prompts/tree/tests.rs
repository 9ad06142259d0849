use super::*;

/// A tree with a short hum for each clip.
fn tree(rate: SampleRate) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for spoken in Language::VOICES {
        let voice = root.path().join(Language::voice_directory(spoken)).join(rate.directory());
        std::fs::create_dir_all(&voice).expect("a directory");
        for line in script(spoken.0) {
            record(&voice.join(format!("{}.wav", line.id)), rate.hertz());
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
    let ours = tree(SampleRate::Narrow);
    let theirs = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(theirs.path().join("fr")).expect("a directory");
    let greeting = theirs.path().join("fr/welcome.wav");
    record(&greeting, 8_000);
    let sounds = SoundTree::new(&[theirs.path().to_owned()], ours.path(), SampleRate::Narrow).unwrap();
    assert_eq!(sounds.files(Phrase::Welcome, Language::French), [greeting.as_path()]);
    let english = sounds.files(Phrase::Welcome, Language::English);
    assert_eq!(english, [ours.path().join("en/bf_emma/8000/welcome.wav")]);
    assert_eq!(
        sounds.files(Phrase::AskNumber, Language::French),
        [ours.path().join("fr/ff_siwis/8000/ask-number.wav")]
    );
}

#[test]
fn a_merchants_recording_lies_over_the_companys() {
    let ours = tree(SampleRate::Wide);
    let (merchant, company) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    for (own, names) in [(&merchant, ["welcome"].as_slice()), (&company, &["welcome", "goodbye"])] {
        std::fs::create_dir(own.path().join("en")).expect("a directory");
        for name in names {
            record(&own.path().join(format!("en/{name}.wav")), 16_000);
        }
    }
    let own = [merchant.path().to_owned(), company.path().to_owned()];
    let sounds = SoundTree::new(&own, ours.path(), SampleRate::Wide).unwrap();
    let first = |phrase| sounds.files(phrase, Language::English).first().map(|file| file.to_path_buf());
    assert_eq!(first(Phrase::Welcome), Some(merchant.path().join("en/welcome.wav")));
    assert_eq!(first(Phrase::Goodbye), Some(company.path().join("en/goodbye.wav")));
    assert_eq!(first(Phrase::AskExpiry), Some(ours.path().join("en/bf_emma/ask-expiry.wav")));
}

#[test]
fn a_missing_recording_is_named_before_the_first_call() {
    let ours = tree(SampleRate::Wide);
    let lost = ours.path().join("fr/ff_siwis/goodbye.wav");
    std::fs::remove_file(&lost).expect("removed");
    let error = SoundTree::new(&[], ours.path(), SampleRate::Wide).unwrap_err().to_string();
    assert!(error.contains(&lost.display().to_string()), "{error}");
    assert!(error.contains("install"), "{error}");
}

#[test]
fn an_admins_recording_that_would_sound_wrong_is_named_and_ours_is_played() {
    let ours = tree(SampleRate::Narrow);
    let theirs = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(theirs.path().join("en")).expect("a directory");
    let wrong = theirs.path().join("en/goodbye.wav");
    let refused = || {
        let sounds = SoundTree::new(&[theirs.path().to_owned()], ours.path(), SampleRate::Narrow).unwrap();
        assert_eq!(
            sounds.files(Phrase::Goodbye, Language::English),
            [ours.path().join("en/bf_emma/8000/goodbye.wav")]
        );
        let [reason] = sounds.refused() else { panic!("{:?}", sounds.refused()) };
        let reason = reason.to_string();
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
fn paths_are_absolute() {
    let sounds = SoundTree::new(&[], Path::new("sounds"), SampleRate::Wide).expect("the source tree's");
    let files = sounds.files(Phrase::Goodbye, Language::English);
    assert!(!files.is_empty() && files.iter().all(|file| file.is_absolute()), "{files:?}");
}
