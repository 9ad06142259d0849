//! Charges with one account, one after the other.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;
use tonegate::call::{AttemptId, Money, Outcome};
use tonegate::card::{Card, Specimen, YearMonth};
use tonegate::config::Config;
use tonegate::psp::{Charge, Customer, Psp, from_section};

use crate::Wanted;
use crate::figure::Figure;
use crate::provider::accounts::configuration;
use crate::provider::answers::{Verdict, said};
use crate::provider::{Counts, Provider, Tls};

type Told<T> = Result<T, Box<dyn Error>>;

const PATIENCE_MS: u64 = 10_000;

/// What they took: the first, which makes the connection, by itself.
pub fn with(account: &'static str, wanted: &Wanted) -> Told<Vec<Figure>> {
    let tls = Tls::new()?;
    let (url, counts) = provider(account, &tls, Duration::from_millis(wanted.answer_ms))?;
    let directory = tempfile::tempdir()?;
    let config = Config::load(&configuration(directory.path(), &url, &tls.pem, PATIENCE_MS)?)?;
    let section = config.psp.iter().find(|psp| psp.name == account).ok_or("no such account")?;
    // Threads as in the daemon.
    let threads = runtime::Builder::new_multi_thread().enable_all().build()?;
    threads.block_on(async {
        let psp = from_section(section)?;
        let card = card().ok_or("the test card cannot be made")?;
        let first = own_us(psp.as_ref(), &card, &counts, 0).await?;
        let mut each = Vec::new();
        for n in 1..=wanted.charges {
            each.push(own_us(psp.as_ref(), &card, &counts, n).await?);
        }
        #[allow(clippy::cast_precision_loss, reason = "a count of a few thousand")]
        let connections = counts.connections() as f64;
        Ok(vec![
            Figure::of(format!("{account}: beyond the provider's answer time"), "µs", each),
            Figure::one(format!("{account}: the same, first charge, with connection and TLS"), "µs", first),
            Figure::one(format!("{account}: connections made for all of them"), "", connections),
        ])
    })
}

/// The provider, in a thread with a runtime of its own that lives as long as the process.
fn provider(account: &'static str, tls: &Tls, thinks: Duration) -> Told<(String, Arc<Counts>)> {
    let (telling, told) = mpsc::channel();
    let tls = tls.clone();
    thread::Builder::new().name("provider".into()).spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async move {
            let Ok(mut provider) = Provider::start(Some(&tls)).await else { return };
            if telling.send((provider.url.clone(), Arc::clone(&provider.counts))).is_err() {
                return;
            }
            while let Some(question) = provider.questions.recv().await {
                tokio::time::sleep(thinks).await;
                let said = said(account, Verdict::Approved, &question.asked);
                question.answer(said);
            }
        });
    })?;
    told.recv().map_err(|_| "the provider cannot be started".into())
}

/// One charge, in microseconds without the provider's.
async fn own_us(psp: &dyn Psp, card: &Card, counts: &Counts, n: u32) -> Told<f64> {
    let charge = charge(n)?;
    let before = counts.answering();
    let begun = Instant::now();
    let answer = psp.authorise(&charge, card).await;
    let took = begun.elapsed();
    let own = took.saturating_sub(counts.answering() - before);
    match answer.outcome {
        Outcome::Approved { .. } => Ok(own.as_secs_f64() * 1e6),
        other => Err(format!("charge {n}: {other:?} {}", answer.detail).into()),
    }
}

fn charge(n: u32) -> Told<Charge> {
    let attempt = AttemptId { payment: n.into(), ordinal: 1 };
    Ok(Charge {
        attempt,
        key: attempt.key(),
        amount: Money::parse("42.50", "EUR".parse()?)?,
        description: "Invoice 7".into(),
        reference: Some(format!("order {n}")),
        caller_number: Some("+33612345678".into()),
        customer: Customer::default(),
        parameters: BTreeMap::new(),
    })
}

fn card() -> Option<Card> {
    Specimen::named("visa-approved")?.card(YearMonth::new(2026, 11)?)
}
