//! The digit machine behind `bind_digit_action`: realms, literals and regular expressions.
//!
//! Faithful in what an adapter can get wrong: the last realm bound is the active one; with several
//! bindings a regular expression waits 1.5 s; a digit no binding can ever match goes back around; without
//! an active realm every digit waits 1.5 s.

/// Silence after which half a match is given up (FreeSWITCH's default digit timeout).
pub(super) const DIGIT_TIMEOUT_MS: u64 = 1_500;
/// Digits one realm collects at most.
const MAX_DIGITS: usize = 512;
/// Bindings of one realm, and realms of one leg, at most.
const MAX_BINDINGS: usize = 64;

/// One binding: `realm,digits,action,value`.
#[derive(Clone)]
pub(super) struct Binding {
    pattern: Pattern,
    text: String,
    first_match: bool,
    pub(super) action: String,
    pub(super) value: String,
}

#[derive(Clone)]
enum Pattern {
    Literal,
    Regex(Regex),
}

/// What became of the digits so far.
pub(super) enum Fed {
    /// A binding matched these digits.
    Match(Binding, String),
    /// These digits can match nothing any more.
    NoMatch(String),
    /// More digits, or the timeout, will tell.
    Waiting,
}

#[derive(Default)]
pub(super) struct DigitMachine {
    realms: Vec<(String, Vec<Binding>)>,
    active: Option<String>,
    digits: String,
    /// Grows with every digit: a timer of an older digit finds that it is out of date.
    pub(super) turn: u64,
}

impl DigitMachine {
    /// Adds a binding and makes its realm the active one. False if it makes no sense or is one too many.
    pub(super) fn bind(&mut self, realm: &str, digits: &str, action: &str, value: &str) -> bool {
        let first_match = digits.starts_with('=');
        let bare = digits.strip_prefix('=').unwrap_or(digits);
        let pattern = match bare.strip_prefix('~') {
            Some(expression) => match Regex::parse(expression) {
                Some(regex) => Pattern::Regex(regex),
                None => return false,
            },
            None => Pattern::Literal,
        };
        let binding = Binding {
            pattern,
            text: bare.trim_start_matches('~').to_owned(),
            first_match,
            action: action.to_owned(),
            value: value.to_owned(),
        };
        let realm = if realm.is_empty() { "default" } else { realm };
        let place = match self.realms.iter().position(|(name, _)| name == realm) {
            Some(place) => place,
            None if self.realms.len() >= MAX_BINDINGS => return false,
            None => {
                self.realms.push((realm.to_owned(), Vec::new()));
                self.realms.len() - 1
            }
        };
        let bindings = &mut self.realms[place].1;
        match bindings.iter().position(|known| known.text == binding.text) {
            Some(same) => bindings[same] = binding,
            None if bindings.len() >= MAX_BINDINGS => return false,
            None => {
                bindings.push(binding);
                self.active = Some(realm.to_owned());
            }
        }
        true
    }

    /// `digit_action_set_realm`. False if there is no such realm.
    pub(super) fn set_realm(&mut self, realm: &str) -> bool {
        let known = self.realms.iter().any(|(name, _)| name == realm);
        if known {
            self.active = Some(realm.to_owned());
        }
        known
    }

    /// `clear_digit_action` of one realm; true if it was the active one and none is left active.
    pub(super) fn clear_realm(&mut self, realm: &str) -> bool {
        self.realms.retain(|(name, _)| name != realm);
        let was_active = self.active.as_deref() == Some(realm);
        if was_active {
            self.active = None;
        }
        was_active
    }

    pub(super) fn feed(&mut self, digit: char) -> Fed {
        if self.digits.len() >= MAX_DIGITS {
            return Fed::NoMatch(std::mem::take(&mut self.digits));
        }
        self.digits.push(digit);
        self.turn += 1;
        self.judge(false)
    }

    pub(super) fn time_out(&mut self, turn: u64) -> Fed {
        if turn != self.turn || self.digits.is_empty() { Fed::Waiting } else { self.judge(true) }
    }

    fn judge(&mut self, timed_out: bool) -> Fed {
        let bindings = self
            .active
            .as_ref()
            .and_then(|active| self.realms.iter().find(|(name, _)| name == active))
            .map(|(_, bindings)| bindings.as_slice());
        let Some(bindings) = bindings else {
            return if timed_out { Fed::NoMatch(std::mem::take(&mut self.digits)) } else { Fed::Waiting };
        };
        let alone = bindings.len() == 1;
        let mut hopeful = false;
        let mut found = None;
        let mut longer = false;
        for binding in bindings {
            match &binding.pattern {
                Pattern::Regex(regex) => {
                    hopeful = true;
                    if regex.matches(&self.digits) && (binding.first_match || alone || timed_out) {
                        found = found.or(Some(binding));
                    }
                }
                Pattern::Literal if binding.text == self.digits => {
                    hopeful = true;
                    found = found.or(Some(binding));
                }
                Pattern::Literal if binding.text.starts_with(&self.digits) => {
                    hopeful = true;
                    longer = true;
                }
                Pattern::Literal => {}
            }
        }
        match found {
            Some(binding) if !longer || timed_out || binding.first_match => {
                let binding = binding.clone();
                Fed::Match(binding, std::mem::take(&mut self.digits))
            }
            _ if timed_out || !hopeful => Fed::NoMatch(std::mem::take(&mut self.digits)),
            _ => Fed::Waiting,
        }
    }
}

/// The regular expressions a dialplan binds to keys: `^`, `$`, literals, `.`, sets, `+`, `*` and `?`.
/// Braces and backslashes are refused: FreeSWITCH's own parsing breaks them too.
#[derive(Clone)]
struct Regex {
    from_start: bool,
    to_end: bool,
    atoms: Vec<(Atom, char)>,
}

#[derive(Clone)]
enum Atom {
    Any,
    OneOf(Vec<(char, char)>, bool),
}

impl Regex {
    fn parse(text: &str) -> Option<Self> {
        let from_start = text.starts_with('^');
        let text = text.strip_prefix('^').unwrap_or(text);
        let to_end = text.ends_with('$');
        let text = text.strip_suffix('$').unwrap_or(text);
        if text.len() > MAX_DIGITS {
            return None;
        }
        let mut atoms: Vec<(Atom, char)> = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(symbol) = rest.next() {
            let atom = match symbol {
                '\\' | '{' | '}' | '(' | ')' | '|' => return None,
                '.' => Atom::Any,
                '[' => Self::set(&mut rest)?,
                // A quantifier with nothing before it is no expression; a star key is written `[*]`.
                '+' | '*' | '?' => return None,
                plain => Atom::OneOf(vec![(plain, plain)], false),
            };
            let times = rest.next_if(|next| matches!(next, '+' | '*' | '?')).unwrap_or('1');
            atoms.push((atom, times));
        }
        Some(Self { from_start, to_end, atoms })
    }

    fn set(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Atom> {
        let negated = rest.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            match rest.next()? {
                ']' => return Some(Atom::OneOf(ranges, negated)),
                from => {
                    let mut to = from;
                    if rest.next_if_eq(&'-').is_some() {
                        match rest.next()? {
                            ']' => {
                                ranges.extend([(from, from), ('-', '-')]);
                                return Some(Atom::OneOf(ranges, negated));
                            }
                            end => to = end,
                        }
                    }
                    ranges.push((from, to));
                }
            }
        }
    }

    fn matches(&self, digits: &str) -> bool {
        let digits: Vec<char> = digits.chars().collect();
        let starts = if self.from_start { 0..1 } else { 0..digits.len() + 1 };
        // The set of places reached after each atom: no backtracking, so no input makes it slow.
        let mut places: Vec<bool> = vec![false; digits.len() + 1];
        for start in starts {
            places[start] = true;
        }
        for (atom, times) in &self.atoms {
            let mut next =
                if matches!(times, '*' | '?') { places.clone() } else { vec![false; places.len()] };
            for place in 0..digits.len() {
                let here = places[place] || (matches!(times, '+' | '*') && next[place] && place > 0);
                if here && atom.takes(digits[place]) {
                    next[place + 1] = true;
                }
            }
            places = next;
        }
        if self.to_end { places[digits.len()] } else { places.contains(&true) }
    }
}

impl Atom {
    fn takes(&self, symbol: char) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(ranges, negated) => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&symbol)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(expression: &str, digits: &str) -> bool {
        Regex::parse(expression).is_some_and(|regex| regex.matches(digits))
    }

    #[test]
    fn expressions_of_a_dialplan() {
        assert!(matches("^[0-9*#]", "#"));
        assert!(matches("^[*]729[0-9]+#", "*72912#"));
        assert!(!matches("^[*]729[0-9]+#", "*729#"));
        assert!(matches("^[*][12349]", "*4"));
        assert!(!matches("^[*][12349]", "*5"));
        assert!(!matches("^[0-9]{1,10}$", "12"));
    }

    #[test]
    fn the_last_realm_bound_is_the_active_one() {
        let mut machine = DigitMachine::default();
        assert!(machine.bind("tgcode", "*729", "exec[i]:event", "tg_code=pay"));
        assert!(machine.bind("tgkeys", "~^[0-9*#]", "api:uuid_setvar", "x"));
        assert!(matches!(machine.feed('*'), Fed::Match(..)));
        assert!(machine.clear_realm("tgkeys"));
        assert!(matches!(machine.feed('7'), Fed::Waiting));
        assert!(matches!(machine.time_out(machine.turn), Fed::NoMatch(digits) if digits == "7"));
        assert!(machine.set_realm("tgcode"));
        assert!(matches!(machine.feed('5'), Fed::NoMatch(digits) if digits == "5"));
    }
}
