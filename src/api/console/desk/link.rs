//! A payment link from the desk: made when the card was not charged, looked at, ended.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::call::Ending;
use crate::psp::LinkState;
use crate::store::{OperationRecord, OperationState};

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

impl LinkView {
    pub(super) fn new(link: &OperationRecord, w: &Words) -> Self {
        let state = link.link.as_ref().and_then(|link| link.state);
        let (kind, what) = match (link.state, state) {
            (_, Some(LinkState::Paid)) => ("good", w.link_paid),
            (_, Some(LinkState::Pending)) => ("busy", w.link_pending),
            (_, Some(LinkState::Ended)) => ("", w.link_ended),
            (_, Some(LinkState::Open)) => ("good", w.link_open),
            (OperationState::Refused, None) => ("bad", w.link_refused),
            (OperationState::Unknown, None) => ("warn", w.link_unknown),
            (_, None) => ("busy", w.link_asked),
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
        ("make", _) => make(&console, form.payment, actor).await,
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

async fn make(console: &Console, payment: Uuid, actor: String) -> Result<(), String> {
    let known = console.desk.store().payment(payment).await.map_err(|fault| fault.to_string())?;
    let known = known.ok_or_else(|| format!("there is no payment {payment}"))?;
    let request = console.desk.link_instead_of(&known, actor).map_err(|fault| fault.to_string())?;
    console.desk.create_link(request).await.map(|_| ()).map_err(|fault| fault.to_string())
}
