//! `tonegate psp try`: one test-mode operation through a configured connector, to be looked at.

mod told;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::Fault;
use crate::call::{AttemptId, Currency, Money};
use crate::card::{Card, SPECIMENS, Specimen, YearMonth};
use crate::config::{self, Config};
use crate::psp::http::Tap;
use crate::psp::{self as room, Agreement, Change, Charge, Customer, Mode, NewLink, StoredCard, Storing};
use told::Told;

/// How long a payment link lives that is made to be looked at.
const LINK_LIFE_HOURS: i64 = 1;

/// Subcommands of `tonegate psp`.
#[derive(Subcommand)]
pub(super) enum Psp {
    /// Send a published test card, and show what went over the wire, what it means and how long it took.
    Try(Try),
}

/// Options of `tonegate psp try`.
#[derive(Args)]
pub(super) struct Try {
    /// The account's name in the configuration; with --base-url alone, a kind such as `adyen`.
    name: String,
    /// A published test card, by name.
    #[arg(long, default_value = "visa-approved")]
    card: String,
    /// How much, in the currency's usual form.
    #[arg(long, default_value = "1.00")]
    amount: String,
    /// ISO 4217; the merchant's if left out.
    #[arg(long)]
    currency: Option<String>,
    /// Another address to send to. On this machine no configuration is needed: dummy credentials are sent.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// What to ask for.
    #[arg(long, value_enum, default_value_t = Operation::Authorise)]
    operation: Operation,
    /// The provider's reference of the charge to refund or cancel; left out, a charge is made first.
    #[arg(long)]
    reference: Option<String>,
    /// The token to charge; left out, the card is stored first.
    #[arg(long, requires = "shopper")]
    token: Option<String>,
    /// The customer that token belongs to, as `--operation tokenise` tells.
    #[arg(long)]
    shopper: Option<String>,
    /// For machines: one JSON object.
    #[arg(long)]
    json: bool,
    /// The configuration.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Operation {
    Authorise,
    Tokenise,
    ChargeToken,
    Refund,
    Cancel,
    Query,
    Link,
}

impl Psp {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let Psp::Try(this) = self;
        this.run()
    }
}

impl Try {
    fn run(self) -> Result<ExitCode, Fault> {
        let specimen = self.specimen()?;
        let tap = Arc::new(Tap::default());
        let (account, currency) = self.account(&tap)?;
        if account.mode() == Mode::Live {
            return Err(Fault::Settings(format!(
                "psp.{}: these are live credentials, and test cards have no business there (PCI DSS 6.5.6): try it \
                 with the provider's test credentials",
                self.name
            )));
        }
        let amount = Money::parse(&self.amount, currency)
            .map_err(|fault| Fault::Usage(format!("--amount: {fault}")))?;
        let today = Timestamp::now().to_zoned(TimeZone::UTC);
        let card = u16::try_from(today.year())
            .ok()
            .zip(u8::try_from(today.month()).ok())
            .and_then(|(year, month)| YearMonth::new(year, month))
            .and_then(|today| specimen.card(today))
            .ok_or_else(|| Fault::Internal("the test card cannot be made".into()))?;
        super::runtime()?.block_on(async {
            let began = Instant::now();
            let told = self.ask(account.as_ref(), amount, &card).await;
            let took = began.elapsed();
            drop(card);
            let exchanges = tap.take();
            if self.json {
                anstream::println!("{}", told.json(&self.name, &exchanges, took));
            } else {
                anstream::print!("{}", told.text(&exchanges, took));
            }
            Ok(if told.good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        })
    }

    fn specimen(&self) -> Result<Specimen, Fault> {
        let names = || SPECIMENS.map(|specimen| specimen.name).join(", ");
        if self.card.bytes().filter(u8::is_ascii_digit).count() > 4 {
            // Whatever it is, it is not repeated.
            return Err(Fault::Usage(format!(
                "--card takes the name of a published test card, never a number: command lines are kept and shown. \
                 Names: {}",
                names()
            )));
        }
        Specimen::named(&self.card).ok_or_else(|| {
            Fault::Usage(format!("--card: there is no `{}`; there are {}", self.card, names()))
        })
    }

    /// The account, and the currency it is charged in.
    fn account(&self, tap: &Arc<Tap>) -> Result<(Arc<dyn room::Psp>, Currency), Fault> {
        let named = |or: &str| {
            let code = self.currency.as_deref().unwrap_or(or);
            code.parse::<Currency>().map_err(|fault| Fault::Usage(format!("--currency: {fault}")))
        };
        if let (Some(url), None) = (&self.base_url, &self.config) {
            let account = room::dummy(&self.name, url, Some(Arc::clone(tap)))
                .map_err(|fault| Fault::Settings(fault.to_string()))?;
            return Ok((account, named("EUR")?));
        }
        let path = self.config.clone().unwrap_or_else(|| config::DEFAULT_PATH.into());
        let config = Config::load(&path)?;
        let currency =
            named(config.merchants.default_one().map_or("EUR", |merchant| merchant.currency.code()))?;
        let known: Vec<String> = config.psp.iter().map(|psp| psp.name.clone()).collect();
        let section = config.psp.into_iter().find(|psp| psp.name == self.name).ok_or_else(|| {
            let known = known.join(", ");
            Fault::Usage(format!("no [[psp]] is called `{}`; there are: {known}", self.name))
        })?;
        let section = match &self.base_url {
            Some(url) => section.at(url),
            None => section,
        };
        Ok((room::from_section_with(&section, Some(Arc::clone(tap)))?, currency))
    }

    async fn ask(&self, psp: &dyn room::Psp, amount: Money, card: &Card) -> Told {
        let charge = sale(amount);
        match self.operation {
            Operation::Authorise => Told::answer("authorise", psp.authorise(&charge, card).await),
            Operation::Tokenise => {
                Told::reply("tokenise", psp.tokenise(&storing(amount.currency), card).await)
            }
            Operation::ChargeToken => {
                if let (Some(token), Some(shopper)) = (self.token.clone(), self.shopper.clone()) {
                    let stored = StoredCard { token, shopper };
                    let answer = psp.charge_token(&charge, &stored, Agreement::default()).await;
                    return Told::answer("charge-token", answer);
                }
                let reply = psp.tokenise(&storing(amount.currency), card).await;
                match reply.effect {
                    room::Effect::Done(stored) => {
                        let answer = psp.charge_token(&charge, &stored, Agreement::default()).await;
                        Told::answer("charge-token", answer)
                    }
                    _ => Told::reply("tokenise", reply),
                }
            }
            Operation::Refund | Operation::Cancel => {
                let reference = match &self.reference {
                    Some(reference) => reference.clone(),
                    None => match psp.authorise(&charge, card).await {
                        room::Answer { outcome: crate::call::Outcome::Approved { reference }, .. } => {
                            reference
                        }
                        answer => return Told::answer("authorise", answer),
                    },
                };
                let change = Change { key: fresh().key(), reference, amount };
                match self.operation {
                    Operation::Refund => Told::reply("refund", psp.refund(&change).await),
                    _ => Told::reply("cancel", psp.cancel(&change).await),
                }
            }
            Operation::Query => {
                psp.authorise(&charge, card).await;
                Told::answer("query", psp.query(&charge).await)
            }
            Operation::Link => Told::reply("link", psp.create_link(&link(amount)).await),
        }
    }
}

fn fresh() -> AttemptId {
    AttemptId { payment: uuid::Uuid::new_v4().as_u128(), ordinal: 1 }
}

fn sale(amount: Money) -> Charge {
    let attempt = fresh();
    Charge {
        attempt,
        key: attempt.key(),
        amount,
        description: "tonegate psp try".into(),
        reference: None,
        caller_number: None,
        customer: Customer::default(),
        parameters: std::collections::BTreeMap::new(),
    }
}

fn storing(currency: Currency) -> Storing {
    let key = fresh().key();
    Storing {
        shopper_reference: key.clone(),
        key,
        currency,
        agreement: Agreement::default(),
        customer: Customer::default(),
    }
}

fn link(amount: Money) -> NewLink {
    NewLink {
        key: fresh().key(),
        amount,
        description: "tonegate psp try".into(),
        expires_at: Timestamp::now() + SignedDuration::from_hours(LINK_LIFE_HOURS),
        language: "en".into(),
        customer: Customer::default(),
    }
}
