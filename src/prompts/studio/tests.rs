use super::*;
use crate::call::Party;
use crate::inspect::audio::level_dbov;
use crate::prompts::{Language, script};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::f64::consts::TAU;

/// A hum that swells, between two stretches of silence.
fn hum(hertz: u32, amplitude: f64) -> Vec<f64> {
    let silence = vec![0.0; hertz as usize / 2];
    let hum = (0..hertz).map(|n| {
        let t = TAU * f64::from(n) / f64::from(hertz);
        amplitude * (0.6 + 0.4 * (t * 4.0).sin()) * ((t * 160.0).sin() + (t * 320.0).sin()) / 2.0
    });
    silence.iter().copied().chain(hum).chain(silence.iter().copied()).collect()
}

fn studio(file: &Path, samples: &[f64], spec: WavSpec) {
    let mut writer = WavWriter::create(file, spec).expect("a file");
    for sample in samples {
        for _ in 0..spec.channels {
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(*sample as f32).expect("a sample"),
                SampleFormat::Int => {
                    let full = 2_f64.powi(i32::from(spec.bits_per_sample) - 1) - 1.0;
                    writer.write_sample((sample * full) as i32).expect("a sample");
                }
            }
        }
    }
    writer.finalize().expect("a file");
}

fn spec(sample_rate: u32, bits_per_sample: u16, channels: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate, bits_per_sample, sample_format }
}

fn line(listener: Party) -> ScriptLine {
    script(Language::English).into_iter().find(|line| line.listener == listener).expect("a line")
}

#[test]
fn recordings_of_every_usual_kind_become_the_same_clip() {
    let place = tempfile::tempdir().expect("a directory");
    let kinds = [
        spec(8_000, 16, 1, SampleFormat::Int),
        spec(16_000, 16, 1, SampleFormat::Int),
        spec(22_050, 8, 1, SampleFormat::Int),
        spec(44_100, 16, 2, SampleFormat::Int),
        spec(48_000, 24, 2, SampleFormat::Int),
        spec(96_000, 32, 1, SampleFormat::Float),
    ];
    for (rate, hertz) in [(SampleRate::Narrow, 8_000), (SampleRate::Wide, 16_000)] {
        for kind in kinds {
            let (source, out) = (place.path().join("take.wav"), place.path().join("en/welcome.wav"));
            studio(&source, &hum(kind.sample_rate, 0.05), kind);
            let slight = produce(&source, &out, rate, &line(Party::Customer)).expect("a clip");
            assert!(slight.is_empty(), "{kind:?}: {slight:?}");
            let clip = wav::samples(&out, hertz).expect("16-bit mono WAV");
            // The hum of one second, its lead and its tail; the hum begins and ends softly.
            let ms = clip.len() * 1_000 / hertz as usize;
            assert!((1_090..=1_112).contains(&ms), "{kind:?}: {ms} ms");
            let level = level_dbov(&clip);
            assert!((-21.0..=-19.5).contains(&level), "{kind:?}: {level} dBov");
        }
    }
}

#[test]
fn what_is_beyond_repair_is_refused_and_nothing_is_written() {
    let place = tempfile::tempdir().expect("a directory");
    let (source, out) = (place.path().join("take.wav"), place.path().join("welcome.wav"));
    let kind = spec(48_000, 16, 1, SampleFormat::Int);
    let refused = |samples: &[f64], kind: WavSpec| {
        studio(&source, samples, kind);
        let fault = produce(&source, &out, SampleRate::Wide, &line(Party::Customer)).unwrap_err();
        assert!(!out.exists());
        fault.to_string()
    };
    assert!(refused(&[0.0; 48_000], kind).contains("is silent"));
    assert!(refused(&[], kind).contains("is silent"));
    let clipped: Vec<f64> = hum(48_000, 3.0).iter().map(|sample| sample.clamp(-1.0, 1.0)).collect();
    assert!(refused(&clipped, kind).contains("is clipped at 5"));
    let tone = |n: u32| {
        let t = TAU * f64::from(n) / 48_000.0;
        0.2 * ((t * 770.0).sin() + (t * 1336.0).sin())
    };
    let key: Vec<f64> = (0..9_600).map(tone).collect();
    assert!(refused(&key, kind).contains("telephone key"));
    assert!(refused(&vec![0.1; 61 * 8_000], spec(8_000, 16, 1, SampleFormat::Int)).contains("longer than"));
    let nothing = spec(16_000, 32, 1, SampleFormat::Float);
    assert!(refused(&[f64::NAN, 0.5], nothing).contains("no numbers"));
    std::fs::write(&source, "no sound").expect("written");
    let fault = produce(&source, &out, SampleRate::Wide, &line(Party::Customer)).unwrap_err().to_string();
    assert!(fault.contains("take.wav") && fault.contains("cannot be read"), "{fault}");
}

#[test]
fn a_long_whisper_is_kept_and_told() {
    let place = tempfile::tempdir().expect("a directory");
    let (source, out) = (place.path().join("take.wav"), place.path().join("whisper-sealed.wav"));
    let long: Vec<f64> = (0..4).flat_map(|_| hum(16_000, 0.1)).collect();
    studio(&source, &long, spec(16_000, 16, 1, SampleFormat::Int));
    let slight = produce(&source, &out, SampleRate::Wide, &line(Party::Agent)).expect("a clip");
    assert!(slight.iter().any(|fault| fault.to_string().contains("3000 is the most")), "{slight:?}");
    assert!(out.exists());
}
