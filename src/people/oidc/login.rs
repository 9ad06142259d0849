//! From the provider's word to a session.

use sqlx::{Row, query};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::provider::Provider;
use super::token::Claims;
use super::{Begun, ProviderFault};
use crate::people::record::{NewPerson, Record, folded};
use crate::people::role::{Role, join};
use crate::people::{LoginFault, Password, People, PeopleFault, Session, secret};
use crate::store::{StoreError, Work};

/// How long a login may take at the provider.
const WAIT_PERIOD_MS: i64 = 10 * 60 * 1_000;

/// Logins that wait at the same time; the oldest gives way.
const WAITING_MAX: i64 = 1_000;

const WAIT: &str = "INSERT INTO oidc_logins (hash, state, nonce, verifier, next, begun_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6)";

const FORGET_OLD: &str = "DELETE FROM oidc_logins WHERE begun_at_ms <= $1 OR hash NOT IN \
     (SELECT hash FROM oidc_logins ORDER BY begun_at_ms DESC, hash LIMIT $2)";

const WAITING: &str = "SELECT * FROM oidc_logins WHERE hash = $1 AND begun_at_ms > $2";

const FORGET: &str = "DELETE FROM oidc_logins WHERE hash = $1";

const BY_SUBJECT: &str = "SELECT * FROM people WHERE subject = $1";

const RENEW: &str = "UPDATE people SET display = $2, roles = $3, extensions = $4 WHERE id = $1";

/// Extensions of one person that are taken over.
const MAX_EXTENSIONS: usize = 16;

/// What a browser comes back with.
pub struct Returned<'a> {
    /// From its cookie.
    pub cookie: &'a str,
    /// From the address it was sent to.
    pub state: &'a str,
    /// From the address it was sent to.
    pub code: &'a str,
    /// The address it came from, for the trail.
    pub from: &'a str,
}

impl From<ProviderFault> for LoginFault {
    fn from(fault: ProviderFault) -> Self {
        Self::Provider(fault.to_string())
    }
}

impl People {
    /// Keeps a login that begins; gives the token for the browser's cookie.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn wait_for_provider(
        &self,
        begun: &Begun,
        next: &str,
    ) -> Result<Zeroizing<String>, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let (token, now) = (secret::fresh(), self.now_ms());
        let mut work = self.store.write().await?;
        let old = query(FORGET_OLD).bind(now - WAIT_PERIOD_MS).bind(WAITING_MAX - 1);
        old.execute(&mut *work).await.map_err(failed)?;
        query(WAIT)
            .bind(secret::digest(&token))
            .bind(begun.state.as_str())
            .bind(begun.nonce.as_str())
            .bind(begun.verifier.as_str())
            .bind(next)
            .bind(now)
            .execute(&mut *work)
            .await
            .map_err(failed)?;
        self.store.commit(work).await?;
        Ok(token)
    }

    /// Logs somebody in by the provider's word; gives the session and where to go.
    ///
    /// # Errors
    /// If no login waits, the provider's word is not enough, or the store does not answer.
    pub async fn login_by_provider(
        &self,
        provider: &Provider,
        back: &Returned<'_>,
    ) -> Result<(Session, String), LoginFault> {
        let waiting = self.take_waiting(back).await?.ok_or(ProviderFault::NotWaiting)?;
        let now_s = self.now_ms() / 1_000;
        let redeemed = provider.redeem(back.code, &waiting.verifier, &waiting.nonce, now_s).await;
        let told = match redeemed {
            Ok(claims) => self.take_in(provider, &claims, back.from).await,
            Err(fault) => Err(LoginFault::from(fault)),
        };
        if let Err(fault) = &told {
            let words = format!("{fault}; from {}", back.from);
            self.store.trail("somebody", "login refused", "by the identity provider", &words).await?;
        }
        Ok((told?, waiting.next))
    }

    async fn take_in(&self, provider: &Provider, claims: &Claims, from: &str) -> Result<Session, LoginFault> {
        let settings = provider.settings();
        let name = claims.text(&settings.name_claim).unwrap_or_default();
        let name = folded(name).map_err(|_| {
            ProviderFault::NotBelieved(format!("the claim `{}` is missing or no name", settings.name_claim))
        })?;
        let groups = claims.texts(&settings.groups_claim);
        let gives = |wanted: &[String]| wanted.iter().any(|group| groups.contains(&group.as_str()));
        let roles: Vec<Role> =
            settings.roles.iter().filter(|(_, wanted)| gives(wanted)).map(|(role, _)| *role).collect();
        if roles.is_empty() {
            return Err(ProviderFault::NoRole(name).into());
        }
        let extensions = claims.texts(&settings.extension_claim);
        let new = NewPerson {
            name: name.clone(),
            display: claims.text("name").unwrap_or(&name).replace(',', " "),
            roles,
            extensions: extensions.into_iter().take(MAX_EXTENSIONS).map(str::to_owned).collect(),
            locale: None,
            password: Password::default(),
        };
        new.checked().map_err(|fault| ProviderFault::NotBelieved(fault.to_string()))?;
        // A subject is unique with its issuer alone.
        let subject = format!("{} {}", settings.issuer, claims.sub);
        let mut work = self.store.write().await?;
        let record = self.settle(&mut work, &new, &name, &subject).await?;
        if record.shut_out {
            return Err(ProviderFault::Locked(record.name).into());
        }
        let session =
            self.let_in(&mut work, record, &format!("by the identity provider; from {from}")).await?;
        self.store.commit(work).await?;
        Ok(session)
    }

    /// The row of this subject, made or brought up to date.
    async fn settle(
        &self,
        work: &mut Work,
        new: &NewPerson,
        name: &str,
        subject: &str,
    ) -> Result<Record, LoginFault> {
        let id = match self.one(work, BY_SUBJECT, subject).await? {
            Some(known) => {
                let renewed = query(RENEW)
                    .bind(known.id.to_string())
                    .bind(&new.display)
                    .bind(join(&new.roles))
                    .bind(join(&new.extensions))
                    .execute(&mut **work)
                    .await;
                renewed.map_err(|fault| self.store.failed(&fault))?;
                known.id
            }
            // Nobody takes over the name of somebody with a password, whatever the provider says.
            None => self.insert(work, new, name, None, Some(subject)).await.map_err(|fault| match fault {
                PeopleFault::Store(fault) => LoginFault::Store(fault),
                _ => ProviderFault::NameTaken(name.to_owned()).into(),
            })?,
        };
        let record = self.by_id(work, id).await?;
        record.ok_or_else(|| ProviderFault::NotBelieved("the person was removed meanwhile".into()).into())
    }

    /// The login that waits for this browser; it waits no longer, whatever comes of it.
    async fn take_waiting(&self, back: &Returned<'_>) -> Result<Option<Waiting>, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let hash = secret::digest(back.cookie);
        let mut work = self.store.write().await?;
        let oldest = self.now_ms() - WAIT_PERIOD_MS;
        let row = query(WAITING).bind(&hash).bind(oldest).fetch_optional(&mut *work).await.map_err(failed)?;
        query(FORGET).bind(&hash).execute(&mut *work).await.map_err(failed)?;
        self.store.commit(work).await?;
        let Some(row) = row else { return Ok(None) };
        let text = |column: &str| row.try_get::<String, _>(column).map_err(failed);
        let same = bool::from(text("state")?.as_bytes().ct_eq(back.state.as_bytes()));
        let waiting =
            Waiting { nonce: text("nonce")?.into(), verifier: text("verifier")?.into(), next: text("next")? };
        Ok(same.then_some(waiting))
    }
}

/// A login that waited.
struct Waiting {
    nonce: Zeroizing<String>,
    verifier: Zeroizing<String>,
    next: String,
}
