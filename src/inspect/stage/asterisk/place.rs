//! Calls between test telephones through Asterisk.

use crate::inspect::phone::Dialog;

use super::super::telephone::{
    AGENT, CUSTOMER, bring_together, conversation, dial_payment_number, telephone, until_listed,
};
use super::super::{CallPlan, Conversation, Handset, Keys, Media, Route, StageError};
use super::setting::{DIRECT, RECORDINGS};
use super::{AsteriskTheatre, Leg};

/// The agent as an extension: never busy, though one telephone is called after another.
const EXTENSION: &str = "Local/1001@stage-extensions";
/// The most legs remembered by their Call-IDs.
const MAX_LEGS: usize = 10_000;

impl AsteriskTheatre {
    /// Sets a conversation up.
    pub(super) async fn place(&self, plan: &CallPlan) -> Result<Conversation, StageError> {
        let (customer, agent) =
            (telephone(CUSTOMER, plan.keys).await?, telephone(AGENT, Keys::Rfc4733).await?);
        let (theirs, ours) = (endpoint_of_customer(plan.keys, plan.media)?, endpoint("agent", plan.media)?);
        let agent_calls = plan.route == Route::Outbound;
        let (caller, called) = if agent_calls { (&agent, &customer) } else { (&customer, &agent) };
        let (from, to) = if agent_calls { (ours, theirs) } else { (theirs, ours) };
        self.enlist(plan.route, &agent.uri()).await?;
        let callee = called.uri();
        let headers = headers(plan, &from, &to, &callee);
        let target = format!("sip:{}@{}", number(plan.route), self.exchange());
        let (calling, answering) = bring_together(caller, called, &target, &headers).await?;
        let (customer, agent) = if agent_calls { (answering, calling) } else { (calling, answering) };
        let [customer_leg, agent_leg] = [self.leg(&customer).await?, self.leg(&agent).await?];
        if plan.record {
            for leg in [&customer_leg, &agent_leg] {
                // Both directions together, as companies keep it; and each alone, where one voice does not
                // hide the other's tones from whoever listens for them.
                let [mixed, received, sent, _] = RECORDINGS.map(|directory| {
                    self.directory.join(directory).join(format!("{}.wav", leg.id)).display().to_string()
                });
                let options = format!("r({received})t({sent})");
                let headers =
                    [("Channel", leg.name.as_str()), ("File", mixed.as_str()), ("Options", options.as_str())];
                self.manager.lock().await.order("MixMonitor", &headers).await?;
            }
            self.tap(&customer_leg.id).await?;
        }
        for (name, value) in plan.variables {
            let name = name.to_uppercase();
            let headers = [("Channel", customer_leg.name.as_str()), ("Variable", &name), ("Value", value)];
            self.manager.lock().await.order("Setvar", &headers).await?;
        }
        let exchange = self.exchange().to_string();
        conversation((customer, customer_leg.id), (agent, agent_leg.id), plan.keys, &exchange).await
    }

    /// Dials the payment number. Where the dialplan falls back to a human, one answers and speaks as agent.
    pub(super) async fn place_direct(
        &self,
        number: &str,
        keys: Keys,
    ) -> Result<Box<dyn Handset>, StageError> {
        let (customer, human) = (telephone(CUSTOMER, keys).await?, telephone(AGENT, Keys::Rfc4733).await?);
        let (callee, from) = (human.uri(), endpoint_of_customer(keys, Media::Through)?);
        let headers = [("X-Stage-Endpoint", from.as_str()), ("X-Stage-Callee", callee.as_str())];
        dial_payment_number(number, &customer, human, keys, &self.exchange().to_string(), &headers).await
    }

    /// Makes a telephone the only one that works in the queues.
    async fn enlist(&self, route: Route, uri: &str) -> Result<(), StageError> {
        let (queue, member) = match route {
            Route::CallCenter => ("telephones", format!("PJSIP/agent/{uri}")),
            Route::Fifo => ("extensions", format!("{EXTENSION}/n")),
            Route::Inbound | Route::Outbound => return Ok(()),
        };
        let mut manager = self.manager.lock().await;
        manager.order("Setvar", &[("Variable", "STAGE_MEMBER"), ("Value", uri)]).await?;
        let mut working = self.member.lock().await;
        if let Some((queue, member)) = working.take() {
            manager.order("QueueRemove", &[("Queue", queue), ("Interface", &member)]).await?;
        }
        let headers = [
            ("Queue", queue),
            ("Interface", member.as_str()),
            ("MemberName", AGENT),
            ("StateInterface", EXTENSION),
        ];
        manager.order("QueueAdd", &headers).await?;
        *working = Some((queue, member));
        Ok(())
    }

    /// Asterisk's names for a telephone's leg.
    async fn leg(&self, dialog: &Dialog) -> Result<Leg, StageError> {
        until_listed(dialog, || self.listed(dialog.call_id())).await
    }

    /// A leg by its Call-ID. Those that have been asked before are not asked again.
    async fn listed(&self, call_id: &str) -> Result<Option<Leg>, StageError> {
        let mut legs = self.legs.lock().await;
        if let Some(leg) = legs.iter().rev().find(|leg| leg.call_id == call_id) {
            return Ok(Some(leg.clone()));
        }
        let channels = self.ari.get("/channels", &[]).await?.unwrap_or_default();
        for channel in channels.as_array().into_iter().flatten() {
            let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) else { continue };
            if !name.starts_with("PJSIP/") || legs.iter().any(|leg| leg.id == id) {
                continue;
            }
            if let Some(call_id) = self.value(id, "CHANNEL(pjsip,call-id)").await? {
                if legs.len() == MAX_LEGS {
                    legs.remove(0);
                }
                legs.push(Leg { id: id.to_owned(), name: name.to_owned(), call_id });
            }
        }
        Ok(legs.iter().rev().find(|leg| leg.call_id == call_id).cloned())
    }
}

fn endpoint_of_customer(keys: Keys, media: Media) -> Result<String, StageError> {
    let name = match keys {
        Keys::Rfc4733 | Keys::Both => "customer-rfc4733",
        Keys::InBand => "customer-inband",
        Keys::Info => "customer-info",
    };
    endpoint(name, media)
}

fn endpoint(name: &str, media: Media) -> Result<String, StageError> {
    match media {
        Media::Through => Ok(name.to_owned()),
        Media::Bypass => Ok(format!("{name}{DIRECT}")),
        Media::Proxy | Media::PassKeys => Err(StageError("Asterisk has no such way of media".into())),
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
fn headers<'a>(plan: &CallPlan, from: &'a str, to: &'a str, callee: &'a str) -> Vec<(&'static str, &'a str)> {
    let predial = match (plan.media, plan.code_digits) {
        (Media::Bypass, _) => "stage-predial",
        (_, true) => "tonegate-predial-digits",
        (_, false) => "tonegate-predial",
    };
    let named = [
        ("X-Stage-Endpoint", Some(from)),
        ("X-Stage-Called", Some(to)),
        ("X-Stage-Callee", Some(callee)),
        ("X-Stage-Predial", Some(predial)),
        ("X-Stage-Amount", plan.amount),
        ("X-Stage-Language", plan.language),
        ("X-Stage-Clean", plan.clean.then_some("true")),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
