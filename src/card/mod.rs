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
impl LastFour {
    pub(crate) fn of(digits: &[u8]) -> LastFour {
        let mut last = [b'0'; 4];
        for (to, from) in last.iter_mut().rev().zip(digits.iter().rev()) {
            *to = *from;
        }
        LastFour(last)
    }
    pub fn digits(&self) -> [u8; 4] {
        self.0
    }
}
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MaskedPan(String);
