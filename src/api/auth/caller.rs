//! A caller: a program with a key, or a person with a session.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq;

use super::refusal::{forbidden, lacks, no_store, shut_out, unauthorised};
use super::{Auth, Origin, Pass, cookies};
use crate::people::{Person, Role, Scope, Scopes};

/// How the trail names the key of the configuration.
const CONFIGURED: &str = "key:configuration";

/// A path whose requests a page makes on its own; they do not keep a session alive.
const EVENTS_PATH: &str = "/v1/events";

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

    pub(in crate::api) fn key(name: &str, scopes: Scopes) -> Self {
        let (roles, extensions) = (Vec::new(), Vec::new());
        Self { id: format!("key:{name}"), kind: CallerKind::Key, roles, extensions, scopes }
    }

    pub(super) fn person(person: Person) -> Self {
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
        return next.run(request).await;
    }
    let (id, person) = caller.map_or(("somebody", false), |c| (c.id.as_str(), c.kind == CallerKind::Person));
    let what = format!("{} {}", request.method(), request.uri().path());
    auth.0.people.refused(id, &what, &format!("needs the scope {scope}")).await;
    lacks(scope, person)
}

/// The request with its caller as an extension.
async fn known(auth: &Auth, mut request: Request) -> Result<Request, Response> {
    if request.extensions().get::<Caller>().is_some() {
        return Ok(request);
    }
    let origin = request.extensions().get::<Origin>().copied();
    let path = request.uri().path();
    let pass = match bearer(request.headers()) {
        Some(presented) => by_key(auth, presented, origin, path).await?,
        None => by_session(auth, request.headers(), origin, path).await?,
    };
    request.extensions_mut().insert(pass.caller().clone());
    request.extensions_mut().insert(pass);
    Ok(request)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, presented) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| presented.trim())
}

async fn by_key(auth: &Auth, presented: &str, origin: Option<Origin>, path: &str) -> Result<Pass, Response> {
    let wait_s = origin.and_then(|origin| auth.shut_out(origin.address));
    let configured = auth.0.key.expose();
    // No key in the configuration means that nobody may ask, not that everybody may. Somebody thought it up, so that it
    // might be guessed.
    let same = || bool::from(presented.as_bytes().ct_eq(configured.as_bytes()));
    if wait_s.is_none() && !configured.is_empty() && same() {
        let name = CONFIGURED.trim_start_matches("key:");
        return Ok(Pass::configured(auth, Caller::key(name, Scopes::ALL)));
    }
    match auth.0.people.key_holder(presented).await {
        Ok(Some(holder)) => Ok(Pass::key(auth, presented, Caller::key(&holder.name, holder.scopes))),
        Ok(None) => Err(match wait_s {
            Some(wait_s) => shut_out(wait_s),
            None => {
                auth.presented_wrong(origin, path).await;
                unauthorised(
                    "the key is wrong, has expired or was taken back; `tonegate key list` shows all keys",
                )
            }
        }),
        Err(fault) => Err(no_store(&fault)),
    }
}

async fn by_session(
    auth: &Auth,
    headers: &HeaderMap,
    origin: Option<Origin>,
    path: &str,
) -> Result<Pass, Response> {
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
        Ok(Some(person)) => Ok(Pass::session(auth, token, person)),
        Ok(None) => Err(unauthorised("the session has ended: log in again")),
        Err(fault) => Err(no_store(&fault)),
    }
}
