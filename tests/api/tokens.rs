//! Stored cards over the API: what is not there, and what a charge has to name.

use reqwest::Method;
use serde_json::json as object;

use crate::desk::{Desk, json, read};

#[tokio::test]
async fn stored_cards_are_listed_and_a_charge_names_itself() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v1/tokens").await.body, object!({ "tokens": [], "next": null }));
    assert_eq!(desk.get("/v1/tokens?customer=cust-7&limit=1").await.status, 200);
    assert_eq!(desk.get("/v1/tokens?limit=0").await.status, 400);
    let nobody = "/v1/tokens/0190b2c4-7e1f-7000-8000-1234567890ab";
    let missing = desk.get(nobody).await;
    assert_eq!(
        (missing.status.as_u16(), missing.text("type").as_str()),
        (404, "urn:tonegate:problem:no-such-token")
    );
    assert_eq!(read(desk.ask(Method::DELETE, nobody)).await.status, 404);
    let charges = format!("{nobody}/charges");
    let unnamed = desk.post(&charges, &object!({ "amount": "1.00" })).await;
    assert_eq!((unnamed.status.as_u16(), unnamed.text("field").as_str()), (400, "Idempotency-Key"));
    let named = desk.ask(Method::POST, &charges).header("idempotency-key", "july");
    assert_eq!(read(json(named, &object!({ "amount": "1.00" }))).await.status, 404);
}
