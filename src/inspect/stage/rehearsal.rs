//! The rehearsal PBX as a theatre: no sound, but everything that can be heard is known.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::pbx::rehearsal::{self as pbx, Level, PhoneHandle, Rehearsal, Settings};

use super::set::{free_address, secret};
use super::spy::Spy;
use super::telephone::{PAYMENT_NUMBER, UNSAID_NUMBER};
use super::{CallPlan, Conversation, Handset, Keys, Media, Records, Route, StageError, Theatre};

mod handset;

pub use handset::RehearsalHandset;

/// An extension that keeps whoever is transferred to it.
const ELSEWHERE: &str = "9196";

/// What the dialplan says of the other.
const SAID: [(&str, &str); 3] = [
    ("set", "tonegate_amount=42.50"),
    ("set", "tonegate_currency=EUR"),
    ("set", "tonegate_reference=INV-4711"),
];

/// The rehearsal PBX, running in this process.
pub struct RehearsalTheatre {
    pbx: Rehearsal,
    spy: Spy,
    keypad: SocketAddr,
    began: Instant,
}

impl RehearsalTheatre {
    /// Opens it.
    ///
    /// # Errors
    /// If no loopback port can be had.
    pub async fn open() -> Result<Arc<Self>, StageError> {
        let keypad = free_address()?;
        let settings = Settings {
            daemon_address: Some(keypad),
            extensions: vec![
                payment_number(PAYMENT_NUMBER, keypad, &SAID),
                payment_number(UNSAID_NUMBER, keypad, &[]),
                pbx::Extension::new(ELSEWHERE, &[("park", "")]),
            ],
            ..Settings::default()
        };
        let pbx = Rehearsal::start(settings).await?;
        let spy = Spy::on_event_socket(pbx.control_address(), &pbx.password()).await?;
        let began = Instant::now() - Duration::from_millis(pbx.now_ms());
        Ok(Arc::new(Self { pbx, spy, keypad, began }))
    }

    fn telephone(&self, phone: PhoneHandle) -> Box<RehearsalHandset> {
        Box::new(RehearsalHandset { phone, began: self.began })
    }
}

impl RehearsalTheatre {
    async fn dial(&self, number: &str, how: Keys) -> Result<Box<dyn Handset>, StageError> {
        let phone = self.pbx.dial_direct(number, keys(how), &BTreeMap::new()).await;
        Ok(self.telephone(phone.map_err(|fault| StageError(fault.to_string()))?))
    }
}

#[async_trait::async_trait]
impl Theatre for RehearsalTheatre {
    fn name(&self) -> &'static str {
        "rehearsal"
    }

    fn daemon_config(&self, dir: &Path) -> Result<String, StageError> {
        secret(&dir.join("pbx.password"), &self.pbx.password())?;
        Ok(format!(
            "[pbx]\nkind = \"freeswitch\"\n\n[pbx.freeswitch]\ncontrol_address = \"{}\"\n\
             password_file = \"pbx.password\"\nkeypad_listen = \"{}\"\n\n",
            self.pbx.control_address(),
            self.keypad
        ))
    }

    async fn call(&self, plan: &CallPlan) -> Result<Conversation, StageError> {
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
        if let Some(amount) = plan.amount {
            set("tonegate_amount", amount);
        }
        if let Some(language) = plan.language {
            set("tonegate_language", language);
        }
        if plan.keys == Keys::InBand {
            set("tonegate_inband", "true");
        }
        if plan.clean {
            set("tonegate_clean", "true");
        }
        if plan.media == Media::PassKeys {
            set("pass_rfc2833", "true");
        }
        for (name, value) in plan.variables {
            set(name, value);
        }
        let queue = match plan.route {
            Route::CallCenter => Some("support@default".to_owned()),
            Route::Fifo => Some("support".to_owned()),
            Route::Inbound | Route::Outbound => None,
        };
        let call = self
            .pbx
            .place_call(pbx::CallPlan {
                agent_calls: plan.route == Route::Outbound,
                queue,
                keys: keys(plan.keys),
                media: match plan.media {
                    Media::Through | Media::PassKeys => pbx::Media::Normal,
                    Media::Bypass => pbx::Media::Bypass,
                    Media::Proxy => pbx::Media::Proxy,
                },
                record: plan.record.then(|| "/rehearsal/call.wav".to_owned()),
                variables,
                code: Some(pbx::AgentCode {
                    keys: if plan.code_digits { "~^[*]729[0-9]+#" } else { "*729" }.to_owned(),
                    ..pbx::AgentCode::default()
                }),
                ..pbx::CallPlan::default()
            })
            .await
            .map_err(|fault| StageError(fault.to_string()))?;
        Ok(Conversation {
            customer: self.telephone(call.customer),
            agent: self.telephone(call.agent),
            customer_leg: call.customer_leg,
            agent_leg: call.agent_leg,
        })
    }

    async fn dial_direct(&self, how: Keys) -> Result<Box<dyn Handset>, StageError> {
        self.dial(PAYMENT_NUMBER, how).await
    }

    async fn dial_unsaid(&self, how: Keys) -> Result<Box<dyn Handset>, StageError> {
        self.dial(UNSAID_NUMBER, how).await
    }

    async fn cut_control_link(&self) -> Result<(), StageError> {
        self.pbx.drop_control_link();
        Ok(())
    }

    async fn variable(&self, leg: &str, name: &str) -> Option<String> {
        self.pbx.variable(leg, name)
    }

    async fn restart(&self) -> Result<(), StageError> {
        Err(StageError("the rehearsal PBX lives in the process that rehearses".into()))
    }

    async fn is_sealed(&self, leg: &str) -> Result<bool, StageError> {
        Ok(self.variable(leg, super::freeswitch::SENSITIVE).await.is_some_and(|value| value == "true"))
    }

    async fn let_leak(&self, _open: bool) -> Result<&'static [&'static str], StageError> {
        Ok(&["log", "spy", "cdr"])
    }

    async fn records(&self) -> Result<Records, StageError> {
        let line = |line: pbx::LogLine| format!("{} {}", line.leg.unwrap_or_default(), line.text);
        let log: Vec<_> = self.pbx.log(Level::Info).into_iter().map(line).collect();
        let cdrs = self.pbx.cdrs();
        let cdrs = cdrs.iter().map(|cdr| (format!("cdr:{}", cdr.leg), format!("{cdr:?}").into_bytes()));
        let others = [("log".to_owned(), log.join("\n").into_bytes()), ("spy".to_owned(), self.spy.told())];
        Ok(Records {
            texts: others.into_iter().chain(cdrs).collect(),
            recordings: Vec::new(),
            recorded_keys: self.pbx.recordings().iter().map(|r| (r.leg.clone(), r.tones())).collect(),
        })
    }

    async fn close(&self) {}
}

/// As in `dialplan/freeswitch/direct_number.xml`.
fn payment_number(number: &str, keypad: SocketAddr, said: &[(&str, &str)]) -> pbx::Extension {
    let socket = format!("{keypad} async full");
    let taken = [("set", "sensitive_dtmf=true"), ("set", "tonegate_direct=true")];
    let handed_over = [
        ("answer", ""),
        ("socket", socket.as_str()),
        ("clear_digit_action", "all"),
        ("unset", "presence_data"),
        ("unset", "tonegate_direct"),
        ("unset", "sensitive_dtmf"),
        ("bridge", "user/fallback"),
    ];
    pbx::Extension::new(number, &[&taken[..], said, &handed_over[..]].concat())
}

fn keys(keys: Keys) -> pbx::Keys {
    match keys {
        Keys::Rfc4733 => pbx::Keys::Rfc4733,
        Keys::InBand => pbx::Keys::InBand,
        Keys::Both => pbx::Keys::Both,
        Keys::Info => pbx::Keys::Info,
    }
}
