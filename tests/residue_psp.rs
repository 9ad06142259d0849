//! After a charge through any connector, nothing of the card is left in the process that sent it (PCI DSS 3.3.1,
//! 3.5.1): approved or declined, with an answer or without.
//!
//! The shipped program sends a test card (`tonegate psp try`) to a provider in this process, and wants to say what
//! came of it. Nobody takes its words: a full pipe holds it where it stands, its connections open, and all of its
//! memory is searched from here. That the search would find the card is seen first, in the same process, before
//! the provider has answered.

#[allow(dead_code, reason = "shared with the benches, which count")]
mod provider;
#[path = "residue_psp/trial.rs"]
mod trial;

use provider::Tls;
use trial::{Fate, Trial};

/// Every way an exchange can end.
async fn nothing_is_left(account: &str) {
    let tls = Tls::new().expect("a certificate");
    for (fate, tls) in [
        (Fate::Approved, Some(&tls)),
        (Fate::Declined, Some(&tls)),
        (Fate::Cut, Some(&tls)),
        (Fate::Silent, Some(&tls)),
        (Fate::Approved, None),
    ] {
        let told = match Trial::begin(account, fate, tls).await {
            Ok(trial) => trial.conclude().await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = told {
            let way = if tls.is_some() { "over TLS" } else { "in the clear, on this machine" };
            panic!("{account}, {fate:?}, {way}: {fault}");
        }
    }
}

macro_rules! of_each_account {
    ($($test:ident: $account:literal,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                nothing_is_left($account).await;
            }
        )+

        #[test]
        fn no_account_is_left_out() {
            assert_eq!([$($account),+], provider::accounts::ACCOUNTS);
        }
    };
}

of_each_account! {
    adyen_leaves_nothing: "adyen",
    adyen_with_encrypted_cards_leaves_nothing: "adyen-encrypted",
    stripe_leaves_nothing: "stripe",
    checkout_leaves_nothing: "checkout",
    hyperswitch_leaves_nothing: "hyperswitch",
    lyra_leaves_nothing: "lyra",
    worldline_leaves_nothing: "worldline",
    the_generic_connector_as_twilio_leaves_nothing: "twilio",
    the_generic_connector_as_signalwire_leaves_nothing: "signalwire",
}
