//! A provider with pages to pay on, and a gateway that takes SMS, at one address of this machine.

#[path = "../../src/psp/tests/asked.rs"]
#[allow(dead_code, reason = "shared with the connectors' own tests")]
mod asked;

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::{Arc, Mutex, MutexGuard};

use asked::{Asked, read};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tonegate::inspect::stage::SetOptions;

#[derive(Default)]
struct Book {
    /// Whether each page is `open`, `expired` or `complete`.
    pages: Vec<&'static str>,
    /// What was to be sent, as it came.
    texts: Vec<Value>,
    /// What the gateway answers next; yes, if nothing is planned.
    answers: Vec<u16>,
}

/// Speaks as much of Stripe's Checkout Sessions as a link needs, and takes SMS at `/sms`.
#[derive(Clone)]
pub struct FarEnd {
    url: String,
    book: Arc<Mutex<Book>>,
}

#[allow(dead_code, reason = "not every test program asks for all of it")]
impl FarEnd {
    pub async fn start() -> FarEnd {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let far_end = FarEnd { url, book: Arc::default() };
        let own = far_end.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                // A connection that ends ends its task.
                tokio::spawn(async move { own.serve(stream).await });
            }
        });
        far_end
    }

    /// The merchant is paid by it, and links are sent by it.
    pub fn configure(&self, options: &mut SetOptions) {
        self.configure_pages(options);
        options.sections.push_str(&format!(
            "[[messenger]]\nname = \"texts\"\nkind = \"http\"\nurl = \"{}/sms\"\nreference = \"id\"\n\
             body = '{{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}}'\n[links]\ncountry_code = \"33\"\n",
            self.url
        ));
    }

    /// The merchant is paid by it, and nothing is sent.
    pub fn configure_pages(&self, options: &mut SetOptions) {
        let private = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&options.directory);
        private.expect("a directory");
        let key = options.directory.join("stripe.key");
        std::fs::write(&key, "sk_test_1").expect("written");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("private");
        options.psp = "cards".into();
        options.sections.push_str(&format!(
            "[[psp]]\nname = \"cards\"\nkind = \"stripe\"\nurl = \"{}\"\napi_key_file = \"stripe.key\"\n\
             success_url = \"https://example.com/paid\"\n",
            self.url
        ));
    }

    /// The customer pays on the newest page.
    pub fn pay(&self) {
        *self.book().pages.last_mut().expect("a page") = "complete";
    }

    /// How every page stands.
    pub fn pages(&self) -> Vec<&'static str> {
        self.book().pages.clone()
    }

    /// Everything that was to be sent.
    pub fn texts(&self) -> Vec<Value> {
        self.book().texts.clone()
    }

    /// What the gateway answers next.
    pub fn will_answer(&self, status: u16) {
        self.book().answers.push(status);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nobody panics with it")
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        while let Some(asked) = read(&mut stream, &mut buffer).await? {
            let (status, body) = if asked.path == "/sms" { self.text(&asked) } else { self.page(&asked) };
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n");
            stream
                .write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
                .await?;
        }
        Ok(())
    }

    fn text(&self, asked: &Asked) -> (u16, Value) {
        let mut book = self.book();
        book.texts.push(asked.json());
        let status = if book.answers.is_empty() { 200 } else { book.answers.remove(0) };
        (status, json!({ "id": format!("sms-{}", book.texts.len()) }))
    }

    fn page(&self, asked: &Asked) -> (u16, Value) {
        let mut book = self.book();
        let named = asked.path.strip_prefix("/v1/checkout/sessions/cs_test_");
        let number = match named {
            Some(name) => name.trim_end_matches("/expire").parse().expect("one of ours"),
            None => {
                book.pages.push("open");
                book.pages.len()
            }
        };
        let page = &mut book.pages[number - 1];
        if asked.path.ends_with("/expire") {
            if *page != "open" {
                let told = json!({ "error": { "type": "invalid_request_error",
                    "message": "Only Checkout Sessions with a status of open can be expired." } });
                return (400, told);
            }
            *page = "expired";
        }
        let paid = if *page == "complete" { "paid" } else { "unpaid" };
        let told = json!({ "id": format!("cs_test_{number}"), "object": "checkout.session", "status": *page,
            "payment_status": paid, "payment_intent": format!("pi_{number}"), "url": format!("https://pay.example/{number}") });
        (200, told)
    }
}
