//! The private keypad, and what happens when one of its steps is missing.

use super::*;

#[tokio::test]
async fn sealed_keys_come_to_the_private_connection_alone() {
    let (rehearsal, daemon) = start().await;
    let mut spy = Client::spy(&rehearsal).await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    assert!(call.agent.hears_voice() && call.customer.hears_voice());
    spy.all().await;
    call.customer.key(CARD, TONE_MS, GAP_MS).await;
    call.customer.key("#", TONE_MS, GAP_MS).await;
    let heard = line.all().await;
    assert_eq!(digits_of(&heard), format!("{CARD}#"));
    let event = format!("uuid_setvar: {}%20last_matching_digits\ndigits: 4\n\n", call.customer_leg);
    assert!(
        heard.starts_with(&format!(
            "Content-Length: {}\nContent-Type: text/event-plain\n\n{event}",
            event.len()
        ))
    );
    let ticks = spy.all().await;
    assert_eq!(ticks.matches("API-Command: uuid_setvar\n").count(), CARD.len() + 1);
    assert!(!ticks.contains("digits:") && !ticks.contains("DTMF"));
    assert_eq!(call.agent.keys_heard(), "");
    assert_eq!(rehearsal.variable(&call.customer_leg, "last_matching_digits"), None);
    let log = rehearsal.log(Level::Info);
    assert!(!log.iter().any(|line| line.text.contains("DTMF")));

    // Released in order, everything is as before.
    line.ask("divert_events off").await;
    line.execute("", "clear_digit_action", "all").await;
    control.api(&format!("uuid_setvar {} sensitive_dtmf", call.customer_leg)).await;
    drop(line);
    settle().await;
    call.customer.key("5", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "5");
    assert!(spy.all().await.contains("DTMF-Digit: 5\n"));
    call.agent.hang_up();
    assert!(call.customer.leg().is_none());
    let cdrs = rehearsal.cdrs();
    assert!(cdrs.iter().all(|cdr| !cdr.digits_dialed.contains('4')));
    let bound = |(name, _): &(String, String)| name == "bind_digit_action";
    let customer = cdrs.iter().find(|cdr| cdr.leg == call.customer_leg).unwrap();
    assert_eq!(customer.applications.iter().filter(|it| bound(it)).count(), 1, "one binding is published");
}

#[tokio::test]
async fn the_agent_must_be_parked_before_the_bridge() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let (a, b) = (&call.customer_leg, &call.agent_leg);
    control.api(&format!("uuid_dual_transfer {a} tonegate_customer/XML/c tonegate_agent/XML/c")).await;
    let _line = private(&daemon).await;
    assert_eq!(control.api(&format!("uuid_bridge {a} {b}")).await, "-ERR Invalid uuid\n");
    assert!(!call.agent.hears_voice());
}

#[tokio::test]
async fn without_the_end_of_the_diversion_nobody_gets_events_again() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    line.execute("", "clear_digit_action", "all").await;
    control.api(&format!("uuid_setvar {} sensitive_dtmf", call.customer_leg)).await;
    drop(line);
    settle().await;
    let mut spy = Client::spy(&rehearsal).await;
    call.customer.key("5", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "5");
    assert!(!spy.all().await.contains("DTMF-Digit"));
}

#[tokio::test]
async fn clearing_one_realm_leaves_keys_waiting() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    line.ask("divert_events off").await;
    line.execute("", "clear_digit_action", "tgkeys").await;
    control.api(&format!("uuid_setvar {} sensitive_dtmf", call.customer_leg)).await;
    call.customer.key("5", TONE_MS, GAP_MS).await;
    settle().await;
    assert_eq!(call.agent.keys_heard(), "");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(call.agent.keys_heard(), "5");
}

#[tokio::test]
async fn an_unbound_key_is_swallowed_and_logged() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let mut line = seal(&mut control, &daemon, &call).await;
    line.execute("", "clear_digit_action", "all").await;
    line.execute("", "bind_digit_action", "some,4,api:echo,x").await;
    line.all().await;
    call.customer.key("9", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "");
    let log = rehearsal.log(Level::Debug);
    assert!(log.iter().any(|line| line.text.contains("Digit NOT match binding [9]")));
}

#[tokio::test]
async fn a_lost_private_connection_leaves_the_seal_shut_and_the_keys_waiting() {
    let (rehearsal, daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let line = seal(&mut control, &daemon, &call).await;
    rehearsal.kill_private_connection(&call.customer_leg);
    drop(line);
    settle().await;
    let mut spy = Client::spy(&rehearsal).await;
    assert!(call.agent.hears_voice());
    call.customer.key("49", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "");
    assert_eq!(digits_of(&spy.all().await), "");
    // A new private connection finds them.
    let both =
        format!("uuid_dual_transfer {} tonegate_customer/XML/c tonegate_agent/XML/c", call.customer_leg);
    control.api(&both).await;
    let mut line = private(&daemon).await;
    line.say("connect").await;
    line.until("Control: full\n\n").await;
    line.ask("myevents").await;
    assert_eq!(digits_of(&line.all().await), "49");
}

#[tokio::test]
async fn the_customer_cannot_trigger_the_agents_code() {
    let (rehearsal, _daemon) = start().await;
    let mut control = Client::login(&rehearsal).await;
    control.ask("event plain CHANNEL_APPLICATION").await;
    let call = rehearsal.place_call(CallPlan { agent_calls: true, ..CallPlan::default() }).await.unwrap();
    call.customer.key("*729", TONE_MS, GAP_MS).await;
    assert_eq!(control.all().await, "");
    call.agent.key("*729", TONE_MS, GAP_MS).await;
    let heard = control.all().await;
    assert!(heard.contains("tg_code: pay\n"), "{heard}");
    assert!(heard.contains(&format!("Unique-ID: {}\n", call.agent_leg)));
    assert!(heard.contains(&format!("Other-Leg-Unique-ID: {}\n", call.customer_leg)));
    assert_eq!(call.customer.keys_heard(), "", "the code is not heard by the customer");
}
