//! People and keys, for admins.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::people::{Account, Act, Done, KeyRecord, NewKey, NewPerson, Password, PeopleFault};

use super::Console;
use super::locale::Locale;
use super::page::{Shell, page};
use super::reader::Reader;

/// A key that is to live longer is made by the command line, without an end.
const KEY_DAYS_MAX: u16 = 3_650;

const DAY_MS: i64 = 86_400_000;

struct PersonRow {
    name: String,
    display: String,
    roles: String,
    extensions: String,
    seen: String,
    locked: bool,
}

struct KeyRow {
    name: String,
    scopes: String,
    expires: String,
    used: String,
    revoked: bool,
}

#[derive(Template)]
#[template(path = "people.html", config = "src/api/console/askama.toml")]
struct PeoplePage {
    shell: Shell,
    csrf: String,
    people: Vec<PersonRow>,
    keys: Vec<KeyRow>,
    told: String,
    /// Shown once.
    key: String,
    days_max: u16,
}

/// `GET /console/people`
pub(super) async fn show(State(console): State<Console>, reader: Reader) -> Response {
    people_page(&console, &reader, String::new(), String::new(), StatusCode::OK).await
}

async fn people_page(
    console: &Console,
    reader: &Reader,
    told: String,
    key: String,
    status: StatusCode,
) -> Response {
    let w = reader.locale.words();
    if !reader.viewer.may_manage() {
        return reader.not_allowed();
    }
    let people = console.auth.people();
    let (people, keys) = match (people.list().await, people.keys().await) {
        (Ok(people), Ok(keys)) => (people, keys),
        (Err(fault), _) | (_, Err(fault)) => {
            tracing::error!("people and keys cannot be listed: {fault}");
            return reader.failed();
        }
    };
    let all = PeoplePage {
        shell: reader.shell(w.people),
        csrf: reader.csrf(),
        people: people.iter().map(|account| person_row(account, reader.locale)).collect(),
        keys: keys.iter().map(|key| key_row(key, reader.locale)).collect(),
        told,
        key,
        days_max: KEY_DAYS_MAX,
    };
    page(&all, status)
}

fn words<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn moment(at_ms: Option<i64>, locale: Locale) -> String {
    at_ms.map_or_else(|| locale.words().never.to_owned(), |at| locale.moment(at))
}

fn person_row(account: &Account, locale: Locale) -> PersonRow {
    PersonRow {
        name: account.name.clone(),
        display: account.display.clone(),
        roles: words(&account.roles),
        extensions: words(&account.extensions),
        seen: moment(account.seen_at_ms, locale),
        locked: account.locked,
    }
}

fn key_row(key: &KeyRecord, locale: Locale) -> KeyRow {
    KeyRow {
        name: key.name.clone(),
        scopes: words(&key.scopes),
        expires: moment(key.expires_at_ms, locale),
        used: moment(key.used_at_ms, locale),
        revoked: key.revoked_at_ms.is_some(),
    }
}

/// One form of the page; which fields count depends on `act`.
#[derive(Deserialize)]
pub(super) struct Asked {
    act: String,
    name: String,
    #[serde(default)]
    display: String,
    #[serde(default)]
    roles: String,
    #[serde(default)]
    extensions: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    scopes: String,
    #[serde(default)]
    days: String,
}

/// `POST /console/people`
pub(super) async fn act(
    State(console): State<Console>,
    reader: Reader,
    Form(asked): Form<Asked>,
) -> Response {
    let w = reader.locale.words();
    if !reader.viewer.may_manage() {
        return reader.not_allowed();
    }
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let act = match asked.act() {
        Ok(Some(act)) => act,
        Ok(None) => return people_page(&console, &reader, w.failed.into(), String::new(), wrong).await,
        Err(fault) => return people_page(&console, &reader, fault.to_string(), String::new(), wrong).await,
    };
    match console.auth.people().perform(&reader.viewer.person.actor(), &act).await {
        Ok(Done::Key(key)) => {
            people_page(&console, &reader, String::new(), key.expose().to_owned(), StatusCode::OK).await
        }
        Ok(_) => super::page::see("/console/people"),
        Err(fault) => people_page(&console, &reader, fault.to_string(), String::new(), wrong).await,
    }
}

/// Words between commas, each read by its own rules.
fn list<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, T::Err> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::parse).collect()
}

impl Asked {
    /// What is asked for; none if no act has this name.
    fn act(&self) -> Result<Option<Act>, PeopleFault> {
        Ok(Some(match self.act.as_str() {
            "lock" => Act::Lock(self.name.clone()),
            "unlock" => Act::Unlock(self.name.clone()),
            "revoke" => Act::RevokeKey(self.name.clone()),
            "add" => Act::AddPerson(NewPerson {
                name: self.name.clone(),
                display: if self.display.is_empty() { self.name.clone() } else { self.display.clone() },
                roles: list(&self.roles)?,
                extensions: list(&self.extensions).unwrap_or_default(),
                locale: None,
                password: Password::new(self.password.clone()),
            }),
            "key" => {
                let days = self.days.parse::<u16>().ok().filter(|days| (1..=KEY_DAYS_MAX).contains(days));
                let end = days.map(|days| jiff::Timestamp::now().as_millisecond() + i64::from(days) * DAY_MS);
                let scopes = list(&self.scopes)?;
                Act::MakeKey(NewKey { name: self.name.clone(), scopes, expires_at_ms: end })
            }
            _ => return Ok(None),
        }))
    }
}
