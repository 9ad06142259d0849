//! See the crate's map in `lib.rs`.

pub mod residue;
