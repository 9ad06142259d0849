//! How we prove that no digit is left: phones of our own, a tone detector, searches of memory and files.
//!
//! The rooms here hear and press **published test card numbers only** (4111 1111 1111 1111 and its kin).
//! A real card is never keyed into a test phone, so a digit may be an ordinary `char` here.

/// G.711, levels, single tones, and the voices the test phones speak with.
pub mod audio;
/// DTMF in sound: making it, and finding it.
pub mod tones;
/// A SIP and RTP phone for rehearsals and live stories.
pub mod phone;
/// What is left of a test card in a process or a file.
pub mod residue;
/// A PBX, telephones, the test bank and a real daemon between them, for demo and stories.
pub mod stage;
/// Seeded histories of the payment call.
pub mod simulation;
