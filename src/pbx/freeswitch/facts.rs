//! What FreeSWITCH knows of a leg, asked for at once.

use std::collections::HashMap;

use super::link::{Link, LinkError};
use super::words;

/// Most variables of one leg that are kept.
const VARIABLES_MAX: usize = 4_096;

/// Fields of the caller profile, as `uuid_getvar` names them and as a dump does.
const FIELDS: [(&str, &str); 4] = [
    ("direction", "Call-Direction"),
    ("destination_number", "Caller-Destination-Number"),
    ("caller_id_number", "Caller-Caller-ID-Number"),
    ("context", "Caller-Context"),
];

/// Variables and caller profile of one leg at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(HashMap<String, String>);

impl Facts {
    /// Everything about a leg that is **not sealed**: a dump of a sealed one might hold the key that is being
    /// pressed. None if the leg is not there.
    pub async fn of(link: &Link, leg: &str) -> Result<Option<Self>, LinkError> {
        match link.api(format!("uuid_dump {leg} json")).await {
            Ok(text) => Self::read(&text).map(Some),
            Err(LinkError::Refused(why)) if is_gone(&why) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// These alone, one by one.
    pub async fn some(link: &Link, leg: &str, names: &[&str]) -> Result<Self, LinkError> {
        let mut facts = HashMap::with_capacity(names.len());
        for name in names {
            if let Some(value) = link.get(leg, name).await? {
                facts.insert((*name).to_owned(), value);
            }
        }
        Ok(Self(facts))
    }

    fn read(text: &str) -> Result<Self, LinkError> {
        let all: HashMap<String, serde_json::Value> = serde_json::from_str(text)
            .map_err(|e| LinkError::Refused(format!("an unreadable description of a leg ({e})")))?;
        let mut facts = HashMap::new();
        for (name, value) in all.into_iter().take(VARIABLES_MAX) {
            let Some(value) = value.as_str().and_then(words::value) else { continue };
            if let Some(variable) = name.strip_prefix("variable_") {
                facts.insert(variable.to_owned(), value);
            } else if let Some((field, _)) = FIELDS.iter().find(|(_, dumped)| *dumped == name) {
                // A variable of that name goes first, as it does in FreeSWITCH.
                facts.entry((*field).to_owned()).or_insert(value);
            }
        }
        Ok(Self(facts))
    }

    /// A variable, or a field of the caller profile.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a variable says yes, as FreeSWITCH understands it (`switch_true`).
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(words::is_yes)
    }

    /// The leg it talks with.
    pub fn peer(&self) -> Option<&str> {
        self.get("signal_bond").or_else(|| self.get("bridge_uuid")).filter(|peer| words::is_leg(peer))
    }
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'a str)> for Facts {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(facts: T) -> Self {
        Self(facts.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Whether an answer says that there is no such leg.
pub(super) fn is_gone(answer: &str) -> bool {
    answer.contains("No such channel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_gives_variables_and_the_callers_profile() {
        let facts = Facts::read(
            r#"{"Event-Name":"CHANNEL_DATA","Call-Direction":"inbound","Caller-Context":"public",
                "variable_signal_bond":"28039e4d-b25e-4f90-8a9b-7b1aaacf6307","variable_proxy_media":"Yes",
                "variable_list":["a","b"],"variable_caller_id_number":"0612345678","Caller-Caller-ID-Number":"07"}"#,
        )
        .expect("readable");
        assert_eq!(facts.get("direction"), Some("inbound"));
        assert_eq!(facts.get("context"), Some("public"));
        assert_eq!(facts.get("list"), None);
        assert_eq!(facts.peer(), Some("28039e4d-b25e-4f90-8a9b-7b1aaacf6307"));
        assert!(facts.is_set("proxy_media") && !facts.is_set("pass_rfc2833"));
        assert!(Facts::read("-ERR").is_err());
    }
}
