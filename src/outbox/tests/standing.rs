//! How endpoints fare, as an admin sees it.

use super::*;
use crate::store::EndpointStanding;

#[tokio::test]
async fn how_endpoints_fare_is_told_in_the_order_of_the_configuration() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let (well, gone) = (Ear::open(&[204]).await, Ear::open(&[410]).await);
    let stop = begin(&store, vec![endpoint("well", &well.url, &[]), endpoint("gone", &gone.url, &[])]);
    begin_payment(&store).await;
    until("both noted", async || listed(&store, None, Some(DeliveryState::Pending)).await.is_empty()).await;
    stop.cancel();
    let fare = async || {
        let all = store.webhook_endpoints().await.expect("read");
        let one = |one: &EndpointStanding| {
            (one.endpoint.clone(), one.configured, one.taken_at_ms.is_some(), one.dead)
        };
        all.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(fare().await, [("well".into(), true, true, 0), ("gone".into(), true, false, 1)]);
    // Struck from the configuration, what is left of it is seen still.
    store.subscribe(vec![endpoint("new", &well.url, &[]).subscription()]);
    let left =
        [("new".into(), true, false, 0), ("gone".into(), false, false, 1), ("well".into(), false, true, 0)];
    assert_eq!(fare().await, left);
    assert_eq!(store.dead_webhooks().await, Ok(1));
}
