//! People as rows of the store.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::password::Password;
use super::role::{Role, join, split};
use super::tries::Tries;
use super::{People, PeopleFault};
use crate::store::{StoreError, Work};

/// Names stand in the trail and in URLs.
const MAX_NAME_CHARS: usize = 40;

/// A display name.
const MAX_DISPLAY_CHARS: usize = 100;

/// An extension, and how many of them one person has.
const MAX_EXTENSION_CHARS: usize = 32;
const MAX_EXTENSIONS: usize = 16;

/// A language tag (RFC 5646).
const MAX_LOCALE_CHARS: usize = 35;

const BY_NAME: &str = "SELECT * FROM people WHERE name = $1";

const BY_ID: &str = "SELECT * FROM people WHERE id = $1";

const ALL: &str = "SELECT * FROM people ORDER BY name LIMIT 1000";

const ADD: &str = "INSERT INTO people (id, name, display, roles, extensions, locale, password, must_change, \
     wrong_tries, locked_until_ms, shut_out, totp_secret, totp_confirmed, totp_step, subject, made_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, NULL, 0, 0, $9, $10)";

/// Somebody who is to be known here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// What is typed to log in; capital letters do not matter.
    pub name: String,
    /// What others read.
    pub display: String,
    /// What they are in the company.
    pub roles: Vec<Role>,
    /// Telephone extensions, whose calls are theirs.
    pub extensions: Vec<String>,
    /// Language tag; none: as the browser asks.
    pub locale: Option<String>,
    /// Changed by the person at the first login.
    pub password: Password,
}

/// What is to be different about somebody; what is not named stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Who.
    pub name: String,
    /// What others read.
    pub display: Option<String>,
    /// What they are in the company.
    pub roles: Option<Vec<Role>>,
    /// Telephone extensions, whose calls are theirs.
    pub extensions: Option<Vec<String>>,
    /// Language tag.
    pub locale: Option<String>,
}

/// Somebody who is known here, as an admin sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What is typed to log in.
    pub name: String,
    /// What others read.
    pub display: String,
    /// What they are in the company.
    pub roles: Vec<Role>,
    /// Telephone extensions, whose calls are theirs.
    pub extensions: Vec<String>,
    /// Language tag; none: as the browser asks.
    pub locale: Option<String>,
    /// Cannot log in now: too many wrong tries, or an admin said so.
    pub locked: bool,
    /// An admin said so.
    pub shut_out: bool,
    /// One-time codes are set up.
    pub codes: bool,
    /// Has to choose a password at the next login.
    pub must_change: bool,
    /// An identity provider vouches for them.
    pub by_provider: bool,
    /// The last login.
    pub seen_at_ms: Option<i64>,
}

/// A row.
#[derive(Clone)]
pub(super) struct Record {
    pub id: Uuid,
    pub name: String,
    pub display: String,
    pub roles: Vec<Role>,
    pub extensions: Vec<String>,
    pub locale: Option<String>,
    pub password: Option<String>,
    pub must_change: bool,
    pub tries: Tries,
    pub shut_out: bool,
    pub totp_secret: Option<String>,
    pub totp_confirmed: bool,
    pub totp_step: i64,
    pub by_provider: bool,
    pub seen_at_ms: Option<i64>,
}

impl Record {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let text = |column: &str| row.try_get::<String, _>(column);
        let locale = text("locale")?;
        Ok(Self {
            id: Uuid::try_parse(&text("id")?).map_err(|fault| sqlx::Error::Decode(Box::new(fault)))?,
            name: text("name")?,
            display: text("display")?,
            roles: split(&text("roles")?),
            extensions: split(&text("extensions")?),
            locale: (!locale.is_empty()).then_some(locale),
            password: row.try_get("password")?,
            must_change: row.try_get("must_change")?,
            tries: Tries {
                wrong: row.try_get("wrong_tries")?,
                locked_until_ms: row.try_get("locked_until_ms")?,
            },
            shut_out: row.try_get("shut_out")?,
            totp_secret: row.try_get("totp_secret")?,
            totp_confirmed: row.try_get("totp_confirmed")?,
            totp_step: row.try_get("totp_step")?,
            by_provider: row.try_get::<Option<String>, _>("subject")?.is_some(),
            seen_at_ms: row.try_get("seen_at_ms")?,
        })
    }

    /// As the trail names them.
    pub(super) fn actor(&self) -> String {
        actor(&self.name)
    }

    pub(super) fn account(self, now_ms: i64) -> Account {
        Account {
            locked: self.shut_out || self.tries.locked(now_ms),
            shut_out: self.shut_out,
            codes: self.totp_confirmed,
            name: self.name,
            display: self.display,
            roles: self.roles,
            extensions: self.extensions,
            locale: self.locale,
            must_change: self.must_change,
            by_provider: self.by_provider,
            seen_at_ms: self.seen_at_ms,
        }
    }
}

/// How the trail names a person.
pub(super) fn actor(name: &str) -> String {
    format!("person:{name}")
}

/// The name as it is kept.
pub(super) fn folded(name: &str) -> Result<String, PeopleFault> {
    let name = name.trim().to_lowercase();
    let letters = name.chars().all(|c| c.is_alphanumeric() || ".-_@".contains(c));
    if letters && (1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
        return Ok(name);
    }
    Err(PeopleFault::Name(name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect()))
}

fn bounded(what: &'static str, text: &str, most: usize) -> Result<(), PeopleFault> {
    if text.chars().count() <= most && !text.chars().any(|c| c.is_control() || c == ',') {
        return Ok(());
    }
    Err(PeopleFault::Text { what, most })
}

impl NewPerson {
    /// Everything but the password is as it must be; gives the name as it is kept.
    pub(super) fn checked(&self) -> Result<String, PeopleFault> {
        bounded("display name", &self.display, MAX_DISPLAY_CHARS)?;
        bounded("locale", self.locale.as_deref().unwrap_or_default(), MAX_LOCALE_CHARS)?;
        if self.extensions.len() > MAX_EXTENSIONS {
            return Err(PeopleFault::Text { what: "extensions", most: MAX_EXTENSIONS });
        }
        for extension in &self.extensions {
            bounded("extension", extension, MAX_EXTENSION_CHARS)?;
        }
        if self.roles.is_empty() {
            return Err(PeopleFault::Nothing("role"));
        }
        folded(&self.name)
    }
}

impl People {
    pub(super) async fn by_name(&self, work: &mut Work, name: &str) -> Result<Option<Record>, StoreError> {
        self.one(work, BY_NAME, name).await
    }

    pub(super) async fn by_id(&self, work: &mut Work, id: Uuid) -> Result<Option<Record>, StoreError> {
        self.one(work, BY_ID, &id.to_string()).await
    }

    pub(super) async fn one(
        &self,
        work: &mut Work,
        sql: &'static str,
        value: &str,
    ) -> Result<Option<Record>, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let row = query(sql).bind(value).fetch_optional(&mut **work).await.map_err(failed)?;
        row.map(|row| Record::from_row(&row)).transpose().map_err(failed)
    }

    /// Everybody, by name; a thousand at most.
    pub(super) async fn everybody(&self, work: &mut Work) -> Result<Vec<Record>, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let rows = query(ALL).fetch_all(&mut **work).await.map_err(failed)?;
        rows.iter().map(Record::from_row).collect::<Result<_, _>>().map_err(failed)
    }

    /// Adds a row; `name` as it is kept.
    pub(super) async fn insert(
        &self,
        work: &mut Work,
        new: &NewPerson,
        name: &str,
        password: Option<String>,
        subject: Option<&str>,
    ) -> Result<Uuid, PeopleFault> {
        let id = Uuid::now_v7();
        let must_change = password.is_some();
        let display = if new.display.trim().is_empty() { name } else { new.display.trim() };
        let added = query(ADD)
            .bind(id.to_string())
            .bind(name)
            .bind(display)
            .bind(join(&new.roles))
            .bind(join(&new.extensions))
            .bind(new.locale.as_deref().unwrap_or_default())
            .bind(password)
            .bind(must_change)
            .bind(subject)
            .bind(self.now_ms())
            .execute(&mut **work)
            .await;
        match added {
            Ok(_) => Ok(id),
            Err(sqlx::Error::Database(fault)) if fault.is_unique_violation() => {
                Err(PeopleFault::Taken { what: "person", name: name.into() })
            }
            Err(fault) => Err(self.store.failed(&fault).into()),
        }
    }
}
