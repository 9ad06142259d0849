//! Two phones call each other without a PBX between them.

use super::*;
use crate::inspect::audio::Law;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const CARD: &str = "4111111111111111";
const SETTLE: Duration = Duration::from_millis(200);

fn settings(user: &str) -> PhoneSettings {
    PhoneSettings { answer: Answer::AfterMs(20), ..PhoneSettings::new(user) }
}

/// A customer in a call with an agent, both speaking.
async fn connected(customer: PhoneSettings, agent: PhoneSettings) -> (Phone, Dialog, Phone, Dialog) {
    let customer = Phone::bind(customer).await.expect("a phone");
    let agent = Phone::bind(agent).await.expect("a phone");
    customer.speak(Some(Marker::Customer));
    agent.speak(Some(Marker::Agent));
    let out = customer.call(&agent.uri()).await.expect("the agent answers");
    let inward = timeout(Duration::from_secs(2), agent.answered()).await.expect("the call is there");
    (customer, out, agent, inward)
}

fn now_ms(heard: &Heard) -> u32 {
    heard.ms_at(Instant::now())
}

/// Whether a phone hears a voice in the half second from now.
async fn hears_now(dialog: &Dialog, marker: Marker) -> bool {
    let from = now_ms(&dialog.heard());
    sleep(Duration::from_millis(600)).await;
    dialog.heard().share_heard(marker, from + 50, from + 500) > 0.9
}

#[tokio::test(flavor = "multi_thread")]
async fn both_hear_each_other_and_nobody_else() {
    let (_customer, out, _agent, inward) = connected(settings("100"), settings("200")).await;
    sleep(SETTLE).await;
    let from = now_ms(&inward.heard());
    sleep(Duration::from_secs(1)).await;
    for (dialog, other, own) in
        [(&out, Marker::Agent, Marker::Customer), (&inward, Marker::Customer, Marker::Agent)]
    {
        let heard = dialog.heard();
        assert!(heard.hears(other, from, from + 900));
        assert_eq!(heard.share_heard(own, from, from + 900), 0.0);
        assert_eq!(heard.voice_gaps(other, from, from + 900), []);
        assert_eq!(heard.tones(), []);
    }
    assert_eq!((out.codec(), inward.codec()), (Some(Law::Mu), Some(Law::Mu)));
    out.speak(None);
    sleep(SETTLE).await;
    assert!(!hears_now(&inward, Marker::Customer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn telephone_events_arrive_once_and_in_order() {
    let (_customer, out, _agent, inward) = connected(settings("100"), settings("200")).await;
    for (tone_ms, gap_ms) in [(60, 60), (20, 20), (45, 40)] {
        let before = inward.heard().keys.len();
        let sent =
            out.keys(CARD, KeyStyle::new(KeyMode::Rfc4733, tone_ms, gap_ms)).await.expect("keys leave");
        sleep(SETTLE).await;
        let heard = inward.heard();
        assert_eq!(heard.keys_pressed()[before..], *CARD);
        for (sent, heard) in sent.iter().zip(&heard.keys[before..]) {
            assert!(
                heard.at >= sent.first_packet
                    && heard.ended_at.is_some_and(|at| at > heard.at || tone_ms == 20)
            );
            assert_eq!(u32::from(heard.duration_samples), tone_ms * 8);
            assert!(sent.end_packet.duration_since(sent.first_packet) < Duration::from_millis(500));
        }
    }
    assert_eq!(inward.heard().tones(), [], "the audio has nothing of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_the_audio_are_heard_in_the_audio() {
    let customer = PhoneSettings { telephone_event: None, codecs: vec![Law::A], ..settings("100") };
    let (_customer, out, _agent, inward) = connected(customer, settings("200")).await;
    assert_eq!(inward.codec(), Some(Law::A));
    let refused = out.keys("1", KeyStyle::new(KeyMode::Rfc4733, 60, 60)).await;
    assert!(matches!(refused, Err(PhoneError::NoTelephoneEvents)));
    out.keys("4929*#0AD", KeyStyle::new(KeyMode::InBand, 60, 60)).await.expect("keys leave");
    sleep(SETTLE).await;
    let heard = inward.heard();
    assert_eq!(heard.tones_pressed(), "4929*#0AD");
    assert_eq!(heard.keys_pressed(), "");
    assert!(heard.tones().iter().all(|tone| (tone.end_ms - tone.start_ms).abs_diff(60) <= 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_may_carry_keys_both_ways_at_once() {
    let (_customer, out, _agent, inward) = connected(settings("100"), settings("200")).await;
    out.keys(CARD, KeyStyle::new(KeyMode::Both, 60, 60)).await.expect("keys leave");
    sleep(SETTLE).await;
    let heard = inward.heard();
    assert_eq!((heard.keys_pressed().as_str(), heard.tones_pressed().as_str()), (CARD, CARD));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_travel_by_info() {
    let (_customer, out, _agent, inward) = connected(settings("100"), settings("200")).await;
    out.keys("42*#", KeyStyle::new(KeyMode::Info, 60, 60)).await.expect("keys leave");
    let heard = inward.heard();
    assert_eq!((heard.infos_pressed().as_str(), heard.keys.len()), ("42*#", 0));
    assert!(matches!(out.keys("4x", KeyStyle::new(KeyMode::Info, 60, 60)).await, Err(PhoneError::NotKeys)));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_hold_nobody_hears_a_voice() {
    let (_customer, out, _agent, inward) = connected(settings("100"), settings("200")).await;
    inward.hold().await.expect("hold is taken");
    assert_eq!((inward.direction(), out.direction()), (Some(Direction::SendOnly), Some(Direction::RecvOnly)));
    sleep(SETTLE).await;
    let (agent, customer) =
        tokio::join!(hears_now(&out, Marker::Agent), hears_now(&inward, Marker::Customer));
    assert!(!agent && !customer);
    inward.resume().await.expect("resume is taken");
    sleep(SETTLE).await;
    let (agent, customer) =
        tokio::join!(hears_now(&out, Marker::Agent), hears_now(&inward, Marker::Customer));
    assert!(agent && customer);
    let gaps = inward.heard().voice_gaps(Marker::Customer, 0, now_ms(&inward.heard()));
    assert!(gaps.iter().any(|gap| gap.ms > 500), "{gaps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_may_hang_up_and_call_again() {
    let (customer, out, agent, inward) = connected(settings("100"), settings("200")).await;
    assert!(matches!(customer.call(&agent.uri()).await, Err(PhoneError::Busy)));
    out.hang_up().await.expect("it is answered");
    assert_eq!((out.ended().await, inward.ended().await), (EndedBy::Here, EndedBy::There));
    assert!(matches!(inward.hang_up().await, Err(PhoneError::NotUp)));
    let keys = inward.keys("1", KeyStyle::new(KeyMode::InBand, 60, 60)).await;
    assert!(matches!(keys, Err(PhoneError::NotUp)));
    let again = customer.call(&agent.uri()).await.expect("the agent answers again");
    let inward = agent.answered().await;
    inward.hang_up().await.expect("it is answered");
    assert_eq!(again.ended().await, EndedBy::There);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_dropped_hangs_up() {
    let (customer, out, _agent, inward) = connected(settings("100"), settings("200")).await;
    drop((customer, out));
    assert_eq!(timeout(Duration::from_secs(2), inward.ended()).await.ok(), Some(EndedBy::There));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_may_be_refused_withdrawn_or_answered_by_hand() {
    let caller = PhoneSettings { ring_timeout_ms: 300, ..settings("100") };
    let caller = Phone::bind(caller).await.expect("a phone");
    let refusing = PhoneSettings { answer: Answer::Refuse(603), ..settings("200") };
    let refusing = Phone::bind(refusing).await.expect("a phone");
    let refused = caller.call(&refusing.uri()).await;
    assert!(matches!(refused, Err(PhoneError::Refused { code: 603, .. })));

    let by_hand = PhoneSettings { answer: Answer::ByHand, ..settings("300") };
    let by_hand = Phone::bind(by_hand).await.expect("a phone");
    let withdrawn = caller.call(&by_hand.uri()).await;
    assert!(matches!(withdrawn, Err(PhoneError::Refused { code: 487, .. })));
    assert!(matches!(by_hand.ringing().await.answer(), Err(PhoneError::NotUp)));

    let target = by_hand.uri();
    let (call, answered) = tokio::join!(caller.call_with(&target, &[("X-Order", "A-17")]), async {
        let ringing = by_hand.ringing().await;
        assert_eq!(ringing.header("x-order"), Some("A-17"));
        ringing.answer()
    });
    assert!(call.is_ok_and(|call| call.is_up()) && answered.is_ok_and(|call| call.is_up()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_is_withdrawn() {
    let caller = Phone::bind(settings("100")).await.expect("a phone");
    let callee = PhoneSettings { answer: Answer::ByHand, ..settings("200") };
    let callee = Phone::bind(callee).await.expect("a phone");
    let target = callee.uri();
    tokio::select! {
        _ = caller.call(&target) => panic!("nobody answers"),
        ringing = callee.ringing() => drop(ringing),
    }
    sleep(SETTLE).await;
    let refused = PhoneSettings { ring_timeout_ms: 300, ..settings("300") };
    let other = Phone::bind(refused).await.expect("a phone");
    // The line of the callee is free again.
    let (call, answered) = tokio::join!(other.call(&target), async { callee.ringing().await.answer() });
    assert!(call.is_ok() && answered.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_told_and_bad_targets_too() {
    let caller = PhoneSettings { ring_timeout_ms: 200, ..settings("100") };
    let caller = Phone::bind(caller).await.expect("a phone");
    for bad in ["", "100", "sip:a b@127.0.0.1", "tel:+49"] {
        assert!(matches!(caller.call(bad).await, Err(PhoneError::BadTarget(_))), "{bad}");
    }
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let address = silent.local_addr().expect("it is bound");
    let unanswered = caller.call(&format!("sip:100@{address}")).await;
    assert!(
        matches!(unanswered, Err(PhoneError::Unanswered { to, .. }) if to == address),
        "the INVITE is withdrawn after its time"
    );
    assert!(matches!(caller.register().await, Err(PhoneError::NoRegistrar)));
}
