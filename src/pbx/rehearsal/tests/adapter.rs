//! The FreeSWITCH adapter of the daemon, driving this stand-in as it drives the real one.

use std::io::Write as _;

use tokio::sync::mpsc;

use super::*;
use crate::call::{AgentCommand, FromPbx, Line, Party, SayId, SealRefusal};
use crate::card::Entry;
use crate::pbx::freeswitch::{FreeSwitch, FreeSwitchSettings};
use crate::pbx::{Means, News, Offer, Order, Pbx, Session};

/// More than the adapter allows itself for any one thing.
const PATIENCE: Duration = Duration::from_secs(8);

struct Daemon {
    pbx: FreeSwitch,
    news: mpsc::Receiver<News>,
    _password: tempfile::NamedTempFile,
}

/// The adapter, connected and with its self-test passed.
async fn daemon(rehearsal: &Rehearsal) -> Daemon {
    let mut password = tempfile::NamedTempFile::new().unwrap();
    writeln!(password, "{}", rehearsal.password()).unwrap();
    // A port that was free a moment ago.
    let keypad_listen = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    rehearsal.set_daemon_address(Some(keypad_listen));
    let settings = FreeSwitchSettings {
        control_address: rehearsal.control_address(),
        password_file: password.path().to_owned(),
        keypad_listen,
        ..FreeSwitchSettings::default()
    };
    let (pbx, mut news) = FreeSwitch::start(settings).await.unwrap();
    match tokio::time::timeout(PATIENCE, news.recv()).await.unwrap().unwrap() {
        News::Up { version } => assert!(version.contains("1.10.12"), "{version}"),
        other => panic!("not up: {other:?}"),
    }
    Daemon { pbx, news, _password: password }
}

impl Daemon {
    async fn offer(&mut self) -> Offer {
        match tokio::time::timeout(PATIENCE, self.news.recv()).await.unwrap().unwrap() {
            News::Offer(offer) => offer,
            other => panic!("no offer: {other:?}"),
        }
    }
}

async fn report(session: &mut Session) -> FromPbx {
    tokio::time::timeout(PATIENCE, session.reports.recv()).await.unwrap().expect("the session ended")
}

/// Takes keys until as many have come; anything else on the way is no matter here.
async fn collect(session: &mut Session, count: usize) -> Entry {
    let mut entry = Entry::new().unwrap();
    while usize::from(entry.count()) < count {
        if let FromPbx::Key(key) = report(session).await {
            assert!(entry.push(key).is_ok());
        }
    }
    entry
}

async fn sealed(session: &mut Session) -> Line {
    session.orders.send(Order::Seal).await.unwrap();
    match report(session).await {
        FromPbx::Sealed { line } => line,
        FromPbx::SealRefused(why) => panic!("refused: {why:?}"),
        _ => panic!("something else came first"),
    }
}

/// Waits for a report of this kind.
macro_rules! wait_for {
    ($session:expr, $kind:pat) => {
        while !matches!(report($session).await, $kind) {}
    };
}

#[tokio::test]
async fn the_agent_keys_the_code_the_card_is_taken_and_nobody_else_had_it() {
    let (rehearsal, _) = start().await;
    let mut daemon = daemon(&rehearsal).await;
    let mut spy = Client::spy(&rehearsal).await;
    let plan = CallPlan { record: Some("/r/call.wav".to_owned()), ..CallPlan::default() };
    let call = rehearsal.place_call(plan).await.unwrap();
    call.agent.key("*729", TONE_MS, GAP_MS).await;
    let offer = daemon.offer().await;
    assert_eq!(offer.means, Means::FeatureCode);
    assert_eq!(offer.customer.0, call.customer_leg);
    assert_eq!(offer.agent.as_ref().map(|leg| leg.0.as_str()), Some(call.agent_leg.as_str()));

    let mut session = daemon.pbx.open(&offer, "p1").await.unwrap();
    sealed(&mut session).await;
    assert!(call.agent.hears_voice() && call.customer.hears_voice());
    assert_eq!(rehearsal.variable(&call.customer_leg, "presence_data").as_deref(), Some("tg:p1"));
    session.orders.send(Order::Shield { up: true }).await.unwrap();
    wait_for!(&mut session, FromPbx::Shield { up: true });
    spy.all().await;

    let keys = tokio::spawn({
        let customer = call.customer.clone();
        async move { customer.key(CARD, TONE_MS, GAP_MS).await }
    });
    let pan = collect(&mut session, CARD.len()).await.into_pan(&[crate::card::Brand::Visa]);
    assert!(pan.is_ok(), "sixteen keys in order make the card");
    keys.await.unwrap();
    assert_eq!(call.agent.keys_heard(), "");
    let heard = spy.all().await;
    assert!(!heard.contains("digits:") && !heard.contains("DTMF-Digit"), "{heard}");
    // The self-test's own digit may be logged once its leg is released; the customer's may not.
    let ours = |line: &LogLine| line.leg.as_ref() == Some(&call.customer_leg) && line.text.contains("DTMF");
    assert!(!rehearsal.log(Level::Info).iter().any(ours));

    call.agent.key("*1", TONE_MS, GAP_MS).await;
    wait_for!(&mut session, FromPbx::Agent(AgentCommand::RestartField));
    session.orders.send(Order::Shield { up: false }).await.unwrap();
    wait_for!(&mut session, FromPbx::Shield { up: false });
    session.orders.send(Order::Unseal).await.unwrap();
    wait_for!(&mut session, FromPbx::Unsealed);

    settle().await;
    call.customer.key("5", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "5", "the leg is an ordinary one again");
    let recording = rehearsal.recordings().into_iter().find(|it| it.path == "/r/call.wav").unwrap();
    assert!(recording.running && recording.spans.iter().any(|span| span.what == Recorded::Masked));
    call.customer.hang_up();
    wait_for!(&mut session, FromPbx::Left(Party::Customer));
    assert!(rehearsal.cdrs().iter().all(|cdr| cdr.digits_dialed.len() <= "none".len()));
}

#[tokio::test]
async fn tones_in_the_audio_are_closed_off_while_a_field_is_open() {
    let (rehearsal, _) = start().await;
    let mut daemon = daemon(&rehearsal).await;
    let plan = CallPlan { keys: Keys::InBand, record: Some("/r/call.wav".to_owned()), ..CallPlan::default() };
    let call = rehearsal.place_call(plan).await.unwrap();
    call.agent.key("*729", TONE_MS, GAP_MS).await;
    let offer = daemon.offer().await;
    let mut session = daemon.pbx.open(&offer, "p2").await.unwrap();
    assert_eq!(sealed(&mut session).await, Line::Dirty);
    session.orders.send(Order::Shield { up: true }).await.unwrap();
    wait_for!(&mut session, FromPbx::Shield { up: true });
    assert!(!call.agent.hears_voice() && call.customer.hears_voice());
    let keys = tokio::spawn({
        let customer = call.customer.clone();
        async move { customer.key(CARD, TONE_MS, 60).await }
    });
    assert!(collect(&mut session, CARD.len()).await.into_pan(&[crate::card::Brand::Visa]).is_ok());
    keys.await.unwrap();
    assert_eq!(call.agent.keys_heard(), "");
    assert!(rehearsal.recordings().iter().all(|recording| recording.tones().is_empty()));
    session.orders.send(Order::Unseal).await.unwrap();
    wait_for!(&mut session, FromPbx::Unsealed);
    assert!(call.agent.hears_voice());
}

#[tokio::test]
async fn a_call_that_cannot_be_sealed_is_refused_and_left_alone() {
    let (rehearsal, _) = start().await;
    let mut daemon = daemon(&rehearsal).await;
    for (plan, why) in [
        (CallPlan { media: Media::Proxy, ..CallPlan::default() }, SealRefusal::ProxyMedia),
        (CallPlan { keys: Keys::Info, ..CallPlan::default() }, SealRefusal::SipInfo),
    ] {
        let call = rehearsal.place_call(plan).await.unwrap();
        call.agent.key("*729", TONE_MS, GAP_MS).await;
        // Behind a proxy the PBX sees no key: then the API asks.
        let offer = match rehearsal.variable(&call.customer_leg, "proxy_media") {
            Some(_) => {
                let leg = crate::pbx::LegId(call.customer_leg.clone());
                daemon.pbx.find(&crate::pbx::CallName::Leg(leg)).await.unwrap()
            }
            None => daemon.offer().await,
        };
        let mut session = daemon.pbx.open(&offer, "p3").await.unwrap();
        session.orders.send(Order::Seal).await.unwrap();
        assert!(matches!(report(&mut session).await, FromPbx::SealRefused(reason) if reason == why));
        assert!(call.agent.hears_voice());
        assert_eq!(rehearsal.variable(&call.customer_leg, "sensitive_dtmf"), None);
        call.agent.hang_up();
    }
}

#[tokio::test]
async fn the_payment_number_takes_a_card_without_an_agent() {
    let (rehearsal, _) = start().await;
    let mut daemon = daemon(&rehearsal).await;
    let mut spy = Client::spy(&rehearsal).await;
    let customer = rehearsal.dial_direct("700", Keys::Rfc4733, &Default::default()).await.unwrap();
    let offer = daemon.offer().await;
    assert_eq!(offer.means, Means::DirectNumber);
    let mut session = daemon.pbx.open(&offer, "p4").await.unwrap();
    sealed(&mut session).await;
    let clip = tempfile::Builder::new().suffix(".wav").tempfile().unwrap();
    std::fs::write(clip.path(), vec![0; 16 * 200]).unwrap();
    let clips = vec![clip.path().to_owned()];
    session.orders.send(Order::Say { id: SayId(1), to: Party::Customer, clips }).await.unwrap();
    wait_for!(&mut session, FromPbx::Said { id: SayId(1), heard: true });
    spy.all().await;
    let keys = tokio::spawn({
        let customer = customer.clone();
        async move { customer.key(CARD, TONE_MS, GAP_MS).await }
    });
    assert!(collect(&mut session, CARD.len()).await.into_pan(&[crate::card::Brand::Visa]).is_ok());
    keys.await.unwrap();
    assert!(!spy.all().await.contains("digits:"));
    session.orders.send(Order::HangUp).await.unwrap();
    wait_for!(&mut session, FromPbx::Left(Party::Customer));
    assert!(customer.leg().is_none());
}

#[tokio::test]
async fn a_lost_keypad_is_reported_and_the_leg_stays_sealed() {
    let (rehearsal, _) = start().await;
    let mut daemon = daemon(&rehearsal).await;
    let call = rehearsal.place_call(CallPlan::default()).await.unwrap();
    call.agent.key("*729", TONE_MS, GAP_MS).await;
    let offer = daemon.offer().await;
    let mut session = daemon.pbx.open(&offer, "p5").await.unwrap();
    sealed(&mut session).await;
    rehearsal.kill_private_connection(&call.customer_leg);
    wait_for!(&mut session, FromPbx::SealLost(_));
    call.customer.key("4", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "");
    assert!(call.agent.hears_voice());
    session.orders.send(Order::Unseal).await.unwrap();
    wait_for!(&mut session, FromPbx::Unsealed);
    assert!(call.agent.hears_voice());
    settle().await;
    call.customer.key("5", TONE_MS, GAP_MS).await;
    assert_eq!(call.agent.keys_heard(), "5");
}

#[tokio::test]
async fn the_daemon_comes_back_after_a_cut_and_after_a_restart() {
    let (rehearsal, _) = start().await;
    let mut daemon = daemon(&rehearsal).await;
    rehearsal.drop_control_link();
    assert!(matches!(
        tokio::time::timeout(PATIENCE, daemon.news.recv()).await.unwrap(),
        Some(News::Down { .. })
    ));
    assert!(matches!(
        tokio::time::timeout(PATIENCE, daemon.news.recv()).await.unwrap(),
        Some(News::Up { .. })
    ));
    rehearsal.restart(100);
    assert!(matches!(
        tokio::time::timeout(PATIENCE, daemon.news.recv()).await.unwrap(),
        Some(News::Down { .. })
    ));
    assert!(matches!(
        tokio::time::timeout(PATIENCE, daemon.news.recv()).await.unwrap(),
        Some(News::Up { .. })
    ));
    settle().await;
    assert_eq!(rehearsal.global("tonegate_up").as_deref(), Some("1"), "the lease is renewed");
}
