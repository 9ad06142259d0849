//! Figures of a few payments, counted by hand.

use super::*;
use crate::call::{AttemptId, DeclineReason, Outcome};
use crate::pbx::Means;
use crate::store::{NewAttempt, NewPayment, Settlement, StoreSettings, tests::private_directory};

async fn paid(store: &Store, agent: Option<&str>, outcomes: &[Outcome], ending: Option<Ending>) {
    let id = uuid::Uuid::now_v7();
    let new = NewPayment {
        id,
        merchant: "main".into(),
        agent: agent.map(str::to_owned),
        means: Means::Api,
        caller_number: None,
        dialled_number: None,
        reference: None,
        amount: Money { minor: 1_050, currency: "EUR".parse().unwrap() },
        description: "an order".into(),
        customer_leg: "leg".into(),
        agent_leg: None,
    };
    store.begin_payment(&new).await.unwrap();
    for (ordinal, outcome) in (1..).zip(outcomes) {
        let attempt = AttemptId { payment: id.as_u128(), ordinal };
        store.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await.unwrap();
        let settlement = Settlement { outcome: outcome.clone(), detail: String::new() };
        store.settle_attempt(attempt, &settlement).await.unwrap();
    }
    if let Some(ending) = ending {
        store.end_payment(id, ending).await.unwrap();
    }
}

#[tokio::test]
async fn each_payment_counts_once_and_each_declined_card() {
    let directory = private_directory();
    let settings = StoreSettings { path: directory.path().join("payments.sqlite") };
    let store = Store::open(&settings).await.unwrap();
    let approved = Outcome::Approved { reference: "r".into() };
    let funds = Outcome::Declined(DeclineReason::InsufficientFunds);
    let expired = Outcome::Declined(DeclineReason::Expired);
    paid(&store, Some("1001"), std::slice::from_ref(&approved), Some(Ending::Approved)).await;
    paid(&store, Some("1001"), &[funds.clone(), expired, approved], Some(Ending::Approved)).await;
    paid(&store, Some("1002"), &[funds], Some(Ending::Declined)).await;
    paid(&store, None, &[], Some(Ending::TimedOut)).await;
    paid(&store, None, &[], None).await;
    let zone = jiff::tz::TimeZone::UTC;
    let report = store.report(0, i64::MAX, &zone).await.unwrap().unwrap();
    let total = &report.total;
    assert_eq!((total.payments, total.ended(Ending::Approved)), (5, 2));
    assert_eq!(total.success_rate(), Some(0.5), "of the four that ended");
    assert_eq!(total.declines, BTreeMap::from([("expired".into(), 1), ("insufficient_funds".into(), 2)]));
    assert_eq!(total.approved().iter().map(ToString::to_string).collect::<Vec<_>>(), ["21.00 EUR"]);
    assert!(total.time_to_pay_ms(50).is_some_and(|ms| ms < 60_000));
    assert_eq!(report.agents["1001"].payments, 2);
    assert_eq!(report.agents["1002"].time_to_pay_ms(50), None);
    assert_eq!(report.agents[""].payments, 2);
    let days: u64 = report.days.values().map(|figures| figures.payments).sum();
    assert_eq!(days, 5);
    let nothing = store.report(0, 1, &zone).await.unwrap().unwrap();
    assert_eq!((nothing.total.payments, nothing.total.success_rate()), (0, None));
}
