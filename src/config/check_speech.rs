//! What can be wrong with how people are spoken to.

use super::error::{ConfigError, Place};
use super::merchant::{MerchantSection, is_number, plain_number};
use super::speech::LineSection;
use crate::prompts::Language;

/// Lines of one merchant.
const MAX_LINES: usize = 100;

/// `key` names a key of the merchant as faults do.
pub(super) fn check(
    place: &Place,
    key: impl Fn(&str) -> String,
    merchant: &MerchantSection,
) -> Result<(), ConfigError> {
    let speech = &merchant.speech;
    let spoken = |name: &str, tag: &String| match tag.parse::<Language>() {
        Ok(_) => Ok(()),
        Err(fault) => Err(place.fault(&key(name), fault.what(), &fault.remedy())),
    };
    speech.agent_language.iter().try_for_each(|tag| spoken("speech.agent_language", tag))?;
    speech.other_languages.iter().try_for_each(|tag| spoken("speech.other_languages", tag))?;
    if speech.by_country && speech.other_languages.is_empty() {
        let remedy = "name in speech.other_languages those that a country may choose";
        return Err(place.fault(&key("speech.by_country"), "there is only one language", remedy));
    }
    if speech.line.len() > MAX_LINES {
        let what = format!("{} entries", speech.line.len());
        return Err(place.fault(&key("speech.line"), what, &format!("{MAX_LINES} is the most")));
    }
    for (index, line) in speech.line.iter().enumerate() {
        let key = |name: &str| key(&format!("speech.line[{index}].{name}"));
        line.language.iter().try_for_each(|tag| match tag.parse::<Language>() {
            Ok(_) => Ok(()),
            Err(fault) => Err(place.fault(&key("language"), fault.what(), &fault.remedy())),
        })?;
        check_line(place, key, line, &speech.line[..index])?;
    }
    Ok(())
}

fn check_line(
    place: &Place,
    key: impl Fn(&str) -> String,
    line: &LineSection,
    before: &[LineSection],
) -> Result<(), ConfigError> {
    if line.numbers.is_empty() {
        let remedy = "name the numbers that are dialled, or leave the line out";
        return Err(place.fault(&key("numbers"), "none", remedy));
    }
    if line.language.is_none() && line.prompts_directory.is_none() {
        let remedy = "say its language or its prompts_directory, or leave the line out";
        return Err(place.fault(&key("numbers"), "nothing differs for them", remedy));
    }
    for number in &line.numbers {
        if !is_number(number) {
            let remedy = "write it as the PBX says it, for example \"+33123456789\"";
            let what = format!("`{number}` is not a telephone number");
            return Err(place.fault(&key("numbers"), what, remedy));
        }
        let plain = plain_number(number);
        if before.iter().any(|other| other.numbers.iter().any(|own| plain_number(own) == plain)) {
            let what = format!("`{number}` stands in a line before already");
            return Err(place.fault(&key("numbers"), what, "strike it from one of the two"));
        }
    }
    match &line.prompts_directory {
        Some(own) if !own.is_dir() => {
            let what = format!("{} is not a directory", own.display());
            Err(place.fault(&key("prompts_directory"), what, "create it, or leave the key out"))
        }
        _ => Ok(()),
    }
}
