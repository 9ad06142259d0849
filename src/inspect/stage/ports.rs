//! Ports for one instance, so that several can run at the same time.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use super::StageError;

/// Ports of one instance: its own few and those of the media of two hundred calls.
const BLOCK_PORTS: u16 = 1_024;
/// The blocks lie below the ports the system gives out by itself, our telephones' among them.
const FIRST_PORT: u16 = 16_384;
const BLOCKS: u16 = 16;

/// A block of ports, ours as long as this lives.
pub(super) struct Ports {
    base: u16,
    /// Whoever else wants the block finds this one taken.
    _claim: TcpListener,
}

impl Ports {
    /// Takes a block that nobody uses.
    ///
    /// # Errors
    /// If there is none.
    pub fn claim() -> Result<Self, StageError> {
        let start = rand::random_range(0..BLOCKS);
        let blocks = (0..BLOCKS).map(|n| FIRST_PORT + (start + n) % BLOCKS * BLOCK_PORTS);
        for base in blocks {
            let Ok(claim) = TcpListener::bind((Ipv4Addr::LOCALHOST, base)) else { continue };
            let ports = Self { base, _claim: claim };
            if ports.are_free() {
                return Ok(ports);
            }
        }
        Err(StageError("no block of ports is free on 127.0.0.1: is a rehearsal still running?".into()))
    }

    /// A process that did not belong to us may sit in the middle of a block.
    fn are_free(&self) -> bool {
        let tcp = [self.control(), self.second(), self.sip(), self.third()];
        tcp.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
            && (self.base..=self.last_media())
                .all(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    /// SIP, for UDP and TCP.
    pub fn sip(&self) -> u16 {
        self.base + 3
    }

    /// Where the PBX takes orders (FreeSWITCH: its Event Socket; Asterisk: its Manager Interface).
    pub fn control(&self) -> u16 {
        self.base + 1
    }

    /// A second port for orders or events (FreeSWITCH: where the daemon awaits its private connections;
    /// Asterisk: HTTP with ARI).
    pub fn second(&self) -> u16 {
        self.base + 2
    }

    /// A third one (Asterisk: where the daemon awaits its call).
    pub fn third(&self) -> u16 {
        self.base + 4
    }

    /// The first port for media.
    pub fn first_media(&self) -> u16 {
        self.base + 6
    }

    /// The last port for media.
    pub fn last_media(&self) -> u16 {
        self.base + BLOCK_PORTS - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_instances_share_no_port() {
        let [one, two] = [Ports::claim(), Ports::claim()].map(|ports| ports.expect("a block"));
        assert!(one.last_media() < two.sip() || two.last_media() < one.sip());
    }
}
