//! `tonegate user` and `tonegate key`: who may use the console and the API.
//!
//! While the daemon runs, it is asked over its own door, a socket beside the store; else the store is opened here.

pub(super) mod daemon;
mod told;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::Fault;
use super::seat::Seat;
use crate::config::{self, Config};
use crate::people::{Act, Change, Done, NewKey, NewPerson, Password, Role, Scope};

pub(super) use daemon::{checks, open_door};

/// The longest password file.
const MAX_PASSWORD_BYTES: u64 = 4096;

const HOURS_PER_DAY: i64 = 24;

/// Where the store is, and how to answer.
#[derive(Args)]
pub(super) struct Place {
    /// The configuration.
    #[arg(long, default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// For machines: one JSON value.
    #[arg(long)]
    json: bool,
}

/// Where the password comes from.
#[derive(Args)]
pub(super) struct Typed {
    /// A file with the password alone; without it, the terminal asks twice.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Subcommands of `tonegate user`.
#[derive(Subcommand)]
pub(super) enum User {
    /// Make somebody known; they choose a password of their own at the first login.
    Add {
        /// What is typed to log in.
        name: String,
        /// What they are: agent, supervisor, refunder, admin, auditor; can be given more than once.
        #[arg(long, required = true)]
        role: Vec<Role>,
        /// What others read; the name if left out.
        #[arg(long, default_value = "")]
        display: String,
        /// A telephone extension whose calls are theirs; can be given more than once.
        #[arg(long)]
        extension: Vec<String>,
        /// The language of their pages, such as `fr`; as the browser asks if left out.
        #[arg(long)]
        locale: Option<String>,
        #[command(flatten)]
        password: Typed,
        #[command(flatten)]
        place: Place,
    },
    /// Give somebody other roles, extensions, another display name or language; what is not named stays.
    Change {
        /// Whom.
        name: String,
        /// All roles they have from now on; can be given more than once.
        #[arg(long)]
        role: Vec<Role>,
        /// What others read.
        #[arg(long)]
        display: Option<String>,
        /// All telephone extensions they have from now on; can be given more than once.
        #[arg(long)]
        extension: Vec<String>,
        /// The language of their pages, such as `fr`.
        #[arg(long)]
        locale: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Name everybody.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Keep somebody out until they are unlocked; their sessions end.
    Lock {
        /// Whom.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let somebody in again, and forget their wrong tries.
    Unlock {
        /// Whom.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Give a new password, to be changed at the next login.
    Reset {
        /// Whose.
        name: String,
        /// Take the authenticator and its recovery codes away, and leave the password as it is.
        #[arg(long)]
        codes: bool,
        #[command(flatten)]
        password: Typed,
        #[command(flatten)]
        place: Place,
    },
}

/// Subcommands of `tonegate key`.
#[derive(Subcommand)]
pub(super) enum Key {
    /// Make a key and show it, once.
    Create {
        /// What program it is for.
        name: String,
        /// What it may do: payments:read, payments:write, refunds, events, links, orders:read, orders:write, tokens:read,
        /// tokens:charge, reports, admin; can be given more than once.
        #[arg(long, required = true)]
        scope: Vec<Scope>,
        /// Days after which it ends by itself.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
        expires_in_days: Option<u16>,
        #[command(flatten)]
        place: Place,
    },
    /// Name all keys.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Take a key back; it opens nothing from now on.
    Revoke {
        /// Which.
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

impl User {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let (act, place) = match self {
            Self::Add { name, role, display, extension, locale, password, place } => {
                let password = password.read(&name)?;
                let new = NewPerson { name, display, roles: role, extensions: extension, locale, password };
                (Act::AddPerson(new), place)
            }
            Self::Change { name, role, display, extension, locale, place } => {
                let roles = (!role.is_empty()).then_some(role);
                let extensions = (!extension.is_empty()).then_some(extension);
                (Act::ChangePerson(Change { name, display, roles, extensions, locale }), place)
            }
            Self::List { place } => (Act::ListPeople, place),
            Self::Lock { name, place } => (Act::Lock(name), place),
            Self::Unlock { name, place } => (Act::Unlock(name), place),
            Self::Reset { name, codes, password, place } => {
                let asked = !codes || password.password_file.is_some();
                let password = if asked { Some(password.read(&name)?) } else { None };
                (Act::Reset { name, password, codes }, place)
            }
        };
        place.perform(&act)
    }
}

impl Key {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let (act, place) = match self {
            Self::Create { name, scope, expires_in_days, place } => {
                let expires_at_ms = expires_in_days.map(|days| {
                    let end = Timestamp::now() + SignedDuration::from_hours(i64::from(days) * HOURS_PER_DAY);
                    end.as_millisecond()
                });
                (Act::MakeKey(NewKey { name, scopes: scope, expires_at_ms }), place)
            }
            Self::List { place } => (Act::ListKeys, place),
            Self::Revoke { name, place } => (Act::RevokeKey(name), place),
        };
        place.perform(&act)
    }
}

impl Typed {
    fn read(&self, name: &str) -> Result<Password, Fault> {
        let Some(file) = &self.password_file else { return ask_twice(name) };
        let told = |what: String| Fault::Usage(format!("--password-file {}: {what}", file.display()));
        let about = std::fs::metadata(file).map_err(|fault| told(fault.to_string()))?;
        if about.len() > MAX_PASSWORD_BYTES {
            return Err(told("too long for a password".into()));
        }
        let text = std::fs::read_to_string(file).map_err(|fault| told(fault.to_string()))?;
        Ok(Password::new(text.trim_end_matches(['\n', '\r']).to_owned()))
    }
}

fn ask_twice(name: &str) -> Result<Password, Fault> {
    let ask = |words: String| {
        rpassword::prompt_password(words)
            .map_err(|fault| Fault::Usage(format!("no terminal to ask at ({fault}); use --password-file")))
    };
    let first = ask(format!("Password of {name}: "))?;
    let second = ask("Once more: ".into())?;
    if first == second { Ok(Password::new(first)) } else { Err(Fault::Usage("the two differ".into())) }
}

impl Place {
    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    pub(super) fn perform(&self, act: &Act) -> Result<ExitCode, Fault> {
        let config = Config::load(&self.config)?;
        let done = super::runtime()?.block_on(async {
            let mut seat = Seat::of(&config);
            let done = seat.perform(act).await;
            seat.close().await;
            done
        })?;
        if self.json {
            let value = match &done {
                Done::Done => serde_json::json!({ "done": true }),
                Done::Key(key) => serde_json::json!({ "key": key.expose() }),
                Done::People(people) => serde_json::json!(people),
                Done::Keys(keys) => serde_json::json!(keys),
                Done::Taken(taken) => serde_json::json!(taken),
                Done::Orders(orders) => serde_json::json!(orders),
            };
            anstream::println!("{value}");
            return Ok(ExitCode::SUCCESS);
        }
        match done {
            Done::Done => anstream::println!("done"),
            Done::Key(key) => {
                anstream::println!("{}", key.expose());
                anstream::eprintln!("This is shown once: only a hash is kept.");
            }
            Done::People(people) => people.iter().for_each(|one| anstream::println!("{}", told::person(one))),
            Done::Keys(keys) => keys.iter().for_each(|one| anstream::println!("{}", told::key(one))),
            Done::Taken(taken) => anstream::println!("{} written down", taken.added),
            Done::Orders(orders) => {
                orders.iter().for_each(|one| anstream::println!("{}", told::order(one)));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
