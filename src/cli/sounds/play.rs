//! `tonegate sounds play`: somebody's telephone rings, and they hear a sentence as callers do.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;

use super::super::{Fault, accounts, pbx};
use super::language;
use crate::call::{Currency, Money, Spelt};
use crate::card::Brand;
use crate::config::{self, Config};
use crate::pbx::TestCall;
use crate::prompts::{Filling, Language, spoken};

/// Options of `tonegate sounds play`.
#[derive(Args)]
pub(in crate::cli) struct Play {
    /// A recording, a sentence (`confirm-payment`), or what is put together: `amount`, `date`, `reference`.
    id: String,
    /// Whose telephone rings: an extension of the dialplan, or its name at the PBX (`user/1001`, `PJSIP/1001`).
    #[arg(long)]
    to: String,
    /// The context of the dialplan in which the extension is.
    #[arg(long, default_value = "default")]
    context: String,
    /// The language; the merchant's own if none.
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// In whose recordings, by the merchant's id; the default merchant's if none.
    #[arg(long)]
    merchant: Option<String>,
    /// As for somebody who dialled this number.
    #[arg(long)]
    dialled: Option<String>,
    /// What is put in for an amount.
    #[arg(long, default_value = "42.50")]
    amount: String,
    /// Its currency; the merchant's own if none.
    #[arg(long)]
    currency: Option<Currency>,
    /// What is put in for a day; today if none.
    #[arg(long)]
    date: Option<Date>,
    /// What is put in for a reference.
    #[arg(long, default_value = "INV-4711")]
    reference: String,
    /// Slowly.
    #[arg(long)]
    slow: bool,
    /// The configuration.
    #[arg(long, default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

impl Play {
    /// Exit status 0 once it was played.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let config = Config::load(&self.config)?;
        let clip = self.recording(&config)?;
        let call = TestCall { to: self.to, context: self.context, clip };
        super::super::runtime()?.block_on(pbx::play(&config, &call))?;
        anstream::println!("played to {}: {}", call.to, self.id);
        Ok(ExitCode::SUCCESS)
    }

    /// What a call would be given, in one file.
    fn recording(&self, config: &Config) -> Result<PathBuf, Fault> {
        let merchants = config.merchants.all();
        let merchant = match &self.merchant {
            Some(id) => merchants.iter().find(|merchant| &merchant.id == id),
            None => config.merchants.default_one(),
        };
        let merchant =
            merchant.ok_or_else(|| Fault::Usage("--merchant: there is no merchant of this id".into()))?;
        let line = merchant.speech.line_of(self.dialled.as_deref());
        let tag = line.and_then(|line| line.language.as_ref()).unwrap_or(&merchant.language);
        let own = tag.parse::<Language>().map_err(|fault| Fault::Settings(fault.to_string()))?;
        let language = self.language.unwrap_or(own);
        let currency = self.currency.unwrap_or(merchant.currency);
        let amount = Money::parse(&self.amount, currency).map_err(|fault| Fault::Usage(fault.to_string()))?;
        let unspeakable =
            || Fault::Usage("--reference: write up to 16 letters, digits, `-`, `/` and `.`".into());
        let reference = Spelt::of(&self.reference).ok_or_else(unspeakable)?;
        let filling = Filling {
            amount: Some(amount),
            last_four: Some(*b"4242"),
            brand: Some(Brand::Visa),
            date: Some(self.date.unwrap_or_else(|| jiff::Zoned::now().date())),
            reference: Some(reference),
        };
        let Some(clips) = spoken(&self.id, &filling, language) else {
            let what = format!("nothing is called `{}` in {language}", self.id);
            return Err(Fault::Usage(format!("{what}; `tonegate sounds list` shows what there is")));
        };
        let tree = accounts::sounds_of(config, merchant, line)?;
        let ready = tree.make_ready(language).map_err(|fault| Fault::Unavailable(fault.to_string()))?;
        ready.iter().flat_map(|told| told.complaints()).for_each(|line| anstream::eprintln!("{line}"));
        let file = |clip| {
            let missing = || Fault::Unavailable(format!("there is no recording of `{clip}` in {language}"));
            tree.file(clip, language).ok_or_else(missing)
        };
        let files = clips.into_iter().map(file).collect::<Result<Vec<_>, _>>()?;
        let files = if self.slow { tree.slower(files).0 } else { files };
        // Asterisk's console takes no more than a line.
        tree.joined(&files).map_err(|fault| Fault::Unavailable(fault.to_string()))
    }
}
