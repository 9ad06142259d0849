//! What an admin reads when the file is wrong, word for word.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
mod asterisk;
mod example;
mod merchants;
mod people;
mod speech;
const GOOD: &str = r#"
[pbx]
kind = "freeswitch"
[pbx.freeswitch]
password_file = "pbx.password"
[merchant]
name = "Example Ltd"
currency = "EUR"
psp = "bank"
[[psp]]
name = "bank"
kind = "generic"
url = "https://psp.example/charges"
[psp.headers]
"X-Api.Version" = "3"
[api]
key_file = "api.key"
"#;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        place.secret("pbx.password", "ClueCon\n", 0o600);
        place.secret("api.key", "0123456789abcdef\n", 0o640);
        place
    }

    fn secret(&self, name: &str, text: &str, mode: u32) {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self, text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let file = self.directory.path().join("t.toml");
        fs::write(&file, text).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::load_with(&file, environment)
            .map_err(|e| e.to_string().replace(&format!("{}/", self.directory.path().display()), ""))
    }

    fn told(&self, text: &str, environment: &[(&str, &str)]) -> String {
        self.load(text, environment).expect_err("this file is wrong")
    }
}

#[test]
fn a_short_file_gives_every_default_and_the_secrets() {
    let place = Place::new();
    let config = place.load(GOOD, &[]).unwrap();
    assert_eq!(config.capture, CaptureSection::default());
    assert_eq!(config.self_service_capture().confirm, Confirm::Payment);
    let freeswitch = config.pbx.freeswitch.as_ref().unwrap();
    assert_eq!(freeswitch.password.expose(), "ClueCon");
    assert_eq!(config.api.key.expose(), "0123456789abcdef");
    assert_eq!(config.store_path(), Path::new("/var/lib/tonegate/payments.sqlite"));
    assert!(!format!("{config:?}").contains("ClueCon"));

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        url: String,
        headers: std::collections::BTreeMap<String, String>,
    }
    let settings: Settings = config.merchant_psp().unwrap().settings_but(&[]).unwrap();
    assert_eq!(settings.url, "https://psp.example/charges");
    assert_eq!(settings.headers["X-Api.Version"], "3");
}

#[test]
fn the_environment_overrides_the_file() {
    let place = Place::new();
    let config = place
        .load(
            GOOD,
            &[
                ("TONEGATE__CAPTURE__SETTLE_MS", "2000"),
                ("TONEGATE__CAPTURE__ENTER_TWICE", "true"),
                ("TONEGATE__MERCHANT__ACCEPTED_BRANDS", "amex, jcb"),
                ("TONEGATE__PBX__FREESWITCH__AGENT_KEYS__CANCEL", "*0"),
                ("TONEGATE_CONFIG", "is of no concern"),
            ],
        )
        .unwrap();
    assert_eq!(config.capture.settle_ms, 2_000);
    assert!(config.capture.enter_twice);
    assert_eq!(
        config.merchants.all()[0].accepted_brands,
        [crate::card::Brand::Amex, crate::card::Brand::Jcb]
    );
    assert_eq!(config.pbx.freeswitch.unwrap().agent_keys.cancel.digit(), '0');
}

#[test]
fn wrong_files_are_answered_with_place_key_fault_and_remedy() {
    let place = Place::new();
    let with = |more: &str| place.told(&format!("{GOOD}{more}\n"), &[]);
    let without = |line: &str| place.told(&GOOD.replace(line, ""), &[]);
    let swapped = |from: &str, to: &str| place.told(&GOOD.replace(from, to), &[]);
    let golden = [
        (
            with("[capture]\nfirst_key_timout_ms = 5000"),
            "t.toml: key `capture.first_key_timout_ms`: unknown key; did you mean `first_key_timeout_ms`?",
        ),
        (with("[captrue]"), "t.toml: key `captrue`: unknown key; did you mean `capture`?"),
        (with("[log]\ncolour = 1"), "t.toml: key `log.colour`: unknown key; possible here: level, format"),
        (
            with("[log]\nlevel = \"infos\""),
            "t.toml: key `log.level`: `infos` is not possible; did you mean `info`?",
        ),
        (
            with("[capture]\nsettle_ms = \"soon\""),
            "t.toml: key `capture.settle_ms`: wrong kind of value: string; write an integer",
        ),
        (
            with("[capture]\nsettle_ms = 20"),
            "t.toml: key `capture.settle_ms`: 20 ms is out of bounds; write a number from 300 to 10000",
        ),
        (
            with("[capture]\nbank_slow_ms = 60000\nbank_bound_ms = 30000"),
            "t.toml: key `capture.bank_slow_ms`: 60000 is more than capture.bank_bound_ms, which is 30000; \
             write at most 30000",
        ),
        (
            with("[self_service]\nattempts_per_field = 11"),
            "t.toml: key `self_service.attempts_per_field`: 11 tries is out of bounds; \
             write a number from 1 to 10",
        ),
        (
            swapped("\"EUR\"", "\"euro\""),
            "t.toml: key `merchant.currency`: `euro` is not an ISO 4217 currency code; \
             write three capital letters such as EUR",
        ),
        (
            without("currency = \"EUR\""),
            "t.toml: key `merchant.currency`: missing; it has no default; the example file shows it",
        ),
        (
            swapped("psp = \"bank\"", "psp = \"bnak\""),
            "t.toml: key `merchant.psp`: no [[psp]] is named `bnak`; did you mean `bank`?",
        ),
        (
            swapped("password_file = \"pbx.password\"", "password = \"ClueCon\""),
            "t.toml: key `pbx.freeswitch.password`: a secret does not belong in the configuration; \
             put it alone into a file of mode 600 and write password_file = \"/path/of/the/file\", \
             or write password_credential = \"name of a systemd credential\"",
        ),
        (
            swapped("url =", "api_key = \"sk_live_1\"\nurl ="),
            "t.toml: key `psp.bank.api_key`: a secret does not belong in the configuration; \
             put it alone into a file of mode 600 and write api_key_file = \"/path/of/the/file\", \
             or write api_key_credential = \"name of a systemd credential\"",
        ),
        (
            without("key_file = \"api.key\""),
            "t.toml: key `api.key_file`: missing; put the secret alone into a file of mode 600 and write \
             its path, or write `key_credential` with the name of a systemd credential",
        ),
        (
            swapped("[api]", "[api]\nlisten = \"localhost\""),
            "t.toml: key `api.listen`: not an address and a port; write for example \"127.0.0.1:8090\"",
        ),
        (
            with("[pbx.freeswitch.agent_keys]\npause = \"*1\""),
            "t.toml: key `pbx.freeswitch.agent_keys.pause`: the same as restart_field; give each its own key",
        ),
        (
            with("[pbx.freeswitch.agent_keys]\npause = \"7\""),
            "t.toml: key `pbx.freeswitch.agent_keys.pause`: not a star and one digit; write for example \"*1\"",
        ),
        (
            with("[pbx.freeswitch.agent_keys]\nresume = \"*7\""),
            "t.toml: key `pbx.freeswitch.agent_keys.resume`: unknown key; \
             possible here: restart_field, restart_all, pause, other_means, repeat, pace, language, cancel",
        ),
        (
            swapped("password_file", "keypad_listen = \"0.0.0.0:8085\"\npassword_file"),
            "t.toml: key `pbx.freeswitch.keypad_listen`: 0.0.0.0:8085 can be reached from other machines; \
             the daemon runs beside FreeSWITCH, and what passes here is not encrypted: use 127.0.0.1",
        ),
        (
            swapped("kind = \"freeswitch\"", "kind = \"freeswich\""),
            "t.toml: key `pbx.kind`: `freeswich` is not possible; did you mean `freeswitch`?",
        ),
        (
            with("[merchant.x]\naccepted_brands = 1"),
            "t.toml: key `merchant.x`: unknown key; \
             possible here: id, name, currency, language, psp, fallback_psp, sms, email, accepted_brands, description, \
             code_digits, dialled_numbers, queues, prompts_directory, speech, default",
        ),
    ];
    for (told, wanted) in golden {
        assert_eq!(told, wanted);
    }
}

#[test]
fn a_syntax_error_names_the_line_and_does_not_show_it() {
    let told = Place::new().told("[pbx]\npassword = \"ClueCon\n", &[]);
    assert!(told.starts_with("t.toml: line 2, column "), "{told}");
    assert!(told.contains("not TOML: ") && !told.contains("ClueCon"), "{told}");
}

#[test]
fn a_wrong_variable_is_named_as_such() {
    let place = Place::new();
    assert_eq!(
        place.told(GOOD, &[("TONEGATE__CAPTURE__SETTLE_MS", "never")]),
        "environment variable TONEGATE__CAPTURE__SETTLE_MS: key `capture.settle_ms`: \
         wrong kind of value: string; write an integer"
    );
    assert_eq!(
        place.told(GOOD, &[("TONEGATE__PBX__FREESWITCH__PASSWORD", "ClueCon")]).split("; ").next(),
        Some(
            "environment variable TONEGATE__PBX__FREESWITCH__PASSWORD: key `pbx.freeswitch.password`: \
             a secret does not belong in the configuration"
        )
    );
    assert!(place.told(GOOD, &[("TONEGATE__PSP__BANK__URL", "x")]).contains("write the key in the file"));
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let place = Place::new();
    place.secret("pbx.password", "ClueCon", 0o604);
    assert_eq!(
        place.told(GOOD, &[]),
        "t.toml: key `pbx.freeswitch.password_file`: pbx.password: every user of this machine can reach it; \
         run: chmod 600 pbx.password"
    );
    place.secret("pbx.password", "\n", 0o600);
    assert!(place.told(GOOD, &[]).contains("pbx.password: empty; put the secret into the file"));
}

#[test]
fn a_secret_comes_from_systemd() {
    let place = Place::new();
    let text = GOOD.replace("password_file = \"pbx.password\"", "password_credential = \"fs\"");
    let none = place.told(&text, &[]);
    assert!(none.contains("add LoadCredential=fs:"), "{none}");
    place.secret("fs", "from systemd", 0o400);
    let directory = place.directory.path().display().to_string();
    let config = place.load(&text, &[("CREDENTIALS_DIRECTORY", &directory)]).unwrap();
    assert_eq!(config.pbx.freeswitch.unwrap().password.expose(), "from systemd");
}

#[test]
fn a_missing_file_is_answered_with_what_to_do() {
    let told = Config::load(Path::new("/nonexistent/t.toml")).unwrap_err().to_string();
    assert_eq!(
        told,
        "/nonexistent/t.toml: cannot be read: there is no such file; \
         name one with --config, or copy tonegate.example.toml there"
    );
}
