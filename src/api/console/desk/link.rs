//! A payment link from the desk: made when the card was not charged, sent, looked at, ended.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::call::Ending;
use crate::messaging::{Address, Medium, Numbering};
use crate::psp::LinkState;
use crate::store::{MessageRecord, MessageState, OperationId, OperationRecord, OperationState, is_open};

use super::super::Console;
use super::super::picture::Picture;
use super::super::reader::Reader;
use super::super::words::Words;
use super::{done, refused};

/// What there is to see of a link.
pub(in super::super) struct LinkView {
    pub kind: &'static str,
    pub what: &'static str,
    /// What the customer opens, as long as it can be paid by.
    pub url: Option<String>,
}

/// What there is to see of the message that takes it to the customer.
pub(in super::super) struct SentView {
    pub kind: &'static str,
    pub what: String,
    /// The carrier's words, where it did not go well.
    pub why: Option<String>,
    pub under_way: bool,
}

impl SentView {
    pub(super) fn new(message: &MessageRecord, w: &Words) -> Self {
        let (kind, what) = match message.state {
            MessageState::Waiting | MessageState::Sending => ("busy", w.link.on_its_way),
            MessageState::Taken => ("good", w.link.sent),
            MessageState::Refused | MessageState::Dropped => ("bad", w.link.not_sent),
            MessageState::Unknown => ("warn", w.link.sent_unknown),
        };
        let good = message.state == MessageState::Taken || message.detail.is_empty();
        Self {
            kind,
            what: format!("{what} {}", message.new.to),
            why: (!good).then(|| message.detail.clone()),
            under_way: message.state.is_under_way(),
        }
    }
}

/// Where a link would be sent if nobody says otherwise: where it was sent before, or to the number of the call.
pub(super) fn known_address(picture: &Picture, numbering: &Numbering) -> String {
    let before = picture.message.as_ref().map(|message| message.new.to.clone());
    let caller = || Address::of(Medium::Sms, picture.caller.as_deref()?, numbering).ok();
    before.or_else(|| caller().map(|address| address.text)).unwrap_or_default()
}

impl LinkView {
    pub(super) fn new(link: &OperationRecord, w: &Words) -> Self {
        let state = link.link.as_ref().and_then(|link| link.state);
        let (kind, what) = match (link.state, state) {
            (_, Some(LinkState::Paid)) => ("good", w.link.paid),
            (_, Some(LinkState::Pending)) => ("busy", w.link.pending),
            (_, Some(LinkState::Ended)) => ("", w.link.ended),
            (_, Some(LinkState::Open)) => ("good", w.link.open),
            (OperationState::Refused, None) => ("bad", w.link.refused),
            (OperationState::Unknown, None) => ("warn", w.link.unknown),
            (_, None) => ("busy", w.link.asked),
        };
        let url = link.link.as_ref().and_then(|link| link.url.clone());
        Self { kind, what, url: url.filter(|_| state == Some(LinkState::Open)) }
    }
}

/// Whether a link may take the place of what this picture shows.
pub(super) fn may_make(picture: &Picture) -> bool {
    let uncharged = picture.ended.is_some_and(|end| !matches!(end, Ending::Approved | Ending::Unknown));
    uncharged && stands_for_nothing(picture)
}

/// Whether nothing was or can be paid by link.
pub(super) fn stands_for_nothing(picture: &Picture) -> bool {
    picture.link.as_ref().is_none_or(|link| {
        let state = link.link.as_ref().and_then(|link| link.state);
        state == Some(LinkState::Ended) || (state.is_none() && link.state == OperationState::Refused)
    })
}

#[derive(Deserialize)]
pub(in super::super) struct Wish {
    agent: String,
    payment: Uuid,
    what: String,
    /// Where it is to be sent; nowhere if empty.
    #[serde(default)]
    to: String,
}

/// `POST /desk/link`
pub(in super::super) async fn link(
    State(console): State<Console>,
    reader: Reader,
    Form(form): Form<Wish>,
) -> Response {
    let w = reader.locale.words();
    let picture = console.board.of_agent(&form.agent).filter(|picture| picture.payment == form.payment);
    let allowed = reader.viewer.may_take() && reader.viewer.may_see_agent(&form.agent);
    let Some(picture) = picture.filter(|_| allowed) else {
        return refused(&console, &reader, &form.agent, w.not_allowed_help.into(), StatusCode::FORBIDDEN)
            .await;
    };
    let actor = reader.viewer.person.actor();
    let told = match (&*form.what, &picture.link) {
        ("make", _) => make(&console, &picture, &form.to, actor, w).await,
        ("send", Some(link)) => match address(&console, &form.to, w) {
            Ok(to) => send(&console, link.id, &to, &actor).await,
            Err(told) => Err(told),
        },
        ("end", Some(link)) => {
            let ended = console.desk.expire_link(link.id, &actor).await;
            ended.map(|_| ()).map_err(|fault| fault.to_string())
        }
        _ => Err(w.no_such_command.into()),
    };
    match told {
        Ok(()) => done(&reader, &form.agent),
        Err(fault) => refused(&console, &reader, &form.agent, fault, StatusCode::CONFLICT).await,
    }
}

/// What cannot be sent is said before anything is made.
async fn make(
    console: &Console,
    picture: &Picture,
    to: &str,
    actor: String,
    w: &Words,
) -> Result<(), String> {
    let to = match to.trim() {
        "" => None,
        text => {
            let to = address(console, text, w)?;
            console.desk.carrier(&picture.merchant, to.medium).map_err(|fault| fault.to_string())?;
            Some(to)
        }
    };
    let known = console.desk.store().payment(picture.payment).await.map_err(|fault| fault.to_string())?;
    let known = known.ok_or_else(|| format!("there is no payment {}", picture.payment))?;
    let request = console.desk.link_instead_of(&known, actor.clone()).map_err(|fault| fault.to_string())?;
    let link = console.desk.create_link(request).await.map_err(|fault| fault.to_string())?;
    match to {
        Some(to) if is_open(&link, jiff::Timestamp::now().as_millisecond()) => {
            send(console, link.id, &to, &actor).await
        }
        _ => Ok(()),
    }
}

async fn send(console: &Console, link: OperationId, to: &Address, actor: &str) -> Result<(), String> {
    console.desk.send_link(link, to, actor).await.map(|_| ()).map_err(|fault| fault.to_string())
}

fn address(console: &Console, text: &str, w: &Words) -> Result<Address, String> {
    let read = Address::guessed(text, &console.desk.rules.post.numbering);
    read.map_err(|_| w.link.no_address.into())
}
