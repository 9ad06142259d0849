//! What happens to payments, told to the sessions they belong to.

use std::sync::Arc;

use super::session::{Session, Twilio};
use crate::desk::{EventBody, FeedError};
use crate::store::{AttemptState, Payment};

impl Twilio {
    /// Listens until the feed ends.
    pub(super) async fn listen(self: Arc<Self>) {
        let mut listener = self.desk.feed.listen(None);
        loop {
            match listener.next().await {
                Ok(event) => {
                    let session = self.sessions().get(&event.payment).map(|slot| Arc::clone(&slot.session));
                    if let Some(session) = session {
                        self.tell(&session, &event.body).await;
                    }
                }
                Err(FeedError::Lagged(lost)) => {
                    tracing::warn!(lost, "events were lost to StatusCallbacks; results are looked up");
                    self.look_results_up().await;
                }
                Err(FeedError::Ended) => return,
            }
        }
    }

    async fn tell(&self, session: &Session, event: &EventBody) {
        let Some(mut news) = session.tell(event) else { return };
        if news.result {
            self.add_result(session, &mut news.parameters).await;
        }
        self.call_back(session, news.parameters, news.progress);
    }

    /// What the store knows of the result: the provider's reference or token, its own words.
    async fn add_result(&self, session: &Session, parameters: &mut super::view::Parameters) {
        let Ok(Some(payment)) = self.desk.store().payment(session.payment).await else { return };
        let Some(attempt) = payment.attempts.last() else { return };
        if attempt.state != AttemptState::Approved {
            parameters.push(("ConnectorError", attempt.detail.clone()));
            return;
        }
        let reference = attempt.psp_reference.clone().unwrap_or_default();
        if !session.commanded.store_card {
            parameters.push(("PaymentConfirmationCode", reference));
            return;
        }
        parameters.push(("PaymentToken", reference));
        if let Ok(Some((_, card))) = self.desk.store().stored_card(session.payment).await {
            parameters.push(("ProfileId", card.shopper));
        }
    }

    /// After events were lost: sessions that are over without anybody having been told.
    async fn look_results_up(&self) {
        let open: Vec<_> = {
            let sessions = self.sessions();
            let open = sessions.values().filter(|slot| !slot.session.is_concluded());
            open.map(|slot| Arc::clone(&slot.session)).collect()
        };
        for session in open {
            if self.desk.live.is_live(session.payment) {
                continue;
            }
            if let Ok(Some(payment)) = self.desk.store().payment(session.payment).await
                && let Some(event) = last_event(&payment)
            {
                self.tell(&session, &event).await;
            }
        }
    }
}

/// What the last event of a payment that is over must have been.
fn last_event(payment: &Payment) -> Option<EventBody> {
    let ending = payment.ending?;
    let ended = EventBody::Ended { ending };
    let Some(attempt) = payment.attempts.last() else { return Some(ended) };
    let ordinal = attempt.attempt.ordinal;
    Some(match (attempt.state, attempt.decline_reason) {
        (AttemptState::Declined, Some(reason)) => EventBody::Declined { attempt: ordinal, reason },
        (AttemptState::NotCharged, _) => EventBody::NotCharged { attempt: ordinal },
        (AttemptState::Unknown, _) => EventBody::OutcomeUnknown { attempt: ordinal },
        _ => ended,
    })
}
