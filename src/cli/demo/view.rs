//! What a person sees of the demo: who hears what, what the agent's desk shows, how it ends.

use std::sync::Mutex;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::inspect::stage::{Audience, Credentials, EventLog, Handset, Review, Scenario, Set, StageError};
use crate::pbx::rehearsal::{Heard, Sound};
use crate::prompts;

const CUSTOMER: Style = AnsiColor::Cyan.on_default();
const AGENT: Style = AnsiColor::Yellow.on_default();
const DESK: Style = AnsiColor::Magenta.on_default();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// The view of one demo.
pub(super) struct View {
    headless: bool,
    /// Somebody looks on, in the console.
    watched: bool,
    began: Instant,
    watching: Mutex<Vec<JoinHandle<()>>>,
}

impl View {
    pub(super) fn new(headless: bool) -> Self {
        Self { headless, watched: false, began: Instant::now(), watching: Mutex::default() }
    }

    /// Waits for somebody who looks on.
    pub(super) fn watched(self, watched: bool) -> Self {
        Self { watched, ..self }
    }

    /// Where to look on, and as whom.
    pub(super) fn console(&self, set: &Set, guest: &Credentials, agent: &str) {
        let Credentials { name, password } = guest;
        anstream::println!("console: {GOOD}{}/desk?agent={agent}{GOOD:#}", set.settings.api);
        anstream::println!(
            "         sign in as {GOOD}{name}{GOOD:#} with {GOOD}{password}{GOOD:#} (good for this demo alone)\n"
        );
        if self.watched {
            wait("Open it, sign in, then press Enter: the call begins.");
        }
    }

    /// Before anything happens.
    pub(super) fn curtain(&self, scenario: &Scenario, pbx: &str) {
        if self.headless {
            return print(&json!({ "scenario": scenario.name, "pbx": pbx, "expected": scenario.ending }));
        }
        anstream::println!("tonegate demo: {}", scenario.about);
        anstream::println!(
            "{DIM}PBX: {pbx}. Bank: the test bank. The daemon is a process of its own, as it is beside your PBX.{DIM:#}"
        );
        anstream::println!(
            "{CUSTOMER}customer{CUSTOMER:#} = what the customer hears and does, {AGENT}agent{AGENT:#} = what the agent \
             hears and does,\n{DESK}desk{DESK:#}     = all that the agent's screen is ever told\n"
        );
    }

    /// Stops watching.
    pub(super) fn over(&self) {
        if let Ok(mut watching) = self.watching.lock() {
            watching.drain(..).for_each(|task| task.abort());
        }
    }

    pub(super) fn failed(&self, scenario: &Scenario, fault: &StageError) {
        if self.headless {
            print(&json!({ "scenario": scenario.name, "passed": false, "fault": fault.to_string() }));
        } else {
            anstream::println!("\n{BAD}not as it has to be:{BAD:#} {fault}");
        }
    }

    pub(super) fn verdict(&self, scenario: &Scenario, review: &Review, as_expected: bool) {
        if self.headless {
            return print(&json!({
                "scenario": scenario.name,
                "expected": scenario.ending,
                "outcome": review.ending,
                "charges": review.charges,
                "clean": review.clean,
                "unsearched": review.unsearched,
                "passed": as_expected,
            }));
        }
        anstream::println!("\nsearched for digits of the card, and found none:");
        for place in &review.clean {
            anstream::println!("  {GOOD}clean{GOOD:#}  {place}");
        }
        for place in &review.unsearched {
            anstream::println!("  {DIM}not searched{DIM:#}  {place}");
        }
        let charges = match review.charges {
            0 => "nothing was charged".to_owned(),
            1 => "charged once".to_owned(),
            n => format!("charged {n} times"),
        };
        if as_expected {
            anstream::println!("\n{GOOD}{}{GOOD:#}: {charges}, as it has to be", words(&review.ending));
        } else {
            anstream::println!(
                "\n{BAD}{}{BAD:#}: {charges}; it has to be {} with {} charges",
                words(&review.ending),
                words(scenario.ending),
                scenario.charges
            );
        }
    }

    fn watch_ear(&self, who: &'static str, ear: Option<broadcast::Receiver<Heard>>) {
        let Some(mut ear) = ear else { return };
        let line = self.line();
        self.keep(tokio::spawn(async move {
            let mut talking = None;
            while let Ok(heard) = ear.recv().await {
                match heard.what {
                    Sound::Prompt(file) => {
                        let said = prompts::words_of(&file)
                            .map_or_else(|| file.display().to_string(), str::to_owned);
                        line.show(who, &format!("hears \u{201c}{said}\u{201d}"));
                    }
                    Sound::Voice if talking != Some(true) => {
                        talking = Some(true);
                        line.show(who, "hears the other party");
                    }
                    Sound::Silence if talking == Some(true) => {
                        talking = Some(false);
                        line.show(who, "does not hear the other party");
                    }
                    Sound::TelephoneEvent(key) => line.show(who, &format!("RECEIVES THE KEY {key}")),
                    Sound::Tone(key) => line.show(who, &format!("HEARS THE TONE OF {key}")),
                    Sound::Voice | Sound::Silence => {}
                }
            }
        }));
    }

    fn watch_desk(&self, events: &EventLog) {
        let line = self.line();
        let mut news = events.follow();
        self.keep(tokio::spawn(async move {
            while let Some(event) = news.next().await {
                if let Some(told) = desk_words(&event) {
                    line.show("desk", &told);
                }
            }
        }));
    }

    fn keep(&self, task: JoinHandle<()>) {
        if let Ok(mut watching) = self.watching.lock() {
            watching.push(task);
        }
    }

    fn line(&self) -> Line {
        Line { headless: self.headless, began: self.began }
    }
}

impl Audience for View {
    fn opens(&self, customer: &dyn Handset, agent: Option<&dyn Handset>, set: &Set) {
        self.watch_ear("customer", customer.listen());
        self.watch_ear("agent", agent.and_then(Handset::listen));
        self.watch_desk(&set.events);
    }

    fn does(&self, who: &str, what: &str) {
        self.line().show(who, &format!("\u{25b8} {what}"));
    }

    fn lingers(&self) {
        if self.watched {
            wait("Look around in the console; press Enter to end.");
        }
    }
}

/// Prints one line of the play.
struct Line {
    headless: bool,
    began: Instant,
}

impl Line {
    fn show(&self, who: &str, what: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        if self.headless {
            return print(&json!({ "at_s": (seconds * 1000.0).round() / 1000.0, "who": who, "what": what }));
        }
        let style = match who {
            "customer" => CUSTOMER,
            "agent" => AGENT,
            _ => DESK,
        };
        anstream::println!("{DIM}{seconds:6.1} s{DIM:#}  {style}{who:<8}{style:#}  {what}");
    }
}

/// Waits until Enter is pressed, or there is nobody to press it.
fn wait(what: &str) {
    anstream::println!("{DIM}{what}{DIM:#}");
    tokio::task::block_in_place(|| {
        // A terminal that is gone is no reason to wait.
        let _ = std::io::stdin().lines().next();
    });
}

fn print(value: &Value) {
    anstream::println!("{value}");
}

fn words(snake: &str) -> String {
    snake.replace('_', " ")
}

/// An event in the words of an agent's screen; `None` for what a person does not need.
fn desk_words(event: &Value) -> Option<String> {
    let text = |key: &str| event[key].as_str().map(words).unwrap_or_default();
    Some(match event["type"].as_str()? {
        "started" => "a payment begins".into(),
        "sealed" => format!("the customer's line is sealed (line: {})", text("line")),
        "seal_refused" => format!("the line cannot be sealed: {}", text("why")),
        "line" => format!("the line is {}", text("line")),
        "field_opened" => format!("waiting for {}", field(event)),
        "progress" => {
            let count = usize::try_from(event["count"].as_u64()?).unwrap_or(0);
            let brand = event["brand"].as_str().map(|brand| format!("  {brand}")).unwrap_or_default();
            format!("{:<14}{}{brand}", field(event), "\u{2022}".repeat(count))
        }
        "cleared" => format!("{} cleared by the customer", field(event)),
        "field_done" => match event["masked"].as_str() {
            Some(masked) => format!("{} complete: {masked} {}", field(event), text("brand")),
            None => format!("{} complete", field(event)),
        },
        "field_refused" => {
            format!("{} refused: {}, {} tries left", field(event), text("hint"), event["left"])
        }
        "confirming" => "waiting for the customer's confirmation".into(),
        "agent" => format!("agent: {}", text("command")),
        "paused" => "paused: they talk".into(),
        "charging" => format!("asking the bank (attempt {})", event["attempt"]),
        "bank_slow" => "the bank takes long".into(),
        "approved" => format!("APPROVED, reference {}", event["reference"].as_str().unwrap_or_default()),
        "declined" => format!("DECLINED: {}", text("reason")),
        "not_charged" => "not charged, because of a fault".into(),
        "outcome_unknown" => "the outcome is not known yet: do not take the card again".into(),
        "left" => format!("the {} hung up", text("party")),
        "alarm" => format!("ALARM: {}", text("alarm")),
        "operation" if event["kind"] == "link" => match event["link"].as_str() {
            Some(state) => format!("payment link: {state}"),
            None => "asking the provider for a payment link".into(),
        },
        "message" => format!("text with the link: {}", text("state")),
        "unsealed" => "the line is an ordinary line again".into(),
        "ended" => format!("over: {}", text("ending")),
        _ => return None,
    })
}

fn field(event: &Value) -> &'static str {
    match event["field"].as_str() {
        Some("number") => "card number",
        Some("number_again") => "number again",
        Some("expiry") => "expiry date",
        Some("code") => "security code",
        Some("postal") => "postal code",
        _ => "a field",
    }
}
