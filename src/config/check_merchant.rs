//! What has to fit together among merchants and accounts.

use super::Config;
use super::check::name;
use super::check_speech;
use super::error::{ConfigError, Place, suggest};
use super::merchant::{MerchantSection, is_number, is_queue, plain_number};
use super::psp::PspSection;

/// Accounts with providers.
const MAX_PSPS: usize = 20;

/// Merchants on one node.
const MAX_MERCHANTS: usize = 100;

/// Numbers, or queues, of one merchant.
const MAX_WAYS: usize = 1_000;

impl Config {
    pub(super) fn check_psps(&self, place: &Place) -> Result<(), ConfigError> {
        if self.psp.is_empty() {
            return Err(place.fault("psp", "missing", "write a section [[psp]] with name and kind"));
        }
        at_most(place, "psp", self.psp.len(), MAX_PSPS)?;
        for (index, psp) in self.psp.iter().enumerate() {
            name(place, &format!("psp[{index}].name"), &psp.name)?;
            if self.psp[..index].iter().any(|other| other.name == psp.name) {
                return Err(place.fault(
                    &format!("psp[{index}].name"),
                    format_args!("a second account is named `{}`", psp.name),
                    "give each its own name: the journal knows them by it",
                ));
            }
        }
        Ok(())
    }

    pub(super) fn check_merchants(&self, place: &Place) -> Result<(), ConfigError> {
        let all = self.merchants.all();
        if all.is_empty() {
            return Err(place.fault("merchant", "missing", "write a section [merchant]"));
        }
        at_most(place, "merchant", all.len(), MAX_MERCHANTS)?;
        for (index, merchant) in all.iter().enumerate() {
            self.check_merchant(place, index, merchant)?;
            self.check_accounts(place, index, merchant)?;
            self.check_ways(place, index, merchant)?;
        }
        Ok(())
    }

    fn check_merchant(
        &self,
        place: &Place,
        index: usize,
        merchant: &MerchantSection,
    ) -> Result<(), ConfigError> {
        let before = &self.merchants.all()[..index];
        let key = |key: &str| self.merchants.key(index, key);
        name(place, &key("id"), &merchant.id)?;
        if before.iter().any(|other| other.id == merchant.id) {
            let what = format!("a second merchant has the id `{}`", merchant.id);
            return Err(place.fault(&key("id"), what, "give each its own id: payments are kept under it"));
        }
        if merchant.default && before.iter().any(|other| other.default) {
            let remedy = "only one is paid where nothing else decides: keep one `default = true`";
            return Err(place.fault(&key("default"), "a second default", remedy));
        }
        if merchant.name.trim().is_empty() {
            return Err(place.fault(&key("name"), "empty", "write the name customers know"));
        }
        if merchant.accepted_brands.is_empty() {
            let remedy = "name at least one, such as \"visa\"";
            return Err(place.fault(&key("accepted_brands"), "empty", remedy));
        }
        if let Err(fault) = merchant.language.parse::<crate::prompts::Language>() {
            return Err(place.fault(&key("language"), fault.what(), &fault.remedy()));
        }
        check_speech::check(place, key, merchant)?;
        match &merchant.prompts_directory {
            Some(own) if !own.is_dir() => {
                let what = format!("{} is not a directory", own.display());
                Err(place.fault(&key("prompts_directory"), what, "create it, or leave the key out"))
            }
            _ => Ok(()),
        }
    }

    fn check_accounts(
        &self,
        place: &Place,
        index: usize,
        merchant: &MerchantSection,
    ) -> Result<(), ConfigError> {
        let known: Vec<String> = self.psp.iter().map(|PspSection { name, .. }| name.clone()).collect();
        let named = [("psp", Some(&merchant.psp)), ("fallback_psp", merchant.fallback_psp.as_ref())];
        for (key, account) in named {
            let Some(account) = account.filter(|account| !known.contains(account)) else { continue };
            let what = format!("no [[psp]] is named `{account}`");
            return Err(place.fault(&self.merchants.key(index, key), what, &suggest(account, &known)));
        }
        if merchant.fallback_psp.as_ref() == Some(&merchant.psp) {
            let remedy = "name an account with another provider, or leave the key out";
            return Err(place.fault(&self.merchants.key(index, "fallback_psp"), "the same as psp", remedy));
        }
        Ok(())
    }

    /// A number or a queue leads to one merchant.
    fn check_ways(&self, place: &Place, index: usize, merchant: &MerchantSection) -> Result<(), ConfigError> {
        let before = &self.merchants.all()[..index];
        let (numbers, queues) =
            (self.merchants.key(index, "dialled_numbers"), self.merchants.key(index, "queues"));
        at_most(place, &numbers, merchant.dialled_numbers.len(), MAX_WAYS)?;
        at_most(place, &queues, merchant.queues.len(), MAX_WAYS)?;
        for number in &merchant.dialled_numbers {
            let plain = plain_number(number);
            if !is_number(number) {
                let what = format!("`{number}` is not a telephone number");
                return Err(place.fault(
                    &numbers,
                    what,
                    "write it as the PBX says it, for example \"+33123456789\"",
                ));
            }
            let same =
                |other: &&MerchantSection| other.dialled_numbers.iter().any(|n| plain_number(n) == plain);
            if let Some(other) = before.iter().find(same) {
                let what = format!("`{number}` leads to the merchant `{}` already", other.id);
                return Err(place.fault(
                    &numbers,
                    what,
                    "a number has one merchant: strike it from one of the two",
                ));
            }
        }
        for queue in &merchant.queues {
            let same = |other: &&MerchantSection| {
                other.queues.iter().any(|named| is_queue(named, queue) || is_queue(queue, named))
            };
            if let Some(other) = before.iter().find(same) {
                let what = format!("`{queue}` leads to the merchant `{}` already", other.id);
                return Err(place.fault(
                    &queues,
                    what,
                    "a queue has one merchant: strike it from one of the two",
                ));
            }
        }
        Ok(())
    }
}

fn at_most(place: &Place, key: &str, count: usize, max: usize) -> Result<(), ConfigError> {
    if count <= max {
        return Ok(());
    }
    Err(place.fault(key, format_args!("{count} entries"), &format!("{max} is the most")))
}
