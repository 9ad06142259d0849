//! Bytes that are no protocol.

use proptest::prelude::*;

use super::super::request::Parser;
use super::*;

#[tokio::test]
async fn rubbish_hurts_nobody_else() {
    let (rehearsal, _daemon) = start().await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut good = Client::login(&rehearsal).await;
    let bodies: [&[u8]; 6] = [
        b"\0\xff\xfe\n\n",
        b"auth\n\n\n\n\nauth \xc3\x28\n\n",
        b"api status\nContent-Length: 99999999999\n\n",
        b"api status\nContent-Length: -1\n\n",
        b"\r\n\r\n\r\nexit\r\n\r\n",
        &[b'a'; 100_000],
    ];
    for body in bodies {
        let mut client = Client::raw(&rehearsal).await;
        // The other end may have hung up on us by then.
        let _ = client.stream.write_all(body).await;
        let _ = tokio::time::timeout(Duration::from_millis(SETTLE_MS), client.read()).await;
    }
    let (a, long) = (&call.customer_leg, "x".repeat(30_000));
    for command in [
        format!("uuid_record {a} mask"),
        format!("uuid_displace {a}"),
        format!("uuid_audio {a} start"),
        format!("uuid_setvar {a} {long} {long}"),
        format!("uuid_dual_transfer {a} /"),
        format!("uuid_broadcast {a}"),
        "originate {".to_owned(),
        "sched_api +99999999999999999999 a b".to_owned(),
        "uuid_bridge".to_owned(),
    ] {
        let answer = good.api(&command).await;
        assert!(answer.starts_with('-') || answer.starts_with('+'), "{command:.60}: {answer:.60}");
    }
    for data in ["", ",", "a,~[,b,c", "a,~(((,b,c", "a,~*,b,c", "a,=,b,c"] {
        good.execute(a, "bind_digit_action", data).await;
    }
    call.customer.key("49", TONE_MS, GAP_MS).await;
    assert_eq!(good.api(&format!("uuid_exists {a}")).await, "true");
}

#[tokio::test]
async fn a_listener_that_does_not_read_holds_up_nobody() {
    let (rehearsal, _daemon) = start().await;
    let mut deaf = Client::login(&rehearsal).await;
    deaf.ask("log debug").await;
    let mut busy = Client::login(&rehearsal).await;
    let line = format!("log debug {}", "y".repeat(1_000));
    for _ in 0..2_000 {
        busy.api(&line).await;
    }
    assert_eq!(busy.api("echo still here").await, "still here");
}

proptest! {
    /// However the bytes are cut into packets, the same commands come out, and nothing panics.
    #[test]
    fn packets_do_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 1_usize..40) {
        let text = [&bytes[..], b"\n\napi status\nContent-Length: 3\n\nabcexit\n\n"].concat();
        let read = |size: usize| -> Vec<(String, Option<String>)> {
            let mut parser = Parser::default();
            let mut commands = Vec::new();
            for packet in text.chunks(size) {
                parser.feed(packet);
                while let Ok(Some(request)) = parser.next() {
                    commands.push((request.line, request.body));
                }
            }
            commands
        };
        prop_assert_eq!(read(cut), read(text.len()));
    }
}
