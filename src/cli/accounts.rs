//! Accounts and merchants, put together from the configuration.

pub(super) mod check;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Fault;
use crate::call::Pace;
use crate::config::{
    Config, ConfigError, LineSection, MerchantSection, PaceChoice, PbxKind, PromptRate, PspSection,
};
use crate::desk::{Merchant, Merchants, Speech, SpokenLine};
use crate::prompts::{Language, Layout, SoundTree, Voices, find_default_directory};
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
    let company = Arc::new(sounds(config, Vec::new())?);
    let one = |section: &MerchantSection| -> Result<Merchant, Fault> {
        let account = |name: &String| {
            let missing =
                || Fault::Settings(format!("merchant `{}`: no [[psp]] is named `{name}`", section.id));
            accounts.get(name).cloned().ok_or_else(missing)
        };
        let unspoken = |fault| Fault::Settings(format!("merchant `{}`: language: {fault}", section.id));
        let language = section.language.parse().map_err(unspoken)?;
        let sounds = match &section.prompts_directory {
            Some(_) => Arc::new(sounds_of(config, section, None)?),
            None => Arc::clone(&company),
        };
        let speech = speech(config, section)?;
        // Whatever may be spoken on a call: nobody waits for it in the middle of one.
        let by_number =
            speech.lines.iter().filter(|line| line.sounds.is_none()).filter_map(|line| line.language);
        let others = speech.other_languages.iter().copied().chain([speech.agent_language]).chain(by_number);
        std::iter::once(language).chain(others).try_for_each(|one| make_ready(&sounds, one))?;
        Ok(Merchant {
            id: section.id.clone(),
            name: section.name.clone(),
            currency: section.currency,
            language,
            accepted: section.accepted_brands.clone(),
            description: section.description.clone(),
            code_digits: section.code_digits,
            dialled_numbers: section.dialled_numbers.clone(),
            queues: section.queues.clone(),
            psp: account(&section.psp)?,
            fallback: section.fallback_psp.as_ref().map(account).transpose()?,
            sounds,
            speech,
        })
    };
    let default = config.merchants.default_one();
    let default =
        default.ok_or_else(|| Fault::Settings("merchant: missing; write a section [merchant]".into()))?;
    let others = config.merchants.all().iter().filter(|merchant| merchant.id != default.id);
    Ok(Merchants::new(one(default)?, others.map(one).collect::<Result<_, _>>()?))
}

/// Has a language ready before the first call, and logs what is wrong with it.
fn make_ready(sounds: &SoundTree, language: Language) -> Result<(), Fault> {
    let told = sounds.make_ready(language).map_err(|fault| Fault::Settings(fault.to_string()))?;
    told.unwrap_or_default().complaints().for_each(|complaint| tracing::warn!("{complaint}"));
    Ok(())
}

/// How a merchant wants people to be spoken to.
fn speech(config: &Config, section: &MerchantSection) -> Result<Speech, Fault> {
    let wishes = &section.speech;
    let spoken = |tag: &String| -> Result<Language, Fault> {
        let fault = |fault| Fault::Settings(format!("merchant `{}`: speech: {fault}", section.id));
        tag.parse().map_err(fault)
    };
    let line = |line: &LineSection| -> Result<SpokenLine, Fault> {
        let language = line.language.as_ref().map(spoken).transpose()?;
        let mut sounds = None;
        if line.prompts_directory.is_some() {
            let own = sounds_of(config, section, Some(line))?;
            // Agents and callers hear this line's recordings, in any of the merchant's languages.
            let first = language.map_or_else(|| spoken(&section.language), Ok)?;
            let mut others =
                wishes.other_languages.iter().chain(&wishes.agent_language).chain([&section.language]);
            make_ready(&own, first)?;
            others.try_for_each(|tag| make_ready(&own, spoken(tag)?))?;
            sounds = Some(Arc::new(own));
        }
        Ok(SpokenLine { numbers: line.numbers.clone(), language, sounds })
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
    let masters = find_default_directory(config.prompts.directory.as_deref())
        .map_err(|fault| Fault::Settings(fault.to_string()))?;
    let own = narrower.into_iter().chain(config.prompts.own_directory.clone()).collect();
    let out = config.daemon.state_dir.join("sounds");
    Ok(SoundTree::new(own, Voices { masters, out, layout: layout(config) }))
}

/// What the PBX is given, and where it looks.
pub(super) fn layout(config: &Config) -> Layout {
    match (config.prompts.rate_hz, config.pbx.kind) {
        (Some(PromptRate::Narrow), _) => Layout::Narrow,
        (Some(PromptRate::Wide), _) => Layout::Wide,
        (None, PbxKind::FreeSwitch) => Layout::RateDirectories,
        (None, PbxKind::Asterisk) => Layout::Sln16Beside,
    }
}

/// Every prompt that a call in a merchant's own language may need and that is there already: what the PBX has to find.
pub(super) fn prompts_there(config: &Config) -> Result<Vec<PathBuf>, Fault> {
    let mut there = Vec::new();
    for merchant in config.merchants.all() {
        let language = merchant.language.parse::<Language>();
        let language = language.map_err(|fault| Fault::Settings(fault.to_string()))?;
        there.extend(sounds_of(config, merchant, None)?.there(language));
    }
    there.sort_unstable();
    there.dedup();
    Ok(there)
}
