//! Several merchants and accounts: who is paid, by which account, and what happens when that one fails.

use std::net::TcpListener;
use std::time::Instant;

use serde_json::json;
use tonegate::inspect::stage::{CallPlan, Route, SetOptions};

use crate::ensure;
use crate::scene::{Told, VISA, open_with};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(the_account_is_dead_and_the_second_is_paid),
        story!(both_accounts_are_dead_and_nobody_is_charged),
        story!(the_number_that_was_dialled_names_the_merchant),
        story!(the_queue_names_the_merchant),
        story!(the_dialplan_names_the_merchant_before_the_number),
        story!(the_dialplan_names_a_merchant_that_there_is_not),
        story!(the_api_names_the_merchant),
        story!(the_provider_refuses_the_key_and_the_admin_is_told),
    ]
}

/// An account at an address where nobody is.
fn dead(name: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    format!(
        "[[psp]]\nname = \"{name}\"\nkind = \"generic\"\nurl = \"http://{address}/charge\"\ndeduplicates = true\n"
    )
}

/// A second merchant, paid in pounds.
fn with_uk(options: &mut SetOptions, more: &str) {
    options.merchants = format!(
        "[[merchant]]\nid = \"uk\"\nname = \"Example UK\"\ncurrency = \"GBP\"\npsp = \"bank\"\n{more}\n"
    );
}

async fn the_account_is_dead_and_the_second_is_paid(stage: Stage) -> Told {
    let mut scene = open_with(&stage, CallPlan::default(), |o| {
        o.psp = "dead".into();
        o.merchant = "fallback_psp = \"bank\"\n".into();
        o.sections = dead("dead");
    })
    .await?;
    scene.pay_with(VISA).await?;
    let charging = scene.told("charging").await?;
    // The admin is woken; agent and customer notice nothing.
    let alarm = scene.told("alarm").await?;
    ensure!(alarm.event["alarm"] == "psp_unavailable", "{}", alarm.event);
    ensure!(alarm.event["what"].as_str().is_some_and(|what| what.contains("`bank`")), "{}", alarm.event);
    let approved = scene.told("approved").await?;
    let took = approved.at.duration_since(charging.at);
    ensure!(took.as_millis() < 3_000, "the way to the second account took {took:?}");
    scene.ended("approved").await?;
    let kinds: Vec<_> = scene.events().all().iter().map(|seen| seen.kind().to_owned()).collect();
    ensure!(!kinds.iter().any(|kind| kind == "not_charged" || kind == "bank_slow"), "{kinds:?}");
    ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    let id = approved.event["payment"].as_str().unwrap_or_default().to_owned();
    let payment = scene.set.daemon.get(&format!("/v1/payments/{id}")).await?;
    ensure!(payment["attempts"][0]["psp"] == "bank", "{payment}");
    ensure!(payment["attempts"][0]["ordinal"] == 1 && payment["attempts"][1].is_null(), "{payment}");
    scene.nobody_got_a_digit().await?;
    scene.nothing_is_left(VISA)
}

async fn both_accounts_are_dead_and_nobody_is_charged(stage: Stage) -> Told {
    // Five retries of a second each would be waited for; the customer gets the answer once both have been tried.
    let mut scene = open_with(&stage, CallPlan::default(), |o| {
        o.psp = "dead".into();
        o.merchant = "fallback_psp = \"gone\"\n".into();
        o.sections = format!("{}{}", dead("dead"), dead("gone"));
        o.capture = "bank_slow_ms = 1000\nbank_bound_ms = 5000\n".into();
    })
    .await?;
    scene.pay_with(VISA).await?;
    scene.told("not_charged").await?;
    let declined = scene.events().all().iter().any(|seen| seen.kind() == "declined");
    ensure!(!declined, "a dead provider was told as a decline");
    scene.agent("*9").await?;
    scene.told("ended").await?;
    ensure!(scene.charges() == 0, "charged {} times", scene.charges());
    scene.they_talk().await
}

async fn the_number_that_was_dialled_names_the_merchant(stage: Stage) -> Told {
    // As the rehearsal PBX and as the real ones name what was dialled.
    let mut scene = open_with(&stage, CallPlan::default(), |o| {
        with_uk(o, "dialled_numbers = [\"1001\", \"2001\"]\nlanguage = \"fr\"\naccepted_brands = [\"visa\"]");
    })
    .await?;
    scene.pay().await?;
    // A brand that this merchant does not take.
    scene.customer("5555555555554444").await?;
    let refused = scene.told("field_refused").await?;
    ensure!(refused.event["hint"] == "brand_not_accepted", "{}", refused.event);
    scene.asked("number").await?;
    scene.card(VISA).await?;
    let approved = scene.told("approved").await?;
    scene.ended("approved").await?;
    let id = approved.event["payment"].as_str().unwrap_or_default().to_owned();
    let payment = scene.set.daemon.get(&format!("/v1/payments/{id}")).await?;
    ensure!(payment["merchant"] == "uk" && payment["currency"] == "GBP", "{payment}");
    let amount = scene.set.bank.ledger().first().and_then(|line| line.amount.clone()).unwrap_or_default();
    ensure!(amount == "42.50 GBP", "the bank charged {amount}");
    Ok(())
}

async fn the_queue_names_the_merchant(stage: Stage) -> Told {
    let plan = CallPlan { route: Route::CallCenter, ..CallPlan::default() };
    let mut scene = open_with(&stage, plan, |o| {
        o.merchant = "dialled_numbers = [\"1001\"]\n".into();
        // The names that the queue has on the rehearsal PBX, on FreeSWITCH and on Asterisk.
        with_uk(o, "queues = [\"support\", \"stage\", \"telephones\"]");
    })
    .await?;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    let amount = scene.set.bank.ledger().first().and_then(|line| line.amount.clone()).unwrap_or_default();
    ensure!(amount == "42.50 GBP", "the bank charged {amount}");
    Ok(())
}

async fn the_dialplan_names_the_merchant_before_the_number(stage: Stage) -> Told {
    let plan = CallPlan { variables: &[("tonegate_merchant", "main")], ..CallPlan::default() };
    let mut scene = open_with(&stage, plan, |o| with_uk(o, "dialled_numbers = [\"1001\"]")).await?;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    let amount = scene.set.bank.ledger().first().and_then(|line| line.amount.clone()).unwrap_or_default();
    ensure!(amount == "42.50 EUR", "the bank charged {amount}");
    Ok(())
}

async fn the_dialplan_names_a_merchant_that_there_is_not(stage: Stage) -> Told {
    let plan = CallPlan { variables: &[("tonegate_merchant", "us")], ..CallPlan::default() };
    let scene = open_with(&stage, plan, |o| with_uk(o, "")).await?;
    let began = Instant::now();
    scene.agent("*729").await?;
    for _ in 0..50 {
        if scene.call.agent.hears_prompt(began, Instant::now()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    ensure!(
        scene.call.agent.hears_prompt(began, Instant::now()),
        "the agent is not told that no payment begins"
    );
    ensure!(scene.events().all().is_empty(), "a payment began for a merchant that there is not");
    let log = std::fs::read_to_string(scene.set.directory.join("tonegate.log"))?;
    ensure!(log.contains("unknown_merchant") && log.contains("there is no merchant `us`"), "{log}");
    scene.they_talk().await
}

async fn the_api_names_the_merchant(stage: Stage) -> Told {
    let mut scene = open_with(&stage, CallPlan::default(), |o| with_uk(o, "")).await?;
    let leg = scene.call.customer_leg.clone();
    for (body, told) in [
        (json!({ "amount": "19.99", "leg": leg, "merchant": "us" }), "there is no merchant `us`"),
        (
            json!({ "amount": "19.99", "leg": leg, "customer": { "email": "jean" } }),
            "customer.email: write an address",
        ),
    ] {
        let refused = scene.set.daemon.post("/v1/payments", body).await;
        ensure!(refused.as_ref().is_err_and(|fault| fault.0.contains(told)), "{refused:?}");
    }
    ensure!(scene.events().all().is_empty(), "a payment began that was refused");
    let body = json!({
        "amount": "19.99", "leg": leg, "merchant": "uk",
        "customer": { "reference": "cust-0042", "email": "jean@example.fr" }
    });
    scene.set.daemon.post("/v1/payments", body).await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    let amount = scene.set.bank.ledger().first().and_then(|line| line.amount.clone()).unwrap_or_default();
    ensure!(amount == "19.99 GBP", "the bank charged {amount}");
    Ok(())
}

async fn the_provider_refuses_the_key_and_the_admin_is_told(stage: Stage) -> Told {
    // A second account stands by: a wrong key is to be mended, not to be gone around.
    let mut scene = open_with(&stage, CallPlan::default(), |o| {
        o.bank_password = Some("another".into());
        o.merchant = "fallback_psp = \"dead\"\n".into();
        o.sections = dead("dead");
    })
    .await?;
    scene.pay_with(VISA).await?;
    let alarm = scene.told("alarm").await?;
    ensure!(alarm.event["alarm"] == "psp_misconfigured", "{}", alarm.event);
    let remedy = alarm.event["remedy"].as_str().unwrap_or_default();
    ensure!(remedy.contains("password"), "{}", alarm.event);
    scene.told("not_charged").await?;
    let declined = scene.events().all().iter().any(|seen| seen.kind() == "declined");
    ensure!(!declined, "a wrong key was told as a decline");
    scene.agent("*9").await?;
    let end = scene.told("ended").await?;
    ensure!(end.event["ending"] != "declined", "{}", end.event);
    let log = std::fs::read_to_string(scene.set.directory.join("tonegate.log"))?;
    ensure!(log.contains("psp_misconfigured"), "the log does not tell: {log}");
    // And `tonegate check --psp` finds it without charging anybody.
    let config = scene.set.directory.join("tonegate.toml");
    let check = tokio::process::Command::new(env!("CARGO_BIN_EXE_tonegate"))
        .args(["check", "--psp", "--config"])
        .arg(&config)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&check.stdout);
    ensure!(said.contains("error: psp.bank: ") && said.contains("check `user`, the password"), "{said}");
    ensure!(scene.charges() == 0, "charged {} times", scene.charges());
    scene.nothing_is_left(VISA)
}
