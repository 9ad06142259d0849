//! What `tonegate check` finds about carriers of SMS and e-mail.

use crate::config::Config;
use crate::messaging::{Medium, Post, Probe};
use crate::pbx::{Finding, Severity};
use crate::psp::Operation;

use super::accounts::Accounts;

/// What can be seen without asking anybody.
pub(super) fn findings(config: &Config, accounts: &Accounts, post: &Post) -> Vec<Finding> {
    let warning = |place: &str, what: &str, remedy: &str| Finding {
        severity: Severity::Warns,
        place: place.into(),
        what: what.into(),
        remedy: remedy.into(),
    };
    let mut findings = Vec::new();
    if post.messengers.is_empty() {
        return findings;
    }
    let makes_links =
        |name: &String| accounts.get(name).is_some_and(|one| one.capabilities().can(Operation::Link));
    if !config.merchants.all().iter().any(|merchant| makes_links(&merchant.psp)) {
        findings.push(warning(
            "messenger",
            "no merchant's account makes payment links, so nothing will be sent",
            "use an account whose provider makes them (docs/links.md), or strike the section",
        ));
    }
    let sends = post.messengers.iter().any(|one| one.medium() == Medium::Sms);
    if sends && post.key_sends == Some(Medium::Sms) && post.numbering.country_code.is_none() {
        findings.push(warning(
            "links.country_code",
            "missing: a caller's number without its country code gets no link",
            "write the country code, for example \"33\", unless the PBX says every number with its own",
        ));
    }
    findings
}

/// Asks each account whether it lets us in. Nothing is sent to anybody.
pub(super) async fn probe(post: &Post) -> Vec<Finding> {
    let mut findings = Vec::new();
    for messenger in &post.messengers {
        let place = format!("messenger.{}", messenger.name());
        match messenger.probe().await {
            Probe::Answers => {}
            Probe::CannotBeAsked => findings.push(Finding {
                severity: Severity::Warns,
                place,
                what: "it cannot be asked anything without sending something".into(),
                remedy: "set check_url if the gateway has such an address, or send a link to yourself".into(),
            }),
            Probe::Fault { what, remedy } => {
                findings.push(Finding { severity: Severity::Refuses, place, what, remedy });
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::accounts::accounts;
    use crate::messaging::post;
    use crate::messaging::tests::Place;

    const SMS: &str = "[[messenger]]\nname = \"texts\"\nkind = \"brevo\"\nsender = \"EXAMPLE\"\n\
                       api_key_file = \"secret\"\nurl = \"http://127.0.0.1:9\"\n";

    fn places(section: &str) -> Vec<String> {
        let place = Place::new();
        let config = place.config(section).expect("a configuration");
        let accounts = accounts(&config).expect("accounts");
        let found = findings(&config, &accounts, &post(&config).expect("carriers"));
        found.into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn what_would_send_nothing_is_told() {
        assert_eq!(places(""), Vec::<String>::new(), "who sends nothing is told nothing");
        // The generic connector makes no links.
        assert_eq!(places(SMS), ["messenger", "links.country_code"]);
        assert_eq!(places(&format!("{SMS}[links]\ncountry_code = \"33\"\n")), ["messenger"]);
        assert_eq!(places(&format!("{SMS}[links]\nkey_sends = \"nothing\"\n")), ["messenger"]);
    }

    #[tokio::test]
    async fn an_account_that_does_not_answer_is_an_error_with_its_place() {
        let gateway = "[[messenger]]\nname = \"own\"\nkind = \"http\"\nurl = \"http://127.0.0.1:9\"\n\
                       body = '{\"to\": \"{to}\", \"text\": \"{text}\"}'\n";
        let place = Place::new();
        let config = place.config(&format!("{SMS}{gateway}")).expect("a configuration");
        let found = probe(&post(&config).expect("carriers")).await;
        let told: Vec<_> = found.iter().map(|one| (one.severity, one.place.as_str())).collect();
        assert_eq!(told, [(Severity::Refuses, "messenger.texts"), (Severity::Warns, "messenger.own")]);
        assert!(found[0].what.contains("no connection"), "{found:?}");
    }
}
