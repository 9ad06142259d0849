//! What wakes an admin: in the log, in the trail and in the feed, with what to do.

use uuid::Uuid;

use crate::call::{Alarm, Outcome, SealLoss};
use crate::psp::{Answer, News};

use super::Desk;
use super::event::EventBody;

/// What to do about a provider that is not there.
const LOOK_THERE: &str = "look at the provider's status page and at this machine's way to the internet";

impl Desk {
    /// Raises an alarm about a payment.
    pub(super) async fn raise(&self, payment: Uuid, alarm: &'static str, what: String, remedy: &str) {
        crate::observe::alarm(alarm, Some(&payment.to_string()), &what, remedy);
        self.tell_alarm(payment, alarm, what, remedy).await;
    }

    /// Tells whoever looks at a payment of an alarm that the admin knows already.
    pub(super) async fn tell_alarm(&self, payment: Uuid, alarm: &'static str, what: String, remedy: &str) {
        let body = EventBody::Alarm { alarm, what: Some(what), remedy: Some(remedy.to_owned()) };
        self.note(payment, "tonegate", &body).await;
        self.feed.publish(payment, body);
    }

    /// Raises what a provider's answer tells of a fault that an admin has to mend.
    pub(super) async fn raise_fault_of(&self, payment: Uuid, psp: &str, answer: &Answer) {
        let detail = &answer.detail;
        let (alarm, what) = match (&answer.remedy, answer.unavailable) {
            (_, true) => ("psp_unavailable", format!("`{psp}` is not there: {detail}")),
            (Some(_), false) if answer.outcome == Outcome::NotCharged => (
                "psp_misconfigured",
                format!("`{psp}` did not take the charge, and not for the card: {detail}"),
            ),
            (Some(_), false) => {
                ("psp_unclear", format!("what became of a charge at `{psp}` is not known: {detail}"))
            }
            (None, false) => return,
        };
        self.raise(payment, alarm, what, answer.remedy.as_deref().unwrap_or(LOOK_THERE)).await;
    }

    /// Raises that a charge goes to another account.
    pub(super) async fn raise_rerouted(&self, payment: Uuid, from: &str, to: &str, because: &Answer) {
        let what = format!("`{from}` is not there: {}; the card goes to `{to}`", because.detail);
        let remedy = because.remedy.as_deref().unwrap_or(LOOK_THERE);
        self.raise(payment, "psp_unavailable", what, remedy).await;
    }

    /// Raises that an account charged the card after all, which was taken to be out of reach and left for another.
    pub(super) async fn raise_charged_elsewhere(&self, payment: Uuid, left: &str, news: &News) {
        let reference = news.reference.as_deref().unwrap_or("not told");
        let what = format!(
            "`{left}` tells of a charge for an attempt that was taken to another account because it was not there; \
             its reference: {reference}"
        );
        let remedy = format!(
            "compare both accounts; if both charged this payment, give the charge at `{left}` back, in the \
             provider's own pages"
        );
        self.raise(payment, "charged_elsewhere", what, &remedy).await;
    }
}

/// What an admin is woken with.
pub(super) fn alarm_words(alarm: Alarm) -> (&'static str, &'static str, &'static str) {
    match alarm {
        Alarm::SealLost(SealLoss::KeypadLost) => (
            "seal_lost",
            "the private keypad's connection ended during a capture; the leg stays sealed",
            "look at the PBX's log for what closed it",
        ),
        Alarm::SealLost(SealLoss::Opened) => (
            "seal_lost",
            "the leg was no longer sealed during a capture; capture was stopped",
            "find who unset sensitive_dtmf on the leg",
        ),
        Alarm::SealLost(SealLoss::Moved) => (
            "seal_lost",
            "the customer's leg was moved to another leg during a capture; capture was stopped",
            "agents transfer a call before or after a payment, not during one",
        ),
        Alarm::ShieldFailed => (
            "shield_failed",
            "a recording could not be masked or opened",
            "look at the PBX's log; no card is asked for while this lasts",
        ),
        Alarm::SealStuck => ("seal_stuck", "the seal could not be ended", super::news::STUCK_REMEDY),
        Alarm::PbxLost => (
            "pbx_lost",
            "the connection to the PBX ended during a capture",
            "look whether the PBX was restarted; calls go on sealed and are looked for when it is back",
        ),
        Alarm::JournalFailed => (
            "journal_failed",
            "an attempt could not be written down, so nothing was charged",
            "look at the store: disk space, permissions",
        ),
    }
}
