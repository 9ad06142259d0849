//! Calls between test telephones through FreeSWITCH.

use std::time::Duration;

use tokio::time::timeout;

use crate::call::Party;
use crate::inspect::phone::{Answer, Dialog, Phone, PhoneError, PhoneSettings};

use super::super::{CallPlan, Conversation, Handset, Keys, Media, Route, StageError};
use super::FreeSwitchTheatre;
use super::handset::{Telephone, marker};

/// How long a call may take until both telephones have answered.
const ANSWER_MS: u64 = 30_000;
/// How long it may take from there until both hear each other.
const VOICE_MS: u64 = 10_000;
/// How long a called telephone rings.
const RING_MS: u64 = 60;
/// The numbers of the customer and of the agent.
const CUSTOMER: &str = "0123456789";
const AGENT: &str = "1001";
/// The number that is dialled to pay without an agent.
const PAYMENT_NUMBER: &str = "700";

impl FreeSwitchTheatre {
    /// Sets a conversation up.
    pub(super) async fn place(&self, plan: &CallPlan) -> Result<Conversation, StageError> {
        let (customer, agent) =
            (telephone(CUSTOMER, plan.keys).await?, telephone(AGENT, Keys::Rfc4733).await?);
        let agent_calls = plan.route == Route::Outbound;
        let (caller, called) = if agent_calls { (&agent, &customer) } else { (&customer, &agent) };
        if plan.route == Route::Fifo {
            self.enlist(&called.uri(), plan.code_digits).await?;
        }
        let headers = headers(plan, &called.uri());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let target = format!("sip:{}@{}", number(plan.route), self.exchange());
        let both = async {
            tokio::try_join!(caller.call_with(&target, &headers), async { Ok(called.answered().await) })
        };
        let both = timeout(Duration::from_millis(ANSWER_MS), both).await;
        let (calling, answering) = both
            .map_err(|_| StageError("the called telephone was not reached; see FreeSWITCH's log".into()))?
            .map_err(told)?;
        let (customer, agent) = if agent_calls { (answering, calling) } else { (calling, answering) };
        let [customer_leg, agent_leg] = [self.leg(&customer).await?, self.leg(&agent).await?];
        if plan.record {
            // The very bug that the application record_session sets, on every route, before a word is said.
            for leg in [&customer_leg, &agent_leg] {
                let file = self.directory.join("recordings").join(format!("{leg}.wav"));
                let answer = self.api(&format!("uuid_record {leg} start {}", file.display())).await?;
                if !answer.starts_with("+OK") {
                    return Err(StageError(format!("the call cannot be recorded: {answer}")));
                }
            }
        }
        let exchange = self.exchange().to_string();
        customer.speak(Some(marker(Party::Customer)));
        agent.speak(Some(marker(Party::Agent)));
        let customer = Telephone::new(customer, plan.keys, &exchange);
        let agent = Telephone::new(agent, Keys::Rfc4733, &exchange);
        let (one, other) =
            tokio::join!(customer.awaits(Party::Agent, VOICE_MS), agent.awaits(Party::Customer, VOICE_MS));
        if !(one && other) {
            return Err(StageError(format!(
                "no voice: customer hears agent: {one}, agent hears customer: {other}"
            )));
        }
        Ok(Conversation { customer: Box::new(customer), agent: Box::new(agent), customer_leg, agent_leg })
    }

    /// Dials the payment number. Where the dialplan falls back to a human, one answers and speaks as agent.
    pub(super) async fn place_direct(&self, keys: Keys) -> Result<Box<dyn Handset>, StageError> {
        let (customer, human) = (telephone(CUSTOMER, keys).await?, telephone(AGENT, Keys::Rfc4733).await?);
        human.speak(Some(marker(Party::Agent)));
        let (target, callee) = (format!("sip:{PAYMENT_NUMBER}@{}", self.exchange()), human.uri());
        let in_band = if keys == Keys::InBand { "true" } else { "false" };
        let headers = [("X-Stage-Callee", callee.as_str()), ("X-Stage-Inband", in_band)];
        let call = customer.call_with(&target, &headers);
        let dialog = timeout(Duration::from_millis(ANSWER_MS), call)
            .await
            .map_err(|_| StageError("the payment number does not answer; see FreeSWITCH's log".into()))?
            .map_err(told)?;
        dialog.speak(Some(marker(Party::Customer)));
        Ok(Box::new(Telephone::new(dialog, keys, &self.exchange().to_string()).beside(human)))
    }

    /// Makes a telephone the only one that works in the mod_fifo queue. The feature code stands in its dial
    /// string, as in an admin's `fifo.conf`.
    async fn enlist(&self, uri: &str, code_digits: bool) -> Result<(), StageError> {
        let mut member = self.member.lock().await;
        if let Some(before) = member.take() {
            self.api(&format!("fifo_member del stage '{before}'")).await?;
        }
        let code = if code_digits { "~^[*]729[0-9]+#" } else { "*729" };
        let dial = format!(
            "{{^^;execute_on_answer=bind_digit_action tgcode,{code},exec[i]:event,tg_code=pay;tonegate_agent={AGENT}}}\
             sofia/stage/{uri}"
        );
        let answer = self.api(&format!("fifo_member add stage '{dial}' 1 30 0")).await?;
        if !answer.contains("+OK") {
            return Err(StageError(format!("the telephone cannot work in the queue: {answer}")));
        }
        *member = Some(dial);
        Ok(())
    }

    /// FreeSWITCH's name for a telephone's leg: the call's own, because the profile says so.
    async fn leg(&self, dialog: &Dialog) -> Result<String, StageError> {
        let leg = dialog.call_id();
        if self.api(&format!("uuid_exists {leg}")).await? != "true" {
            return Err(StageError(format!("FreeSWITCH has no leg with the Call-ID {leg}")));
        }
        Ok(leg.to_owned())
    }
}

/// A telephone that sends its keys like this. Without telephone events nothing of them is offered.
async fn telephone(user: &str, keys: Keys) -> Result<Phone, StageError> {
    let telephone_event = match keys {
        Keys::Rfc4733 | Keys::Both => Some(101),
        Keys::InBand | Keys::Info => None,
    };
    let settings = PhoneSettings {
        telephone_event,
        answer: Answer::AfterMs(RING_MS),
        ring_timeout_ms: ANSWER_MS,
        seed: rand::random(),
        ..PhoneSettings::new(user)
    };
    Phone::bind(settings).await.map_err(told)
}

fn number(route: Route) -> &'static str {
    match route {
        Route::Inbound => "2001",
        Route::Outbound => "2002",
        Route::CallCenter => "2003",
        Route::Fifo => "2004",
    }
}

/// What the stage's dialplan reads of a plan.
fn headers(plan: &CallPlan, called: &str) -> Vec<(&'static str, String)> {
    let media = match plan.media {
        Media::Through => None,
        Media::Bypass => Some("bypass_media"),
        Media::Proxy => Some("proxy_media"),
        Media::PassKeys => Some("pass_rfc2833"),
    };
    let named = [
        ("X-Stage-Callee", Some(called)),
        ("X-Stage-Amount", plan.amount),
        ("X-Stage-Language", plan.language),
        ("X-Stage-Media", media),
        ("X-Stage-Inband", (plan.keys == Keys::InBand).then_some("true")),
        ("X-Stage-Clean", plan.clean.then_some("true")),
        ("X-Stage-Code", plan.code_digits.then_some("digits")),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
}

fn told(fault: PhoneError) -> StageError {
    StageError(fault.to_string())
}
