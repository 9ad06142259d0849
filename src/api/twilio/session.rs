//! Sessions: begun, told of, kept for a while after their end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::account::Account;
use super::answer::{Fault, Resource, date};
use super::callback::{Callback, Queue};
use super::create::New;
use super::form::Form;
use super::sid;
use super::view::{Parameters, View};
use crate::config::TwilioSection;
use crate::desk::{Commanded, Desk, Merchant};
use crate::outbox::{Courier, Reach};

/// How long a session is known after its end: for repeated requests, and for outcomes that become known late.
const KEPT_S: i64 = 3_600;
/// Sessions known at the same time; the oldest that have ended are forgotten first.
const SESSIONS_MAX: usize = 20_000;
/// Updates of one session whose keys are remembered.
const UPDATES_KEPT: usize = 256;

/// The payments API of one account.
pub struct Twilio {
    pub(super) desk: Arc<Desk>,
    pub(super) account: Arc<Account>,
    hosts: Vec<String>,
    pub(super) courier: Courier,
    sessions: Mutex<HashMap<Uuid, Slot>>,
}

/// A session, or one that is being begun by the first of several equal requests.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) fingerprint: [u8; 32],
    pub(super) begun: Arc<OnceCell<Result<(), Fault>>>,
    pub(super) session: Arc<Session>,
}

/// One session.
pub(super) struct Session {
    pub(super) payment: Uuid,
    account_sid: String,
    /// As whoever began it named the call.
    pub(super) call: String,
    created: Timestamp,
    common: Parameters,
    pub(super) commanded: Commanded,
    state: Mutex<State>,
    queue: Arc<Queue>,
}

struct State {
    callback: Url,
    updated: Timestamp,
    view: View,
    updates: VecDeque<(String, [u8; 32])>,
}

impl Twilio {
    /// The API as it is configured.
    ///
    /// # Errors
    /// If TLS cannot be set up on this machine.
    pub fn new(section: &TwilioSection, desk: Arc<Desk>) -> Result<Arc<Twilio>, String> {
        let reach = if section.callback_hosts.is_empty() { Reach::Public } else { Reach::Anywhere };
        Ok(Arc::new(Twilio {
            desk,
            account: Arc::new(Account::new(section)),
            hosts: section.callback_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            courier: Courier::new(reach)?,
            sessions: Mutex::default(),
        }))
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, HashMap<Uuid, Slot>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `StatusCallback`, if it may be gone to.
    pub(super) fn callback_url(&self, form: &Form) -> Result<Url, Fault> {
        const NAME: &str = "StatusCallback";
        let url = self.courier.may_go(form.needed(NAME)?).map_err(|fault| {
            Fault::invalid(NAME, format!("{fault}; write https://… or http://…, to a host that may be told"))
        })?;
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let listed = |known: &String| match known.strip_prefix('*') {
            Some(domain) => host.ends_with(domain),
            None => *known == host,
        };
        if self.hosts.is_empty() || self.hosts.iter().any(listed) {
            return Ok(url);
        }
        Err(Fault::invalid(NAME, "this host is not in twilio.callback_hosts"))
    }

    /// Who is paid under a connector's name: a merchant's id, or the name of the account that one is paid by.
    pub(super) fn merchant(&self, connector: &str) -> Option<&Arc<Merchant>> {
        let merchants = self.desk.merchants();
        merchants.named(connector).ok().or_else(|| merchants.all().find(|paid| paid.psp.name() == connector))
    }

    /// Names under which payments can be charged.
    pub(super) fn connectors(&self) -> Vec<String> {
        let merchants = self.desk.merchants().all();
        merchants.flat_map(|paid| [paid.id.clone(), paid.psp.name().to_owned()]).collect()
    }

    /// The place of a session: the one there is, or a new one for the caller to begin.
    pub(super) fn place(&self, form: &Form, session: Session) -> Result<Slot, Fault> {
        let fingerprint = form.fingerprint();
        let mut sessions = self.sessions();
        if let Some(slot) = sessions.get(&session.payment) {
            if slot.fingerprint == fingerprint {
                return Ok(slot.clone());
            }
            return Err(Fault::invalid(
                "IdempotencyKey",
                "it was used with other parameters; send a new one",
            ));
        }
        let gone =
            Timestamp::now().saturating_sub(SignedDuration::from_secs(KEPT_S)).unwrap_or(Timestamp::MIN);
        let live = |payment: &Uuid| self.desk.live.is_live(*payment);
        sessions.retain(|payment, slot| slot.session.state().updated > gone || live(payment));
        if sessions.len() >= SESSIONS_MAX {
            return Err(Fault::unavailable("too many sessions; try again later"));
        }
        let slot = Slot { fingerprint, begun: Arc::default(), session: Arc::new(session) };
        sessions.insert(slot.session.payment, slot.clone());
        Ok(slot)
    }

    /// Tells a session's callback.
    pub(super) fn call_back(
        &self,
        session: &Session,
        news: Parameters,
        progress: Option<crate::call::Field>,
    ) {
        let (url, updated) = {
            let state = session.state();
            (state.callback.clone(), state.updated)
        };
        let mut parameters = session.common.clone();
        parameters.push(("DateUpdated", updated.to_string()));
        parameters.extend(news);
        session.queue.add(Callback { url, parameters, progress }, &self.courier, &self.account);
    }
}

impl Session {
    pub(super) fn new(account: &str, call: &str, payment: Uuid, new: &New, commanded: Commanded) -> Session {
        let created = Timestamp::now();
        let mut common = vec![
            ("AccountSid", account.to_owned()),
            ("CallSid", call.to_owned()),
            ("Sid", sid::of_payment(payment)),
            ("DateCreated", created.to_string()),
            ("PaymentConnector", new.connector.clone()),
            ("PaymentMethod", "credit-card".to_owned()),
        ];
        common.extend(new.charge_amount.clone().map(|amount| ("ChargeAmount", amount)));
        common.extend(new.token_type.map(|kind| ("TokenType", kind.to_owned())));
        let view = View::new(commanded.postal_given.as_deref());
        let state =
            State { callback: new.callback.clone(), updated: created, view, updates: VecDeque::new() };
        Session {
            payment,
            account_sid: account.to_owned(),
            call: call.to_owned(),
            created,
            common,
            commanded,
            state: Mutex::new(state),
            queue: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is told of an event.
    pub(super) fn tell(&self, event: &crate::desk::EventBody) -> Option<super::view::News> {
        let mut state = self.state();
        let news = state.view.tell(event)?;
        state.updated = Timestamp::now();
        Some(news)
    }

    pub(super) fn is_concluded(&self) -> bool {
        self.state().view.is_concluded()
    }

    /// Notes an update; false if this very one was made before.
    pub(super) fn note_update(&self, key: &str, form: &Form, callback: Url) -> Result<bool, Fault> {
        let fingerprint = form.fingerprint();
        let mut state = self.state();
        match state.updates.iter().find(|(known, _)| known == key) {
            Some((_, known)) if *known == fingerprint => return Ok(false),
            Some(_) => {
                return Err(Fault::invalid(
                    "IdempotencyKey",
                    "it was used with other parameters; send a new one",
                ));
            }
            None => {}
        }
        if state.updates.len() == UPDATES_KEPT {
            state.updates.pop_front();
        }
        state.updates.push_back((key.to_owned(), fingerprint));
        state.callback = callback;
        state.updated = Timestamp::now();
        Ok(true)
    }

    /// An update that came to nothing may be made again.
    pub(super) fn forget_update(&self, key: &str) {
        self.state().updates.retain(|(known, _)| known != key);
    }

    pub(super) fn resource(&self) -> Resource {
        resource(&self.account_sid, &self.call, self.payment, self.created, self.state().updated)
    }
}

pub(super) fn resource(
    account: &str,
    call: &str,
    payment: Uuid,
    created: Timestamp,
    updated: Timestamp,
) -> Resource {
    let sid = sid::of_payment(payment);
    Resource {
        account_sid: account.to_owned(),
        call_sid: call.to_owned(),
        uri: format!("/2010-04-01/Accounts/{account}/Calls/{call}/Payments/{sid}.json"),
        sid,
        date_created: date(created),
        date_updated: date(updated),
    }
}

/// How long an equal request waits for the first one.
pub(super) const BEGIN_WAIT: Duration = Duration::from_secs(30);
