//! `tonegate check` against a PBX of the stage.

use std::path::Path;
use std::process::Command;

use tonegate::inspect::stage::Theatre;

/// What it prints, and its exit status. `change` is made in the part of the configuration that is about the PBX.
pub fn check(
    theatre: &dyn Theatre,
    directory: &Path,
    change: impl Fn(String) -> String,
) -> (Option<i32>, String) {
    let directory = directory.join("check");
    std::fs::create_dir_all(&directory).expect("a directory");
    let pbx = change(theatre.daemon_config(&directory).expect("a configuration"));
    let text = format!(
        "[daemon]\nstate_dir = \"state\"\n\n{pbx}\n[merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\n\
         language = \"en\"\npsp = \"bank\"\n\n[[psp]]\nname = \"bank\"\nkind = \"generic\"\n\
         url = \"http://127.0.0.1:9/charge\"\ndeduplicates = true\n\n[api]\nlisten = \"127.0.0.1:0\"\nkey_file = \"api.key\"\n"
    );
    let path = directory.join("tonegate.toml");
    std::fs::write(&path, text).expect("it can be written");
    std::fs::write(directory.join("api.key"), "0123456789abcdef0123456789abcdef").expect("it can be written");
    let mut private = Command::new("chmod");
    assert!(private.args(["-R", "go="]).arg(&directory).status().expect("chmod").success());
    let run = Command::new(env!("CARGO_BIN_EXE_tonegate")).arg("check").arg("--config").arg(&path).output();
    let run = run.expect("it runs");
    let said = [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (run.status.code(), said)
}

/// Each of these has to be in one line of what was said.
pub fn assert_said(said: &str, wanted: &[&[&str]]) {
    for words in wanted {
        let found = said.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "nothing says {words:?}:\n{said}");
    }
}
