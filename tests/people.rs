//! `tonegate user`, `tonegate key` and `tonegate webhooks`, with and without a daemon, and the daemon's own TLS.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client};
use serde_json::{Value, json};

/// How long a daemon may take until it answers.
const START_MAX_S: u64 = 60;

/// Of the state directory: longer than the name of a socket may be.
const STATE: &str = "state-of-a-daemon-whose-admin-likes-to-say-in-the-name-of-a-directory-what-it-is-for-and-who-may-look-into-it";

/// A machine with a configuration and without a PBX: people and keys do not need one.
struct Machine {
    directory: tempfile::TempDir,
    address: SocketAddr,
    certificate: Vec<u8>,
}

/// A daemon, ended with its test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Machine {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("our own");
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
        let address = free.expect("a free port");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
        let machine = Self { directory, address, certificate: made.cert.der().to_vec() };
        machine.put("cert.pem", &made.cert.pem());
        machine.put("key.pem", &made.signing_key.serialize_pem());
        machine.put("secret", "0123456789abcdef");
        machine.put("first", "first things first\n");
        let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds");
        machine.put(
            "t.toml",
            &format!(
                "[daemon]\nstate_dir = \"{STATE}\"\n[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\n\
                 password_file = \"secret\"\ncontrol_address = \"127.0.0.1:1\"\nkeypad_listen = \"127.0.0.1:0\"\n\
                 [merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n[[psp]]\nname = \"bank\"\n\
                 kind = \"generic\"\nurl = \"https://psp.example/charges\"\nuser = \"x\"\npassword_file = \"secret\"\n\
                 [prompts]\ndirectory = \"{}\"\n[api]\nlisten = \"{address}\"\nkey_file = \"secret\"\n\
                 tls_certificate_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n",
                sounds.display()
            ),
        );
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(self.path(name));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
    }

    /// Runs a command of ours; words that are the names of files here become their paths.
    fn tonegate(&self, words: &[&str]) -> Output {
        let words =
            words.iter().map(|word| word.replace("@/", &format!("{}/", self.directory.path().display())));
        let mut command = Command::new(env!("CARGO_BIN_EXE_tonegate"));
        command.args(words).arg("--config").arg(self.path("t.toml")).stdin(Stdio::null());
        command.output().expect("it runs")
    }

    /// What a command of ours prints, if it did as asked.
    fn told(&self, words: &[&str]) -> String {
        let done = self.tonegate(words);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(done.status.success(), "{words:?}: {}", text(&done.stderr));
        text(&done.stdout)
    }

    fn client(&self) -> Client {
        let trusted = Certificate::from_der(&self.certificate).expect("our own certificate");
        Client::builder()
            .tls_certs_only([trusted])
            .resolve("localhost", self.address)
            .build()
            .expect("a client")
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    async fn serve(&self) -> Daemon {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log")).expect("a log");
        let mut daemon = Command::new(env!("CARGO_BIN_EXE_tonegate"));
        daemon.arg("serve").arg("--config").arg(self.path("t.toml")).stdin(Stdio::null());
        daemon.stdout(log.try_clone().expect("a log")).stderr(log);
        let daemon = Daemon(daemon.spawn().expect("it runs"));
        let (client, began) = (self.client(), Instant::now());
        while client.get(self.url("/health")).send().await.is_err() {
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(START_MAX_S), "the daemon does not answer:\n{log}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        daemon
    }
}

#[tokio::test]
async fn people_and_keys_are_made_with_and_without_a_daemon() {
    let machine = Machine::new();
    let add = |name: &'static str| ["user", "add", "--role", "admin", "--password-file", "@/first", name];
    assert_eq!(machine.told(&add("anna")), "done");
    let people: Value = serde_json::from_str(&machine.told(&["user", "list", "--json"])).expect("JSON");
    assert_eq!((&people[0]["name"], &people[0]["must_change"]), (&json!("anna"), &json!(true)));

    let daemon = machine.serve().await;
    assert_eq!(machine.told(&add("bob")), "done");
    let twice = machine.tonegate(&add("bob"));
    let words = String::from_utf8_lossy(&twice.stderr).into_owned();
    assert_eq!(words.trim(), "tonegate: there is a person named `bob` already; choose another name");
    assert_eq!(twice.status.code(), Some(2));

    let client = machine.client();
    let login = json!({ "name": "bob", "password": "first things first" }).to_string();
    let login = || {
        let request = client.post(machine.url("/auth/login")).header("content-type", "application/json");
        request.body(login.clone()).send()
    };
    let answer = login().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    assert!(cookie.starts_with("__Host-tonegate=") && cookie.contains("Secure"), "{cookie}");
    assert!(answer.headers().contains_key("strict-transport-security"));
    let person: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    assert_eq!(person["change_password"], true);
    machine.told(&["user", "lock", "bob"]);
    assert_eq!(login().await.expect("an answer").status(), 401);
    assert!(machine.told(&["user", "list"]).contains("locked by an admin"));
    machine.told(&["user", "unlock", "bob"]);
    assert_eq!(login().await.expect("an answer").status(), 200);

    let key = machine.told(&["key", "create", "--scope", "payments:read", "--expires-in-days", "90", "crm"]);
    assert!(key.starts_with("tg_"), "{key}");
    let ask = || client.get(machine.url("/v1/payments")).bearer_auth(&key).send();
    assert_eq!(ask().await.expect("an answer").status(), 200);
    let begin = client.post(machine.url("/v1/payments")).bearer_auth(&key).body("{}").send().await;
    assert_eq!(begin.expect("an answer").status(), 403);
    assert!(!machine.told(&["key", "list"]).contains("last used never"));
    machine.told(&["key", "revoke", "crm"]);
    assert_eq!(ask().await.expect("an answer").status(), 401);
    let plain = reqwest::get(format!("http://{}/health", machine.address)).await;
    assert!(plain.is_err(), "plain HTTP is not spoken where TLS is");

    drop(daemon);
    let left: Value = serde_json::from_str(&machine.told(&["user", "list", "--json"])).expect("JSON");
    assert_eq!(left.as_array().map(Vec::len), Some(2), "a daemon that was killed is in nobody's way");
    let weak = machine.tonegate(&["user", "add", "--role", "boss", "--password-file", "@/first", "carol"]);
    assert!(
        String::from_utf8_lossy(&weak.stderr)
            .contains("there are: agent, supervisor, refunder, admin, auditor")
    );
}

#[tokio::test]
async fn what_endpoints_were_told_is_asked_of_a_daemon_that_ends_tls() {
    let machine = Machine::new();
    assert_eq!(machine.told(&["webhooks", "list"]), "", "without a daemon the store is opened");
    let daemon = machine.serve().await;
    let codes_key = machine.path(STATE).join("codes.key");
    let mode = fs::metadata(&codes_key).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the key of one-time codes is made at the first start");
    assert_eq!(machine.told(&["webhooks", "list", "--state", "dead"]), "");
    let none = machine.tonegate(&["webhooks", "replay"]);
    assert_eq!(String::from_utf8_lossy(&none.stdout).trim(), "0 to be sent again");
    assert_eq!(none.status.code(), Some(1));

    // Whoever else listens there is not told the key.
    let other = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
    machine.put("cert.pem", &other.cert.pem());
    let refused = machine.tonegate(&["webhooks", "list"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(69), "{words}");
    assert!(words.contains(&format!("https://{}", machine.address)), "{words}");
    assert!(words.contains("is not the one in api.tls_certificate_file"), "{words}");
    fs::remove_file(machine.path("cert.pem")).expect("a file");
    let missing = machine.tonegate(&["webhooks", "list"]);
    let words = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(words.contains("cert.pem: the daemon's certificate cannot be read"), "{words}");
    assert_eq!(missing.status.code(), Some(78), "{words}");
    drop(daemon);
}

#[test]
fn what_is_found_about_providers_is_told_although_the_pbx_is_absent() {
    let machine = Machine::new();
    for words in [&["check"][..], &["check", "--psp"]] {
        let checked = machine.tonegate(words);
        let (out, err) = (String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
        assert!(out.contains("warning: psp.bank: if an answer gets lost"), "{words:?}: {out}");
        assert_eq!(
            out.contains("psp.bank: it cannot be asked anything"),
            words.len() == 2,
            "{words:?}: {out}"
        );
        assert!(err.contains("127.0.0.1:1"), "{words:?}: {err}");
        assert_eq!(checked.status.code(), Some(69), "{words:?}: {err}");
    }
}

#[tokio::test]
async fn the_login_page_says_in_words_that_an_address_guesses() {
    let machine = Machine::new();
    machine.told(&["user", "add", "--role", "agent", "--password-file", "@/first", "anna"]);
    let _daemon = machine.serve().await;
    let client = machine.client();
    let sign_in = async |name: &str, language: &str| {
        let request = client.post(machine.url("/console/login")).header("accept-language", language);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = format!("name={name}&password=first+things+first&next=%2Fdesk");
        request.body(body).send().await.expect("an answer")
    };
    for n in 0..30 {
        assert_eq!(sign_in(&format!("name{n}"), "en").await.status(), 401, "{n}");
    }
    for (language, words) in
        [("en", "Too many wrong tries came from your network"), ("fr", "Trop d’essais erronés")]
    {
        let answer = sign_in("anna", language).await;
        assert_eq!(answer.status(), 429);
        let wait_s = answer.headers()["retry-after"].to_str().expect("text").parse::<u32>().expect("seconds");
        assert!((800..=900).contains(&wait_s), "{wait_s}");
        let page = answer.text().await.expect("a page");
        assert!(page.contains(words), "{page}");
    }
    // From the machine itself, over the daemon's own door, nobody is shut out.
    assert!(machine.told(&["user", "list"]).contains("anna"));
}
