//! DTMF in sound (ITU-T Q.23, Q.24): making it, and finding it.
//!
//! The digits found here come from test audio, that is from published test card numbers; see
//! [`crate::inspect`].

mod detect;
mod make;
mod measure;

pub use detect::{KeyTone, detect};
pub use make::{ToneShape, append_key, append_keys, key_of, key_sample, pair_of};

/// The four frequencies of the rows of a keypad, in Hz.
pub const ROWS_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// The four frequencies of the columns of a keypad, in Hz.
pub const COLUMNS_HZ: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// The sixteen keys, row by row.
pub const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
