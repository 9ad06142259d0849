//! Accounts and merchants, put together from the configuration.

pub(super) mod check;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Fault;
use crate::call::Pace;
use crate::config::{Config, ConfigError, LineSection, MerchantSection, PaceChoice, PromptRate, PspSection};
use crate::desk::{Merchant, Merchants, Speech, SpokenLine};
use crate::prompts::{self, Language, SampleRate, SoundTree, find_default_directory};
use crate::psp::{self, Mode, Operation, Psp};

/// Every account there is, by name.
pub(super) type Accounts = BTreeMap<String, Arc<dyn Psp>>;

/// Opens every account, and makes sure that those of the merchants can be charged by. Nothing is sent to a provider.
pub(super) fn accounts(config: &Config) -> Result<Accounts, ConfigError> {
    let mut accounts = Accounts::new();
    for section in &config.psp {
        accounts.insert(section.name.clone(), psp::from_section(section)?);
    }
    for merchant in config.merchants.all() {
        let section = |name: &str| config.account(name).zip(accounts.get(name));
        let main = section(&merchant.psp);
        let second = merchant.fallback_psp.as_deref().and_then(section);
        for (section, account) in [main, second].into_iter().flatten() {
            charges(merchant, section, account.as_ref())?;
        }
        if let (Some((_, main)), Some((section, second))) = (main, second) {
            stands_in(merchant, main.as_ref(), section, second.as_ref())?;
        }
    }
    Ok(accounts)
}

/// An account that a merchant is paid by has to be meant for it.
fn charges(merchant: &MerchantSection, section: &PspSection, account: &dyn Psp) -> Result<(), ConfigError> {
    if let Some(reason) = account.capabilities().lacking(Operation::Authorise) {
        let id = &merchant.id;
        return Err(section
            .fault("kind", format!("{reason}; the merchant `{id}` needs an account that charges cards")));
    }
    let uses = psp::uses(section)?;
    if uses.is_empty() || uses.contains(&Operation::Authorise) {
        return Ok(());
    }
    let what =
        format!("the merchant `{}` is paid by this account, and `authorise` is not among them", merchant.id);
    Err(section.fault("uses", format!("{what}; add the word, or leave the key out")))
}

/// Where one account moves money and the other does not, a payment would be lost or a test would be paid.
fn stands_in(
    merchant: &MerchantSection,
    main: &dyn Psp,
    section: &PspSection,
    second: &dyn Psp,
) -> Result<(), ConfigError> {
    let word = |mode| if mode == Mode::Live { "live" } else { "test" };
    match (main.mode(), second.mode()) {
        (Mode::Undeclared, _) | (_, Mode::Undeclared) => Ok(()),
        (one, other) if one == other => Ok(()),
        (one, other) => Err(section.fault(
            "",
            format!(
                "a {} account stands in for the {} account `{}` of the merchant `{}`; let both move money, or neither",
                word(other),
                word(one),
                main.name(),
                merchant.id
            ),
        )),
    }
}

/// Everybody who is paid.
pub(super) fn merchants(config: &Config, accounts: &Accounts) -> Result<Merchants, Fault> {
    let sounds = Arc::new(sounds(config, Vec::new())?);
    let one = |section: &MerchantSection| -> Result<Merchant, Fault> {
        let account = |name: &String| {
            let missing =
                || Fault::Settings(format!("merchant `{}`: no [[psp]] is named `{name}`", section.id));
            accounts.get(name).cloned().ok_or_else(missing)
        };
        let unspoken = |fault| Fault::Settings(format!("merchant `{}`: language: {fault}", section.id));
        Ok(Merchant {
            id: section.id.clone(),
            name: section.name.clone(),
            currency: section.currency,
            language: section.language.parse().map_err(unspoken)?,
            accepted: section.accepted_brands.clone(),
            description: section.description.clone(),
            code_digits: section.code_digits,
            dialled_numbers: section.dialled_numbers.clone(),
            queues: section.queues.clone(),
            psp: account(&section.psp)?,
            fallback: section.fallback_psp.as_ref().map(account).transpose()?,
            sounds: match &section.prompts_directory {
                Some(_) => Arc::new(sounds_of(config, section, None)?),
                None => Arc::clone(&sounds),
            },
            speech: speech(config, section)?,
        })
    };
    let default = config.merchants.default_one();
    let default =
        default.ok_or_else(|| Fault::Settings("merchant: missing; write a section [merchant]".into()))?;
    let others = config.merchants.all().iter().filter(|merchant| merchant.id != default.id);
    Ok(Merchants::new(one(default)?, others.map(one).collect::<Result<_, _>>()?))
}

/// How a merchant wants people to be spoken to.
fn speech(config: &Config, section: &MerchantSection) -> Result<Speech, Fault> {
    let wishes = &section.speech;
    let spoken = |tag: &String| -> Result<Language, Fault> {
        let fault = |fault| Fault::Settings(format!("merchant `{}`: speech: {fault}", section.id));
        tag.parse().map_err(fault)
    };
    let line = |line: &LineSection| -> Result<SpokenLine, Fault> {
        let differs = line.prompts_directory.is_some();
        Ok(SpokenLine {
            numbers: line.numbers.clone(),
            language: line.language.as_ref().map(spoken).transpose()?,
            sounds: if differs { Some(Arc::new(sounds_of(config, section, Some(line))?)) } else { None },
        })
    };
    Ok(Speech {
        agent_language: spoken(wishes.agent_language.as_ref().unwrap_or(&section.language))?,
        other_languages: wishes.other_languages.iter().map(spoken).collect::<Result<_, _>>()?,
        by_country: wishes.by_country,
        wording: wishes.wording,
        pace: match wishes.pace {
            PaceChoice::Normal => Pace::Normal,
            PaceChoice::Slow => Pace::Slow,
            PaceChoice::Relay => Pace::Relay,
        },
        receipt: wishes.receipt,
        lines: wishes.line.iter().map(line).collect::<Result<_, _>>()?,
    })
}

/// What somebody hears who pays this merchant, and dialled that line.
pub(super) fn sounds_of(
    config: &Config,
    merchant: &MerchantSection,
    line: Option<&LineSection>,
) -> Result<SoundTree, Fault> {
    let own = line.and_then(|line| line.prompts_directory.as_ref());
    sounds(config, own.into_iter().chain(&merchant.prompts_directory).cloned().collect())
}

/// Recordings: a line's or a merchant's own over the company's over ours.
fn sounds(config: &Config, narrower: Vec<PathBuf>) -> Result<SoundTree, Fault> {
    let directory = find_default_directory(config.prompts.directory.as_deref())
        .map_err(|fault| Fault::Settings(fault.to_string()))?;
    let failed = |fault: prompts::SoundError| Fault::Settings(fault.to_string());
    let own: Vec<PathBuf> = narrower.into_iter().chain(config.prompts.own_directory.clone()).collect();
    let tree = match config.prompt_rate() {
        PromptRate::Wide => SoundTree::new(&own, &directory, SampleRate::Wide).map_err(failed)?,
        PromptRate::Narrow => {
            let narrow = config.daemon.state_dir.join("sounds");
            prompts::install(&directory, &narrow).map_err(failed)?;
            SoundTree::new(&own, &narrow, SampleRate::Narrow).map_err(failed)?
        }
    };
    let rate = match config.prompt_rate() {
        PromptRate::Wide => SampleRate::Wide,
        PromptRate::Narrow => SampleRate::Narrow,
    };
    let tree = tree.making_in(&config.daemon.state_dir.join("sounds"), rate).map_err(failed)?;
    for fault in tree.refused() {
        tracing::warn!("{fault}; until then, another recording in the same language is played");
    }
    Ok(tree)
}
