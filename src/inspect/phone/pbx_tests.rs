//! A phone against a PBX played by hand, message by message.

use super::sip::uri_of;
use super::*;
use crate::inspect::audio::Law;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// One end of a signalling conversation.
struct Pbx {
    socket: UdpSocket,
    media: UdpSocket,
    phone: Option<SocketAddr>,
}

impl Pbx {
    async fn new() -> Self {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        let (socket, media) = (bind().await.expect("a socket"), bind().await.expect("a socket"));
        Self { socket, media, phone: None }
    }

    fn uri(&self) -> String {
        format!("sip:pbx@{}", self.socket.local_addr().expect("it is bound"))
    }

    async fn receive(&mut self) -> Message {
        let mut buffer = [0; 4096];
        let received = timeout(Duration::from_secs(3), self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.expect("in time").expect("a datagram");
        self.phone = Some(from);
        Message::parse(&buffer[..length]).expect("a message")
    }

    /// The next message, which must be a request of this method.
    async fn request(&mut self, method: &str) -> Message {
        let message = self.receive().await;
        assert!(
            matches!(&message.start, sip::Start::Request { method: m, .. } if m == method),
            "{message:?}"
        );
        message
    }

    async fn send(&self, message: &Message) {
        self.send_bytes(&message.to_bytes()).await;
    }

    async fn send_bytes(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.phone.expect("it is known")).await.expect("it leaves");
    }

    fn answer(&self, request: &Message, code: u16) -> Message {
        let mut answer =
            Message::response(request, code, "Said").with("Contact", format!("<{}>", self.uri()));
        for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "To") {
            value.push_str(";tag=pbx");
        }
        answer
    }

    fn session(&self, codecs: &[Law]) -> String {
        let session = Session {
            address: self.media.local_addr().ok(),
            codecs: codecs.to_vec(),
            telephone_event: Some(96),
            direction: Direction::SendRecv,
        };
        session.to_text(7, 1)
    }

    /// A request in the dialog the phone's INVITE began.
    fn in_dialog(&self, invite: &Message, method: &str, number: u32) -> Message {
        let header = |name| invite.header(name).unwrap_or_default().to_owned();
        Message::request(method, uri_of(&header("Contact")))
            .with("Via", format!("SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{method}{number}"))
            .with("From", format!("{};tag=pbx", header("To")))
            .with("To", header("From"))
            .with("Call-ID", header("Call-ID"))
            .with("CSeq", format!("{number} {method}"))
            .with("Contact", format!("<{}>", self.uri()))
    }

    /// The payload type of the next media packet.
    async fn payload_type(&self) -> u8 {
        let mut buffer = [0; 512];
        let received = timeout(Duration::from_secs(1), self.media.recv_from(&mut buffer)).await;
        received.expect("in time").expect("a packet");
        buffer[1] & 0x7f
    }
}

/// A phone that calls the PBX, and the PBX with the phone's first INVITE.
async fn calling(settings: PhoneSettings) -> (tokio::task::JoinHandle<(Phone, Dialog)>, Pbx, Message) {
    let mut pbx = Pbx::new().await;
    let target = pbx.uri();
    let call = tokio::spawn(async move {
        let phone = Phone::bind(settings).await.expect("a phone");
        let dialog = phone.call(&target).await.expect("it is answered");
        (phone, dialog)
    });
    let invite = pbx.request("INVITE").await;
    (call, pbx, invite)
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_messages_are_repeated() {
    let (call, mut pbx, lost) = calling(PhoneSettings::new("100")).await;
    let invite = pbx.request("INVITE").await;
    assert_eq!(invite, lost, "the same request again");
    let accepted = pbx.answer(&invite, 200).with_body("application/sdp", pbx.session(&[Law::Mu]));
    pbx.send(&accepted).await;
    let ack = pbx.request("ACK").await;
    pbx.send(&accepted).await;
    assert_eq!(pbx.request("ACK").await, ack, "a repeated acceptance is acknowledged again");
    let (_phone, dialog) = call.await.expect("the call is up");
    let info = pbx.in_dialog(&invite, "INFO", 5).with_body("application/dtmf", "4".into());
    pbx.send(&info).await;
    pbx.receive().await;
    pbx.send(&info).await;
    assert_eq!(pbx.receive().await.code(), Some(200));
    assert_eq!(dialog.heard().infos_pressed(), "4", "a repeated request counts once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_given_when_asked_for() {
    let settings = PhoneSettings { password: Some("secret".into()), ..PhoneSettings::new("100") };
    let (call, mut pbx, invite) = calling(settings).await;
    let challenge = "Digest realm=\"pbx\", nonce=\"abc\", qop=\"auth,auth-int\", algorithm=MD5";
    pbx.send(&pbx.answer(&invite, 401).with("WWW-Authenticate", challenge)).await;
    pbx.request("ACK").await;
    let again = pbx.request("INVITE").await;
    let credentials = again.header("Authorization").expect("credentials");
    assert!(credentials.contains("username=\"100\"") && credentials.contains("nc=00000001"));
    assert_ne!(again.branch(), invite.branch());
    assert!(again.cseq() > invite.cseq());
    pbx.send(&pbx.answer(&again, 200).with_body("application/sdp", pbx.session(&[Law::Mu]))).await;
    pbx.request("ACK").await;
    call.await.expect("the call is up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pbx_may_change_codec_and_address_with_and_without_an_offer() {
    let (call, mut pbx, invite) = calling(PhoneSettings::new("100")).await;
    pbx.send(&pbx.answer(&invite, 200).with_body("application/sdp", pbx.session(&[Law::Mu]))).await;
    pbx.request("ACK").await;
    let (_phone, dialog) = call.await.expect("the call is up");
    assert_eq!(pbx.payload_type().await, 0);

    pbx.media = Pbx::new().await.media;
    let offer =
        pbx.in_dialog(&invite, "INVITE", 5).with_body("application/sdp", pbx.session(&[Law::A, Law::Mu]));
    pbx.send(&offer).await;
    let answer = pbx.receive().await;
    assert_eq!(answer.code(), Some(200));
    assert_eq!(
        Session::parse(&answer.body).map(|s| (s.codecs, s.telephone_event)),
        Some((vec![Law::A], Some(96)))
    );
    assert_eq!(pbx.receive().await.code(), Some(200), "until it is acknowledged");
    pbx.send(&pbx.in_dialog(&invite, "ACK", 5)).await;
    assert_eq!((dialog.codec(), pbx.payload_type().await), (Some(Law::A), 8));

    pbx.send(&pbx.in_dialog(&invite, "INVITE", 6)).await;
    let offered = Session::parse(&pbx.receive().await.body).expect("the phone offers");
    assert_eq!((offered.codecs.len(), offered.telephone_event), (2, Some(101)));
    let ack = pbx.in_dialog(&invite, "ACK", 6).with_body("application/sdp", pbx.session(&[Law::Mu]));
    pbx.send(&ack).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(dialog.codec(), Some(Law::Mu));

    let update = pbx.in_dialog(&invite, "UPDATE", 7);
    pbx.send(&update).await;
    assert_eq!(pbx.receive().await.code(), Some(200));
    pbx.send(&pbx.in_dialog(&invite, "OPTIONS", 8)).await;
    assert_eq!(pbx.receive().await.code(), Some(200));
    pbx.send(&pbx.in_dialog(&invite, "SUBSCRIBE", 9)).await;
    assert_eq!(pbx.receive().await.code(), Some(405));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_succeeds_or_fails_as_the_pbx_reports() {
    for (status, succeeds) in [("SIP/2.0 200 OK", true), ("SIP/2.0 503 Unavailable", false)] {
        let (call, mut pbx, invite) = calling(PhoneSettings::new("100")).await;
        pbx.send(&pbx.answer(&invite, 200).with_body("application/sdp", pbx.session(&[Law::Mu]))).await;
        pbx.request("ACK").await;
        let (_phone, dialog) = call.await.expect("the call is up");
        let transfer = tokio::spawn(async move { dialog.refer("sip:300@127.0.0.1").await });
        let refer = pbx.request("REFER").await;
        assert_eq!(refer.header("Refer-To"), Some("<sip:300@127.0.0.1>"));
        pbx.send(&pbx.answer(&refer, 202)).await;
        for (number, line) in [(5, "SIP/2.0 100 Trying"), (6, status)] {
            let notify = pbx.in_dialog(&invite, "NOTIFY", number);
            pbx.send(&notify.with_body("message/sipfrag", format!("{line}\r\n"))).await;
            assert_eq!(pbx.receive().await.code(), Some(200));
        }
        assert_eq!(transfer.await.expect("it ends").is_ok(), succeeds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_does_not_disturb_a_call() {
    let (call, mut pbx, invite) = calling(PhoneSettings::new("100")).await;
    pbx.send(&pbx.answer(&invite, 200).with_body("application/sdp", pbx.session(&[Law::Mu]))).await;
    pbx.request("ACK").await;
    let (phone, dialog) = call.await.expect("the call is up");
    for rubbish in [
        "",
        "\r\n\r\n",
        "BYE sip:x SIP/2.0\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
        "NOTIFY x SIP/2.0\r\nCSeq: x\r\n\r\n",
    ] {
        pbx.send_bytes(rubbish.as_bytes()).await;
        pbx.media.send_to(rubbish.as_bytes(), phone.inner.media).await.expect("it leaves");
    }
    let foreign = Message::request("BYE", &phone.uri())
        .with("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKforeign")
        .with("Call-ID", "another")
        .with("CSeq", "1 BYE");
    pbx.send(&foreign).await;
    let mut codes = Vec::new();
    while codes.last() != Some(&Some(481)) || codes.len() < 3 {
        codes.push(pbx.receive().await.code());
    }
    assert!(dialog.is_up());
}
