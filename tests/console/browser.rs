//! A browser of its own for each test, driven over WebDriver.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a page may take to become as expected.
const PATIENCE_MS: u64 = 20_000;

/// How often it is looked at meanwhile.
const LOOK_INTERVAL_MS: u64 = 40;

/// A desk, and a telephone. Chromium makes no window as narrow as a telephone: it is told to be one.
pub const WIDE: (u32, u32) = (1280, 900);
pub const NARROW: (u32, u32) = (360, 780);

/// What keeps a browser alone: no network of its own, no profile, no questions.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--force-color-profile=srgb",
    // Certificates of the tests' own making.
    "--ignore-certificate-errors",
];

pub struct Browser {
    pub page: WebDriver,
    driver: Child,
    _profile: TempDir,
}

/// What a browser is like.
#[derive(Clone, Copy)]
pub struct Kind {
    pub size: (u32, u32),
    pub language: &'static str,
    pub dark: bool,
    pub script: bool,
}

pub const ENGLISH: Kind = Kind { size: WIDE, language: "en", dark: false, script: true };

impl Browser {
    pub async fn open(kind: Kind) -> Self {
        let (driver, port) = driver().await;
        let profile = TempDir::new().expect("a directory");
        let mut wanted = DesiredCapabilities::chrome();
        let data = format!("--user-data-dir={}", profile.path().display());
        let size = format!("--window-size={},{}", kind.size.0, kind.size.1);
        let language = format!("--accept-lang={}", kind.language);
        for flag in FLAGS.into_iter().chain([&*data, &*size, &*language]) {
            wanted.add_arg(flag).expect("a flag");
        }
        if kind.dark {
            wanted.add_arg("--blink-settings=preferredColorScheme=0").expect("a flag");
        }
        if let Some(binary) = chromium() {
            wanted.set_binary(&binary.display().to_string()).expect("a program");
        }
        if kind.size.0 < 500 {
            let metrics =
                json!({ "width": kind.size.0, "height": kind.size.1, "pixelRatio": 2.0, "touch": true });
            let emulated = json!({ "deviceMetrics": metrics });
            wanted.add_experimental_option("mobileEmulation", emulated).expect("an option");
        }
        let scripts = u8::from(!kind.script) + 1;
        let settings = json!({
            "intl.accept_languages": kind.language,
            "profile.managed_default_content_settings.javascript": scripts,
        });
        wanted.add_experimental_option("prefs", settings).expect("an option");
        let page = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await;
        Self { page: page.expect("chromium starts"), driver, _profile: profile }
    }

    pub async fn go(&self, url: &str) {
        self.page.goto(url).await.expect("the page loads");
    }

    /// The text a person reads in an element.
    pub async fn text(&self, css: &str) -> String {
        match self.page.find(By::Css(css.to_owned())).await {
            Ok(found) => found.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Clicks as soon as there is something to click.
    pub async fn click(&self, css: &str) {
        self.as_soon_as_ready(css, async |found| found.click().await).await;
    }

    /// Writes into a field as soon as it takes keys, in place of what stands in it.
    pub async fn write(&self, css: &str, text: &str) {
        self.as_soon_as_ready(css, async |found| {
            found.clear().await?;
            found.send_keys(text).await
        })
        .await;
    }

    /// Opens a `details`, and waits until it is open.
    pub async fn unfold(&self, css: &str) {
        self.click(&format!("{css} > summary")).await;
        self.until(&format!("document.querySelector('{css}').open")).await;
    }

    /// Does something with an element once it is there, seen and enabled; a page may put a fresh one in its place
    /// meanwhile.
    async fn as_soon_as_ready(&self, css: &str, act: impl AsyncFn(WebElement) -> WebDriverResult<()>) {
        let end = tokio::time::Instant::now() + Duration::from_millis(PATIENCE_MS);
        loop {
            let done = async {
                let found = self.page.find(By::Css(css.to_owned())).await?;
                let ready = found.is_displayed().await? && found.is_enabled().await?;
                if ready { act(found).await.map(|()| true) } else { Ok(false) }
            };
            let told = match done.await {
                Ok(true) => return,
                Ok(false) => "it is hidden or disabled".to_owned(),
                Err(fault) => fault.to_string(),
            };
            if tokio::time::Instant::now() > end {
                let _ = self.shot("failed").await;
                panic!("{css} cannot be used: {told}; the page:\n{}", self.text("body").await);
            }
            tokio::time::sleep(Duration::from_millis(LOOK_INTERVAL_MS)).await;
        }
    }

    /// Presses keys wherever the focus is.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.page.action_chain().send_keys(keys).perform().await.expect("keys");
    }

    /// What an expression of the page is.
    pub async fn value(&self, script: &str) -> Value {
        let told = self.page.execute(format!("return {script};"), Vec::new()).await;
        told.unwrap_or_else(|fault| panic!("{script}: {fault}")).json().clone()
    }

    /// Waits until the page says this in an element.
    pub async fn reads(&self, css: &str, words: &str) {
        let end = tokio::time::Instant::now() + Duration::from_millis(PATIENCE_MS);
        loop {
            let text = self.text(css).await;
            if text.contains(words) {
                return;
            }
            if tokio::time::Instant::now() > end {
                let _ = self.shot("failed").await;
                let body = self.text("body").await;
                panic!("{css} never read `{words}`, but `{text}`; the page:\n{body}");
            }
            tokio::time::sleep(Duration::from_millis(LOOK_INTERVAL_MS)).await;
        }
    }

    /// Waits until an expression of the page is true.
    pub async fn until(&self, script: &str) {
        let end = tokio::time::Instant::now() + Duration::from_millis(PATIENCE_MS);
        while self.value(script).await != Value::Bool(true) {
            if tokio::time::Instant::now() > end {
                let _ = self.shot("failed").await;
                panic!("never true: {script}; the page:\n{}", self.text("body").await);
            }
            tokio::time::sleep(Duration::from_millis(LOOK_INTERVAL_MS)).await;
        }
    }

    /// Keeps what is to be seen, to be looked at.
    pub async fn shot(&self, name: &str) -> PathBuf {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&directory).expect("a directory");
        let path = directory.join(format!("{name}.png"));
        self.page.screenshot(&path).await.expect("a screenshot");
        path
    }

    /// Nothing sticks out at the side, and nothing that reads like a card number is on the page.
    pub async fn fits(&self) {
        let wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(self.value(wide).await, Value::Bool(true), "the page has to be scrolled sideways");
        let digits = "/[0-9]{5,}/.test(document.querySelector('.fields')?.textContent ?? '')";
        assert_eq!(self.value(digits).await, Value::Bool(false), "digits of a card stand on the page");
    }

    /// Holds the page against the rules of axe-core, where it is to be had (AXE_CORE names its file).
    pub async fn is_accessible(&self) {
        let Some(path) = std::env::var_os("AXE_CORE") else { return };
        let axe = std::fs::read_to_string(path).expect("AXE_CORE names axe.min.js");
        self.page.execute(axe, Vec::new()).await.expect("axe-core runs");
        let script = "const done = arguments[0]; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', \
                      'wcag21aa', 'wcag22aa', 'best-practice'] }).then(r => done(r.violations.map(v => \
                      v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.target).join(' | '))));";
        let told = self.page.execute_async(script.to_owned(), Vec::new()).await.expect("axe-core answers");
        assert_eq!(told.json(), &json!([]), "axe-core");
    }

    pub async fn close(mut self) {
        let _ = self.page.quit().await;
        let _ = self.driver.kill().await;
    }
}

/// A driver on a port of its own choice.
async fn driver() -> (Child, u16) {
    let program = find("chromedriver").expect("no chromedriver: install chromium and chromium-driver");
    let mut driver = Command::new(program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver starts");
    let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let told = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((_, rest)) = line.split_once("on port ")
                && let Ok(port) = rest.trim_end_matches('.').parse::<u16>()
                && port != 0
            {
                return port;
            }
        }
        panic!("chromedriver ended without a port");
    };
    let port =
        tokio::time::timeout(Duration::from_secs(20), told).await.expect("chromedriver names its port");
    // What it says later is read by nobody, and must not block it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (driver, port)
}

fn chromium() -> Option<PathBuf> {
    find("chromium").or_else(|| find("chromium-browser"))
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}
