//! Test cards and live accounts have no business with each other (PCI DSS 6.5.6), whatever is asked.

use super::adyen::connector_with as adyen;
use super::checkout::connector_with as checkout;
use super::hyperswitch::connector_with as hyperswitch;
use super::lyra::connector_with as lyra;
use super::never_twice::patient;
use super::stripe::connector_with as stripe;
use super::worldline::connector_with as worldline;
use super::*;
use crate::psp::{Effect, Environment, Mode};

/// Nobody is there: what is sent comes back as a connection that was refused.
const NOWHERE: &str = "http://127.0.0.1:9";

const TEST_CARD: &str = "4111111111111111";
/// Published by Adyen for tests, but not among the numbers that tonegate knows: it stands for a real card.
const REAL_CARD: &str = "4988438843884305";

fn accounts(mode: Mode) -> Vec<Box<dyn Psp>> {
    let live = mode == Mode::Live;
    let key = |test, other| if live { other } else { test };
    let environment = if live { Environment::Live } else { Environment::Test };
    vec![
        Box::new(adyen(NOWHERE, &patient(), |settings| settings.environment = environment)),
        Box::new(stripe(NOWHERE, &patient(), key("sk_test_1", "sk_live_1")).expect("one")),
        Box::new(checkout(NOWHERE, &patient(), key("sk_sbox_1", "sk_1")).expect("one")),
        Box::new(hyperswitch(NOWHERE, &patient(), key("snd_1", "prd_1"))),
        Box::new(lyra(NOWHERE, &patient(), key("testpassword_1", "prodpassword_1")).expect("one")),
        Box::new(worldline(NOWHERE, &patient(), environment)),
    ]
}

#[tokio::test]
async fn a_test_account_is_sent_no_real_card_and_a_live_one_no_test_card() {
    for (mode, wrong, right) in [(Mode::Test, REAL_CARD, TEST_CARD), (Mode::Live, TEST_CARD, REAL_CARD)] {
        for psp in accounts(mode) {
            let name = psp.name();
            assert_eq!(psp.mode(), mode, "{name}");
            let refused = psp.authorise(&charge("tg-1", "42.50"), &card(wrong)).await;
            assert!(!approved(&refused) && refused.detail.starts_with("not sent"), "{name}: {refused:?}");
            let stored = psp.tokenise(&storing(Agreement::Unscheduled), &card(wrong)).await;
            assert!(stored.detail.starts_with("not sent"), "{name}: {stored:?}");
            assert!(matches!(stored.effect, Effect::NotDone | Effect::Refused(_)), "{name}: {stored:?}");
            // The other one would have been.
            let sent = psp.authorise(&charge("tg-2", "42.50"), &card(right)).await;
            assert!(sent.detail.starts_with("no connection"), "{name}: {sent:?}");
        }
    }
}
