//! What an admin can ask for, as one value: the command line, the daemon's door and the console ask the same way.

use serde::{Deserialize, Serialize};

use super::key::{KeyRecord, NewKey};
use super::password::Password;
use super::record::{Account, Change, NewPerson};
use super::{People, PeopleFault};
use crate::orders::{self, Asked, Drafts, OrderView, OrdersFault, Taken};

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Make somebody known.
    AddPerson(NewPerson),
    /// Give other roles, extensions, another name to read or language.
    ChangePerson(Change),
    /// Name everybody.
    ListPeople,
    /// Keep somebody out.
    Lock(String),
    /// Let somebody in again.
    Unlock(String),
    /// Give a new password, or take one-time codes away.
    Reset {
        /// Whose.
        name: String,
        /// The new one, to be changed at the next login.
        password: Option<Password>,
        /// Take the codes away.
        codes: bool,
    },
    /// Make a key.
    MakeKey(NewKey),
    /// Name all keys.
    ListKeys,
    /// Take a key back.
    RevokeKey(String),
    /// Write orders down.
    TakeOrders(Drafts),
    /// Name orders, the youngest first.
    ListOrders {
        /// Which.
        asked: Asked,
        /// How many at most.
        limit: u32,
    },
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// As asked.
    Done,
    /// Everybody.
    People(Vec<Account>),
    /// The key, shown once.
    Key(Password),
    /// All keys.
    Keys(Vec<KeyRecord>),
    /// What became of orders.
    Taken(Taken),
    /// Some orders.
    Orders(Vec<OrderView>),
}

impl People {
    /// Does it, in the name of `by`.
    ///
    /// # Errors
    /// As the act says.
    pub async fn perform(&self, by: &str, act: &Act) -> Result<Done, PeopleFault> {
        match act {
            Act::AddPerson(new) => self.add(by, new).await?,
            Act::ChangePerson(change) => self.change(by, change).await?,
            Act::ListPeople => return Ok(Done::People(self.list().await?)),
            Act::Lock(name) => self.lock(by, name).await?,
            Act::Unlock(name) => self.unlock(by, name).await?,
            Act::Reset { name, password, codes } => {
                self.reset(by, name, password.as_ref(), *codes).await?;
            }
            Act::MakeKey(new) => {
                let key = self.make_key(by, new).await?;
                return Ok(Done::Key(Password::new(key.to_string())));
            }
            Act::ListKeys => return Ok(Done::Keys(self.keys().await?)),
            Act::RevokeKey(name) => self.revoke_key(by, name).await?,
            Act::TakeOrders(drafts) => return Ok(Done::Taken(orders::take(&self.store, drafts, by).await?)),
            Act::ListOrders { asked, limit } => {
                let filter = asked.filter().map_err(OrdersFault::from)?;
                let found = self.store.orders(&filter, None, *limit).await?;
                return Ok(Done::Orders(found.orders.into_iter().map(OrderView::from).collect()));
            }
        }
        Ok(Done::Done)
    }
}
