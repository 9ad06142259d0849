use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use super::list::listed;
use super::*;
use crate::prompts::find_default_directory;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Sounds,
}

fn run(words: &[&str]) -> Result<ExitCode, String> {
    let line = Line::try_parse_from(["sounds"].iter().chain(words)).map_err(|fault| fault.to_string())?;
    line.command.run().map_err(|fault| fault.to_string())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// One of ours, as a studio would hand it over.
fn take() -> PathBuf {
    find_default_directory(None).expect("the source tree's sounds").join("en/bf_emma/goodbye.wav")
}

#[test]
fn a_listed_recording_has_id_language_voice_text_and_path() {
    let ours = find_default_directory(None).expect("the source tree's sounds");
    let own = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(own.path().join("fr")).expect("a directory");
    std::fs::copy(take(), own.path().join("fr/goodbye.wav")).expect("copied");
    let french = listed(Language::French, Some(own.path()), Some(&ours));
    let of = |id: &str| french.iter().find(|one| one.id == id).expect("an id");
    assert_eq!(
        (of("goodbye").voice, of("goodbye").path.clone()),
        (Some("own"), Some(own.path().join("fr/goodbye.wav")))
    );
    assert_eq!(
        (of("cleared").voice, of("cleared").text),
        (Some("ff_siwis"), "C'est effacé. Veuillez recommencer.")
    );
    let json = serde_json::to_value(of("cleared")).expect("JSON");
    let mut keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["id", "language", "path", "text", "voice"]);
    assert!(
        listed(Language::German, None, Some(&ours))
            .iter()
            .all(|one| one.path.is_none() && one.voice.is_none())
    );
}

#[test]
fn a_script_is_a_table_and_a_page_with_every_text() {
    let out = tempfile::tempdir().expect("a directory");
    assert_eq!(run(&["script", "--language", "es-ES", "--out", text(out.path())]), Ok(ExitCode::SUCCESS));
    let mut table = csv::Reader::from_path(out.path().join("script-es.csv")).expect("a table");
    let rows: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().expect("rows");
    let page = std::fs::read_to_string(out.path().join("script-es.html")).expect("a page");
    let script = crate::prompts::own_script(Language::Spanish);
    assert_eq!(rows.len(), script.len());
    for (row, line) in rows.iter().zip(&script) {
        assert_eq!((&row[2], &row[5]), (line.id.name(), line.text));
        assert!(page.contains(&row[1]), "{}", &row[1]);
        // What a studio writes on its files is understood when they come back.
        let name = row[1].trim_end_matches(".wav");
        assert_eq!(crate::prompts::clip_named(name, Language::Spanish).map(|found| found.id), Some(line.id));
    }
    assert!(page.contains("Ya puede marcar su tarjeta"));
}

#[test]
fn a_studios_recordings_are_taken_under_their_names_and_strangers_are_refused() {
    let (studio, out) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    std::fs::copy(take(), studio.path().join("044-Goodbye.WAV")).expect("copied");
    let import = |to: &str| {
        run(&["import", text(studio.path()), "--language", "de", "--voice", to, "--out", text(out.path())])
    };
    assert_eq!(import("anna"), Ok(ExitCode::SUCCESS));
    let own = out.path().join("anna");
    assert!(own.join("de/goodbye.wav").is_file());
    assert!(import("../anna").unwrap_err().contains("letters, digits"));
    std::fs::copy(take(), studio.path().join("take two.wav")).expect("copied");
    assert_eq!(import("anna"), Ok(ExitCode::from(1)));
    // German has no voice of ours that could speak the rest; French has.
    assert_eq!(run(&["check", text(&own)]), Ok(ExitCode::from(1)));
    std::fs::rename(own.join("de"), own.join("fr")).expect("renamed");
    assert_eq!(run(&["check", text(&own)]), Ok(ExitCode::SUCCESS));
    assert_eq!(run(&["check", text(&own), "--complete"]), Ok(ExitCode::from(1)));
    assert_eq!(run(&["check", text(&own), "--rate-hz", "8000"]), Ok(ExitCode::from(1)));
    assert!(run(&["check", text(studio.path())]).unwrap_err().contains("holds no recordings"));
}

#[test]
fn a_text_is_one_word_of_a_command_whatever_stands_in_it() {
    let template = render::template("tts --say {text} -o '{out}' {lang}:{voice}").expect("a template");
    let filled = render::filled(&template, "L'eau; $(reboot) {out}", "fr", "anna", Path::new("/a b/c"));
    assert_eq!(filled, ["tts", "--say", "L'eau; $(reboot) {out}", "-o", "/a b/c", "fr:anna"]);
    let refused = |command| render::template(command).unwrap_err().to_string();
    assert!(refused("tts {out}").contains("{text} is missing"));
    assert!(refused("tts '{text} {out}").contains("quote is not closed"));
    assert!(refused("").contains("empty"));
}

#[test]
fn a_program_speaks_the_texts_and_one_that_cannot_is_given_up() {
    let out = tempfile::tempdir().expect("a directory");
    let to = ["--language", "de", "--voice", "v", "--out", text(out.path()), "--only", "whisper-p"];
    let render = |command: &str| run(&[["render", "--command", command].as_slice(), &to].concat());
    let copy = format!("sh -c 'cp \"$1\" \"$2\"' sh {} {{out}} {{text}}", take().display());
    assert_eq!(render(&copy), Ok(ExitCode::SUCCESS));
    let spoken = std::fs::read_dir(out.path().join("v/de")).expect("a directory").flatten();
    assert_eq!(spoken.map(|file| file.file_name()).collect::<Vec<_>>(), ["whisper-paused.wav"]);
    assert_eq!(render("false {text} {out}"), Ok(ExitCode::from(1)));
    let all = &["render", "--command", "no-such-program {text} {out}", "--language", "de", "--voice", "v"];
    let given_up = run(&[all.as_slice(), &["--out", text(out.path())]].concat()).unwrap_err();
    assert!(given_up.contains("no-such-program") && given_up.contains("3 times"), "{given_up}");
}
