use super::*;

#[tokio::test]
async fn what_the_companys_system_tells_is_written_down_once_and_brought_up_to_date() {
    let (store, _directory) = store().await;
    let told = NewOrder { description: "Invoice 4111111111111111".into(), ..new("C-1", true) };
    let first = store.hear_order(&told, "crm").await.expect("written");
    assert!(!first.new.description.contains("4111111111111111"));
    assert_eq!(store.hear_order(&told, "crm").await.as_ref(), Ok(&first));
    assert_eq!(store.history_of("order main/C-1").await, ["order_added"], "the same is not written twice");

    let part = begin(&store, &first, euros("20.00")).await.expect("begun");
    let dearer = NewOrder { amount: euros("60.00"), ..told.clone() };
    let during = store.hear_order(&dearer, "crm").await.expect("read");
    assert_eq!(during.new.amount, euros("42.50"), "nothing changes while somebody pays");
    charged(&store, part, Some(approved()), Ending::Approved).await;
    let changed = store.hear_order(&dearer, "crm").await.expect("written");
    assert_eq!((changed.id, changed.owed(), changed.paid), (first.id, euros("40.00"), euros("20.00")));

    // That system has not booked what was paid here: the order is paid all the same.
    let rest = begin(&store, &changed, euros("40.00")).await.expect("begun");
    charged(&store, rest, Some(approved()), Ending::Approved).await;
    let paid = store.hear_order(&dearer, "crm").await.expect("read");
    assert_eq!((paid.state(), paid.owed()), (OrderState::Paid, euros("0.00")));
    let pounds = Money::parse("60.00", "GBP".parse().expect("a currency")).expect("an amount");
    let other = store.hear_order(&NewOrder { amount: pounds, ..told }, "crm").await.expect("read");
    assert_eq!(other.new.amount, euros("60.00"), "what was paid stays in its currency");
}

#[tokio::test]
async fn a_part_is_not_less_than_the_least_and_the_rest_may_always_be_paid() {
    let (store, _directory) = store().await;
    let instalments = NewOrder { minimum: Some(euros("15.00")), ..new("I-1", true) };
    let order = store.add_order(&instalments, "key:crm").await.expect("written");
    let refused = fault(begin(&store, &order, euros("14.99")).await);
    assert!(matches!(refused, OrderFault::TooLittle { least, .. } if least == euros("15.00")), "{refused}");
    for (pay, state) in [("15.00", OrderState::PartlyPaid), ("17.50", OrderState::PartlyPaid)] {
        let part = begin(&store, &order, euros(pay)).await.expect("begun");
        charged(&store, part, Some(approved()), Ending::Approved).await;
        assert_eq!(stands(&store, "I-1").await.0, state);
    }
    // 10.00 are left, less than the least part.
    let order = store.order("main", "I-1").await.expect("read").expect("an order");
    assert_eq!((order.owed(), order.least()), (euros("10.00"), euros("10.00")));
    let last = begin(&store, &order, euros("10.00")).await.expect("begun");
    charged(&store, last, Some(approved()), Ending::Approved).await;
    assert_eq!(stands(&store, "I-1").await, (OrderState::Paid, "0.00".into()));
}
