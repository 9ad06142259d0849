//! Stored cards that are charged when it is due: once, whatever dies in between and whoever else looks.

use std::time::Duration;

use jiff::Timestamp;

use super::till::{Till, till};
use super::tokens::stored;
use super::*;
use crate::call::DeclineReason;
use crate::psp::Answer;
use crate::recurring::{Policy, Retries, watch};
use crate::store::{
    ChargeState, Debtor, NewOrder, NewPlan, Plan, PlanChange, PlanFault, PlanState, StoreError,
};

/// Longer than any step takes here.
const PATIENCE: Duration = Duration::from_secs(20);

fn policy() -> Policy {
    Policy { retries: Retries::default(), late_max_days: 5 }
}

fn new(token: Uuid, reference: &str, rhythm: &str) -> NewPlan {
    NewPlan {
        merchant: "main".into(),
        reference: reference.into(),
        token,
        order: None,
        description: "Club".into(),
        amount: euros("19.90"),
        first: euros("20.10"),
        rhythm: rhythm.into(),
        card_until: None,
    }
}

/// Three months; the first charge is due now.
async fn due_now(room: &Room, token: Uuid, reference: &str) -> Plan {
    let rhythm = format!(
        "R3/{}[Europe/Paris]/P1M",
        (Timestamp::now() - jiff::SignedDuration::from_secs(1))
            .to_zoned(jiff::tz::TimeZone::get("Europe/Paris").expect("a zone"))
            .datetime()
            .round(jiff::Unit::Second)
            .expect("a time")
    );
    let due_ms = Timestamp::now().as_millisecond() - 1_000;
    room.store.add_plan(&new(token, reference, &rhythm), due_ms, "key:crm").await.expect("written")
}

/// The plan, once it stands as wanted.
async fn stands(room: &Room, id: Uuid, wanted: impl Fn(&Plan) -> bool) -> Plan {
    let look = async {
        loop {
            let plan = room.store.plan(id).await.expect("readable").expect("a plan");
            if wanted(&plan) {
                return plan;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(plan) => plan,
        Err(_) => panic!("{:?}", room.store.plan(id).await),
    }
}

async fn states(room: &Room, plan: Uuid) -> Vec<ChargeState> {
    let tries = room.store.plan_charges(plan).await.expect("readable");
    tries.into_iter().map(|one| one.state).collect()
}

#[tokio::test]
async fn what_is_due_is_charged_and_the_next_month_waits() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let plan = due_now(&room, token, "SUB-1").await;
    watch(&room.desk, policy());
    let after = stands(&room, plan.id, |plan| plan.ordinal == 1).await;
    assert_eq!((after.state, after.charging), (PlanState::Active, None));
    let days = (after.due_ms - plan.due_ms) / 86_400_000;
    assert!((27..=31).contains(&days), "{days} days later");
    let charged = till.charged();
    assert_eq!(charged.len(), 1);
    assert_eq!((charged[0].0.amount, charged[0].0.reference.as_deref()), (euros("20.10"), Some("SUB-1")));
    assert_eq!(states(&room, plan.id).await, [ChargeState::Paid]);
    assert_eq!(after.takes(), euros("19.90"));
    let again = room.store.add_plan(&new(token, "SUB-1", "R1"), 0, "key:crm").await;
    assert_eq!(again, Err(StoreError::Plan(PlanFault::Exists("SUB-1".into()))));
    assert!(room.store.verify_trail().await.expect("readable").is_whole());
}

#[tokio::test]
async fn a_claim_whose_daemon_died_before_it_sent_is_charged_once_by_the_next() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let plan = due_now(&room, token, "SUB-1").await;
    let now = Timestamp::now().as_millisecond();
    let claimed = room.store.claim_due_plans(now, 10).await.expect("claimed");
    assert_eq!(claimed.len(), 1);
    assert_eq!(room.store.claim_due_plans(now, 10).await.expect("claimed"), [], "nobody else's");
    // Another in the same life leaves it alone: whoever claimed it may be about to begin.
    let other = desk_over(&room.store, vec![Arc::clone(&till) as Arc<dyn Psp>]);
    watch(&other, policy());
    tokio::time::sleep(Duration::from_millis(300)).await;
    other.drain(PATIENCE).await;
    assert_eq!(till.charged().len(), 0);

    let Room { desk, store, directory } = room;
    drop((desk, other, till));
    store.close().await;
    drop(store);
    let store = store_in(&directory).await;
    let till = Till::new(&store);
    let desk = desk_over(&store, vec![Arc::clone(&till) as Arc<dyn Psp>]);
    let room = Room { desk, store, directory };
    watch(&room.desk, policy());
    stands(&room, plan.id, |plan| plan.ordinal == 1).await;
    assert_eq!(till.charged().len(), 1);
    assert_eq!(states(&room, plan.id).await, [ChargeState::Paid, ChargeState::NotCharged]);
}

#[tokio::test]
async fn an_outcome_nobody_knows_is_waited_for_and_not_charged_again() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let plan = due_now(&room, token, "SUB-1").await;
    till.will_charge(Answer::unknown("lost"));
    watch(&room.desk, policy());
    let charging = stands(&room, plan.id, |plan| plan.charging.is_some()).await;
    let payment = charging.charging.expect("a payment");
    let sent = async {
        while room.store.payment(payment).await.expect("readable").is_none_or(|known| known.ending.is_none())
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, sent).await.expect("ended");
    // Another life finds it as it is.
    let next = desk_over(&room.store, vec![Till::new(&room.store)]);
    watch(&next, policy());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let still = room.store.plan(plan.id).await.expect("readable").expect("a plan");
    assert_eq!((still.charging, still.ordinal), (Some(payment), 0));
    assert_eq!(till.charged().len(), 1);

    let attempt = AttemptId { payment: payment.as_u128(), ordinal: 1 };
    let outcome = Outcome::Approved { reference: "ch_late".into() };
    room.store
        .settle_attempt(attempt, &Settlement { outcome, detail: String::new() })
        .await
        .expect("settled");
    let third = desk_over(&room.store, vec![Till::new(&room.store)]);
    watch(&third, policy());
    stands(&room, plan.id, |plan| plan.ordinal == 1).await;
    assert_eq!(states(&room, plan.id).await, [ChargeState::Paid]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_look_each_charge_is_made_by_one() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let mut plans = Vec::new();
    for n in 0..40 {
        plans.push(due_now(&room, token, &format!("SUB-{n}")).await.id);
    }
    watch(&room.desk, policy());
    let others: Vec<_> =
        (0..3).map(|_| desk_over(&room.store, vec![Arc::clone(&till) as Arc<dyn Psp>])).collect();
    for other in &others {
        watch(other, policy());
    }
    for plan in &plans {
        stands(&room, *plan, |plan| plan.ordinal == 1).await;
    }
    assert_eq!(till.charged().len(), 40);
    room.desk.drain(PATIENCE).await;
    for other in &others {
        other.drain(PATIENCE).await;
    }
    assert_eq!(till.charged().len(), 40);
}

#[tokio::test]
async fn a_card_that_is_gone_holds_the_plan_until_there_is_another() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let plan = due_now(&room, token, "SUB-1").await;
    till.will_charge(Answer::declined(DeclineReason::Expired, "54"));
    watch(&room.desk, policy());
    let held = stands(&room, plan.id, |plan| plan.state == PlanState::Held).await;
    assert!(held.why.contains("expired"), "{}", held.why);
    assert_eq!(till.charged().len(), 1);

    let other = stored(&room).await;
    let card = PlanChange::Card { token: other, until: Some("2030-04".into()) };
    room.store.change_plan(plan.id, &card, "key:crm").await.expect("changed");
    let now = Timestamp::now();
    let resume = crate::recurring::resumed(&held, now, true).expect("something is left");
    room.store.change_plan(plan.id, &resume, "key:crm").await.expect("changed");
    stands(&room, plan.id, |plan| plan.ordinal == 1).await;
    assert_eq!(till.charged().len(), 2);
    room.store.change_plan(plan.id, &PlanChange::Cancel, "key:crm").await.expect("changed");
    let over = room.store.change_plan(plan.id, &PlanChange::Pause, "key:crm").await;
    assert!(matches!(over, Err(StoreError::Plan(PlanFault::Over { .. }))), "{over:?}");
}

#[tokio::test]
async fn what_is_far_too_late_waits_for_somebody_who_may_leave_it_out() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let first = Timestamp::now() - jiff::SignedDuration::from_hours(24 * 40);
    let rhythm = format!("R6/{}[UTC]/P1M", first.to_zoned(jiff::tz::TimeZone::UTC).date().at(9, 0, 0, 0));
    let due_ms =
        rhythm.parse::<crate::recurring::Rhythm>().expect("a rhythm").due(0).expect("due").as_millisecond();
    let plan = room.store.add_plan(&new(token, "SUB-1", &rhythm), due_ms, "key:crm").await.expect("written");
    watch(&room.desk, policy());
    let held = stands(&room, plan.id, |plan| plan.state == PlanState::Held).await;
    assert_eq!(till.charged().len(), 0);
    let resume = crate::recurring::resumed(&held, Timestamp::now(), false).expect("something is left");
    let resumed = room.store.change_plan(plan.id, &resume, "key:crm").await.expect("changed");
    assert_eq!((resumed.state, resumed.ordinal), (PlanState::Active, 2));
    assert!(resumed.due_ms > Timestamp::now().as_millisecond());
}

#[tokio::test]
async fn instalments_end_when_nothing_is_owed_any_more() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let order = NewOrder {
        merchant: "main".into(),
        reference: "A-1".into(),
        amount: euros("50.00"),
        description: "Invoice".into(),
        customer: Debtor::default(),
        due: None,
        parts: true,
        minimum: None,
    };
    let order = room.store.add_order(&order, "key:crm").await.expect("written");
    // Two days that have passed: the second charge takes what the first one left.
    let first = (Timestamp::now() - jiff::SignedDuration::from_hours(48)).to_zoned(jiff::tz::TimeZone::UTC);
    let wanted = NewPlan {
        order: Some(order.id),
        amount: euros("40.00"),
        first: euros("40.00"),
        ..new(token, "INST-1", &format!("R3/{}[UTC]/P1D", first.date().at(0, 0, 0, 0)))
    };
    let due_ms = first.timestamp().as_millisecond();
    let plan = room.store.add_plan(&wanted, due_ms, "key:crm").await.expect("written");
    watch(&room.desk, policy());
    stands(&room, plan.id, |plan| plan.state == PlanState::Done).await;
    let taken: Vec<_> = till.charged().iter().map(|(charge, ..)| charge.amount).collect();
    assert_eq!(taken, [euros("40.00"), euros("10.00")]);
}
