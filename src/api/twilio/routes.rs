//! The two requests.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use jiff::Timestamp;
use uuid::Uuid;

use super::answer::{Fault, Resource};
use super::create::New;
use super::form::Form;
use super::session::{BEGIN_WAIT, Session, Slot, Twilio, resource};
use super::{sid, update};
use crate::api::auth::{Auth, Origin};
use crate::desk::{Request, StartError};
use crate::pbx::{CallName, PbxError};

type Answered = Result<(StatusCode, Json<Resource>), Fault>;

/// The routes of an account, and its ear on what happens to its payments.
pub(in crate::api) fn routes(twilio: Arc<Twilio>, auth: &Auth) -> Router {
    let listener = twilio.desk.feed.listen(None);
    tokio::spawn(Arc::clone(&twilio).listen(listener));
    let guarded = |route: MethodRouter<Arc<Twilio>>| {
        let known = from_fn_with_state((Arc::clone(&twilio), auth.clone()), known);
        route.route_layer(known).fallback(async || Fault::method())
    };
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Calls/{call}/Payments.json", guarded(post(create)))
        .route("/2010-04-01/Accounts/{account}/Calls/{call}/Payments/{file}", guarded(post(change)))
        .with_state(twilio)
}

/// Lets in who presents account and token, or the API key. An address that was wrong too often is not listened to: both
/// were thought up by somebody, and might be guessed.
async fn known(
    State((twilio, auth)): State<(Arc<Twilio>, Auth)>,
    origin: Origin,
    request: HttpRequest,
    next: Next,
) -> Response {
    let presented = request.headers().contains_key(header::AUTHORIZATION);
    match auth.shut_out(origin.address) {
        Some(wait_s) if presented => Fault::shut_out(wait_s).into_response(),
        _ if twilio.account.admits(request.headers()) => next.run(request).await,
        _ => {
            if presented {
                auth.presented_wrong(Some(origin), request.uri().path()).await;
            }
            Fault::authenticate().into_response()
        }
    }
}

async fn create(
    State(twilio): State<Arc<Twilio>>,
    Path((account, call)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(twilio.create(&account, &call, &headers, &body).await)
}

async fn change(
    State(twilio): State<Arc<Twilio>>,
    Path((account, call, file)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(twilio.change(&account, &call, &file, &headers, &body).await)
}

fn answer(answered: Answered) -> Response {
    answered.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

impl Twilio {
    /// Reads the form, if it is for the one account there is.
    fn admit(&self, account: &str, headers: &HeaderMap, body: &[u8]) -> Result<Form, Fault> {
        if account != self.account.sid {
            return Err(Fault::not_found("There is no such account here"));
        }
        let media_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !media_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(Fault::invalid("Content-Type", "send application/x-www-form-urlencoded"));
        }
        Form::read(body)
    }

    async fn create(
        self: &Arc<Self>,
        account: &str,
        call: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Answered {
        let form = self.admit(account, headers, body)?;
        let payment = sid::payment_of(account, call, form.idempotency_key()?);
        let new = New::read(self, &form, payment)?;
        let Some(commanded) = new.prepared.commanded.clone() else {
            return Err(Fault::unavailable("a session without its own rules"));
        };
        let is_new = !self.sessions().contains_key(&payment);
        if is_new && let Some(known) = self.begun_before(account, call, payment).await {
            return Ok((StatusCode::CREATED, Json(known)));
        }
        let slot = self.place(&form, Session::new(account, call, payment, &new, commanded))?;
        // In a task of its own: whoever hangs up on us does not leave half a payment behind.
        let beginning = {
            let (twilio, slot) = (Arc::clone(self), slot.clone());
            tokio::spawn(async move { slot.begun.get_or_init(|| twilio.begin(&slot, &new)).await.clone() })
        };
        let begun = match tokio::time::timeout(BEGIN_WAIT, beginning).await {
            Ok(Ok(begun)) => begun,
            Ok(Err(_)) => Err(Fault::unavailable("a fault of ours; the log says which")),
            Err(_) => {
                return Err(Fault::unavailable(
                    "the session is still being begun; send the same request again",
                ));
            }
        };
        match begun {
            Ok(()) => Ok((StatusCode::CREATED, Json(slot.session.resource()))),
            Err(fault) => {
                // A request that came to nothing may be made again.
                self.sessions().remove(&payment);
                Err(fault)
            }
        }
    }

    /// Begins the payment on the first leg that the call may mean.
    async fn begin(&self, slot: &Slot, new: &New) -> Result<(), Fault> {
        let mut fault = StartError::Pbx(PbxError::NoSuchCall(slot.session.call.chars().take(60).collect()));
        for leg in sid::legs(&slot.session.call) {
            let request = Request { call: CallName::Leg(leg), payment: new.prepared.clone() };
            match self.desk.start(request).await {
                Ok(payment) => {
                    let (store, subject) = (self.desk.store(), payment.to_string());
                    let noted = store.trail(&self.account.sid, "payments_session", &subject, "").await;
                    if let Err(fault) = noted {
                        tracing::error!(%payment, "the trail has a gap: {fault}");
                    }
                    self.call_back(&slot.session, Vec::new(), None);
                    return Ok(());
                }
                Err(StartError::Pbx(PbxError::NoSuchCall(_))) => {}
                Err(other) => {
                    fault = other;
                    break;
                }
            }
        }
        Err(Fault::from(&fault))
    }

    /// A session of a former life of the daemon.
    async fn begun_before(&self, account: &str, call: &str, payment: Uuid) -> Option<Resource> {
        let known = self.desk.store().payment(payment).await.ok().flatten()?;
        let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let updated = known.ended_at_ms.unwrap_or(known.created_at_ms);
        Some(resource(account, call, payment, at(known.created_at_ms), at(updated)))
    }

    async fn change(
        self: &Arc<Self>,
        account: &str,
        call: &str,
        file: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Answered {
        let form = self.admit(account, headers, body)?;
        let unknown = || Fault::not_found("There is no such payment session on this call");
        let payment = file.strip_suffix(".json").and_then(sid::payment).ok_or_else(unknown)?;
        let slot = self.sessions().get(&payment).cloned();
        let Some(slot) = slot else {
            return Err(match self.begun_before(account, call, payment).await {
                Some(_) => {
                    Fault::conflict("This payment session is over: the service was started anew since")
                }
                None => unknown(),
            });
        };
        let session = slot.session;
        if !sid::legs(call).iter().any(|leg| sid::legs(&session.call).contains(leg)) {
            return Err(unknown());
        }
        let key = form.idempotency_key()?;
        let callback = self.callback_url(&form)?;
        let command = update::command(&form, &session.commanded)?;
        if session.note_update(key, &form, callback)? && !self.desk.live.command(payment, command) {
            session.forget_update(key);
            return Err(Fault::conflict(
                "This payment session is over, or takes no more requests at this moment",
            ));
        }
        Ok((StatusCode::ACCEPTED, Json(session.resource())))
    }
}
