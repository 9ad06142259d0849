//! What a phone sends: one packet of voice, or of keys, every 20 ms.

use super::keys::{KeyMode, KeyStyle, Pressed};
use super::rtp::{Event, HEADER_BYTES, Header, MAX_SENT_BYTES};
use crate::inspect::audio::{FRAME_SAMPLES, Law, Marker, SAMPLES_PER_MS};
use crate::inspect::tones::{ToneShape, key_sample, pair_of};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// RFC 4733 2.5.1.4: the end of an event is sent three times.
const END_PACKETS: u32 = 3;
/// The power a telephone-event claims, in −dBm0.
const EVENT_VOLUME: u8 = 10;
/// The most keys that may wait.
const MAX_QUEUED_KEYS: usize = 256;

/// Where and what a phone sends, as agreed in SDP.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Where the other end listens.
    pub to: SocketAddr,
    /// The law of the audio.
    pub law: Law,
    /// The other end's payload type for telephone-events.
    pub telephone_event: Option<u8>,
}

/// The sending half of a phone's media.
pub struct Mouth {
    socket: Arc<UdpSocket>,
    line: Option<Line>,
    is_muted: bool,
    voice: Option<Marker>,
    header: Header,
    frame: usize,
    keys: VecDeque<QueuedKey>,
    current: Option<CurrentKey>,
}

struct QueuedKey {
    key: char,
    style: KeyStyle,
    done: mpsc::Sender<Pressed>,
}

/// A key that is down, or whose gap runs.
struct CurrentKey {
    queued: QueuedKey,
    event: u8,
    pair: (f64, f64),
    /// How many packets' time has passed since it went down.
    ticks: u32,
    started_at: u32,
    ends_sent: u32,
    first_packet: Option<Instant>,
    end_packet: Option<Instant>,
}

impl Mouth {
    /// A mouth that is silent until it has a line.
    pub fn new(socket: Arc<UdpSocket>, ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        let header = Header { marker: true, payload_type: 0, sequence, timestamp, ssrc };
        Self {
            socket,
            line: None,
            is_muted: false,
            voice: None,
            header,
            frame: 0,
            keys: VecDeque::new(),
            current: None,
        }
    }

    /// Where to send from now on; none sends nothing, and lets go of the keys that wait.
    pub fn set_line(&mut self, line: Option<Line>) {
        if line.is_none() {
            self.keys.clear();
            self.current = None;
        }
        if self.line.is_none() {
            self.header.marker = true;
        }
        self.line = line;
    }

    /// Whose voice it hums; none is digital silence.
    pub fn set_voice(&mut self, voice: Option<Marker>) {
        self.voice = voice;
    }

    /// Holds the voice back, as a phone does that has put its call on hold.
    pub fn set_muted(&mut self, is_muted: bool) {
        self.is_muted = is_muted;
    }

    /// Queues a key; false if there is no line or no room. `done` is told when its gap is over.
    pub fn press(&mut self, key: char, style: KeyStyle, done: mpsc::Sender<Pressed>) -> bool {
        let takes = self.line.is_some() && self.keys.len() < MAX_QUEUED_KEYS;
        if takes {
            self.keys.push_back(QueuedKey { key, style, done });
        }
        takes
    }

    /// Sends the packets that are due; to be called every 20 ms.
    pub fn tick(&mut self) {
        self.frame += 1;
        self.header.timestamp = self.header.timestamp.wrapping_add(FRAME_SAMPLES as u32);
        let Some(line) = self.line else { return };
        if self.current.is_none() {
            self.current = self.keys.pop_front().and_then(|queued| self.key_down(queued));
        }
        match self.current.take() {
            Some(mut key) => {
                self.sound_key(&mut key, line);
                if key.ticks < key.all_ticks() {
                    self.current = Some(key);
                } else if let (Some(first_packet), Some(end_packet)) = (key.first_packet, key.end_packet) {
                    // Nobody may be waiting any longer; that is no fault.
                    let pressed = Pressed { key: key.queued.key, first_packet, end_packet };
                    let _ = key.queued.done.try_send(pressed);
                }
            }
            None => self.speak(line),
        }
    }

    fn key_down(&self, queued: QueuedKey) -> Option<CurrentKey> {
        let event = Event::number_of(queued.key)?;
        let pair = pair_of(queued.key)?;
        let started_at = self.header.timestamp;
        Some(CurrentKey {
            queued,
            event,
            pair,
            ticks: 0,
            started_at,
            ends_sent: 0,
            first_packet: None,
            end_packet: None,
        })
    }

    /// One packet's time of a key.
    fn sound_key(&mut self, key: &mut CurrentKey, line: Line) {
        let mode = key.queued.style.mode;
        let tick = key.ticks;
        key.ticks += 1;
        let leaves_at = Instant::now();
        key.first_packet.get_or_insert(leaves_at);
        if key.ticks == key.tone_ticks() {
            key.end_packet = Some(leaves_at);
        }
        if mode != KeyMode::InBand {
            if tick < key.tone_ticks() {
                self.send_event(key, line);
            } else if key.ends_sent < END_PACKETS {
                self.send_event(key, line);
                // A gap too short for one end packet at a time gets the rest of them at once.
                while key.ticks == key.all_ticks() && key.ends_sent < END_PACKETS {
                    self.send_event(key, line);
                }
            } else if mode == KeyMode::Rfc4733 {
                self.speak(line);
            }
        }
        if mode != KeyMode::Rfc4733 {
            self.send_tone(key, tick, line);
        }
    }

    fn send_event(&mut self, key: &mut CurrentKey, line: Line) {
        let Some(payload_type) = line.telephone_event else { return };
        let duration = key.tone_samples().min(key.ticks * FRAME_SAMPLES as u32);
        let is_end = duration == key.tone_samples();
        let event = Event { number: key.event, is_end, volume: EVENT_VOLUME, duration: duration as u16 };
        let header =
            Header { marker: key.ticks == 1, payload_type, timestamp: key.started_at, ..self.header };
        self.send(header, &event.to_bytes(), line);
        key.ends_sent += u32::from(is_end);
    }

    /// The tone of a key in the audio, and silence when it is over: who dials does not speak.
    fn send_tone(&mut self, key: &CurrentKey, tick: u32, line: Line) {
        let from = tick as usize * FRAME_SAMPLES;
        let shape = ToneShape::default();
        let payload: [u8; FRAME_SAMPLES] = std::array::from_fn(|i| {
            let is_down = from + i < key.tone_samples() as usize;
            line.law.encode(if is_down { key_sample(key.pair, &shape, from + i) } else { 0 })
        });
        self.send_audio(&payload, line);
    }

    fn speak(&mut self, line: Line) {
        match self.voice.filter(|_| !self.is_muted) {
            Some(voice) => self.send_audio(voice.spoken(line.law, self.frame), line),
            None => self.send_audio(&[line.law.silence(); FRAME_SAMPLES], line),
        }
    }

    fn send_audio(&mut self, payload: &[u8], line: Line) {
        let payload_type = match line.law {
            Law::Mu => 0,
            Law::A => 8,
        };
        self.send(Header { payload_type, ..self.header }, payload, line);
        self.header.marker = false;
    }

    fn send(&mut self, header: Header, payload: &[u8], line: Line) {
        let mut packet = [0; MAX_SENT_BYTES];
        header.write(&mut packet);
        let length = HEADER_BYTES + payload.len();
        packet[HEADER_BYTES..length].copy_from_slice(payload);
        // A full socket buffer loses a packet, as a network would.
        let _ = self.socket.try_send_to(&packet[..length], line.to);
        self.header.sequence = self.header.sequence.wrapping_add(1);
    }
}

impl CurrentKey {
    fn tone_samples(&self) -> u32 {
        self.queued.style.tone_ms * SAMPLES_PER_MS as u32
    }

    fn tone_ticks(&self) -> u32 {
        self.tone_samples().div_ceil(FRAME_SAMPLES as u32)
    }

    fn all_ticks(&self) -> u32 {
        let gap_samples = self.queued.style.gap_ms * SAMPLES_PER_MS as u32;
        (self.tone_samples() + gap_samples).div_ceil(FRAME_SAMPLES as u32)
    }
}
