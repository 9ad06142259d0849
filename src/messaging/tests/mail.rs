//! E-mail: what the server is told, and what each of its answers means.

use std::sync::Arc;

use super::mail_server::{MailServer, Manners};
use super::{Place, message};
use crate::messaging::{Fate, Medium, Messenger, Probe};

/// The tests' patience with a server.
const PATIENCE_MS: u64 = 600;

fn account(server: &MailServer, more: &str) -> Arc<dyn Messenger> {
    let place = Place::new();
    place.put("ca.pem", &server.certificate);
    let settings = format!(
        "kind = \"smtp\"\nport = {}\nfrom = \"Example Ltd <pay@example.com>\"\nconnect_timeout_ms = {PATIENCE_MS}\n\
         send_timeout_ms = {PATIENCE_MS}\n{more}",
        server.address.port()
    );
    place.messenger(&settings).expect("an account")
}

fn open(server: &MailServer) -> Arc<dyn Messenger> {
    let login = "user = \"pay\"\npassword_file = \"secret\"";
    account(
        server,
        &format!("host = \"127.0.0.1\"\ntls = \"none\"\nreply_to = \"help@example.com\"\n{login}"),
    )
}

#[tokio::test]
async fn a_mail_arrives_whole_from_whom_it_should_be() {
    let server = MailServer::start(Manners::default(), false).await;
    let messenger = open(&server);
    assert_eq!((messenger.medium(), messenger.probe().await), (Medium::Email, Probe::Answers));
    let sent =
        messenger.send(&message("jean@example.fr", "Bonjour,\n\nà payer : https://pay.example/1\n")).await;
    assert_eq!((sent.fate, sent.detail.as_str()), (Fate::Taken(None), "250 queued as 42"));
    let heard = server.heard();
    for line in [
        "MAIL FROM:<pay@example.com>",
        "RCPT TO:<jean@example.fr>",
        "From: \"Example Ltd\" <pay@example.com>",
        "Reply-To: help@example.com",
        "To: jean@example.fr",
        "Subject: Example Ltd: pay 42.50 EUR",
        "Message-ID: <0190b2c4-7e1f-7000-8000-1234567890ab@example.com>",
    ] {
        assert!(heard.iter().any(|told| told.starts_with(line)), "{line}: {heard:#?}");
    }
    assert!(heard.iter().any(|told| told.contains("https://pay.example/1")), "{heard:#?}");
}

#[tokio::test]
async fn nobody_can_write_headers_into_it() {
    let server = MailServer::start(Manners::default(), false).await;
    let mut forged = message("jean@example.fr", "x");
    forged.subject = "a\r\nBcc: thief@example.com".into();
    open(&server).send(&forged).await;
    assert!(!server.heard().iter().any(|line| line.starts_with("Bcc")), "{:#?}", server.heard());
    let mut forged = message("jean@example.fr>\r\nRCPT TO:<thief@example.com", "x");
    forged.subject = String::new();
    let sent = open(&server).send(&forged).await;
    assert_eq!(sent.fate, Fate::Refused, "{sent:?}");
}

#[tokio::test]
async fn a_no_is_told_from_a_later_and_from_not_known() {
    let of = |change: fn(&mut Manners)| {
        let mut manners = Manners::default();
        change(&mut manners);
        manners
    };
    for (manners, fate, has_remedy) in [
        (of(|m| m.rcpt = "550 nobody of that name"), Fate::Refused, false),
        (of(|m| m.rcpt = "450 greylisted, come back"), Fate::NotNow, false),
        (of(|m| m.message = "554 looks like spam"), Fate::Refused, false),
        (of(|m| m.message = "451 disk full"), Fate::NotNow, false),
        (of(|m| m.message = ""), Fate::Unknown, false),
        (of(|m| m.message = "…"), Fate::Unknown, false),
        (of(|m| m.auth = "535 wrong password"), Fate::Refused, true),
        (of(|m| m.auth = "…"), Fate::NotNow, true),
        (of(|m| m.ehlo = ""), Fate::NotNow, false),
        (of(|m| m.ehlo = "250 mail.example"), Fate::Refused, true),
    ] {
        let server = MailServer::start(manners, false).await;
        let sent = open(&server).send(&message("jean@example.fr", "x")).await;
        assert_eq!((&sent.fate, sent.remedy.is_some()), (&fate, has_remedy), "{sent:?}");
        let messages = server.heard().iter().filter(|line| *line == ".").count();
        assert!(messages <= 1, "nothing is repeated down here");
    }
}

#[tokio::test]
async fn no_message_goes_over_an_open_wire() {
    // A server that offers no encryption, or shows a certificate of nobody's, gets nothing.
    let plain = MailServer::start(Manners::default(), false).await;
    let messenger = account(&plain, "host = \"localhost\"");
    let sent = messenger.send(&message("jean@example.fr", "x")).await;
    assert!(sent.fate == Fate::Refused && sent.remedy.is_some(), "{sent:?}");
    assert!(!plain.heard().iter().any(|line| line.starts_with("MAIL")), "{:?}", plain.heard());
    let closed = MailServer::start(Manners::default(), true).await;
    let stranger = account(&closed, "host = \"localhost\"\ntls = \"tls\"");
    let sent = stranger.send(&message("jean@example.fr", "x")).await;
    assert!(matches!(sent.fate, Fate::Refused | Fate::NotNow), "{sent:?}");
    assert_eq!(closed.heard(), Vec::<String>::new());
    let known = account(&closed, "host = \"localhost\"\ntls = \"tls\"\nca_file = \"ca.pem\"");
    let sent = known.send(&message("jean@example.fr", "x")).await;
    assert_eq!(sent.fate, Fate::Taken(None), "{sent:?}");
    let fault = Place::new()
        .messenger("kind = \"smtp\"\nhost = \"mail.example\"\nfrom = \"pay@example.com\"\ntls = \"none\"")
        .map(|_| ())
        .unwrap_err();
    assert!(fault.contains("messenger.carrier.tls"), "{fault}");
}
