//! Cards that providers keep for us: their names there, nothing else.

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, query};
use uuid::Uuid;

use super::{Cursor, MAX_PAGE_LENGTH, Store, StoreError, now_ms, text, trail};
use crate::psp::StoredCard;

const KEEP: &str = "INSERT INTO stored_cards (payment, psp, token, shopper, created_at_ms) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (payment) DO UPDATE SET psp = $2, token = $3, shopper = $4";

const ONE: &str = "SELECT psp, token, shopper FROM stored_cards WHERE payment = $1";

/// A stored card as it may be shown: the token stays here.
const SHOWN: &str = "SELECT * FROM (SELECT stored_cards.payment AS id, stored_cards.psp, stored_cards.shopper, \
     stored_cards.created_at_ms, payments.merchant, payments.brand, payments.masked_pan FROM stored_cards \
     JOIN payments ON payments.id = stored_cards.payment) AS shown WHERE 1 = 1";

const FORGET: &str = "DELETE FROM stored_cards WHERE payment = $1";

/// A stored card as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number here: that of the payment in which the card was taken.
    pub id: Uuid,
    /// Who may charge it.
    pub merchant: String,
    /// The account it is stored with.
    pub psp: String,
    /// The customer it is tied to.
    pub shopper: String,
    /// The card's brand.
    pub brand: Option<String>,
    /// The card's number, all but the last four digits struck out.
    pub masked_pan: Option<String>,
    /// When it was stored, in milliseconds since 1970 (UTC).
    pub created_at_ms: i64,
}

/// Some stored cards, the youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPage {
    /// The cards.
    pub tokens: Vec<Token>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<Cursor>,
}

impl Token {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let bad = || sqlx::Error::Decode("stored_cards.payment holds what we never write".into());
        Ok(Self {
            id: Uuid::parse_str(row.try_get("id")?).map_err(|_| bad())?,
            merchant: row.try_get("merchant")?,
            psp: row.try_get("psp")?,
            shopper: row.try_get("shopper")?,
            brand: row.try_get("brand")?,
            masked_pan: row.try_get("masked_pan")?,
            created_at_ms: row.try_get("created_at_ms")?,
        })
    }
}

impl Store {
    /// Writes down what a provider calls the card that was taken in a payment.
    ///
    /// # Errors
    /// If there is no such payment, or it could not be written.
    pub async fn keep_stored_card(
        &self,
        payment: Uuid,
        psp: &str,
        stored: &StoredCard,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        query(KEEP)
            .bind(payment.to_string())
            .bind(text::field(psp))
            .bind(&stored.token)
            .bind(text::field(&stored.shopper))
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(|fault| self.failed(&fault))?;
        self.commit(transaction).await
    }

    /// The card that was stored in a payment, and the account it is stored with.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn stored_card(&self, payment: Uuid) -> Result<Option<(String, StoredCard)>, StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let mut transaction = self.read().await?;
        let row = query(ONE).bind(payment.to_string()).fetch_optional(&mut *transaction).await;
        let Some(row) = row.map_err(failed)? else { return Ok(None) };
        let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
        Ok(Some((text("psp")?, StoredCard { token: text("token")?, shopper: text("shopper")? })))
    }

    /// Stored cards, the youngest first, at most [`MAX_PAGE_LENGTH`] at a time; of one customer if they are named.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn tokens(
        &self,
        shopper: Option<&str>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<TokenPage, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE_LENGTH) as usize;
        let mut page = QueryBuilder::<Sqlite>::new(SHOWN);
        if let Some(shopper) = shopper {
            page.push(" AND shopper = ").push_bind(text::field(shopper).to_owned());
        }
        if let Some(after) = after {
            after.push_to(&mut page);
        }
        // One more, to know whether there are more.
        page.push(" ORDER BY created_at_ms DESC, id DESC LIMIT ").push_bind(limit as i64 + 1);
        let mut found = self.shown(page).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|last| Cursor { created_at_ms: last.created_at_ms, id: last.id });
        Ok(TokenPage { tokens: found, next })
    }

    /// A stored card as it may be shown.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn token(&self, id: Uuid) -> Result<Option<Token>, StoreError> {
        let mut one = QueryBuilder::<Sqlite>::new(SHOWN);
        one.push(" AND id = ").push_bind(id.to_string());
        Ok(self.shown(one).await?.pop())
    }

    async fn shown(&self, mut wanted: QueryBuilder<Sqlite>) -> Result<Vec<Token>, StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let mut transaction = self.read().await?;
        let rows = wanted.build().fetch_all(&mut *transaction).await.map_err(failed)?;
        rows.iter().map(Token::from_row).collect::<Result<_, _>>().map_err(failed)
    }

    /// Forgets a stored card; false if there is none. What the provider keeps stays there.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn forget_token(&self, id: Uuid, actor: &str) -> Result<bool, StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let mut transaction = self.write().await?;
        let done = query(FORGET).bind(id.to_string()).execute(&mut *transaction).await;
        if done.map_err(failed)?.rows_affected() == 0 {
            return Ok(false);
        }
        trail::append(&mut transaction, actor, "token_forgotten", &id.to_string(), "the stored card")
            .await
            .map_err(failed)?;
        self.commit(transaction).await?;
        Ok(true)
    }
}
