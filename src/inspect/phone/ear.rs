//! What a phone receives, put where it belongs in time.

use super::heard::{Arrival, Heard, InfoHeard, KeyHeard};
use super::rtp::{Event, Header};
use crate::inspect::audio::{Law, SAMPLES_PER_MS, SAMPLES_PER_S};
use std::time::Instant;

/// How much a phone remembers; what comes later is not kept.
pub const MAX_HEARD_S: usize = 20 * 60;
/// The most packets, keys and INFO requests it remembers.
const MAX_ARRIVALS: usize = MAX_HEARD_S * 50;
const MAX_KEYS_HEARD: usize = 4096;
const MAX_INFOS: usize = 4096;
/// If a packet's timestamp and its arrival drift further apart than a jitter buffer could bridge, the
/// stream is taken to begin anew where the packet arrived.
const MAX_DRIFT_MS: i64 = 200;

/// The receiving half of a phone's media.
pub struct Ear {
    started_at: Instant,
    keeps_audio: bool,
    telephone_event: Option<u8>,
    anchor: Option<Anchor>,
    last_event: Option<(u32, u32)>,
    audio: Vec<i16>,
    arrivals: Vec<Arrival>,
    keys: Vec<KeyHeard>,
    infos: Vec<InfoHeard>,
}

/// Where a timestamp of a stream stands in the recording.
#[derive(Clone, Copy)]
struct Anchor {
    ssrc: u32,
    timestamp: u32,
    at_sample: i64,
}

impl Ear {
    /// An ear that listens from now on. Without `keeps_audio` it remembers all but the sound.
    pub fn new(keeps_audio: bool) -> Self {
        Self {
            started_at: Instant::now(),
            keeps_audio,
            telephone_event: None,
            anchor: None,
            last_event: None,
            audio: Vec::new(),
            arrivals: Vec::new(),
            keys: Vec::new(),
            infos: Vec::new(),
        }
    }

    /// The payload type under which telephone-events come.
    pub fn set_telephone_event(&mut self, payload_type: Option<u8>) {
        self.telephone_event = payload_type;
    }

    /// Takes a packet that arrived at `at`. What is no RTP, or of no known type, is passed over.
    pub fn packet(&mut self, at: Instant, packet: &[u8]) {
        let Some((header, payload)) = Header::parse(packet) else { return };
        match header.payload_type {
            0 => self.sound(at, header, payload, Law::Mu),
            8 => self.sound(at, header, payload, Law::A),
            other if Some(other) == self.telephone_event => self.event(at, header, payload),
            _ => {}
        }
    }

    /// Takes the body of an INFO request.
    pub fn info(&mut self, at: Instant, content_type: &str, body: &str) {
        if self.infos.len() < MAX_INFOS {
            self.infos.push(InfoHeard { at, content_type: content_type.into(), body: body.into() });
        }
    }

    /// Everything so far.
    pub fn heard(&self) -> Heard {
        Heard {
            started_at: self.started_at,
            audio: self.audio.clone(),
            arrivals: self.arrivals.clone(),
            keys: self.keys.clone(),
            infos: self.infos.clone(),
        }
    }

    fn sound(&mut self, at: Instant, header: Header, payload: &[u8], law: Law) {
        let arrived = at.saturating_duration_since(self.started_at);
        if self.arrivals.len() < MAX_ARRIVALS {
            let Header { sequence, timestamp, ssrc, .. } = header;
            self.arrivals.push(Arrival { at, sequence, timestamp, ssrc });
        }
        let arrived_sample = (arrived.as_secs_f64() * SAMPLES_PER_S as f64) as i64;
        let place = self.anchor.filter(|anchor| anchor.ssrc == header.ssrc).map(|anchor| {
            anchor.at_sample + i64::from(header.timestamp.wrapping_sub(anchor.timestamp) as i32)
        });
        let max_drift = MAX_DRIFT_MS * SAMPLES_PER_MS as i64;
        let at_sample = place.filter(|p| (p - arrived_sample).abs() <= max_drift).unwrap_or(arrived_sample);
        self.anchor = Some(Anchor { ssrc: header.ssrc, timestamp: header.timestamp, at_sample });
        let Ok(from) = usize::try_from(at_sample) else { return };
        let to = from + payload.len();
        if !self.keeps_audio || to > MAX_HEARD_S * SAMPLES_PER_S {
            return;
        }
        if self.audio.len() < to {
            self.audio.resize(to, 0);
        }
        for (sample, octet) in self.audio[from..to].iter_mut().zip(payload) {
            *sample = law.decode(*octet);
        }
    }

    /// All packets of one event bear its first timestamp, so that repeats are known.
    fn event(&mut self, at: Instant, header: Header, payload: &[u8]) {
        let Some(event) = Event::parse(payload) else { return };
        let Some(key) = event.key() else { return };
        let identity = Some((header.ssrc, header.timestamp));
        if self.last_event != identity {
            self.last_event = identity;
            if self.keys.len() == MAX_KEYS_HEARD {
                return;
            }
            self.keys.push(KeyHeard { key, at, ended_at: None, duration_samples: 0 });
        }
        if let Some(heard) = self.keys.last_mut() {
            heard.duration_samples = heard.duration_samples.max(event.duration);
            if event.is_end {
                heard.ended_at.get_or_insert(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rtp::{HEADER_BYTES, MAX_SENT_BYTES};
    use super::*;
    use std::time::Duration;

    fn packet(sequence: u16, timestamp: u32, ssrc: u32) -> [u8; MAX_SENT_BYTES] {
        let mut packet = [Law::Mu.encode(1000); MAX_SENT_BYTES];
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc }.write(&mut packet);
        packet
    }

    #[test]
    fn a_lost_packet_leaves_its_silence() {
        let mut ear = Ear::new(true);
        let at = |ms| ear_start(&ear) + Duration::from_millis(ms);
        let times = [at(100), at(120), at(175)];
        ear.packet(times[0], &packet(1, u32::MAX - 100, 7));
        ear.packet(times[1], &packet(2, 59, 7));
        // The third is lost, the fourth late: it stands where its timestamp says.
        ear.packet(times[2], &packet(4, 379, 7));
        let heard = ear.heard();
        assert_eq!(heard.audio.len(), 800 + 4 * 160);
        assert!(heard.audio[..800].iter().chain(&heard.audio[1120..1280]).all(|&s| s == 0));
        assert!(heard.audio[800..1120].iter().chain(&heard.audio[1280..]).all(|&s| s != 0));
    }

    #[test]
    fn a_new_stream_stands_where_it_arrived() {
        let mut ear = Ear::new(true);
        let start = ear_start(&ear);
        ear.packet(start, &packet(1, 5000, 7));
        ear.packet(start + Duration::from_millis(500), &packet(1, 0, 8));
        ear.packet(start + Duration::from_millis(1500), &packet(2, 160, 8));
        assert_eq!(ear.heard().audio.len(), 12_000 + 160);
    }

    #[test]
    fn an_event_counts_once() {
        let mut ear = Ear::new(true);
        ear.set_telephone_event(Some(101));
        let start = ear_start(&ear);
        for (timestamp, duration, is_end) in
            [(10, 160, false), (10, 320, true), (10, 320, true), (10, 320, true), (900, 320, true)]
        {
            let mut packet = packet(1, timestamp, 7);
            packet[1] = 101;
            let event = Event { number: 4, is_end, volume: 10, duration };
            packet[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&event.to_bytes());
            ear.packet(start, &packet);
        }
        assert_eq!(ear.heard().keys_pressed(), "44");
    }

    fn ear_start(ear: &Ear) -> Instant {
        ear.started_at
    }
}
