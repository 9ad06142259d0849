//! What a rehearsal PBX is started with.

use std::net::{Ipv4Addr, SocketAddr};

/// One extension of the pretended dialplan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The number, compared as it stands.
    pub number: String,
    /// Applications and their data, in order.
    pub actions: Vec<(String, String)>,
}

impl Extension {
    /// An extension from its number and its actions.
    #[must_use]
    pub fn new(number: &str, actions: &[(&str, &str)]) -> Self {
        let actions = actions.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
        Self { number: number.to_owned(), actions }
    }
}

/// What a rehearsal PBX is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the control socket listens; port 0 takes a free one.
    pub control_address: SocketAddr,
    /// The password of the control socket.
    pub password: String,
    /// Where the daemon waits for private connections; see
    /// [`Rehearsal::set_daemon_address`](super::Rehearsal::set_daemon_address).
    pub daemon_address: Option<SocketAddr>,
    /// The number that customers dial to pay without an agent.
    pub payment_number: String,
    /// Extensions beside the built-in ones; the first with a number wins.
    pub extensions: Vec<Extension>,
    /// How long a transferred leg needs until it is parked (measured on FreeSWITCH: 0 to 18 ms).
    pub park_delay_ms: u64,
    /// From the beginning of a tone to its detection (measured: 30 to 40 ms).
    pub detection_delay_ms: u64,
    /// Prompts longer than this are cut short; stories need not wait for a voice.
    pub longest_prompt_ms: u64,
    /// Modules that `module_exists` admits to.
    pub modules: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            control_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            password: "rehearsal".to_owned(),
            daemon_address: None,
            payment_number: "700".to_owned(),
            extensions: Vec::new(),
            park_delay_ms: 8,
            detection_delay_ms: 35,
            longest_prompt_ms: 60_000,
            modules: [
                "mod_commands",
                "mod_dptools",
                "mod_event_socket",
                "mod_logfile",
                "mod_sofia",
                "mod_spandsp",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}
