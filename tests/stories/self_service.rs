//! The payment number: nobody but the customer and the prompts.

use tonegate::inspect::stage::{Keys, Set};

use crate::ensure;
use crate::scene::{SHORT_OF_FUNDS, Told, VISA, set};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(a_customer_pays_alone),
        story!(alone_declined_then_another_card),
        story!(a_reference_is_keyed_and_what_is_owed_is_paid_once),
        story!(alone_in_two_instalments),
        story!(card_testing_goes_to_a_human),
        story!(the_number_when_we_are_down),
    ]
}

async fn a_customer_pays_alone(stage: Stage) -> Told {
    let set = set(&stage, |_| {}).await?;
    let customer = set.theatre.dial_direct(Keys::Rfc4733).await?;
    for (field, keys) in [("number", VISA.number().as_str()), ("expiry", VISA.expiry), ("code", VISA.code)] {
        set.events.wait(0, 20_000, field, |e| e["type"] == "field_opened" && e["field"] == field).await?;
        customer.key(keys, 60, 60).await?;
    }
    set.events.wait_for(0, "confirming").await?;
    customer.key("1", 60, 60).await?;
    set.events.wait_for(0, "approved").await?;
    let end = set.events.wait(0, 60_000, "the end", |e| e["type"] == "ended").await?;
    ensure!(end.event["ending"] == "approved", "{}", end.event);
    let charges: u32 = set.bank.ledger().iter().map(|line| line.charges).sum();
    ensure!(charges == 1, "charged {charges} times");
    tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
    ensure!(!customer.is_up(), "the call is not over after the goodbye");
    Ok(())
}

async fn alone_declined_then_another_card(stage: Stage) -> Told {
    let set = set(&stage, |o| o.self_service = "confirm = \"none\"\n".into()).await?;
    let customer = set.theatre.dial_direct(Keys::Rfc4733).await?;
    let mut place = 0;
    for card in [SHORT_OF_FUNDS, VISA] {
        for (field, keys) in
            [("number", card.number().as_str()), ("expiry", card.expiry), ("code", card.code)]
        {
            set.events
                .wait(place, 20_000, field, |e| e["type"] == "field_opened" && e["field"] == field)
                .await?;
            place = set.events.place();
            customer.key(keys, 60, 60).await?;
        }
        if card == SHORT_OF_FUNDS {
            set.events.wait_for(0, "declined").await?;
            place = set.events.place();
            customer.key("1", 60, 60).await?;
        }
    }
    set.events.wait_for(0, "approved").await?;
    Ok(())
}

/// Nobody says what is owed: the customer keys the reference of an order, mistypes it once, and pays. Who keys it again
/// later owes nothing any more, and goes to a human.
async fn a_reference_is_keyed_and_what_is_owed_is_paid_once(stage: Stage) -> Told {
    let set = set(&stage, |_| {}).await?;
    let order = serde_json::json!({ "reference": "4711", "amount": "19.90", "description": "Invoice 4711" });
    set.daemon.post("/v1/orders", order).await?;
    let customer = set.theatre.dial_unsaid(Keys::Rfc4733).await?;
    let mut place = 0;
    for keys in ["4712#", "4711#"] {
        let asked = |e: &serde_json::Value| e["type"] == "field_opened" && e["field"] == "reference";
        set.events.wait(place, 20_000, "reference", asked).await?;
        place = set.events.place();
        customer.key(keys, 60, 60).await?;
    }
    let refused = set.events.wait_for(0, "field_refused").await?;
    ensure!(refused.event["hint"] == "not_known", "{}", refused.event);
    let card = VISA.number();
    for (field, keys) in [("number", card.as_str()), ("expiry", VISA.expiry), ("code", VISA.code)] {
        set.events.wait(0, 20_000, field, |e| e["type"] == "field_opened" && e["field"] == field).await?;
        customer.key(keys, 60, 60).await?;
    }
    set.events.wait_for(0, "confirming").await?;
    customer.key("1", 60, 60).await?;
    let approved = set.events.wait_for(0, "approved").await?;
    set.events.wait(0, 30_000, "the end", |e| e["type"] == "ended").await?;
    let id = approved.event["payment"].as_str().unwrap_or_default().to_owned();
    let payment = set.daemon.get(&format!("/v1/payments/{id}")).await?;
    ensure!(payment["amount"] == "19.90" && payment["order"] == "4711", "{payment}");
    let order = set.daemon.get("/v1/orders/4711").await?;
    ensure!(order["state"] == "paid", "{order}");

    place = set.events.place();
    let again = set.theatre.dial_unsaid(Keys::Rfc4733).await?;
    for keys in ["4711#", "0#"] {
        let asked = |e: &serde_json::Value| e["type"] == "field_opened" && e["field"] == "reference";
        set.events.wait(place, 20_000, "reference", asked).await?;
        place = set.events.place();
        again.key(keys, 60, 60).await?;
    }
    let end = set.events.wait(place, 30_000, "the end", |e| e["type"] == "ended").await?;
    ensure!(end.event["ending"] == "other_means", "{}", end.event);
    tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
    ensure!(again.is_up(), "a human did not take the call");
    let charges: u32 = set.bank.ledger().iter().map(|line| line.charges).sum();
    ensure!(charges == 1, "charged {charges} times");
    again.hang_up().await
}

/// An order that may be paid in parts: one today, on the keypad, and the rest with the next call.
async fn alone_in_two_instalments(stage: Stage) -> Told {
    let set = set(&stage, |o| o.self_service = "confirm = \"none\"\n".into()).await?;
    let order = serde_json::json!({
        "reference": "52", "amount": "50.00", "partial_payments": true, "minimum": "10.00",
    });
    set.daemon.post("/v1/orders", order).await?;
    let mut place = set.events.place();
    for (choice, paid, state) in [("2", "20.00", "partly_paid"), ("1", "30.00", "paid")] {
        let customer = set.theatre.dial_unsaid(Keys::Rfc4733).await?;
        asked(&set, &mut place, "reference").await?;
        customer.key("52#", 60, 60).await?;
        // The question what to pay is no field; the sentence is told.
        let chooses = |e: &serde_json::Value| {
            e["type"] == "says" && e["words"].as_str().is_some_and(|words| words.contains("To pay a part"))
        };
        set.events.wait(place, 20_000, "the choice", chooses).await?;
        customer.key(choice, 60, 60).await?;
        if choice == "2" {
            // Less than the least part, then one that is possible.
            for keys in ["9#", "20#"] {
                asked(&set, &mut place, "amount").await?;
                customer.key(keys, 60, 60).await?;
            }
        }
        let card = VISA.number();
        for (field, keys) in [("number", card.as_str()), ("expiry", VISA.expiry), ("code", VISA.code)] {
            asked(&set, &mut place, field).await?;
            customer.key(keys, 60, 60).await?;
        }
        let approved = set.events.wait_for(place, "approved").await?;
        set.events.wait(place, 30_000, "the end", |e| e["type"] == "ended").await?;
        place = set.events.place();
        let id = approved.event["payment"].as_str().unwrap_or_default().to_owned();
        let payment = set.daemon.get(&format!("/v1/payments/{id}")).await?;
        ensure!(payment["amount"] == paid && payment["order"] == "52", "{payment}");
        let order = set.daemon.get("/v1/orders/52").await?;
        ensure!(order["state"] == state, "{order}");
    }
    Ok(())
}

/// Waits until a field is asked for, from a place on, and moves the place there.
async fn asked(set: &Set, place: &mut usize, field: &str) -> Told {
    set.events.wait(*place, 20_000, field, |e| e["type"] == "field_opened" && e["field"] == field).await?;
    *place = set.events.place();
    Ok(())
}

/// A caller who tries one card after another: after two declines no card of theirs is sent, and none is asked for.
async fn card_testing_goes_to_a_human(stage: Stage) -> Told {
    let set = set(&stage, |o| {
        o.self_service = "confirm = \"none\"\n".into();
        o.sections = "[guard]\ncaller_declines_per_hour = 2\ndelay_first_ms = 100\n".into();
    })
    .await?;
    let customer = set.theatre.dial_direct(Keys::Rfc4733).await?;
    let mut place = 0;
    for round in 1..=3 {
        for (field, keys) in [
            ("number", SHORT_OF_FUNDS.number().as_str()),
            ("expiry", SHORT_OF_FUNDS.expiry),
            ("code", SHORT_OF_FUNDS.code),
        ] {
            set.events
                .wait(place, 20_000, field, |e| e["type"] == "field_opened" && e["field"] == field)
                .await?;
            place = set.events.place();
            customer.key(keys, 60, 60).await?;
        }
        if round < 3 {
            set.events.wait_for(place, "declined").await?;
            place = set.events.place();
            customer.key("1", 60, 60).await?;
        }
    }
    let alarm = set.events.wait_for(place, "alarm").await?;
    ensure!(alarm.event["alarm"] == "card_testing", "{}", alarm.event);
    set.events.wait_for(place, "not_charged").await?;
    set.events.wait(place, 30_000, "the end", |e| e["type"] == "ended").await?;
    let asked = set.bank.ledger().len();
    ensure!(asked == 2, "the bank was asked {asked} times");
    tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
    ensure!(customer.is_up(), "a human did not take the call");
    customer.hang_up().await?;

    place = set.events.place();
    let again = set.theatre.dial_direct(Keys::Rfc4733).await?;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    ensure!(again.is_up(), "the fallback of the dialplan did not take the call");
    ensure!(set.events.place() == place, "a payment began");
    again.hang_up().await
}

async fn the_number_when_we_are_down(stage: Stage) -> Told {
    let mut set = set(&stage, |_| {}).await?;
    set.daemon.stop().await?;
    let customer = set.theatre.dial_direct(Keys::Rfc4733).await?;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    ensure!(customer.is_up(), "the fallback of the dialplan did not take the call");
    customer.hang_up().await
}
