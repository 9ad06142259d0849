//! Keys of one leg that can be read in what a PBX has kept or told.
//!
//! A PBX does not write a card number down in one piece: it writes a line or an event for each key. So
//! the question to its records is not "is the number in there" but "is any key of this leg in there".

use super::Records;

/// Every key of this leg that can be read in log, CDRs and events: one piece for each place found.
#[must_use]
pub fn leaked_keys(records: &Records, leg: &str) -> Vec<String> {
    let mut leaked = Vec::new();
    for (name, bytes) in &records.texts {
        let text = String::from_utf8_lossy(bytes);
        let found: Vec<String> = match name.as_str() {
            "log" => text.lines().filter_map(|line| in_log_line(line, leg)).collect(),
            "spy" => text.split("\n\n").flat_map(|block| in_event(block, leg)).collect(),
            "ari" => in_objects(&text, leg),
            // A record names both legs; the file's name, or else the first in the line, is its own.
            _ if first_leg(name).is_some_and(|own| own != leg) => Vec::new(),
            _ if first_leg(name).is_some() => text.lines().flat_map(in_record).collect(),
            _ => text.lines().filter(|line| is_record_of(line, leg)).flat_map(in_record).collect(),
        };
        leaked.extend(found.into_iter().map(|keys| format!("{name}: {keys}")));
    }
    leaked
}

/// How FreeSWITCH and Asterisk write keys into their logs: `RECV DTMF 4:800`, `DTMF begin '4' received on …`,
/// and what an application of the dialplan has read.
const IN_LOGS: [&str; 4] = ["DTMF ", "DTMF begin '", "DTMF end '", "User entered '"];

fn in_log_line(line: &str, leg: &str) -> Option<String> {
    if !names(line, leg) {
        return None;
    }
    IN_LOGS.iter().find_map(|words| {
        let (_, after) = line.split_once(words)?;
        let keys: String = after.chars().take_while(|c| is_key(*c)).collect();
        (!keys.is_empty()).then_some(keys)
    })
}

/// Whether a line names this very leg. Asterisk's names end in a counter: one may begin like another.
fn names(line: &str, leg: &str) -> bool {
    line.match_indices(leg).any(|(at, _)| {
        let rest = &line[at + leg.len()..];
        !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Whether a record is this leg's. FreeSWITCH's name the other leg too, after their own; Asterisk's have
/// their own between quotation marks.
fn is_record_of(line: &str, leg: &str) -> bool {
    if first_leg(leg).is_some() { first_leg(line) == Some(leg) } else { line.contains(&format!("\"{leg}\"")) }
}

/// Keys in the JSON that ARI tells of a leg, wherever in a stream the objects lie.
fn in_objects(text: &str, leg: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let mut objects = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
        let Some(Ok(object)) = objects.next() else {
            rest = &rest[1..];
            continue;
        };
        rest = &rest[objects.byte_offset()..];
        if object["channel"]["id"] == leg
            && let Some(key) = object["digit"].as_str()
        {
            keys.push(key.to_owned());
        }
    }
    keys
}

/// Headers whose name speaks of digits or DTMF and whose value is nothing but keys; and the body of a
/// SIP INFO.
fn in_event(block: &str, leg: &str) -> Vec<String> {
    // The body of an INFO comes without the name of its leg.
    let mut keys: Vec<String> =
        block.lines().filter_map(|line| line.strip_prefix("Signal=")).map(str::to_owned).collect();
    // Events of the other leg name this one too.
    let id = |line| ["Unique-ID: ", "Uniqueid: "].iter().find_map(|name| str::strip_prefix(line, name));
    let own = block.lines().filter_map(id).any(|id| id.trim() == leg);
    if own {
        keys.extend(block.lines().filter_map(in_header));
    }
    keys.extend(block.lines().filter_map(|line| in_log_line(line, leg)));
    keys
}

fn in_header(line: &str) -> Option<String> {
    let (name, value) = line.split_once(": ")?;
    let name = name.to_ascii_lowercase();
    // How long a key was, how it came, how many packets that took, and what the agent's own code is, are no
    // secrets.
    let speaks = (name.contains("digit") || name.contains("dtmf"))
        && !name.contains("duration")
        && !name.ends_with("count")
        && !name.contains("source")
        && !name.contains("type");
    let value = value.replace("%23", "#").replace("%2A", "*");
    (speaks && !value.is_empty() && value.chars().all(is_key)).then_some(value)
}

/// `digits_dialed=4929`, `""digit"":""4""` in whatever form a record is written.
fn in_record(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("digit") {
        let rest = &line[at..];
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let value = rest[name_end..].trim_start_matches(['"', ':', '=', ' ', '>']);
        let keys: String = value.chars().take_while(|c| is_key(*c)).collect();
        if !keys.is_empty() {
            found.push(keys);
        }
    }
    found
}

/// The first leg that a text names: 8-4-4-4-12 hexadecimal digits.
fn first_leg(text: &str) -> Option<&str> {
    (0..text.len().saturating_sub(35)).find_map(|at| {
        let leg = text.get(at..at + 36)?;
        let fits = leg.bytes().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        fits.then_some(leg)
    })
}

fn is_key(c: char) -> bool {
    c.is_ascii_digit() || c == '*' || c == '#'
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEG: &str = "5f0a3f0e-0000-4000-8000-000000000001";

    fn records(name: &str, text: &str) -> Records {
        Records { texts: vec![(name.into(), text.as_bytes().to_vec())], ..Records::default() }
    }

    #[test]
    fn keys_are_found_where_a_pbx_writes_them() {
        let log = format!("{LEG} 2026-11-22 [INFO] switch_channel.c:520 RECV DTMF 4:800");
        assert_eq!(leaked_keys(&records("log", &log), LEG), ["log: 4"]);
        assert!(leaked_keys(&records("log", &log), "another").is_empty());

        let event = format!(
            "Event-Name: DTMF\nUnique-ID: {LEG}\nDTMF-Digit: %23\nDTMF-Duration: 800\nDTMF-Source: RTP\nvariable_rtp_audio_in_dtmf_packet_count: 24"
        );
        assert_eq!(leaked_keys(&records("spy", &event), LEG), ["spy: #"]);

        let cdr = format!("{{\"uuid\":\"{LEG}\",\"digits_dialed\":\"4929\",\"read_codec\":\"PCMU\"}}");
        assert_eq!(leaked_keys(&records("cdr:json", &cdr), LEG), ["cdr:json: 4929"]);
        let of_another = "cdr:6a0a3f0e-0000-4000-8000-000000000002.cdr.json";
        assert!(leaked_keys(&records(of_another, &cdr), LEG).is_empty());
        let clean = format!("{{\"uuid\":\"{LEG}\",\"digits_dialed\":\"none\"}}");
        assert!(leaked_keys(&records("cdr:json", &clean), LEG).is_empty());

        let info = "Event-Name: RECV_INFO\nContent-Length: 22\n\nSignal=4\nDuration=160";
        assert_eq!(leaked_keys(&records("spy", info), LEG), ["spy: 4"]);
    }

    #[test]
    fn keys_are_found_where_asterisk_writes_them() {
        const LEG: &str = "stage16387-1795371867.3";
        let of_another = "stage16387-1795371867.31";
        let log = format!("{LEG} [2026-11-22] DTMF[1][C-1] channel.c: DTMF begin '4' received on PJSIP/a-1");
        assert_eq!(leaked_keys(&records("log", &log), LEG), ["log: 4"]);
        assert!(leaked_keys(&records("log", &log.replace(LEG, of_another)), LEG).is_empty());

        let event =
            format!("Event: DTMFBegin\nChannel: PJSIP/a-1\nUniqueid: {LEG}\nDigit: 4\nDirection: Received");
        assert_eq!(leaked_keys(&records("spy", &event), LEG), ["spy: 4"]);

        let cel = format!(
            "\"DTMF\",\"{LEG}\",\"PJSIP/a-1\",\"{{\"\"digit\"\":\"\"4\"\",\"\"duration_ms\"\":\"\"60\"\"}}\""
        );
        assert_eq!(leaked_keys(&records("cel", &cel), LEG), ["cel: 4"]);
        assert!(leaked_keys(&records("cel", &cel), of_another).is_empty());

        let told = format!(
            "\u{1}{{x\u{2}{{\"type\":\"ChannelDtmfReceived\",\"digit\":\"4\",\"channel\":{{\"id\":\"{LEG}\"}}}}"
        );
        assert_eq!(leaked_keys(&records("ari", &told), LEG), ["ari: 4"]);
        assert!(leaked_keys(&records("ari", &told), of_another).is_empty());
    }
}
