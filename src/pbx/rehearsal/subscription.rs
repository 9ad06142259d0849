//! What a listener asks to hear: `event`, `nixevent` and `filter`.

use super::command::Reply;
use super::listener::MAX_FILTERS;
use super::world::World;

impl World {
    /// `event` and `nixevent`.
    pub(super) fn subscribe(&mut self, id: u64, rest: &str, on: bool) -> Reply {
        self.with_listener(id, |listener| {
            let (mut keys, mut custom) = (0, false);
            for (place, word) in rest.split_whitespace().enumerate() {
                match word.to_ascii_lowercase().as_str() {
                    "plain" if on && place == 0 => listener.json = false,
                    "json" if on && place == 0 => listener.json = true,
                    _ if custom && on && listener.custom.len() < MAX_FILTERS => {
                        listener.custom.insert(word.to_owned());
                    }
                    _ if custom => {
                        listener.custom.remove(word);
                    }
                    _ => {
                        let upper = word.to_ascii_uppercase();
                        if !super::event::NAMES.contains(&upper.as_str()) {
                            continue;
                        }
                        keys += 1;
                        custom = upper == "CUSTOM";
                        match (upper == "ALL", on) {
                            (true, _) => listener.all = on,
                            (false, true) => {
                                listener.names.insert(upper);
                            }
                            (false, false) => {
                                if std::mem::take(&mut listener.all) {
                                    let all = super::event::NAMES.iter().filter(|name| **name != "ALL");
                                    listener.names = all.map(|name| (*name).to_owned()).collect();
                                }
                                listener.names.remove(&upper);
                            }
                        }
                    }
                }
            }
            if keys == 0 {
                return "-ERR no keywords supplied".to_owned();
            }
            listener.events_on = true;
            let format = if listener.json { "json" } else { "plain" };
            if on { format!("+OK event listener enabled {format}") } else { "+OK events nixed".to_owned() }
        })
    }

    /// `filter`.
    pub(super) fn filter(&mut self, id: u64, rest: &str) -> Reply {
        self.with_listener(id, |listener| {
            let (verb, name_and_value) = match rest.strip_prefix("delete ") {
                Some(rest) => ("delete", rest),
                None => ("add", rest.strip_prefix("add ").unwrap_or(rest)),
            };
            let (name, value) = name_and_value.split_once(' ').unwrap_or((name_and_value, ""));
            if name.is_empty() {
                return "-ERR invalid syntax".to_owned();
            }
            if verb == "delete" {
                listener.filters.retain(|(known, wanted)| {
                    name != "all"
                        && !(known.eq_ignore_ascii_case(name) && (value.is_empty() || wanted == value))
                });
                return format!("+OK filter deleted. [{name}][{value}]");
            }
            if value.is_empty() || listener.filters.len() >= MAX_FILTERS {
                return "-ERR invalid syntax".to_owned();
            }
            listener.filters.push((name.to_owned(), value.to_owned()));
            format!("+OK filter added. [{name}]=[{value}]")
        })
    }
}
