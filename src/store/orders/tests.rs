mod heard;

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::call::{AttemptId, DeclineReason, Ending, Outcome};
use crate::pbx::Means;
use crate::psp::{Link, LinkState};
use crate::store::{
    ForLink, NewAttempt, NewLinkRecord, NewPayment, OperationId, OperationOutcome, OperationState,
    Settlement, Step, StoreSettings, Teller,
};

async fn store() -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(directory.path(), private).expect("private");
    (open(&directory).await, directory)
}

async fn open(directory: &tempfile::TempDir) -> Store {
    let path = directory.path().join("payments.sqlite");
    Store::open(&StoreSettings { path }).await.expect("a store")
}

fn euros(text: &str) -> Money {
    Money::parse(text, "EUR".parse().expect("a currency")).expect("an amount")
}

fn new(reference: &str, parts: bool) -> NewOrder {
    NewOrder {
        merchant: "main".into(),
        reference: reference.into(),
        amount: euros("42.50"),
        description: "Invoice".into(),
        customer: Debtor { phone: Some("+33612345678".into()), ..Debtor::default() },
        due: None,
        parts,
        minimum: None,
    }
}

async fn added(store: &Store, reference: &str, parts: bool) -> Order {
    store.add_order(&new(reference, parts), "key:crm").await.expect("written")
}

async fn begin(store: &Store, order: &Order, amount: Money) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let payment = NewPayment {
        id,
        merchant: order.new.merchant.clone(),
        agent: None,
        means: Means::Api,
        caller_number: None,
        dialled_number: None,
        reference: Some(order.new.reference.clone()),
        amount,
        description: String::new(),
        customer_leg: "leg".into(),
        agent_leg: None,
    };
    let order = ForOrder { id: order.id, even_if_unknown: false };
    store.begin_payment_for(&payment, Some(order)).await.map(|()| id)
}

/// Sends a card and settles it, if an outcome is given; then the payment ends.
async fn charged(store: &Store, payment: Uuid, outcome: Option<Outcome>, ending: Ending) -> AttemptId {
    let attempt = AttemptId { payment: payment.as_u128(), ordinal: 1 };
    store.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await.expect("written");
    store.attempt_step(attempt, Step::Sent, "").await.expect("written");
    if let Some(outcome) = outcome {
        let settlement = Settlement { outcome, detail: String::new() };
        store.settle_attempt(attempt, &settlement).await.expect("written");
    }
    store.end_payment(payment, ending).await.expect("written");
    attempt
}

fn approved() -> Outcome {
    Outcome::Approved { reference: "ch_1".into() }
}

async fn stands(store: &Store, reference: &str) -> (OrderState, String) {
    let order = store.order("main", reference).await.expect("read").expect("an order");
    (order.state(), order.owed().decimal())
}

fn fault<T: std::fmt::Debug>(result: Result<T, StoreError>) -> OrderFault {
    match result.expect_err("refused") {
        StoreError::Order(fault) => fault,
        other => panic!("another fault: {other}"),
    }
}

#[tokio::test]
async fn an_order_is_paid_once_and_its_state_follows_from_its_payments() {
    let (store, _directory) = store().await;
    let order = added(&store, "A-1", false).await;
    assert_eq!(fault(store.add_order(&order.new, "key:crm").await), OrderFault::Exists("A-1".into()));
    assert_eq!(stands(&store, "A-1").await, (OrderState::Open, "42.50".into()));

    let first = begin(&store, &order, euros("42.50")).await.expect("begun");
    let refused = fault(begin(&store, &order, euros("42.50")).await);
    assert_eq!(refused, OrderFault::UnderWay { reference: "A-1".into(), payment: first.to_string() });
    let declined = Outcome::Declined(DeclineReason::InsufficientFunds);
    charged(&store, first, Some(declined), Ending::Declined).await;

    let second = begin(&store, &order, euros("42.50")).await.expect("begun");
    let attempt = charged(&store, second, Some(Outcome::Unknown), Ending::Unknown).await;
    let unknown = fault(begin(&store, &order, euros("42.50")).await);
    assert_eq!(unknown, OrderFault::Unknown { reference: "A-1".into(), attempt: attempt.key() });
    assert!(matches!(fault(store.cancel_order("main", "A-1", "key:crm").await), OrderFault::Unknown { .. }));

    let settlement = Settlement { outcome: approved(), detail: String::new() };
    store.settle_attempt(attempt, &settlement).await.expect("written");
    assert_eq!(stands(&store, "A-1").await, (OrderState::Paid, "0.00".into()));
    assert_eq!(fault(begin(&store, &order, euros("42.50")).await), OrderFault::Paid("A-1".into()));
    assert_eq!(fault(store.cancel_order("main", "A-1", "key:crm").await), OrderFault::Paid("A-1".into()));
    let kept = store.payment(second).await.expect("read").expect("a payment");
    assert_eq!(kept.order, Some(order.id));
}

#[tokio::test]
async fn parts_are_taken_where_the_order_allows_them_and_never_more_than_is_owed() {
    let (store, _directory) = store().await;
    let whole = added(&store, "A-1", false).await;
    let refused = fault(begin(&store, &whole, euros("10.00")).await);
    assert_eq!(refused, OrderFault::Whole { reference: "A-1".into(), owed: euros("42.50") });
    let order = added(&store, "A-2", true).await;
    let part = begin(&store, &order, euros("10.00")).await.expect("begun");
    charged(&store, part, Some(approved()), Ending::Approved).await;
    assert_eq!(stands(&store, "A-2").await, (OrderState::PartlyPaid, "32.50".into()));
    let refused = fault(begin(&store, &order, euros("42.50")).await);
    assert!(matches!(refused, OrderFault::TooMuch { owed, .. } if owed == euros("32.50")));
    let pounds = Money::parse("1.00", "GBP".parse().expect("a currency")).expect("an amount");
    assert!(matches!(fault(begin(&store, &order, pounds).await), OrderFault::Currency { .. }));

    let cancelled = store.cancel_order("main", "A-2", "key:crm").await.expect("written");
    assert_eq!((cancelled.state(), cancelled.paid), (OrderState::Cancelled, euros("10.00")));
    assert_eq!(store.cancel_order("main", "A-2", "key:crm").await, Ok(cancelled));
    assert_eq!(fault(begin(&store, &order, euros("32.50")).await), OrderFault::Cancelled("A-2".into()));
    let trail = store.history_of("order main/A-2").await;
    assert_eq!(trail, ["order_added", "order_cancelled"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_begin_at_once_one_begins() {
    let (store, _directory) = store().await;
    let order = added(&store, "A-1", true).await;
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (store, order) = (store.clone(), order.clone());
            tokio::spawn(async move { begin(&store, &order, order.owed()).await })
        })
        .collect();
    let mut begun = 0;
    for one in tries {
        match one.await.expect("no panic") {
            Ok(_) => begun += 1,
            refused => assert!(matches!(fault(refused), OrderFault::UnderWay { .. })),
        }
    }
    assert_eq!(begun, 1);
}

#[tokio::test]
async fn a_payment_that_died_with_its_daemon_is_no_longer_under_way_but_its_charge_counts() {
    let (first_life, directory) = store().await;
    let (quiet, sent) = (added(&first_life, "A-1", false).await, added(&first_life, "A-2", false).await);
    begin(&first_life, &quiet, quiet.owed()).await.expect("begun");
    let payment = begin(&first_life, &sent, sent.owed()).await.expect("begun");
    let attempt = AttemptId { payment: payment.as_u128(), ordinal: 1 };
    first_life.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await.expect("written");
    first_life.close().await;

    let store = open(&directory).await;
    assert!(begin(&store, &quiet, quiet.owed()).await.is_ok());
    assert!(matches!(fault(begin(&store, &sent, sent.owed()).await), OrderFault::Unknown { .. }));
}

#[tokio::test]
async fn a_link_for_the_orders_payment_pays_the_order_and_nobody_else_does_meanwhile() {
    let (store, _directory) = store().await;
    let order = added(&store, "A-1", false).await;
    let payment = begin(&store, &order, order.owed()).await.expect("begun");
    store.end_payment(payment, Ending::OtherMeans).await.expect("written");
    let link = |amount| NewLinkRecord {
        id: OperationId::fresh(),
        payment: Some(payment),
        psp: "bank".into(),
        amount,
        about: ForLink {
            expires_at_ms: 4_102_444_800_000,
            order: None,
            merchant: "main".into(),
            reference: None,
            language: "en".into(),
        },
        actor: "key:crm".into(),
    };
    assert!(matches!(fault(store.journal_link(&link(euros("50.00"))).await), OrderFault::TooMuch { .. }));
    let made = store.journal_link(&link(order.owed())).await.expect("written").operation;
    let refused = fault(begin(&store, &order, order.owed()).await);
    assert_eq!(refused, OrderFault::Link { reference: "A-1".into(), link: made.id.0.to_string() });
    assert!(matches!(fault(store.cancel_order("main", "A-1", "x").await), OrderFault::Link { .. }));

    let outcome = OperationOutcome {
        state: OperationState::Done,
        psp_reference: Some("link_1".into()),
        detail: String::new(),
        may_resend: false,
    };
    store.settle_operation(made.id, &outcome, Teller::Answer).await.expect("written");
    let paid = Link { id: "link_1".into(), url: None, state: LinkState::Paid };
    store.link_stands(made.id, &paid, Some("ch_7")).await.expect("written");
    assert_eq!(stands(&store, "A-1").await, (OrderState::Paid, "0.00".into()));
    assert_eq!(fault(begin(&store, &order, order.owed()).await), OrderFault::Paid("A-1".into()));
}

#[tokio::test]
async fn orders_are_found_page_after_page_and_many_are_written_at_once() {
    let (store, _directory) = store().await;
    let many: Vec<NewOrder> = (0..250).map(|n| new(&format!("B-{n}"), false)).collect();
    let batch = store.add_orders(&many, "orders.csv", "shell:0").await.expect("written");
    assert_eq!((batch.added, batch.known), (250, vec![]));
    let mut again = vec![new("B-7", false), new("C-1", false), new("C-1", false)];
    again.push(NewOrder { merchant: "uk".into(), ..new("B-7", false) });
    assert_eq!(store.known_orders(&again).await, Ok(vec![0, 2]));
    let batch = store.add_orders(&again, "orders.csv", "shell:0").await.expect("written");
    assert_eq!((batch.added, batch.known), (2, vec![0, 2]));
    assert_eq!(store.history_of("orders").await, ["orders_imported", "orders_imported"]);

    let order = store.order("main", "B-9").await.expect("read").expect("an order");
    let payment = begin(&store, &order, order.owed()).await.expect("begun");
    charged(&store, payment, Some(approved()), Ending::Approved).await;
    store.cancel_order("main", "B-10", "x").await.expect("written");
    let (mut seen, mut after) = (std::collections::BTreeSet::new(), None);
    loop {
        let page = store.orders(&OrderFilter::default(), after, 100).await.expect("read");
        for order in &page.orders {
            assert!(seen.insert((order.new.merchant.clone(), order.new.reference.clone())), "once each");
        }
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(seen.len(), 252);
    let found = async |filter: OrderFilter| {
        let page = store.orders(&filter, None, 100).await.expect("read");
        page.orders.into_iter().map(|order| order.new.reference).collect::<Vec<_>>()
    };
    let state = |state| OrderFilter { state: Some(state), ..OrderFilter::default() };
    assert_eq!(found(state(OrderState::Paid)).await, ["B-9"]);
    assert_eq!(found(state(OrderState::Cancelled)).await, ["B-10"]);
    assert_eq!(found(state(OrderState::PartlyPaid)).await.len(), 0);
    let phone = OrderFilter { phone: Some("+33612345678".into()), ..state(OrderState::Open) };
    assert_eq!(found(phone).await.len(), 100);
    let both = OrderFilter { reference: Some("B-7".into()), ..OrderFilter::default() };
    assert_eq!(found(OrderFilter { merchant: Some("uk".into()), ..both.clone() }).await.len(), 1);
    assert_eq!(found(both).await.len(), 2);
}

impl Store {
    /// What was done to a subject.
    async fn history_of(&self, subject: &str) -> Vec<String> {
        sqlx::query_scalar("SELECT act FROM trail WHERE subject = $1 ORDER BY seq")
            .bind(subject)
            .fetch_all(&self.readers)
            .await
            .expect("read")
    }
}
