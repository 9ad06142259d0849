//! See the crate's map in `lib.rs`.
pub mod simulation;

pub mod residue;
