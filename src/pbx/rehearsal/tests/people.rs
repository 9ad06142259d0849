//! What people do with their telephones.

use super::*;

#[tokio::test]
async fn hold_silences_both_and_resume_ends_it() {
    let (rehearsal, _daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    control.ask("event plain CHANNEL_HOLD CHANNEL_UNHOLD").await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut live = call.customer.listen();
    call.agent.hold();
    assert!(!call.customer.hears_voice());
    assert_eq!(live.recv().await.unwrap().what, Sound::Silence);
    call.agent.resume();
    assert!(call.customer.hears_voice());
    control.until("Event-Name: CHANNEL_HOLD\n").await;
    control.until("Event-Name: CHANNEL_UNHOLD\n").await;
}

#[tokio::test]
async fn a_transfer_takes_the_customer_elsewhere() {
    let daemon = None;
    let there = Extension::new("200", &[("answer", ""), ("bridge", "user/200")]);
    let settings = Settings { daemon_address: daemon, extensions: vec![there], ..Settings::default() };
    let rehearsal = Rehearsal::start(settings).await.unwrap();
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    call.agent.transfer("200");
    assert!(call.agent.leg().is_none());
    assert!(call.customer.hears_voice());
    let phones = rehearsal.phones();
    let third = phones.iter().find(|phone| phone.name() == "200").unwrap();
    assert!(third.hears_voice());
    third.transfer("nowhere");
    assert!(call.customer.leg().is_none());
}

#[tokio::test]
async fn without_a_daemon_the_payment_number_falls_back_to_a_person() {
    let rehearsal = Rehearsal::start(Settings::default()).await.unwrap();
    let customer = rehearsal.dial_direct("700", Keys::Rfc4733, &Default::default()).await.unwrap();
    settle().await;
    assert!(customer.hears_voice());
    assert_eq!(rehearsal.variable(&customer.leg().unwrap(), "sensitive_dtmf"), None);
}

#[tokio::test]
async fn when_the_daemon_dies_the_payment_number_goes_on_to_a_person() {
    let (rehearsal, daemon) = start().await;
    let customer = rehearsal.dial_direct("700", Keys::Rfc4733, &Default::default()).await.unwrap();
    let mut line = private(&daemon).await;
    line.say("connect").await;
    line.until("variable_sensitive_dtmf: true\n").await;
    assert!(!customer.hears_voice());
    drop(line);
    settle().await;
    assert!(customer.hears_voice());
}

#[tokio::test]
async fn the_private_connection_hears_of_the_hang_up_and_may_linger() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    assert_eq!(line.ask("linger 5").await, "+OK will linger 5 seconds");
    call.agent.hang_up();
    let notice = format!(
        "Content-Type: text/disconnect-notice\nControlled-Session-UUID: {}\nContent-Disposition: linger\n",
        call.customer_leg
    );
    line.until(&notice).await;
    line.ask("exit").await;
    while line.read().await > 0 {}

    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    call.customer.hang_up();
    line.until("Event-Name: CHANNEL_HANGUP\n").await;
    // In FreeSWITCH's order: the hang-up, which still names the other side, before the end of the bridge.
    let told = line.until("Event-Name: CHANNEL_UNBRIDGE\n").await;
    assert!(told.contains(&format!("Other-Leg-Unique-ID: {}\n", call.agent_leg)), "{told}");
    assert!(told.contains("Answer-State: hangup\n"));
    line.until("Content-Disposition: disconnect\nContent-Length: 67\n\n").await;
}

#[tokio::test]
async fn a_leg_told_to_stay_is_parked_when_the_other_goes() {
    let (rehearsal, _daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    control.ask("event plain CHANNEL_PARK").await;
    let stay = ("park_after_bridge".to_owned(), "true".to_owned());
    let plan = CallPlan { variables: [stay].into(), ..CallPlan::default() };
    let call = rehearsal.place_call(plan).await.unwrap();
    call.agent.hang_up();
    assert_eq!(call.customer.leg(), Some(call.customer_leg.clone()));
    control.until(&format!("Unique-ID: {}\n", call.customer_leg)).await;
}

#[tokio::test]
async fn calls_are_listed_with_what_marks_them() {
    let (rehearsal, _daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    control.api(&format!("uuid_setvar {} presence_data tg:p1", call.customer_leg)).await;
    let list: serde_json::Value = serde_json::from_str(&control.api("show channels as json").await).unwrap();
    assert_eq!(list["row_count"], 2);
    assert_eq!(list["rows"][0]["uuid"], call.customer_leg.as_str());
    assert_eq!(list["rows"][0]["presence_data"], "tg:p1");
    assert_eq!(list["rows"][1]["presence_id"], "1001@127.0.0.1");
    let calls: serde_json::Value = serde_json::from_str(&control.api("show calls as json").await).unwrap();
    assert_eq!(calls["rows"][0]["b_uuid"], call.agent_leg.as_str());
    let dump = control.api(&format!("uuid_dump {} json", call.agent_leg)).await;
    let dump: serde_json::Value = serde_json::from_str(&dump).unwrap();
    assert_eq!(dump["variable_bridge_uuid"], call.customer_leg.as_str());
}

#[tokio::test]
async fn an_unknown_application_ends_the_call_as_it_does_for_real() {
    let (rehearsal, _daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    control.execute(&call.customer_leg, "nosuchapp", "x").await;
    assert!(rehearsal.cdrs().iter().any(|cdr| cdr.hangup_cause == "DESTINATION_OUT_OF_ORDER"));
}

#[tokio::test]
async fn a_loopback_call_can_be_made_for_a_self_test() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let answer =
        control.api("originate {origination_uuid=t1}null/tonegate tonegate_customer XML tonegate").await;
    assert_eq!(answer, "+OK t1\n");
    let mut line = private(&daemon).await;
    line.say("connect").await;
    line.until("Control: full\n\n").await;
    line.ask("myevents").await;
    line.ask("divert_events on").await;
    line.execute("", "bind_digit_action", "tgkeys,~^[0-9*#],api:uuid_setvar,t1 last_matching_digits").await;
    line.all().await;
    assert_eq!(control.api("uuid_recv_dtmf t1 ~7").await, "+OK t1 received DTMF ~7.\n");
    assert_eq!(digits_of(&line.all().await), "7");
    let answer = control.api("originate {origination_uuid=t2}loopback/park/c &park").await;
    assert_eq!(answer, "+OK t2\n");
    assert_eq!(control.api("originate loopback/none/c &park").await, "-ERR NO_ROUTE_DESTINATION\n");
    assert_eq!(control.api("originate foo &park").await, "-ERR CHAN_NOT_IMPLEMENTED\n");
}

#[tokio::test]
async fn a_thousand_calls_fit() {
    let (rehearsal, _daemon) = start().await;
    let mut customers = Vec::new();
    for _ in 0..1_000 {
        customers.push(rehearsal.place_call(CallPlan::default()).await.unwrap().customer);
    }
    assert_eq!(rehearsal.legs().len(), 2_000);
    customers.iter().for_each(PhoneHandle::hang_up);
    assert!(rehearsal.legs().is_empty());
}
