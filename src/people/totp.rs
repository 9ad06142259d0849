//! One-time codes of an authenticator (RFC 6238), and recovery codes for when it is lost.

use qrcode::QrCode;
use qrcode::render::svg;
use sqlx::{Row, query};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::password::HashFault;
use super::record::Record;
use super::sealed::is_sealed;
use super::session::Person;
use super::{People, PeopleFault, secret};
use crate::store::{StoreError, Work};

/// As RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// Made at once, each good for one login.
const RECOVERY_CODES: usize = 10;

/// 80 bits each.
const RECOVERY_BYTES: usize = 10;

/// Pixels of one side of the QR code, at least.
const QR_PIXELS: u32 = 240;

const KEEP: &str = "UPDATE people SET totp_secret = $2, totp_confirmed = 0, totp_step = 0 WHERE id = $1 AND totp_confirmed = 0";

/// What somebody's secret is replaced with, unless it has changed meanwhile.
const SEAL: &str = "UPDATE people SET totp_secret = $3 WHERE id = $1 AND totp_secret = $2";

const SECRETS: &str = "SELECT id, name, totp_secret FROM people WHERE totp_secret IS NOT NULL";

const CONFIRM: &str = "UPDATE people SET totp_confirmed = 1, totp_step = $2 WHERE id = $1";

const STEP: &str = "UPDATE people SET totp_step = $2 WHERE id = $1 AND totp_step < $2";

const FORGET: &str = "UPDATE people SET totp_secret = NULL, totp_confirmed = 0, totp_step = 0 WHERE id = $1";

const ADD_RECOVERY: &str = "INSERT INTO recovery_codes (person, hash) VALUES ($1, $2)";

const USE_RECOVERY: &str = "DELETE FROM recovery_codes WHERE person = $1 AND hash = $2";

const FORGET_RECOVERY: &str = "DELETE FROM recovery_codes WHERE person = $1";

/// What a person puts into their authenticator; shown once.
pub struct Enrolment {
    /// base32, for those who type.
    pub secret: Zeroizing<String>,
    /// `otpauth://totp/…`
    pub url: Zeroizing<String>,
    /// The URL as a QR code, an SVG image.
    pub qr_svg: Zeroizing<String>,
}

fn totp(record_name: &str, issuer: &str, secret: Secret) -> Result<Totp, PeopleFault> {
    // A colon would part issuer and name anew.
    let issuer = issuer.replace(':', " ");
    let made = Builder::new().with_secret(secret).with_issuer(Some(issuer)).with_account_name(record_name);
    made.build().map_err(|fault| HashFault::Broken(format!("one-time codes: {fault}")).into())
}

/// What an authenticator scans.
fn drawn(totp: &Totp, secret: Zeroizing<String>) -> Result<Enrolment, HashFault> {
    let broken = |fault: String| HashFault::Broken(format!("one-time codes: {fault}"));
    let url = Zeroizing::new(totp.to_url().map_err(|fault| broken(fault.to_string()))?);
    let qr = QrCode::new(url.as_bytes()).map_err(|fault| broken(fault.to_string()))?;
    let image = qr.render::<svg::Color<'_>>().min_dimensions(QR_PIXELS, QR_PIXELS).build();
    Ok(Enrolment { secret, url, qr_svg: Zeroizing::new(image) })
}

/// A recovery code as it is kept, however it was typed.
fn recovery_digest(code: &str) -> String {
    let letters: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    secret::digest(&letters.to_ascii_uppercase())
}

/// `ABCD-EFGH-IJKL-MNOP`
fn recovery_code() -> String {
    let mut bytes = [0_u8; RECOVERY_BYTES];
    rand::fill(&mut bytes);
    let letters = Secret::from(bytes.to_vec()).to_base32();
    letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// A secret as it stands in the store.
struct Kept {
    person: Uuid,
    name: String,
    secret: Zeroizing<String>,
}

impl Kept {
    fn is_sealed(&self) -> bool {
        is_sealed(&self.secret)
    }
}

/// What a code turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Of the authenticator.
    Right,
    /// A recovery code, which is used up now.
    Recovery,
    /// Wrong, or used before.
    Wrong,
}

impl People {
    /// Makes a secret for a person's authenticator; it holds once [`People::confirm_codes`] has seen a code of it.
    ///
    /// # Errors
    /// If codes are set up already, an identity provider vouches for the person, or it could not be written.
    pub async fn enrol_codes(&self, person: &Person) -> Result<Enrolment, PeopleFault> {
        if person.by_provider {
            return Err(PeopleFault::ByProvider(person.name.clone()));
        }
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        rand::fill(&mut bytes[..]);
        let totp = totp(&person.name, &self.rules.issuer, Secret::from(&bytes[..]))?;
        let kept = Zeroizing::new(totp.secret().to_base32());
        let mut work = self.store.write().await?;
        if self.sealer.is_missing() && !self.secrets(&mut work).await?.iter().any(Kept::is_sealed) {
            self.sealer.make()?;
        }
        let sealed = self.sealer.seal(person.id, &kept)?;
        let done = query(KEEP).bind(person.id.to_string()).bind(sealed).execute(&mut *work).await;
        if done.map_err(|fault| self.store.failed(&fault))?.rows_affected() == 0 {
            return Err(PeopleFault::CodesSet(person.name.clone()));
        }
        self.store.commit(work).await?;
        Ok(drawn(&totp, kept)?)
    }

    /// The set-up that a person has begun, once more: whoever mistyped a code need not scan again.
    ///
    /// # Errors
    /// If none has begun or it is complete, or it could not be read.
    pub async fn begun_codes(&self, person: &Person) -> Result<Enrolment, PeopleFault> {
        let mut work = self.store.write().await?;
        let record = self.by_id(&mut work, person.id).await?.filter(|record| !record.totp_confirmed);
        let Some((record, kept)) = record.as_ref().and_then(|r| Some((r, r.totp_secret.as_ref()?))) else {
            return Err(PeopleFault::NoEnrolment);
        };
        let (totp, kept) = self.authenticator(record, kept)?;
        Ok(drawn(&totp, kept)?)
    }

    /// Ends the set-up with a code of the authenticator; gives the recovery codes, shown once.
    ///
    /// # Errors
    /// If the code is wrong, no set-up has begun, or it could not be written.
    pub async fn confirm_codes(&self, person: &Person, code: &str) -> Result<Vec<String>, PeopleFault> {
        let mut work = self.store.write().await?;
        let record = self.by_id(&mut work, person.id).await?;
        let Some(record) = record.filter(|record| record.totp_secret.is_some()) else {
            return Err(PeopleFault::NoEnrolment);
        };
        if record.totp_confirmed {
            return Err(PeopleFault::CodesSet(record.name));
        }
        let Some(step) = self.step_of(&record, code)? else { return Err(PeopleFault::WrongCode) };
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let id = person.id.to_string();
        query(CONFIRM).bind(&id).bind(step).execute(&mut *work).await.map_err(failed)?;
        query(FORGET_RECOVERY).bind(&id).execute(&mut *work).await.map_err(failed)?;
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        for code in &codes {
            let hash = recovery_digest(code);
            query(ADD_RECOVERY).bind(&id).bind(hash).execute(&mut *work).await.map_err(failed)?;
        }
        self.store.trail_in(&mut work, &person.actor(), "codes set up", &person.actor(), "").await?;
        self.store.commit(work).await?;
        Ok(codes)
    }

    /// Looks at a code and takes it: it is not taken again.
    pub(super) async fn take_code(
        &self,
        work: &mut Work,
        record: &Record,
        code: &str,
    ) -> Result<Code, PeopleFault> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let id = record.id.to_string();
        let step = self.step_of(record, code);
        if let Ok(Some(step)) = step {
            let done = query(STEP).bind(&id).bind(step).execute(&mut **work).await.map_err(failed)?;
            return Ok(if done.rows_affected() == 1 { Code::Right } else { Code::Wrong });
        }
        // These need no key: they are how somebody gets in whose secret cannot be read.
        let done = query(USE_RECOVERY).bind(&id).bind(recovery_digest(code)).execute(&mut **work).await;
        if done.map_err(failed)?.rows_affected() == 1 {
            return Ok(Code::Recovery);
        }
        step.map(|_| Code::Wrong)
    }

    /// Encrypts what an earlier release wrote in clear, makes the key if there is none and nothing needs an older one, and
    /// makes sure that it opens everything. The daemon does so at its start.
    ///
    /// # Errors
    /// If the key is missing or opens not everything, or it could not be written. Who has codes then gets in by a recovery
    /// code alone.
    pub async fn seal_codes(&self) -> Result<(), PeopleFault> {
        let mut work = self.store.write().await?;
        let all = self.secrets(&mut work).await?;
        if self.sealer.is_missing() && !all.iter().any(Kept::is_sealed) {
            self.sealer.make()?;
        }
        for kept in all.iter().filter(|kept| kept.is_sealed()) {
            self.sealer.open(kept.person, &kept.name, &kept.secret)?;
        }
        let mut sealed = 0_usize;
        for kept in all.iter().filter(|kept| !kept.is_sealed()) {
            let text = self.sealer.seal(kept.person, &kept.secret)?;
            let replaced = query(SEAL).bind(kept.person.to_string()).bind(kept.secret.as_str()).bind(text);
            replaced.execute(&mut *work).await.map_err(|fault| self.store.failed(&fault))?;
            let subject = super::record::actor(&kept.name);
            self.store.trail_in(&mut work, "tonegate", "codes encrypted", &subject, "").await?;
            sealed += 1;
        }
        self.store.commit(work).await?;
        if sealed > 0 {
            // What stood there in clear is not to linger in the file until it happens to be written over.
            self.store.tidy().await?;
            tracing::info!(people = sealed, "the secrets of one-time codes are encrypted now");
        }
        Ok(())
    }

    async fn secrets(&self, work: &mut Work) -> Result<Vec<Kept>, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let rows = query(SECRETS).fetch_all(&mut **work).await.map_err(failed)?;
        let kept = |row: &sqlx::sqlite::SqliteRow| -> Result<Kept, sqlx::Error> {
            let person = Uuid::try_parse(&row.try_get::<String, _>("id")?);
            let person = person.map_err(|fault| sqlx::Error::Decode(Box::new(fault)))?;
            Ok(Kept {
                person,
                name: row.try_get("name")?,
                secret: Zeroizing::new(row.try_get("totp_secret")?),
            })
        };
        rows.iter().map(kept).collect::<Result<_, _>>().map_err(failed)
    }

    /// Takes the authenticator and the recovery codes away.
    pub(super) async fn forget_codes(&self, work: &mut Work, record: &Record) -> Result<(), StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let id = record.id.to_string();
        query(FORGET).bind(&id).execute(&mut **work).await.map_err(failed)?;
        query(FORGET_RECOVERY).bind(&id).execute(&mut **work).await.map_err(failed)?;
        Ok(())
    }

    /// A person's authenticator, and its secret as text.
    fn authenticator(&self, record: &Record, kept: &str) -> Result<(Totp, Zeroizing<String>), PeopleFault> {
        let kept = self.sealer.open(record.id, &record.name, kept)?;
        let secret = Secret::try_from_base32(&kept)
            .map_err(|_| HashFault::Broken("the secret of one-time codes is damaged".into()))?;
        Ok((totp(&record.name, &self.rules.issuer, secret)?, kept))
    }

    /// The time step a code is of, if it is right and newer than the last one taken.
    fn step_of(&self, record: &Record, code: &str) -> Result<Option<i64>, PeopleFault> {
        let Some(kept) = &record.totp_secret else { return Ok(None) };
        let (totp, _) = self.authenticator(record, kept)?;
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let now_s = u64::try_from(self.now_ms() / 1_000).unwrap_or_default();
        let step = totp.check(&code, now_s).and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| *step > record.totp_step))
    }
}
