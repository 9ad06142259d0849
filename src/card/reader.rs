//! The receive buffer of a connection that carries digits.

use super::pages::SecretBytes;
use zeroize::Zeroize;

/// Most bytes a receive buffer holds.
pub const READER_MAX_BYTES: usize = 64 * 1024;

/// Bytes as they come from a PBX's private connection, in locked memory: read into [`spare_mut`], say how
/// many with [`filled`], parse [`as_slice`], give back with [`consume`]. Never grows; wiped on drop.
///
/// [`spare_mut`]: SecretBuffer::spare_mut
/// [`filled`]: SecretBuffer::filled
/// [`as_slice`]: SecretBuffer::as_slice
/// [`consume`]: SecretBuffer::consume
pub struct SecretBuffer {
    bytes: SecretBytes,
    length: usize,
    capacity: usize,
}

impl SecretBuffer {
    /// An empty buffer for `bytes` bytes, between 1 and [`READER_MAX_BYTES`].
    pub fn with_capacity(bytes: usize) -> SecretBuffer {
        let capacity = bytes.clamp(1, READER_MAX_BYTES);
        SecretBuffer { bytes: SecretBytes::zeroed(capacity), length: 0, capacity }
    }

    /// The room that is left, to read into. Empty when the buffer is full: the peer then sent a frame larger
    /// than agreed.
    pub fn spare_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.length..self.capacity]
    }

    /// Counts the first `bytes` bytes of the spare room as received.
    pub fn filled(&mut self, bytes: usize) {
        self.length = self.length.saturating_add(bytes).min(self.capacity);
    }

    /// What was received and not yet consumed.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Forgets the first `bytes` bytes: the rest moves to the front, and the place it leaves is wiped.
    pub fn consume(&mut self, bytes: usize) {
        let gone = bytes.min(self.length);
        let left = self.length - gone;
        self.bytes.copy_within(gone..self.length, 0);
        self.bytes[left..self.length].zeroize();
        self.length = left;
    }

    /// How many bytes it holds at most.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn receive(buffer: &mut SecretBuffer, bytes: &[u8]) {
        buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
        buffer.filled(bytes.len());
    }

    #[test]
    fn what_was_consumed_is_wiped() {
        let mut buffer = SecretBuffer::with_capacity(32);
        receive(&mut buffer, b"DTMF-Digit: 4\n\nDTMF");
        buffer.consume(15);
        assert_eq!(buffer.as_slice(), b"DTMF");
        assert!(buffer.spare_mut().iter().all(|b| *b == 0));
        receive(&mut buffer, b"-Digit: 1");
        assert_eq!(buffer.as_slice(), b"DTMF-Digit: 1");
        buffer.consume(usize::MAX);
        assert!(buffer.as_slice().is_empty());
        assert!(buffer.spare_mut().iter().all(|b| *b == 0));
    }

    #[test]
    fn a_full_buffer_has_no_room() {
        let mut buffer = SecretBuffer::with_capacity(4);
        receive(&mut buffer, b"1234");
        assert!(buffer.spare_mut().is_empty());
        buffer.filled(10);
        assert_eq!(buffer.as_slice(), b"1234");
    }

    #[test]
    fn the_bound_holds() {
        assert_eq!(SecretBuffer::with_capacity(usize::MAX).spare_mut().len(), READER_MAX_BYTES);
        assert_eq!(SecretBuffer::with_capacity(0).capacity(), 1);
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(steps in proptest::collection::vec((0usize..40, 0usize..40), 0..60)) {
            let mut buffer = SecretBuffer::with_capacity(64);
            let (mut model, mut next) = (Vec::new(), 0u8);
            for (come, go) in steps {
                let come = come.min(buffer.spare_mut().len());
                let frame: Vec<u8> = (0..come).map(|n| next.wrapping_add(n as u8)).collect();
                next = next.wrapping_add(come as u8);
                receive(&mut buffer, &frame);
                model.extend_from_slice(&frame);
                buffer.consume(go);
                model.drain(..go.min(model.len()));
                prop_assert_eq!(buffer.as_slice(), &model[..]);
            }
        }
    }
}
