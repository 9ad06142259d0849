//! A call that waits for a hand.

use super::call::{Call, EndedBy};
use super::{Dialog, Inner, PhoneError};
use std::sync::Arc;

/// A call that rings and waits for a hand.
pub struct Ringing {
    inner: Arc<Inner>,
    call: Arc<Call>,
}

impl Ringing {
    pub(super) fn new(inner: Arc<Inner>, call: Arc<Call>) -> Self {
        Self { inner, call }
    }

    /// A header of the INVITE.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.call.invite.as_ref()?.header(name)
    }

    /// Answers the call.
    ///
    /// # Errors
    /// [`PhoneError::NotUp`] if the caller has given up, [`PhoneError::NoCommonCodec`].
    pub fn answer(self) -> Result<Dialog, PhoneError> {
        self.inner.answer(&self.call)?;
        Ok(Dialog::new(self.inner, self.call))
    }

    /// Refuses the call with a status code, such as 486 (busy) or 603 (declined).
    pub fn refuse(self, code: u16) {
        self.inner.refuse(&self.call, code, EndedBy::Here);
    }
}
