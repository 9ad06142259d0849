use std::sync::Arc;

use tokio::net::TcpListener;

use super::*;
use crate::card::KeyKind;

fn key(event: &str, leg: &str, digit: char, direction: &str) -> Vec<u8> {
    format!(
        "Event: {event}\r\nChannel: PJSIP/x-1\r\nUniqueid: {leg}\r\nDigit: {digit}\r\nDirection: {direction}"
    )
    .into_bytes()
}

/// What kinds of keys were reported.
fn kinds(reports: &mut mpsc::Receiver<FromPbx>) -> String {
    let mut told = String::new();
    while let Ok(report) = reports.try_recv() {
        told.push(match report {
            FromPbx::Key(key) => match key.kind() {
                KeyKind::Digit => 'd',
                KeyKind::Star => '*',
                KeyKind::Hash => '#',
            },
            FromPbx::Agent(_) => 'A',
            _ => '?',
        });
    }
    told
}

#[test]
fn a_press_counts_once_although_its_release_is_told_twice() {
    let keypad = Arc::new(Keypad::default());
    let (reports, mut told) = mpsc::channel(64);
    for (counts, expected) in [(Counts::Press, "d#"), (Counts::Release, "dd##"), (Counts::Unknown, "d#")] {
        let _ear = keypad.customer("17.1", counts, reports.clone());
        for digit in ['4', '#'] {
            for event in ["DTMFBegin", "DTMFEnd", "DTMFEnd"] {
                keypad.hear(&key(event, "17.1", digit, "Received"));
            }
        }
        assert_eq!(kinds(&mut told), expected, "{counts:?}");
    }
}

#[test]
fn a_line_with_releases_alone_is_heard() {
    let keypad = Arc::new(Keypad::default());
    let (reports, mut told) = mpsc::channel(64);
    let _ear = keypad.customer("17.1", Counts::Unknown, reports);
    for digit in ['1', '1', '*'] {
        keypad.hear(&key("DTMFEnd", "17.1", digit, "Received"));
    }
    assert_eq!(kinds(&mut told), "dd*");
}

#[test]
fn nobody_else_is_listened_to() {
    let keypad = Arc::new(Keypad::default());
    let (reports, mut told) = mpsc::channel(64);
    let ear = keypad.customer("17.1", Counts::Press, reports);
    keypad.hear(&key("DTMFBegin", "17.2", '1', "Received"));
    keypad.hear(&key("DTMFBegin", "17.1", '1', "Sent"));
    keypad.hear(&key("DTMFBegin", "17.1", 'A', "Received"));
    keypad.hear(b"Event: DTMFBegin\r\nDirection: Received\r\nUniqueid: 17.1\r\nDigit: 41");
    keypad.hear(b"Event: DTMFBegin\r\nDirection: Received\r\nUniqueid: \xff\r\nDigit: 4");
    keypad.hear(b"");
    drop(ear);
    keypad.hear(&key("DTMFBegin", "17.1", '1', "Received"));
    assert_eq!(kinds(&mut told), "");
}

#[test]
fn of_the_agent_only_commands_are_heard() {
    let keypad = Arc::new(Keypad::default());
    let (reports, mut told) = mpsc::channel(64);
    let _ear = keypad.agent("17.2", Counts::Press, AgentKeys::default(), reports);
    for digit in "12*1*8**9#".chars() {
        keypad.hear(&key("DTMFBegin", "17.2", digit, "Received"));
    }
    assert_eq!(kinds(&mut told), "AA");
}

/// One connection to a manager played by hand; what is sent to it, and what it ends with.
async fn served(sent: Vec<Vec<u8>>) -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings =
        AsteriskSettings { ami_address: listener.local_addr().unwrap(), ..AsteriskSettings::default() };
    let manager = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"Asterisk Call Manager/11.0.0\r\n").await.unwrap();
        let mut login = vec![0; 512];
        let length = stream.read(&mut login).await.unwrap();
        assert!(login[..length].ends_with(b"Events: dtmf\r\n\r\n"));
        stream.write_all(b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n").await.unwrap();
        for part in sent {
            if stream.write_all(&part).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
    });
    let keypad = Arc::new(Keypad::default());
    let (reports, mut told) = mpsc::channel(64);
    let _ear = keypad.customer("17.1", Counts::Press, reports);
    let connection = Connection::connect(&settings, "secret").await.unwrap();
    let why = connection.run(&keypad, Duration::from_secs(5), Duration::from_secs(5)).await;
    manager.await.unwrap();
    (kinds(&mut told), why)
}

#[tokio::test]
async fn keys_come_out_however_the_bytes_are_split() {
    let mut bytes = Vec::new();
    for digit in "4*#".chars() {
        bytes.extend(key("DTMFBegin", "17.1", digit, "Received"));
        bytes.extend(b"\r\n\r\n");
    }
    let (told, why) = served(bytes.chunks(7).map(<[u8]>::to_vec).collect()).await;
    assert_eq!(told, "d*#");
    assert!(why.contains("closed"), "{why}");
}

#[tokio::test]
async fn a_frame_without_end_ends_the_connection() {
    let (told, why) = served(vec![vec![b'x'; READER_MAX_BYTES + 1]]).await;
    assert_eq!(told, "");
    assert!(why.contains("longer than was agreed"), "{why}");
}
