//! Plans over the API: what is refused, by which member, and what is not there.

use serde_json::json as object;

use crate::desk::Desk;

const NOBODY: &str = "0190b2c4-7e1f-7000-8000-1234567890ab";

#[tokio::test]
async fn a_plan_names_a_stored_card_and_what_is_wrong_with_it_is_said() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v1/plans").await.body, object!({ "plans": [], "next": null }));
    assert_eq!(desk.get("/v1/plans?state=held&reference=SUB-1&limit=1").await.status, 200);
    for wrong in ["state=late", "token=x", "limit=0", "cursor=x"] {
        let refused = desk.get(&format!("/v1/plans?{wrong}")).await;
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.body);
    }
    let plan = object!({ "reference": "SUB-1", "token": NOBODY, "amount": "19.90", "first": "2030-01-31T09:00",
        "zone": "Europe/Paris", "every": "month", "count": 12 });
    let unknown = desk.post("/v1/plans", &plan).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.text("type").as_str()),
        (404, "urn:tonegate:problem:no-such-token")
    );
    let mut odd = plan.clone();
    odd["every"] = "fortnight".into();
    let refused = desk.post("/v1/plans", &odd).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let mut unnamed = plan.clone();
    unnamed["reference"] = " ".into();
    let refused = desk.post("/v1/plans", &unnamed).await;
    assert_eq!((refused.status.as_u16(), refused.text("field").as_str()), (422, "reference"));
    for path in ["pause", "cancel"] {
        let missing = desk.post(&format!("/v1/plans/{NOBODY}/{path}"), &object!({})).await;
        assert_eq!(
            (missing.status.as_u16(), missing.text("type").as_str()),
            (404, "urn:tonegate:problem:no-such-plan")
        );
    }
    assert_eq!(
        desk.post(&format!("/v1/plans/{NOBODY}/resume"), &object!({ "missed": true })).await.status,
        404
    );
    assert_eq!(desk.get(&format!("/v1/plans/{NOBODY}")).await.status, 404);
}
