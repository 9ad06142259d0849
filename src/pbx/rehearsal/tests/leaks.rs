//! What leaks by default, so that every defence has something to stop.

use super::*;

#[tokio::test]
async fn keys_in_a_conversation_reach_everybody() {
    let (rehearsal, _daemon) = start().await;
    let mut spy = Client::spy(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    call.customer.key("4929", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "4929");
    assert!(call.agent.heard().iter().any(|heard| heard.what == Sound::TelephoneEvent('9')));
    let text = |level| rehearsal.log(level).into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n");
    assert!(text(Level::Info).contains("RECV DTMF 4:400"));
    assert!(!text(Level::Info).contains("RTP RECV DTMF"));
    assert!(text(Level::Debug).contains("RTP RECV DTMF 4:160"));
    let heard = spy.all().await;
    assert_eq!(heard.matches("\nDTMF-Digit: 9\n").count(), 2);
    call.customer.hang_up();
    let cdr = rehearsal.cdrs().into_iter().find(|cdr| cdr.leg == call.customer_leg).unwrap();
    assert_eq!(cdr.digits_dialed, "4929");
    assert!(call.agent.leg().is_none(), "a side that hangs up ends the other");
}

#[tokio::test]
async fn a_sensitive_leg_tells_nobody_not_even_us() {
    let (rehearsal, _daemon) = start().await;
    let mut spy = Client::spy(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    spy.api(&format!("uuid_setvar {} sensitive_dtmf true", call.customer_leg)).await;
    spy.all().await;
    call.customer.key("4929", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "");
    assert_eq!(spy.all().await, "");
    assert!(!rehearsal.log(Level::Debug).iter().any(|line| line.text.contains("RECV DTMF")));
    call.customer.hang_up();
    assert!(rehearsal.cdrs().iter().all(|cdr| cdr.digits_dialed == "none"));
}

#[tokio::test]
async fn a_binding_without_sensitivity_still_logs_at_debug() {
    let (rehearsal, _daemon) = start().await;
    let mut client = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let keys = format!("tgkeys,~^[0-9*#],api:uuid_setvar,{} last_matching_digits", call.customer_leg);
    client.execute(&call.customer_leg, "bind_digit_action", &keys).await;
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "");
    assert!(rehearsal.log(Level::Debug).iter().any(|line| line.text.contains("RTP RECV DTMF 4")));
}

#[tokio::test]
async fn a_parked_leg_publishes_matched_keys_unless_they_are_diverted() {
    let (rehearsal, daemon) = start().await;
    let mut spy = Client::spy(&rehearsal).await;
    let phone = rehearsal.dial_direct("700", Keys::Rfc4733, &Default::default()).await.unwrap();
    let mut line = private(&daemon).await;
    line.say("connect").await;
    line.until("Control: full\n\n").await;
    line.ask("myevents").await;
    let keys = format!("tgkeys,~^[0-9*#],api:uuid_setvar,{} last_matching_digits", phone.leg().unwrap());
    line.execute("", "bind_digit_action", &keys).await;
    spy.all().await;
    phone.key("7", TONE_MS, GAP_MS).await;
    assert_eq!(digits_of(&spy.all().await), "7");
    line.ask("divert_events on").await;
    line.all().await;
    phone.key("8", TONE_MS, GAP_MS).await;
    assert_eq!(digits_of(&spy.all().await), "");
    assert_eq!(digits_of(&line.all().await), "8");
}

#[tokio::test]
async fn sip_info_is_published_even_when_sealed() {
    let (rehearsal, daemon) = start().await;
    let mut spy = Client::spy(&rehearsal).await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan { keys: Keys::Info, ..CallPlan::default() }).await.unwrap();
    assert_eq!(rehearsal.variable(&call.customer_leg, "dtmf_type").as_deref(), Some("info"));
    let mut line = seal(&mut control, &daemon, &call).await;
    spy.all().await;
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(digits_of(&line.all().await), "4");
    let heard = spy.all().await;
    assert!(heard.contains("Event-Name: RECV_INFO") && heard.contains("Signal=4\r\n"), "{heard}");
}

#[tokio::test]
async fn media_beside_the_pbx_carries_keys_past_it() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    for plan in [
        CallPlan { media: Media::Proxy, ..CallPlan::default() },
        CallPlan {
            variables: [("pass_rfc2833".to_owned(), "true".to_owned())].into(),
            ..CallPlan::default()
        },
        CallPlan { media: Media::Bypass, ..CallPlan::default() },
    ] {
        let call = rehearsal.place_call(plan).await.unwrap();
        let mut line = seal(&mut control, &daemon, &call).await;
        call.customer.key("42", TONE_MS, GAP_MS).await;
        assert_eq!(call.agent.keys_heard(), "42");
        assert_eq!(digits_of(&line.all().await), "");
    }
}
