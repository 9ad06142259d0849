//! The payment number: nobody but the customer and the prompts.

use tonegate::inspect::stage::Keys;

use crate::ensure;
use crate::scene::{SHORT_OF_FUNDS, Told, VISA, set};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(a_customer_pays_alone),
        story!(alone_declined_then_another_card),
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

async fn the_number_when_we_are_down(stage: Stage) -> Told {
    let mut set = set(&stage, |_| {}).await?;
    set.daemon.stop().await?;
    let customer = set.theatre.dial_direct(Keys::Rfc4733).await?;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    ensure!(customer.is_up(), "the fallback of the dialplan did not take the call");
    customer.hang_up().await
}
