//! Keys of programs.

use super::*;

fn crm(expires_at_ms: Option<i64>) -> NewKey {
    NewKey { name: "CRM".into(), scopes: vec![Scope::PaymentsWrite, Scope::PaymentsRead], expires_at_ms }
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_until_it_is_taken_back() {
    let house = House::new().await;
    let key = house.people.make_key("shell:0", &crm(None)).await.unwrap();
    assert!(key.starts_with("tg_") && key.len() == 46, "256 bits behind a prefix that is easy to find");
    assert!(!house.holds(&key).await && !house.holds(&key[3..]).await, "only a hash is kept");
    let holder = house.people.key_holder(&key).await.unwrap().unwrap();
    assert_eq!(holder.name, "crm");
    assert!(holder.scopes.holds(Scope::PaymentsWrite) && !holder.scopes.holds(Scope::Refunds));
    for wrong in ["tg_", "", &key[3..], &format!("{}x", *key)] {
        assert_eq!(house.people.key_holder(wrong).await.unwrap(), None);
    }
    house.people.revoke_key("shell:0", "crm").await.unwrap();
    assert_eq!(house.people.key_holder(&key).await.unwrap(), None);
    let again = house.people.revoke_key("shell:0", "crm").await.unwrap_err().to_string();
    assert_eq!(again, "there is no key named `crm`; `tonegate key list` shows all");
    let taken = house.people.make_key("shell:0", &crm(None)).await.unwrap_err();
    assert_eq!(
        taken,
        PeopleFault::Taken { what: "key", name: "crm".into() },
        "the trail knows it by its name"
    );
    let trail = house.trail().await;
    assert!(trail.contains(&"shell:0 | key made | key:crm | scopes: payments:read,payments:write".into()));
    assert!(trail.contains(&"shell:0 | key revoked | key:crm | ".into()));
}

#[tokio::test]
async fn a_key_ends_by_itself() {
    let house = House::new().await;
    let end = house.people.now_ms() + MINUTE_MS;
    let key = house.people.make_key("shell:0", &crm(Some(end))).await.unwrap();
    house.pass(MINUTE_MS - 1);
    assert!(house.people.key_holder(&key).await.unwrap().is_some());
    house.pass(1);
    assert!(house.people.key_holder(&key).await.unwrap().is_none());
    let past = NewKey { name: "late".into(), ..crm(Some(end)) };
    assert_eq!(house.people.make_key("shell:0", &past).await.unwrap_err(), PeopleFault::Expired);
    let idle = NewKey { name: "idle".into(), scopes: vec![], expires_at_ms: None };
    assert_eq!(house.people.make_key("shell:0", &idle).await.unwrap_err(), PeopleFault::Nothing("scope"));
}

#[tokio::test]
async fn the_last_use_is_known_to_the_minute() {
    let house = House::new().await;
    let key = house.people.make_key("shell:0", &crm(None)).await.unwrap();
    let used = async || house.people.keys().await.unwrap()[0].used_at_ms;
    assert_eq!(used().await, None);
    let first = house.people.now_ms();
    house.people.key_holder(&key).await.unwrap();
    house.pass(59_999);
    house.people.key_holder(&key).await.unwrap();
    assert_eq!(used().await, Some(first), "not every request is a write");
    house.pass(1);
    house.people.key_holder(&key).await.unwrap();
    assert_eq!(used().await, Some(first + MINUTE_MS));
}
