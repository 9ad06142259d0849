use super::scanner::Scanner;
use super::*;
use crate::card::{Brand, Card, Entry, Key, SecretBodyBuilder, SecretBuffer, YearMonth};
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::{fs::MetadataExt, process::CommandExt};
use std::process::{Child, Command, Stdio};

/// Kept as a number, so that this program's own text does not hold the digits it is searched for.
const CARD_OF_THE_CHILD: u64 = 5200828282828210;

fn needles() -> Needles {
    Needles::for_card("5555444433331111", "737").expect("a test card")
}

fn searched(bytes: &[u8], needles: &Needles, chunk_bytes: usize) -> Scan {
    let mut scan = Scan::default();
    let mut scanner = Scanner::new(needles, &mut scan, "here", 0);
    bytes.chunks(chunk_bytes.max(1)).for_each(|chunk| scanner.feed(chunk));
    scanner.finish();
    scan
}

fn found(bytes: &[u8]) -> Vec<(FindingKind, u64)> {
    searched(bytes, &needles(), usize::MAX).findings.into_iter().map(|f| (f.kind, f.offset)).collect()
}

#[test]
fn every_rendering_of_the_card_number_is_found_once() {
    use FindingKind::{PanText, PanUtf16, PanValues};
    let digits = b"5555444433331111";
    let utf16: Vec<u8> = digits.iter().flat_map(|d| [*d, 0]).collect();
    let values: Vec<u8> = digits.iter().map(|d| d - b'0').collect();
    let within = |middle: &[u8]| [b"some text before ", middle, b" and after"].concat();
    assert_eq!(found(&within(digits)), [(PanText, 17)]);
    assert_eq!(found(&within(&utf16)), [(PanUtf16, 17)]);
    assert_eq!(found(&within(&values)), [(PanValues, 17)]);
    assert_eq!(found(digits), [(PanText, 0)]);
}

#[test]
fn groups_and_base64_are_found_wherever_they_begin() {
    use FindingKind::{PanBase64, PanGrouped};
    for divided in
        ["5555 4444 3333 1111", "5555-4444-3333-1111", "5555%204444%203333%201111", "4444+3333+1111"]
    {
        assert_eq!(found(format!("pan={divided}&").as_bytes()), [(PanGrouped, 4)], "{divided}");
    }
    assert_eq!(found(b"xxxx 5555 4444 333"), []);
    let amex = Needles::for_card("378282246310005", "7373").expect("a test card");
    let grouped = searched(b"card 3782 822463 10005, 7373", &amex, usize::MAX).findings;
    assert!(grouped.iter().map(|found| found.kind).eq([PanGrouped, FindingKind::CodeNearPan]), "{grouped:?}");
    for before in ["", "a", "ab", "{\"number\":\""] {
        let encoded = STANDARD.encode(format!("{before}5555444433331111\"}}"));
        assert!(found(encoded.as_bytes()).iter().map(|(kind, _)| *kind).eq([PanBase64]), "{before}");
    }
}

#[test]
fn twelve_digits_are_a_leak_and_eleven_are_not() {
    for start in 0..=4 {
        assert_eq!(found(&b"5555444433331111"[start..start + 12]).len(), 1, "from {start}");
    }
    assert_eq!(found(b"x55554444333x"), []);
    assert_eq!(found(b"xxxxxxxxxxxx1111"), []);
}

#[test]
fn a_code_counts_beside_a_card_number_or_in_its_field() {
    use FindingKind::{CodeInField, CodeNearPan, PanText};
    let kinds = |text: &str| found(text.as_bytes()).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    for text in [
        r#"{"cvv":"737"}"#,
        r#"{"cvc" : 737}"#,
        "card[cvc]=737&x",
        "card%5Bcvc%5D=737",
        "<securityCode>737<",
        r#"{\"security_code\":\"737\"}"#,
    ] {
        assert_eq!(kinds(text), [CodeInField], "{text}");
    }
    for text in [r#"{"cvv":"7371"}"#, r#"{"cvv":"xxx"}"#, "737", "port 737", "cvv737"] {
        assert_eq!(kinds(text), [], "{text}");
    }
    assert_eq!(kinds("5555444433331111 0330 737 "), [PanText, CodeNearPan]);
    assert_eq!(kinds("737 5555444433331111"), [PanText, CodeNearPan]);
    assert_eq!(kinds(&format!("5555444433331111{:70}737", "")), [PanText]);
    assert_eq!(kinds("5555444433331111 1737 7370"), [PanText]);
}

#[test]
fn ordinary_memory_is_no_leak() {
    for pan in ["4111111111111111", "4000000000000002", "370000000000002", "6200000000000005"] {
        let needles = Needles::for_card(pan, "737").expect("a test card");
        for plain in
            [vec![0; 4096], vec![1; 4096], vec![b'1'; 64], vec![b'0'; 64], 4u128.to_le_bytes().to_vec()]
        {
            assert!(searched(&plain, &needles, 100).clean(), "{pan}");
        }
        assert!(!searched(pan.as_bytes(), &needles, 100).clean(), "{pan}");
        assert!(searched(b"order 000000000002 of 000000000005", &needles, 100).clean(), "{pan}");
    }
}

#[test]
fn only_published_test_cards_are_searched_for() {
    let fault = |pan, code| Needles::for_card(pan, code).err();
    assert_eq!(fault("4111111111111112", "737"), Some(NeedleFault::NotATestCard));
    assert_eq!(fault("", ""), Some(NeedleFault::NotATestCard));
    assert_eq!(fault("4111111111111111", "73"), Some(NeedleFault::NotACode));
    assert_eq!(fault("4111111111111111", "7e7"), Some(NeedleFault::NotACode));
    assert_eq!(fault("4111111111111111", ""), None);
}

proptest! {
    #[test]
    fn where_the_stream_is_cut_makes_no_difference(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(b"5555444433331111".to_vec()),
                Just(b"\"cvc\":\"737\"".to_vec()),
                Just(b" 737 ".to_vec()),
                Just(b"5\x005\x005\x005\x004\x004\x004\x004\x003\x003\x003\x003\x00".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..90),
            ],
            0..12,
        ),
        cut in 1usize..400,
    ) {
        let bytes = pieces.concat();
        prop_assert_eq!(searched(&bytes, &needles(), cut), searched(&bytes, &needles(), usize::MAX));
    }
}

#[test]
fn a_directory_is_searched_to_its_depths() {
    let root = tempfile::tempdir().expect("a directory");
    let deep = root.path().join("log/old");
    std::fs::create_dir_all(&deep).expect("a directory");
    let mut text = vec![b'.'; CHUNK_BYTES - 7];
    text.extend_from_slice(b"card=5555444433331111&cvc=737");
    std::fs::write(deep.join("pbx.log"), &text).expect("a file");
    std::fs::write(root.path().join("clean.log"), "xxxxxxxxxxxx1111").expect("a file");
    std::os::unix::fs::symlink(root.path(), deep.join("round")).expect("a link");

    let scan = scan_path(root.path(), &needles()).expect("readable");
    let kinds: BTreeSet<FindingKind> = scan.findings.iter().map(|f| f.kind).collect();
    assert_eq!(
        kinds,
        [FindingKind::PanText, FindingKind::CodeNearPan, FindingKind::CodeInField].into_iter().collect()
    );
    assert!(scan.findings.iter().all(|f| f.where_.ends_with("log/old/pbx.log")));
    assert_eq!(scan.findings[0].offset, CHUNK_BYTES as u64 - 2);
    assert!(!format!("{scan:?}").contains("5555"));
    assert!(scan_path(&root.path().join("clean.log"), &needles()).expect("readable").clean());
    assert!(scan_path(&root.path().join("none"), &needles()).is_err());
}

/// Ends the process when the test does, however that is.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_card_in_the_environment_of_a_process_is_found() {
    let sleep = |variable: &str| {
        let mut command = Command::new("sleep");
        Ended(command.arg("60").env_clear().env("NOTE", variable).spawn().expect("a process"))
    };
    let leaking = sleep("card 5555444433331111 code 737");
    let clean = sleep("card xxxxxxxxxxxx1111 code xxx");
    let scan = scan_process(leaking.0.id(), &needles()).expect("readable");
    let kinds: Vec<FindingKind> = scan.findings.iter().map(|f| f.kind).collect();
    assert!(kinds.contains(&FindingKind::PanText) && kinds.contains(&FindingKind::CodeNearPan));
    assert!(scan.findings.iter().any(|f| f.where_.ends_with("[stack]")), "{scan:?}");
    let scan = scan_process(clean.0.id(), &needles()).expect("readable");
    assert!(scan.clean() && scan.bytes_read > 0, "{scan:?}");
}

#[test]
fn a_process_that_is_gone_is_not_called_clean() {
    let mut child = Command::new("true").spawn().expect("a process");
    let pid = child.id();
    // Ended but not waited for.
    let ended = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| s.contains(") Z"));
    while !ended() {
        std::thread::yield_now();
    }
    assert!(matches!(scan_process(pid, &needles()), Err(ResidueError::NoSuchProcess { .. })));
    child.wait().expect("an end");
    assert!(matches!(scan_process(pid, &needles()), Err(ResidueError::NoSuchProcess { .. })));
}

/// A user without rights looks at process 1.
#[test]
#[ignore = "run by the test below, as a user without rights"]
fn look_without_rights() {
    let fault = scan_process(1, &needles()).expect_err("closed to us");
    assert!(matches!(fault, ResidueError::NotReadable { pid: 1, .. }), "{fault:?}");
    assert!(fault.to_string().contains("CAP_SYS_PTRACE"));
}

#[test]
fn without_rights_the_error_says_which_is_missing() {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "inspect::residue::tests::look_without_rights", "--ignored"]);
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        command.uid(65534).gid(65534);
    }
    let output = command.output().expect("a process");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// A process through which a card passes as in a call: keys from a connection, entries, card, body.
#[test]
#[ignore = "run by the test below, in its own process"]
fn process_with_a_card() {
    let mut from_pbx = SecretBuffer::with_capacity(16 * 1024);
    let mut input = std::io::stdin().lock();
    let say = |word: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{word}").and_then(|()| out.flush()).expect("a listening parent");
    };
    say("ready");
    while !from_pbx.as_slice().ends_with(b"#") {
        // A read this large goes around the standard library's own buffer.
        let read = input.read(from_pbx.spare_mut()).expect("keys");
        assert!(read > 0, "the parent has gone");
        from_pbx.filled(read);
    }
    let mut entry = || {
        let mut entry = Entry::new().expect("room in the vault");
        while let Some(key) = from_pbx.as_slice().first().copied().and_then(Key::from_ascii) {
            from_pbx.consume(1);
            if key.kind() != crate::card::KeyKind::Digit {
                break;
            }
            entry.push(key).expect("room in the field");
        }
        entry
    };
    let today = YearMonth::new(2026, 11).expect("a month");
    let card = Card {
        pan: entry().into_pan(&Brand::ALL).expect("a card number"),
        expiry: entry().into_expiry(today).expect("a date"),
        code: entry().into_code(Brand::Mastercard).ok(),
        postal: None,
    };
    let body = SecretBodyBuilder::with_capacity(0).raw("{\"pan\":\"").pan(&card).raw("\",\"cvc\":\"");
    let body = body.code(&card).raw("\"}").finish();
    say("sent");
    let mut word = [0; 1];
    input.read_exact(&mut word).expect("the parent's word");
    drop((card, body, from_pbx));
    say("forgotten");
    input.read_exact(&mut word).expect("the parent's word");
}

#[test]
fn a_card_is_found_while_it_is_needed_and_gone_afterwards() {
    let mut child = Ended(
        Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "inspect::residue::tests::process_with_a_card", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process"),
    );
    let mut keypad = child.0.stdin.take().expect("its input");
    let mut words = BufReader::new(child.0.stdout.take().expect("its output")).lines();
    let mut wait_for = |word: &str| {
        assert!(words.by_ref().map_while(Result::ok).any(|line| line == word), "{word}");
    };
    let pan = CARD_OF_THE_CHILD.to_string();
    let needles = Needles::for_card(&pan, "913").expect("a test card");
    let search = || scan_process(child.0.id(), &needles).expect("readable");

    wait_for("ready");
    assert!(search().clean(), "before the first key");
    keypad.write_all(format!("{pan}*0330*913#").as_bytes()).expect("keys");
    wait_for("sent");
    let kinds: BTreeSet<FindingKind> = search().findings.iter().map(|f| f.kind).collect();
    assert!(kinds.contains(&FindingKind::PanText) && kinds.contains(&FindingKind::CodeInField), "{kinds:?}");
    keypad.write_all(b"#").expect("a listening child");
    wait_for("forgotten");
    let scan = search();
    assert!(scan.clean(), "{scan:?}");
    keypad.write_all(b"#").expect("a listening child");
}
