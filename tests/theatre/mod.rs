//! What both tests of a real PBX's theatre do with conversations.

pub mod check;

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tonegate::call::Party;
use tonegate::inspect::stage::{CallPlan, Conversation, Handset, Keys, Theatre};

/// Sets a conversation up as planned.
pub async fn conversation(theatre: &dyn Theatre, plan: CallPlan) -> Conversation {
    theatre.call(&plan).await.unwrap_or_else(|fault| panic!("{plan:?}: {fault}"))
}

/// Waits until something is so, for at most five seconds.
pub async fn soon(mut is_so: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..100 {
        if is_so().await {
            return true;
        }
        sleep(Duration::from_millis(50)).await;
    }
    false
}

/// One hangs up; returns when the leg is gone, and with it what every leg has under `name`.
pub async fn end(theatre: &dyn Theatre, talk: &Conversation, by: &dyn Handset, name: &str) {
    by.hang_up().await.expect("it hangs up");
    assert!(soon(async || !talk.customer.is_up() && !talk.agent.is_up()).await, "the other side is up still");
    assert!(
        soon(async || theatre.variable(&talk.customer_leg, name).await.is_none()).await,
        "the leg is up still"
    );
}

/// Whether the customer hears the agent, and the agent the customer.
pub async fn hear_each_other(talk: &Conversation, ms: u64) -> (bool, bool) {
    let from = Instant::now();
    sleep(Duration::from_millis(ms)).await;
    let to = Instant::now();
    sleep(Duration::from_millis(100)).await;
    (talk.customer.hears_voice(Party::Agent, from, to), talk.agent.hears_voice(Party::Customer, from, to))
}

/// A conversation in which nobody hears anything but the other, and whom the agent holds nobody hears.
pub async fn voices_and_hold(talk: &Conversation) {
    let from = Instant::now();
    sleep(Duration::from_millis(1500)).await;
    let to = Instant::now();
    sleep(Duration::from_millis(100)).await;
    assert!(!talk.customer.hears_prompt(from, to) && !talk.agent.hears_prompt(from, to));
    assert!(talk.agent.longest_gap_ms(Party::Customer, from, to) < 100);
    talk.agent.hold().await.expect("hold");
    sleep(Duration::from_millis(300)).await;
    assert!(!hear_each_other(talk, 600).await.0, "the customer hears an agent who holds the call");
    talk.agent.resume().await.expect("resume");
    sleep(Duration::from_millis(300)).await;
    assert_eq!(hear_each_other(talk, 600).await, (true, true));
}

/// Who dials the payment number while there is no daemon is answered by a human.
pub async fn a_human_answers_the_payment_number(theatre: &dyn Theatre) {
    let customer = theatre.dial_direct(Keys::Rfc4733).await.expect("somebody answers");
    let heard = soon(async || {
        let to = Instant::now();
        let from = to.checked_sub(Duration::from_millis(300)).expect("it runs longer");
        customer.hears_voice(Party::Agent, from, to)
    });
    assert!(heard.await);
    customer.hang_up().await.expect("it hangs up");
    theatre.close().await;
}

/// The address in the daemon's configuration leads to the PBX, which greets; and the link can be cut, twice.
pub async fn the_link_can_be_cut(
    theatre: &dyn Theatre,
    directory: &std::path::Path,
    key: &str,
    greeting: &[u8],
) {
    let config = theatre.daemon_config(directory).expect("a configuration");
    let address = config.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    let address = address.expect("an address").trim_matches('"').to_owned();
    for _ in 0..2 {
        let link = tokio::net::TcpStream::connect(&address).await.expect("a link");
        let mut text = [0; 512];
        link.readable().await.expect("the PBX speaks first");
        assert!(link.try_read(&mut text).expect("text") > 0);
        assert!(text.starts_with(greeting));
        theatre.cut_control_link().await.expect("cut");
        link.readable().await.expect("it ends");
        assert_eq!(link.try_read(&mut text).unwrap_or(0), 0);
    }
}
