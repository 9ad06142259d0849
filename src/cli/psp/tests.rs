use super::*;
use clap::Parser;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    this: Try,
}

fn tried(arguments: &[&str]) -> Result<ExitCode, String> {
    let line = ["try"].iter().chain(arguments);
    let line = Line::try_parse_from(line).map_err(|fault| fault.to_string())?;
    line.this.run().map_err(|fault| fault.to_string())
}

/// A configuration with one account whose API key is this one.
fn configured(kind: &str, key: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let put = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
        path.display().to_string()
    };
    put("secret", "0123456789abcdef\n");
    put("key", key);
    let file = put(
        "tonegate.toml",
        &format!(
            "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"secret\"\n[merchant]\n\
             name = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n[api]\nkey_file = \"secret\"\n\
             [[psp]]\nname = \"bank\"\nkind = \"{kind}\"\napi_key_file = \"key\"\n"
        ),
    );
    (directory, file)
}

#[test]
fn live_credentials_are_never_tried_with_a_test_card() {
    for (kind, key) in [("stripe", "sk_live_1"), ("checkout", "sk_1")] {
        let (_directory, file) = configured(kind, key);
        for operation in ["authorise", "tokenise", "charge-token", "refund", "cancel", "query", "link"] {
            let told =
                tried(&["bank", "--config", &file, "--operation", operation]).err().unwrap_or_default();
            assert!(told.contains("live credentials"), "{kind} {operation}: {told}");
        }
    }
}

#[test]
fn what_cannot_be_tried_is_said_before_anything_is_sent() {
    for (arguments, word) in [
        (&["bank", "--base-url", "http://127.0.0.1:9/"][..], "NAME is one of"),
        (&["adyen", "--base-url", "https://pay.example/"], "not an address of this machine"),
        (&["adyen", "--base-url", "http://10.0.0.1/"], "in the clear"),
        (&["adyen", "--base-url", "http://127.0.0.1:9/", "--card", "nobody"], "there is no `nobody`"),
        (&["adyen", "--base-url", "http://127.0.0.1:9/", "--amount", "1.001"], "--amount"),
        (&["adyen", "--base-url", "http://127.0.0.1:9/", "--token", "t"], "--shopper"),
    ] {
        let told = tried(arguments).err().unwrap_or_default();
        assert!(told.contains(word), "{arguments:?}: {told}");
    }
    let number = u64::MAX.to_string();
    let told =
        tried(&["adyen", "--base-url", "http://127.0.0.1:9/", "--card", &number]).err().unwrap_or_default();
    assert!(told.contains("never a number") && !told.contains(&number), "{told}");
}

#[test]
fn nothing_is_charged_for_what_the_account_cannot_do() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    for operation in ["charge-token", "refund", "cancel", "query", "link"] {
        let told = tried(&["generic", "--base-url", &url, "--operation", operation, "--json"]);
        assert_eq!(told, Ok(ExitCode::FAILURE), "{operation}");
    }
    listener.set_nonblocking(true).expect("asked");
    assert!(listener.accept().is_err(), "nobody was asked");
}

#[test]
fn a_stand_in_on_this_machine_needs_no_configuration() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let far_end = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody");
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        while !request.ends_with(b"}}") {
            let read = stream.read(&mut piece).expect("a request");
            request.extend_from_slice(&piece[..read]);
        }
        let body = "{\"pspReference\":\"P1\",\"resultCode\":\"Authorised\"}";
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).expect("answered");
        String::from_utf8(request).expect("text")
    });
    assert_eq!(tried(&["adyen", "--base-url", &url]), Ok(ExitCode::SUCCESS));
    let request = far_end.join().expect("a request");
    assert!(
        request.starts_with("POST /payments ") && request.contains("x-api-key: dummy_test_key"),
        "{request}"
    );
}
