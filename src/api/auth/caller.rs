//! A caller: a program with a key, or a person with a session.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::refusal::{forbidden, lacks, no_store, unauthorised};
use super::{Auth, Origin, cookies};
use crate::people::{Person, Role, Scope, Scopes};

/// How the trail names the key of the configuration.
const CONFIGURED: &str = "key:configuration";

/// A path whose requests a page makes on its own; they do not keep a session alive.
const EVENTS_PATH: &str = "/v1/events";

/// How often it is looked whether a listener's session has ended.
const SESSION_INTERVAL_S: u64 = 10;

/// What kind of caller it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// A program, with a key made here or the key of the configuration.
    Key,
    /// A person, logged in.
    Person,
}

/// Who asks. An extension of every request that [`identify`] or [`guard`] let pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// As the trail names them: `key:crm`, `person:anna`.
    pub id: String,
    /// A program or a person.
    pub kind: CallerKind,
    /// A person's roles.
    pub roles: Vec<Role>,
    /// A person's telephone extensions.
    pub extensions: Vec<String>,
    scopes: Scopes,
}

impl Caller {
    /// Whether they may do this.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.holds(scope)
    }

    /// Whether they may act on calls of every extension: programs, and people who are more than agents.
    pub(crate) fn serves_all(&self) -> bool {
        self.kind == CallerKind::Key || self.roles.iter().any(|role| *role != Role::Agent)
    }

    /// Whether they may act on calls of this extension.
    pub(crate) fn serves(&self, extension: &str) -> bool {
        self.serves_all() || self.extensions.iter().any(|own| own == extension)
    }

    fn key(name: &str, scopes: Scopes) -> Self {
        let (roles, extensions) = (Vec::new(), Vec::new());
        Self { id: format!("key:{name}"), kind: CallerKind::Key, roles, extensions, scopes }
    }

    fn person(person: Person) -> Self {
        Self {
            id: person.actor(),
            kind: CallerKind::Person,
            scopes: Scopes::of_roles(&person.roles),
            roles: person.roles,
            extensions: person.extensions,
        }
    }
}

/// Lets requests pass of which it is known who asks; handlers find an `Extension<Caller>`.
pub(crate) async fn identify(State(auth): State<Auth>, request: Request, next: Next) -> Response {
    match known(&auth, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    }
}

/// Lets requests pass whose caller may do this.
pub(crate) async fn guard(
    State((auth, scope)): State<(Auth, Scope)>,
    request: Request,
    next: Next,
) -> Response {
    let request = match known(&auth, request).await {
        Ok(request) => request,
        Err(refusal) => return refusal,
    };
    let caller = request.extensions().get::<Caller>();
    if caller.is_some_and(|caller| caller.may(scope)) {
        let token = of_person(&request, scope);
        let response = next.run(request).await;
        return match token {
            Some(token) => response.map(|body| while_open(auth, token, body)),
            None => response,
        };
    }
    let (id, person) = caller.map_or(("somebody", false), |c| (c.id.as_str(), c.kind == CallerKind::Person));
    let what = format!("{} {}", request.method(), request.uri().path());
    auth.0.people.refused(id, &what, &format!("needs the scope {scope}")).await;
    lacks(scope, person)
}

/// The session of a person who listens.
fn of_person(request: &Request, scope: Scope) -> Option<Zeroizing<String>> {
    let caller = request.extensions().get::<Caller>()?;
    let listens = scope == Scope::Events && caller.kind == CallerKind::Person;
    let origin = request.extensions().get::<Origin>().filter(|_| listens)?;
    cookies::find(request.headers(), *origin, cookies::SESSION)
}

/// A stream that ends with the session it was opened in.
fn while_open(auth: Auth, token: Zeroizing<String>, body: Body) -> Body {
    let over = async move {
        loop {
            tokio::time::sleep(Duration::from_secs(SESSION_INTERVAL_S)).await;
            if !matches!(auth.people().session(&token, false).await, Ok(Some(_))) {
                return;
            }
        }
    };
    Body::from_stream(body.into_data_stream().take_until(Box::pin(over)))
}

/// The request with its caller as an extension.
async fn known(auth: &Auth, mut request: Request) -> Result<Request, Response> {
    if request.extensions().get::<Caller>().is_some() {
        return Ok(request);
    }
    let origin = request.extensions().get::<Origin>().copied();
    let path = request.uri().path();
    let caller = match bearer(request.headers()) {
        Some(presented) => by_key(auth, presented, origin, path).await?,
        None => by_session(auth, request.headers(), origin, path).await?,
    };
    request.extensions_mut().insert(caller);
    Ok(request)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, presented) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| presented.trim())
}

async fn by_key(
    auth: &Auth,
    presented: &str,
    origin: Option<Origin>,
    path: &str,
) -> Result<Caller, Response> {
    let configured = auth.0.key.expose();
    // No key in the configuration means that nobody may ask, not that everybody may.
    if !configured.is_empty() && bool::from(presented.as_bytes().ct_eq(configured.as_bytes())) {
        let name = CONFIGURED.trim_start_matches("key:");
        return Ok(Caller::key(name, Scopes::ALL));
    }
    match auth.0.people.key_holder(presented).await {
        Ok(Some(holder)) => Ok(Caller::key(&holder.name, holder.scopes)),
        Ok(None) => {
            let from =
                origin.map_or_else(|| "an unknown address".into(), |origin| origin.address.to_string());
            tracing::warn!(from, path, "a key that is not valid was presented");
            if auth.0.noise.allows(jiff::Timestamp::now().as_millisecond()) {
                let words = format!("a key that is not valid; from {from}");
                auth.0.people.refused("somebody", path, &words).await;
            }
            Err(unauthorised(
                "the key is wrong, has expired or was taken back; `tonegate key list` shows all keys",
            ))
        }
        Err(fault) => Err(no_store(&fault)),
    }
}

async fn by_session(
    auth: &Auth,
    headers: &HeaderMap,
    origin: Option<Origin>,
    path: &str,
) -> Result<Caller, Response> {
    let token = origin.and_then(|origin| cookies::find(headers, origin, cookies::SESSION));
    let Some(token) = token else {
        return Err(unauthorised(
            "present a key as `Authorization: Bearer tg_…` (`tonegate key create` makes one), or log in",
        ));
    };
    let active = !path.starts_with(EVENTS_PATH);
    match auth.0.people.session(&token, active).await {
        Ok(Some(person)) if person.duty.is_some() => Err(forbidden(
            "first choose a password of your own and set up your authenticator, in the console",
        )),
        Ok(Some(person)) => Ok(Caller::person(person)),
        Ok(None) => Err(unauthorised("the session has ended: log in again")),
        Err(fault) => Err(no_store(&fault)),
    }
}
