//! What an admin does with people, and a person with their own password.

use sqlx::query;

use super::password::{Password, fit};
use super::record::{Account, Change, NewPerson, Record, actor, folded};
use super::role::join;
use super::session::Person;
use super::{People, PeopleFault};
use crate::store::Work;

const SHUT_OUT: &str = "UPDATE people SET shut_out = $2 WHERE id = $1";

const CHANGE: &str = "UPDATE people SET display = $2, roles = $3, extensions = $4, locale = $5 WHERE id = $1";

const UNLOCK: &str = "UPDATE people SET shut_out = 0, wrong_tries = 0, locked_until_ms = 0 WHERE id = $1";

const NEW_PASSWORD: &str =
    "UPDATE people SET password = $2, must_change = $3, wrong_tries = 0, locked_until_ms = 0 WHERE id = $1";

impl People {
    /// Makes somebody known; they choose a password of their own at the first login.
    ///
    /// # Errors
    /// If the name is taken or none, the password is weak, or it could not be written.
    pub async fn add(&self, by: &str, new: &NewPerson) -> Result<(), PeopleFault> {
        let name = new.checked()?;
        fit(&new.password, &name, &new.display)?;
        let password = self.hasher.hash(&new.password).await?;
        let mut work = self.store.write().await?;
        self.insert(&mut work, new, &name, Some(password), None).await?;
        let roles = format!("roles: {}", join(&new.roles));
        self.store.trail_in(&mut work, by, "person added", &actor(&name), &roles).await?;
        Ok(self.store.commit(work).await?)
    }

    /// Everybody, by name; a thousand at most.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn list(&self) -> Result<Vec<Account>, PeopleFault> {
        let mut reading = self.store.read().await?;
        let now = self.now_ms();
        let everybody = self.everybody(&mut reading).await?;
        Ok(everybody.into_iter().map(|record| record.account(now)).collect())
    }

    /// Gives somebody other roles, extensions, or another display name or language; what is not named stays. It holds
    /// from their next request on.
    ///
    /// # Errors
    /// If there is nobody of that name, the identity provider says what they are, or it could not be written.
    pub async fn change(&self, by: &str, change: &Change) -> Result<(), PeopleFault> {
        let (mut work, record) = self.for_change(&change.name).await?;
        if record.by_provider {
            return Err(PeopleFault::ProviderSays(record.name));
        }
        let actor = record.actor();
        let new = NewPerson {
            name: record.name,
            display: change.display.clone().unwrap_or(record.display),
            roles: change.roles.clone().unwrap_or(record.roles),
            extensions: change.extensions.clone().unwrap_or(record.extensions),
            locale: change.locale.clone().or(record.locale),
            password: Password::default(),
        };
        new.checked()?;
        let (roles, extensions) = (join(&new.roles), join(&new.extensions));
        query(CHANGE)
            .bind(record.id.to_string())
            .bind(&new.display)
            .bind(&roles)
            .bind(&extensions)
            .bind(new.locale.as_deref().unwrap_or_default())
            .execute(&mut *work)
            .await
            .map_err(|fault| self.store.failed(&fault))?;
        let words = format!("roles: {roles}; extensions: {extensions}");
        self.store.trail_in(&mut work, by, "person changed", &actor, &words).await?;
        Ok(self.store.commit(work).await?)
    }

    /// Keeps somebody out until [`People::unlock`]; their sessions end.
    ///
    /// # Errors
    /// If there is nobody of that name, or it could not be written.
    pub async fn lock(&self, by: &str, name: &str) -> Result<(), PeopleFault> {
        let (mut work, record) = self.for_change(name).await?;
        let done = query(SHUT_OUT).bind(record.id.to_string()).bind(true).execute(&mut *work).await;
        done.map_err(|fault| self.store.failed(&fault))?;
        self.end_sessions(&mut work, record.id, "").await?;
        self.store.trail_in(&mut work, by, "locked", &record.actor(), "by an admin").await?;
        Ok(self.store.commit(work).await?)
    }

    /// Lets somebody in again, and forgets their wrong tries.
    ///
    /// # Errors
    /// If there is nobody of that name, or it could not be written.
    pub async fn unlock(&self, by: &str, name: &str) -> Result<(), PeopleFault> {
        let (mut work, record) = self.for_change(name).await?;
        let done = query(UNLOCK).bind(record.id.to_string()).execute(&mut *work).await;
        done.map_err(|fault| self.store.failed(&fault))?;
        self.store.trail_in(&mut work, by, "unlocked", &record.actor(), "by an admin").await?;
        Ok(self.store.commit(work).await?)
    }

    /// Gives somebody a new password, to be changed at the next login, or takes their one-time codes away, or both.
    /// Their sessions end.
    ///
    /// # Errors
    /// If there is nobody of that name, the password is weak, or it could not be written.
    pub async fn reset(
        &self,
        by: &str,
        name: &str,
        password: Option<&Password>,
        codes: bool,
    ) -> Result<(), PeopleFault> {
        let hash = match password {
            Some(password) => {
                let mut reading = self.store.read().await?;
                let record = self.known(&mut reading, name).await?;
                drop(reading);
                fit(password, &record.name, &record.display)?;
                Some(self.hasher.hash(password).await?)
            }
            None => None,
        };
        let (mut work, record) = self.for_change(name).await?;
        if record.by_provider {
            return Err(PeopleFault::ByProvider(record.name));
        }
        let mut what = Vec::new();
        if let Some(hash) = hash {
            self.set_password(&mut work, &record, &hash, true).await?;
            what.push("password");
        }
        if codes {
            self.forget_codes(&mut work, &record).await?;
            what.push("codes");
        }
        self.end_sessions(&mut work, record.id, "").await?;
        self.store.trail_in(&mut work, by, "reset", &record.actor(), &what.join(" and ")).await?;
        Ok(self.store.commit(work).await?)
    }

    /// Chooses a new password. All other sessions of the person end; a wrong present password counts as a wrong try.
    ///
    /// # Errors
    /// If the present one is wrong, the new one is weak or the same, or it could not be written.
    pub async fn change_password(
        &self,
        person: &Person,
        present: &Password,
        new: &Password,
    ) -> Result<(), PeopleFault> {
        fit(new, &person.name, &person.display)?;
        let mut reading = self.store.read().await?;
        let kept = self.known(&mut reading, &person.name).await?.password;
        drop(reading);
        let Some(kept) = kept else { return Err(PeopleFault::ByProvider(person.name.clone())) };
        let right = self.hasher.matches(present, Some(&kept)).await?;
        let same = right && self.hasher.matches(new, Some(&kept)).await?;
        let hash = if right && !same { Some(self.hasher.hash(new).await?) } else { None };
        let (mut work, record) = self.for_change(&person.name).await?;
        let locked = record.shut_out || record.tries.locked(self.now_ms());
        match hash {
            Some(hash) if !locked && record.password.as_ref() == Some(&kept) => {
                self.set_password(&mut work, &record, &hash, false).await?;
                self.end_sessions(&mut work, record.id, &person.session).await?;
                let actor = record.actor();
                self.store.trail_in(&mut work, &actor, "password changed", &actor, "").await?;
                Ok(self.store.commit(work).await?)
            }
            _ if same => Err(PeopleFault::SamePassword),
            _ => {
                if !locked {
                    self.count(&mut work, &record).await?;
                }
                self.store.commit(work).await?;
                Err(PeopleFault::WrongPassword)
            }
        }
    }

    async fn set_password(
        &self,
        work: &mut Work,
        record: &Record,
        hash: &str,
        must_change: bool,
    ) -> Result<(), PeopleFault> {
        let id = record.id.to_string();
        let done = query(NEW_PASSWORD).bind(id).bind(hash).bind(must_change).execute(&mut **work).await;
        done.map(|_| ()).map_err(|fault| self.store.failed(&fault).into())
    }

    async fn for_change(&self, name: &str) -> Result<(Work, Record), PeopleFault> {
        let mut work = self.store.write().await?;
        let record = self.known(&mut work, name).await?;
        Ok((work, record))
    }

    async fn known(&self, work: &mut Work, name: &str) -> Result<Record, PeopleFault> {
        let name = folded(name)?;
        let record = self.by_name(work, &name).await?;
        record.ok_or(PeopleFault::Unknown { what: "person", name, command: "user" })
    }
}
