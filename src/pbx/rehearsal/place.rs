//! Calls that people make: between a customer and an agent, or to the payment number.

use std::collections::BTreeMap;

use super::leg::{Far, Keys, Leg, Media};
use super::{PhoneHandle, Rehearsal};

/// How the agent's feature code is bound on the agent's leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentCode {
    /// The keys: a literal (`*729`) or, after a tilde, an expression (`~^[*]729[0-9]+#`).
    pub keys: String,
    /// Data of the `event` application that they trigger.
    pub event: String,
}

impl Default for AgentCode {
    fn default() -> Self {
        Self { keys: "*729".to_owned(), event: "tg_code=pay".to_owned() }
    }
}

/// A conversation to set up.
#[derive(Clone, Debug)]
pub struct CallPlan {
    /// The agent called the customer, rather than the other way round.
    pub agent_calls: bool,
    /// The queue that brought them together.
    pub queue: Option<String>,
    /// How the customer's telephone sends keys.
    pub keys: Keys,
    /// How the audio passes through the PBX.
    pub media: Media,
    /// Record the call from its beginning, into this file.
    pub record: Option<String>,
    /// Variables of the customer's leg.
    pub variables: BTreeMap<String, String>,
    /// The customer's number.
    pub customer_number: String,
    /// The agent's extension.
    pub agent_extension: String,
    /// The agent's feature code; none: the dialplan knows none.
    pub code: Option<AgentCode>,
}

impl Default for CallPlan {
    fn default() -> Self {
        Self {
            agent_calls: false,
            queue: None,
            keys: Keys::default(),
            media: Media::default(),
            record: None,
            variables: BTreeMap::new(),
            customer_number: "0123456789".to_owned(),
            agent_extension: "1001".to_owned(),
            code: Some(AgentCode::default()),
        }
    }
}

/// A conversation that is up.
#[derive(Clone)]
pub struct RehearsalCall {
    /// Who pays.
    pub customer: PhoneHandle,
    /// Who talks meanwhile.
    pub agent: PhoneHandle,
    /// The customer's leg.
    pub customer_leg: String,
    /// The agent's leg.
    pub agent_leg: String,
}

/// No call could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The rehearsal is full.
    #[error("the rehearsal PBX holds as many legs as it can; hang some up")]
    Full,
}

impl Rehearsal {
    /// Sets up a conversation, answered and bridged.
    ///
    /// # Errors
    /// If the PBX is full.
    pub async fn place_call(&self, plan: CallPlan) -> Result<RehearsalCall, PlaceError> {
        let (customer_leg, agent_leg) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
        let mut world = self.core.world();
        let customer = world.add_phone(&plan.customer_number);
        let agent = world.add_phone(&plan.agent_extension);
        let sides = [
            (&customer_leg, customer, &plan.customer_number, &plan.agent_extension, !plan.agent_calls),
            (&agent_leg, agent, &plan.agent_extension, &plan.customer_number, plan.agent_calls),
        ];
        for (uuid, phone, own, other, calls) in sides {
            let name = format!("sofia/internal/{own}@127.0.0.1");
            let leg = world.create_leg(uuid, &name, calls, Far::Phone(phone)).ok_or(PlaceError::Full)?;
            // A leg that the PBX calls out on shows the caller's number, and its own as destination.
            leg.caller_number = if calls { own } else { other }.clone();
            leg.callee_number = if calls { other } else { own }.clone();
            leg.destination = if calls { other } else { own }.clone();
            describe_line(leg, Keys::Rfc4733);
            world.phones[phone].leg = Some(uuid.clone());
        }
        let media = match plan.media {
            Media::Normal => None,
            Media::Bypass => Some("bypass_media"),
            Media::Proxy => Some("proxy_media"),
        };
        if let Some(leg) = world.leg_mut(&customer_leg) {
            leg.keys = plan.keys;
            describe_line(leg, plan.keys);
            // Media that the PBX does not handle has no address of its own there.
            leg.set("local_media_port", if plan.media == Media::Bypass { "" } else { "31792" });
            if let Some(name) = media {
                leg.set(name, "true");
            }
            for (name, value) in &plan.variables {
                leg.set(name, value);
            }
            if let Some(queue) = &plan.queue {
                leg.set("cc_queue", queue);
                leg.set("cc_agent", &plan.agent_extension);
            }
            leg.application = match &plan.queue {
                Some(queue) => ("callcenter".to_owned(), queue.clone()),
                None => ("bridge".to_owned(), format!("user/{}", plan.agent_extension)),
            };
        }
        if let Some(leg) = world.leg_mut(&agent_leg) {
            leg.set("presence_id", &format!("{}@127.0.0.1", plan.agent_extension));
            if let Some(code) = &plan.code {
                let bind = format!("bind_digit_action tgcode,{},exec[i]:event,{}", code.keys, code.event);
                leg.set("execute_on_answer", &bind);
            }
        }
        world.answer(&customer_leg);
        world.answer(&agent_leg);
        let (a, b) = if plan.agent_calls { (&agent_leg, &customer_leg) } else { (&customer_leg, &agent_leg) };
        world.bridge(a, b);
        if let Some(path) = &plan.record {
            world.start_recording(&customer_leg, path);
        }
        drop(world);
        let phone = |phone| PhoneHandle { core: self.core.clone(), phone };
        Ok(RehearsalCall { customer: phone(customer), agent: phone(agent), customer_leg, agent_leg })
    }

    /// A customer dials a number (the payment number, say) and the dialplan takes over.
    ///
    /// # Errors
    /// If the PBX is full.
    pub async fn dial_direct(
        &self,
        number: &str,
        keys: Keys,
        variables: &BTreeMap<String, String>,
    ) -> Result<PhoneHandle, PlaceError> {
        let uuid = uuid::Uuid::new_v4().to_string();
        let mut world = self.core.world();
        let caller = CallPlan::default().customer_number;
        let phone = world.add_phone(&caller);
        let name = format!("sofia/external/{caller}@127.0.0.1");
        let leg = world.create_leg(&uuid, &name, true, Far::Phone(phone)).ok_or(PlaceError::Full)?;
        leg.caller_number = caller;
        leg.keys = keys;
        describe_line(leg, keys);
        for (name, value) in variables {
            leg.set(name, value);
        }
        world.phones[phone].leg = Some(uuid.clone());
        world.route(&uuid, number, "XML", "public");
        drop(world);
        Ok(PhoneHandle { core: self.core.clone(), phone })
    }
}

/// What FreeSWITCH writes on a leg about the way its telephone sends keys.
fn describe_line(leg: &mut Leg, keys: Keys) {
    match keys {
        Keys::Rfc4733 | Keys::Both => {
            leg.set("dtmf_type", "rfc2833");
            leg.set("rtp_2833_send_payload", "101");
            leg.set("rtp_2833_recv_payload", "101");
        }
        Keys::InBand | Keys::Info => {
            leg.set("dtmf_type", if keys == Keys::Info { "info" } else { "none" });
            leg.set("rtp_2833_send_payload", "");
            leg.set("rtp_2833_recv_payload", "");
        }
    }
    leg.set("read_codec", "PCMU");
    leg.set("write_codec", "PCMU");
    leg.set("endpoint_disposition", "ANSWER");
}
