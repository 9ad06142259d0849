//! RTP packets (RFC 3550) of G.711 and of telephone-events (RFC 4733).

/// The length of an RTP header without extras.
pub const HEADER_BYTES: usize = 12;
/// The largest packet a phone sends: 20 ms of G.711.
pub const MAX_SENT_BYTES: usize = HEADER_BYTES + 160;
/// The keys of telephone-events 0 to 15, in order.
const EVENT_KEYS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// The fields of a packet that matter to a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The marker bit: a voice, or an event, begins.
    pub marker: bool,
    /// The payload type: 0 is µ-law, 8 is A-law.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// Counts samples.
    pub timestamp: u32,
    /// The source of the stream.
    pub ssrc: u32,
}

impl Header {
    /// Writes the header at the start of a packet.
    pub fn write(&self, packet: &mut [u8; MAX_SENT_BYTES]) {
        packet[0] = 0x80;
        packet[1] = self.payload_type | if self.marker { 0x80 } else { 0 };
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }

    /// Reads a packet's header and payload; none if it is not whole RTP of version 2.
    pub fn parse(packet: &[u8]) -> Option<(Self, &[u8])> {
        let head: &[u8; HEADER_BYTES] = packet.first_chunk()?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let mut at = HEADER_BYTES + usize::from(head[0] & 0x0f) * 4;
        if head[0] & 0x10 != 0 {
            let words = packet.get(at + 2..at + 4)?;
            at += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
        }
        let padding = if head[0] & 0x20 != 0 { usize::from(*packet.last()?) } else { 0 };
        let header = Self {
            marker: head[1] & 0x80 != 0,
            payload_type: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        };
        Some((header, packet.get(at..packet.len().checked_sub(padding)?)?))
    }
}

/// The payload of a telephone-event packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which event: 0 to 15 are keys.
    pub number: u8,
    /// Whether the event has ended.
    pub is_end: bool,
    /// The power of the tone, in −dBm0.
    pub volume: u8,
    /// How long it has lasted, in samples.
    pub duration: u16,
}

impl Event {
    /// The event of a key; none if there is no such key.
    pub fn number_of(key: char) -> Option<u8> {
        EVENT_KEYS.iter().position(|&k| k == key).map(|number| number as u8)
    }

    /// The key of this event; none if it is another kind of event, such as a hook flash.
    pub fn key(&self) -> Option<char> {
        EVENT_KEYS.get(usize::from(self.number)).copied()
    }

    /// As bytes for the wire.
    pub fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.number, self.volume & 0x3f | if self.is_end { 0x80 } else { 0 }, high, low]
    }

    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let &[number, flags, high, low] = payload.first_chunk()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { number, is_end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let header =
            Header { marker: true, payload_type: 101, sequence: 65535, timestamp: u32::MAX, ssrc: 7 };
        let mut packet = [0; MAX_SENT_BYTES];
        header.write(&mut packet);
        let event = Event { number: 11, is_end: true, volume: 10, duration: 480 };
        packet[HEADER_BYTES..][..4].copy_from_slice(&event.to_bytes());
        let (read, payload) = Header::parse(&packet).expect("it is whole");
        assert_eq!((read, Event::parse(payload)), (header, Some(event)));
        assert_eq!((event.key(), Event::number_of('#')), (Some('#'), Some(11)));
    }

    #[test]
    fn extras_are_stepped_over() {
        let mut packet = vec![0xb1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        packet.extend([9; 4]);
        packet.extend([0, 0, 0, 1, 8, 8, 8, 8]);
        packet.extend([42, 43, 0, 0, 3]);
        assert_eq!(Header::parse(&packet).map(|(_, payload)| payload.to_vec()), Some(vec![42, 43]));
        packet.pop();
        packet.push(200);
        assert_eq!(Header::parse(&packet), None);
    }

    proptest! {
        #[test]
        fn no_packet_makes_the_parser_panic(packet in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some((_, payload)) = Header::parse(&packet) { let _ = Event::parse(payload).map(|e| e.key()); }
        }
    }
}
