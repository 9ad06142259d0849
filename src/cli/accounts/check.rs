//! What `tonegate check` finds about accounts: those that nobody is paid by, those that cannot tell what became of a
//! charge, and, if asked to, whether the provider lets us in.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Accounts;
use crate::call::{AttemptId, Money, Outcome};
use crate::config::{Config, MerchantSection};
use crate::pbx::{Finding, Severity};
use crate::psp::{Charge, Customer, Operation, Psp};

/// What can be seen without asking anybody.
pub(in crate::cli) fn findings(config: &Config, accounts: &Accounts) -> Vec<Finding> {
    let merchants = config.merchants.all();
    let mut findings = Vec::new();
    for (name, account) in accounts {
        let pays = |merchant: &MerchantSection| {
            merchant.psp == *name || merchant.fallback_psp.as_deref() == Some(name.as_str())
        };
        let finding = |what: &str, remedy: &str| Finding {
            severity: Severity::Warns,
            place: format!("psp.{name}"),
            what: what.into(),
            remedy: remedy.into(),
        };
        if !merchants.iter().any(pays) {
            findings.push(finding(
                "no merchant is paid by this account",
                "name it as `psp` or `fallback_psp` of a merchant, or strike it once none of its attempts is open",
            ));
        } else if !account.capabilities().can(Operation::Query) && !account.capabilities().deduplicates {
            findings.push(finding(
                "if an answer gets lost, this account cannot tell what became of the charge, which stays unknown \
                 until somebody looks it up",
                "set `query_url` or `deduplicates` if the connector can do either",
            ));
        }
    }
    findings
}

/// Asks each account what became of a charge that never was: that takes the key, and moves no money.
pub(in crate::cli) async fn probe(config: &Config, accounts: &Accounts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for account in accounts.values() {
        if account.capabilities().can(Operation::Query) {
            findings.extend(ask(config, account.as_ref()).await);
        } else {
            findings.push(Finding {
                severity: Severity::Warns,
                place: format!("psp.{}", account.name()),
                what: "it cannot be asked anything without charging a card".into(),
                remedy: format!("try it with a test card: tonegate psp try {}", account.name()),
            });
        }
    }
    findings
}

async fn ask(config: &Config, account: &dyn Psp) -> Option<Finding> {
    let attempt = AttemptId { payment: Uuid::now_v7().as_u128(), ordinal: 1 };
    let currency = config.merchants.default_one()?.currency;
    let charge = Charge {
        attempt,
        key: attempt.key(),
        amount: Money { minor: 100, currency },
        description: String::new(),
        reference: None,
        caller_number: None,
        customer: Customer::default(),
        parameters: BTreeMap::new(),
    };
    let answer = account.query(&charge).await;
    let remedy = match (answer.remedy, answer.unavailable, answer.outcome) {
        (Some(remedy), ..) => remedy,
        (None, true, _) => {
            "look at the provider's status page and at this machine's way to the internet".into()
        }
        (None, false, Outcome::NotCharged | Outcome::Unknown) => return None,
        (None, false, Outcome::Approved { .. } | Outcome::Declined(_)) => {
            "it tells of a charge that never was: no unknown outcome can be found there; check `query_url`"
                .into()
        }
    };
    Some(Finding {
        severity: Severity::Refuses,
        place: format!("psp.{}", account.name()),
        what: answer.detail,
        remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    use crate::cli::accounts::accounts;
    use crate::psp::testbank::{RunningBank, TestBank, TestBankSettings};

    const MERCHANT: &str = "[merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n";

    /// A directory with a secret in it.
    fn place() -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        secret(&directory, "secret", "0123456789abcdef");
        directory
    }

    fn secret(place: &tempfile::TempDir, name: &str, text: &str) {
        let path = place.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
    }

    fn config(place: &tempfile::TempDir, merchant: &str, psps: &str) -> Config {
        let file = place.path().join("tonegate.toml");
        let text = format!(
            "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"secret\"\n{merchant}\n{psps}\n\
             [api]\nkey_file = \"secret\"\n"
        );
        std::fs::write(&file, text).expect("written");
        Config::load(&file).expect("a configuration")
    }

    fn generic(name: &str, url: &str, more: &str) -> String {
        format!("[[psp]]\nname = \"{name}\"\nkind = \"generic\"\nurl = \"{url}\"\n{more}\n")
    }

    fn refused(place: &tempfile::TempDir, merchant: &str, psps: &str) -> String {
        accounts(&config(place, merchant, psps)).err().map(|fault| fault.to_string()).unwrap_or_default()
    }

    #[test]
    fn accounts_that_do_not_fit_their_merchant_are_refused_with_the_reason() {
        let place = place();
        let bank = |more: &str| generic("bank", "https://psp.example/charge", more);
        let told = refused(
            &place,
            MERCHANT,
            &bank("uses = [\"query\"]\nquery_url = \"https://psp.example/{transaction_id}\""),
        );
        assert!(
            told.contains(
                "key `psp.bank.uses`: the merchant `main` is paid by this account, and `authorise`"
            ),
            "{told}"
        );
        let told = refused(&place, MERCHANT, &bank("uses = [\"authorise\", \"refund\"]"));
        assert!(told.contains("key `psp.bank.uses`") && told.contains("charge and tokenize alone"), "{told}");
        let stripe = |name: &str, key: &str| {
            secret(&place, name, key);
            format!("[[psp]]\nname = \"{name}\"\nkind = \"stripe\"\napi_key_file = \"{name}\"\n")
        };
        let merchant = format!("{MERCHANT}fallback_psp = \"second\"\n");
        let mixed = stripe("bank", "sk_live_123") + stripe("second", "sk_test_123").as_str();
        let told = refused(&place, &merchant, &mixed);
        assert!(
            told.ends_with(
                "key `psp.second`: a test account stands in for the live account `bank` of the merchant `main`; \
                 let both move money, or neither"
            ),
            "{told}"
        );
        assert_eq!(
            refused(
                &place,
                &merchant,
                &(stripe("bank", "sk_test_1") + stripe("second", "sk_test_2").as_str())
            ),
            ""
        );
    }

    #[test]
    fn an_account_nobody_is_paid_by_and_one_that_cannot_tell_are_found() {
        let spare = generic("spare", "https://psp.example/charge", "deduplicates = true");
        let config =
            config(&place(), MERCHANT, &(generic("bank", "https://psp.example/charge", "") + spare.as_str()));
        let found = findings(&config, &accounts(&config).expect("accounts"));
        let places: Vec<_> = found.iter().map(|finding| (finding.place.as_str(), finding.severity)).collect();
        assert_eq!(places, [("psp.bank", Severity::Warns), ("psp.spare", Severity::Warns)], "{found:?}");
        assert!(
            found[0].what.contains("stays unknown") && found[1].what.contains("no merchant"),
            "{found:?}"
        );
    }

    async fn bank(password: Option<&str>) -> RunningBank {
        let login = password.map(|password| ("shop".to_owned(), password.to_owned().into()));
        let settings = TestBankSettings { login, ..TestBankSettings::default() };
        TestBank::start(([127, 0, 0, 1], 0).into(), settings).await.expect("a free port")
    }

    #[tokio::test]
    async fn a_wrong_key_and_a_dead_provider_are_found_without_charging() {
        let (open, locked, gone) = (bank(None).await, bank(Some("another")).await, bank(None).await);
        let asked = |bank: &RunningBank| format!("query_url = \"{}\"", bank.query_url());
        let psps = generic("bank", &open.url(), &asked(&open))
            + generic("locked", &locked.url(), &asked(&locked)).as_str()
            + &generic("gone", &gone.url(), &asked(&gone));
        gone.stop().await;
        let config = config(&place(), MERCHANT, &psps);
        let found = probe(&config, &accounts(&config).expect("accounts")).await;
        let places: Vec<_> = found.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(places, ["psp.gone", "psp.locked"], "{found:?}");
        assert!(
            found[0].what.contains("no connection") && found[0].remedy.contains("status page"),
            "{found:?}"
        );
        assert!(found[1].remedy.contains("password"), "{found:?}");
        assert!(open.ledger().is_empty() && locked.ledger().is_empty());
    }
}
