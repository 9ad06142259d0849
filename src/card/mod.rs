//! placeholder replaced by the card room
#![allow(missing_docs, dead_code)]
pub struct Key(u8);
pub struct Card;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Brand {
    Visa,
    Mastercard,
    Amex,
    Diners,
    Discover,
    Jcb,
    UnionPay,
    Maestro,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastFour([u8; 4]);
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MaskedPan(String);
