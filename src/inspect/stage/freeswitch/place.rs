//! Calls between test telephones through FreeSWITCH.

use crate::inspect::phone::Dialog;

use super::super::telephone::{
    AGENT, CUSTOMER, bring_together, conversation, dial_payment_number, telephone,
};
use super::super::{CallPlan, Conversation, Handset, Keys, Media, Route, StageError};
use super::FreeSwitchTheatre;

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
        let (calling, answering) = bring_together(caller, called, &target, &headers).await?;
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
        for (name, value) in plan.variables {
            let answer = self.api(&format!("uuid_setvar {customer_leg} {name} {value}")).await?;
            if !answer.starts_with("+OK") {
                return Err(StageError(format!("{name} cannot be set: {answer}")));
            }
        }
        let exchange = self.exchange().to_string();
        conversation((customer, customer_leg), (agent, agent_leg), plan.keys, &exchange).await
    }

    /// Dials the payment number. Where the dialplan falls back to a human, one answers and speaks as agent.
    pub(super) async fn place_direct(
        &self,
        number: &str,
        keys: Keys,
    ) -> Result<Box<dyn Handset>, StageError> {
        let (customer, human) = (telephone(CUSTOMER, keys).await?, telephone(AGENT, Keys::Rfc4733).await?);
        let callee = human.uri();
        let in_band = if keys == Keys::InBand { "true" } else { "false" };
        let headers = [("X-Stage-Callee", callee.as_str()), ("X-Stage-Inband", in_band)];
        dial_payment_number(number, &customer, human, keys, &self.exchange().to_string(), &headers).await
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
