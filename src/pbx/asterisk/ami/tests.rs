use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

/// A manager played by hand: it greets, takes the login and answers every action as `answer` says.
async fn manager(accepts: bool, answer: fn(&str, &str) -> String) -> (AsteriskSettings, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = AsteriskSettings {
        ami_address: listener.local_addr().unwrap(),
        answer_timeout_ms: 500,
        ..AsteriskSettings::default()
    };
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"Asterisk Call Manager/11.0.0\r\n").await.unwrap();
        let (mut bytes, mut is_first) = (Vec::new(), true);
        while stream.read_buf(&mut bytes).await.unwrap_or(0) > 0 {
            while let Some(frame) = frames::first(&bytes, 0, FRAME_MAX_BYTES).unwrap() {
                let message = Message::read(&bytes[frame.clone()]);
                bytes.drain(..frames::length(&frame));
                let said = if std::mem::take(&mut is_first) {
                    let response = if accepts { "Success" } else { "Error" };
                    format!("Response: {response}\r\n\r\n")
                } else {
                    answer(message.get("Action"), message.get("ActionID"))
                };
                stream.write_all(said.as_bytes()).await.unwrap();
            }
        }
    });
    (settings, served)
}

async fn connected(answer: fn(&str, &str) -> String) -> Ami {
    let (settings, _) = manager(true, answer).await;
    let (legs, _) = Legs::new();
    let (ami, connection) = Ami::connect(&settings, "secret", legs).await.unwrap();
    tokio::spawn(connection.run());
    ami
}

#[tokio::test]
async fn a_list_is_gathered_and_other_events_are_not_part_of_it() {
    let ami = connected(|_, id| {
        format!(
            "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\nEvent: Status\r\nActionID: {id}\r\nUniqueid: 17.1\r\n\r\nEvent: Hangup\r\nUniqueid: 17.9\r\n\r\nEvent: StatusComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
        )
    })
    .await;
    let answer = ami.one(Action::new("Status")).await.unwrap();
    assert_eq!(answer.rows.len(), 1);
    assert_eq!(answer.rows[0].get("Uniqueid"), "17.1");
}

#[tokio::test]
async fn one_refusal_among_several_is_told() {
    let ami = connected(|action, id| {
        let response = if action == "Redirect" { "Error" } else { "Success" };
        format!("Response: {response}\r\nActionID: {id}\r\nMessage: said of {action}\r\n\r\n")
    })
    .await;
    let refused = ami.all(&[Action::new("Setvar"), Action::new("Redirect")]).await.unwrap_err();
    assert_eq!(refused, LinkError::Refused("said of Redirect".into()));
    assert_eq!(ami.all(&[Action::new("Setvar"), Action::new("Ping")]).await.unwrap().len(), 2);
}

#[tokio::test]
async fn silence_is_no_answer() {
    let ami = connected(|_, _| String::new()).await;
    assert_eq!(ami.one(Action::new("Ping")).await.unwrap_err(), LinkError::Timeout);
}

#[tokio::test]
async fn a_wrong_password_is_told_with_its_remedy() {
    let (settings, _) = manager(false, |_, _| String::new()).await;
    let why = Ami::connect(&settings, "wrong", Legs::new().0).await.err().unwrap();
    assert!(why.contains("manager.conf") && why.contains("tonegate"), "{why}");
    assert!(!why.contains("wrong"), "{why}");
}

#[test]
fn a_value_cannot_begin_an_order_of_its_own() {
    let action = Action::new("Setvar").with("Value", "x\r\nAction: Originate");
    assert_eq!(action.0, "Action: Setvar\r\nValue: x\r\n");
}
