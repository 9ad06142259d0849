use super::*;

/// A tree with a file of a few samples for each clip.
fn tree(rate: SampleRate) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for language in Language::ALL {
        let voice = root.path().join(language.code()).join(language.voice()).join(rate.directory());
        std::fs::create_dir_all(&voice).expect("a directory");
        for clip in Catalogue::of(language).clips() {
            record(&voice.join(format!("{clip}.wav")), rate.hertz());
        }
    }
    root
}

fn record(file: &Path, hertz: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: hertz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).expect("a file");
    for sample in [0_i16, 100, -100, 0] {
        writer.write_sample(sample).expect("a sample");
    }
    writer.finalize().expect("a file");
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
fn a_recording_that_would_sound_wrong_is_refused_with_the_remedy() {
    let ours = tree(SampleRate::Narrow);
    let theirs = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(theirs.path().join("en")).expect("a directory");
    let wrong = theirs.path().join("en/goodbye.wav");
    let admin = [theirs.path().to_owned()];
    record(&wrong, 44_100);
    let error = SoundTree::new(&admin, ours.path(), SampleRate::Narrow).unwrap_err().to_string();
    assert!(error.contains("44100 Hz") && error.contains("sox goodbye.wav"), "{error}");
    std::fs::write(&wrong, "no sound at all").expect("written");
    let error = SoundTree::new(&admin, ours.path(), SampleRate::Narrow).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn paths_are_absolute() {
    let sounds = SoundTree::new(&[], Path::new("sounds"), SampleRate::Wide).expect("the source tree's");
    let files = sounds.files(Phrase::Goodbye, Language::English);
    assert!(!files.is_empty() && files.iter().all(|file| file.is_absolute()), "{files:?}");
}
