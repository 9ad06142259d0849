//! The protocol, byte for byte where a client depends on it.

use freeswitch_esl_tokio::{EslClient, EventFormat};

use super::*;

#[tokio::test]
async fn greeting_and_password() {
    let (rehearsal, _daemon) = start().await;
    let mut client = Client::raw(&rehearsal).await;
    assert_eq!(client.until("\n\n").await, "Content-Type: auth/request\n\n");
    assert_eq!(client.ask("api status").await, "-ERR command not found");
    client.say("auth wrong").await;
    client.until("Content-Type: command/reply\nReply-Text: -ERR invalid\n\n").await;
    client
        .until("Content-Type: text/disconnect-notice\nContent-Length: 67\n\nDisconnected, goodbye.\n")
        .await;
    while client.read().await > 0 {}
}

#[tokio::test]
async fn answers_read_as_the_real_ones() {
    let (rehearsal, _daemon) = start().await;
    let mut client = Client::login(&rehearsal).await;
    for (command, answer) in [
        ("nonsense", "-ERR nonsense Command not found!\n"),
        ("uuid_exists x", "false"),
        ("uuid_setvar x y z", "-ERR No such channel!\n"),
        ("uuid_setvar", "-USAGE: <uuid> <var> [value]\n"),
        ("uuid_getvar x y", "-ERR No such channel!\n"),
        ("uuid_bridge x y", "-ERR Invalid uuid\n"),
        ("uuid_displace x start /a 0 mux", "-ERR Cannot locate session!\n"),
        ("uuid_record x mask /a", "-ERR Cannot locate session!\n"),
        ("uuid_buglist x", "-ERR no reply\n"),
        ("uuid_broadcast x y both", "-ERR invalid uuid\n"),
        ("uuid_media x", "-ERR Operation failed\n"),
        ("uuid_flush_dtmf x", "-ERR No such session\n"),
        ("uuid_recv_dtmf x 1", "-ERR Cannot locate session!\n"),
        ("global_setvar tonegate_up=1", "+OK"),
        ("global_getvar tonegate_up", "1"),
        ("global_getvar nope", "-ERR no reply\n"),
        ("show channels as json", "{\"row_count\": 0}\n"),
        ("fsctl debug_level", "+OK DEBUG level: 0\n"),
        ("module_exists mod_amqp", "false"),
        ("sofia global siptrace off", "+OK Global siptrace off"),
        ("xml_locate configuration configuration name nope.conf", "can't find anything\n"),
        ("sched_del nope", "+OK Deleted: 0\n"),
    ] {
        assert_eq!(client.api(command).await, answer, "{command}");
    }
    for (command, reply) in [
        ("event plain", "-ERR no keywords supplied"),
        ("event json ALL", "+OK event listener enabled json"),
        ("noevents", "+OK no longer listening for events"),
        ("filter Event-Name HEARTBEAT", "+OK filter added. [Event-Name]=[HEARTBEAT]"),
        ("filter delete all", "+OK filter deleted. [all][]"),
        ("divert_events on", "-ERR not controlling a session."),
        ("myevents", "-ERR command not found"),
        ("linger", "-ERR not controlling a session"),
        ("sendmsg x", "-ERR invalid session id [x]"),
        ("log debug", "+OK log level debug [7]"),
        ("nolog", "+OK no longer logging"),
        ("foo", "-ERR command not found"),
    ] {
        assert_eq!(client.ask(command).await, reply, "{command}");
    }
}

#[tokio::test]
async fn a_lease_runs_out_unless_it_is_renewed() {
    let (rehearsal, _daemon) = start().await;
    let mut client = Client::login(&rehearsal).await;
    client.api("global_setvar tonegate_up=1").await;
    assert!(
        client.api("sched_api +1 tonegate_dead global_setvar tonegate_up=0").await.starts_with("+OK Added: ")
    );
    assert_eq!(client.api("sched_del tonegate_dead").await, "+OK Deleted: 1\n");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(rehearsal.global("tonegate_up").as_deref(), Some("1"));
    client.api("sched_api +1 tonegate_dead global_setvar tonegate_up=0").await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(rehearsal.global("tonegate_up").as_deref(), Some("0"));
}

#[tokio::test]
async fn the_crate_talks_to_it() {
    let (rehearsal, _daemon) = start().await;
    let address = rehearsal.control_address();
    let (client, mut events) =
        EslClient::connect(&address.ip().to_string(), address.port(), "rehearsal").await.unwrap();
    client.subscribe_events_raw(EventFormat::Plain, "CHANNEL_BRIDGE BACKGROUND_JOB").await.unwrap();
    let version = client.api("version").await.unwrap();
    assert!(version.body().unwrap().contains("1.10.12"));
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    let event = events.recv().await.unwrap().unwrap();
    assert_eq!(event.header_str("Unique-ID"), Some(call.customer_leg.as_str()));
    assert_eq!(event.header_str("Other-Leg-Unique-ID"), Some(call.agent_leg.as_str()));
    assert!(client.bgapi("status").await.unwrap().is_success());
    let job = events.recv().await.unwrap().unwrap();
    assert_eq!(job.header_str("Event-Name"), Some("BACKGROUND_JOB"));
    assert!(job.body().unwrap().starts_with("UP 0 years"));
    assert!(client.api("uuid_kill x").await.is_ok());
}

#[tokio::test]
async fn a_log_listener_gets_its_nonce_back_at_its_level_only() {
    let (rehearsal, _daemon) = start().await;
    let mut client = Client::login(&rehearsal).await;
    client.ask("log info").await;
    client.api("log debug quiet-nonce").await;
    client.api("log info loud-nonce").await;
    let heard = client.all().await;
    assert!(heard.contains("loud-nonce") && !heard.contains("quiet-nonce"), "{heard}");
    assert!(heard.contains("Content-Type: log/data\nContent-Length: "));
}

#[tokio::test]
async fn faults_can_be_ordered() {
    let (rehearsal, _daemon) = start().await;
    let mut client = Client::login(&rehearsal).await;
    rehearsal.refuse_once("global_setvar");
    assert!(client.api("global_setvar a=b").await.starts_with("-ERR"));
    assert_eq!(client.api("global_setvar a=b").await, "+OK");
    rehearsal.delay_answers(150);
    let began = rehearsal.now_ms();
    client.api("status").await;
    assert!(rehearsal.now_ms() - began >= 150);
    rehearsal.delay_answers(0);
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    rehearsal.drop_control_link();
    while client.read().await > 0 {}
    assert!(call.agent.hears_voice(), "a lost control link ends no conversation");
    rehearsal.restart(50);
    assert!(rehearsal.legs().is_empty());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut client = Client::login(&rehearsal).await;
    assert_eq!(client.api("global_getvar a").await, "-ERR no reply\n");
}
