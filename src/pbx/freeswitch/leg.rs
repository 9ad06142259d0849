//! Commands about one leg, in the words of the field.

use super::link::{Link, LinkError};
use super::words;

/// Most recordings looked at on one leg.
const RECORDINGS_PER_LEG_MAX: usize = 16;

impl Link {
    /// Whether the leg is there.
    pub async fn exists(&self, leg: &str) -> Result<bool, LinkError> {
        Ok(self.api(format!("uuid_exists {leg}")).await? == "true")
    }

    /// A variable of the leg, or a field of its caller profile; none if it is not set.
    pub async fn get(&self, leg: &str, name: &str) -> Result<Option<String>, LinkError> {
        Ok(words::value(&self.api(format!("uuid_getvar {leg} {name}")).await?))
    }

    /// Whether a variable of the leg is set to yes, as FreeSWITCH understands it.
    pub async fn is_set(&self, leg: &str, name: &str) -> Result<bool, LinkError> {
        Ok(self.get(leg, name).await?.is_some_and(|value| words::is_yes(&value)))
    }

    /// Sets several variables, in this order; an empty value unsets.
    pub async fn set_all(&self, leg: &str, values: &[(&str, &str)]) -> Result<(), LinkError> {
        if values.iter().any(|(_, value)| value.contains([';', '\'', ' ', '\\', '"'])) {
            return Err(LinkError::Unspeakable);
        }
        // Never a name alone: FreeSWITCH would give it the value of the one before.
        let list: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.api(format!("uuid_setvar_multi {leg} {}", list.join(";"))).await.map(drop)
    }

    /// Unsets a variable.
    pub async fn unset(&self, leg: &str, name: &str) -> Result<(), LinkError> {
        self.api(format!("uuid_setvar {leg} {name}")).await.map(drop)
    }

    /// What taps the leg's media.
    pub async fn taps(&self, leg: &str) -> Result<Taps, LinkError> {
        Ok(Taps::read(&self.api(format!("uuid_buglist {leg}")).await?))
    }
}

/// What taps a leg's media.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taps {
    /// Files being recorded, as FreeSWITCH names them.
    pub recordings: Vec<String>,
    /// The names of all taps.
    pub functions: Vec<String>,
}

impl Taps {
    /// Reads `uuid_buglist`.
    pub fn read(xml: &str) -> Self {
        let mut taps = Self::default();
        for bug in xml.split("<media-bug>").skip(1).take(4 * RECORDINGS_PER_LEG_MAX) {
            let Some(function) = element(bug, "function") else { continue };
            if function == "session_record" && taps.recordings.len() < RECORDINGS_PER_LEG_MAX {
                taps.recordings.extend(element(bug, "target"));
            }
            taps.functions.push(function);
        }
        taps
    }
}

fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_found_among_the_taps() {
        let taps = Taps::read(
            "<media-bugs>\n <media-bug>\n  <function>session_record</function>\n  <target>/rec/a&amp;b.wav</target>\n \
             <thread-locked>0</thread-locked>\n </media-bug>\n <media-bug>\n  <function>audio</function>\n  \
             <target>mute</target>\n </media-bug>\n</media-bugs>\n",
        );
        assert_eq!(taps.recordings, ["/rec/a&b.wav"]);
        assert_eq!(taps.functions, ["session_record", "audio"]);
        assert_eq!(Taps::read("-ERR No such channel!"), Taps::default());
    }
}
