//! What is found out about an Asterisk before a card is asked for: who could hear or write down a key, and
//! whether everything we need is there.

use super::link::{Link, LinkError};
use super::settings::AsteriskSettings;
use crate::pbx::{Finding, Severity};

/// Modules without which nothing works.
const NEEDED: [&str; 12] = [
    "res_stasis",
    "res_stasis_playback",
    "res_stasis_snoop",
    "app_stasis",
    "res_ari_applications",
    "res_ari_bridges",
    "res_ari_channels",
    "res_ari_playbacks",
    "bridge_simple",
    "app_userevent",
    "app_stack",
    "format_wav",
];
/// Modules some cases need, and which.
const USEFUL: [(&str, &str); 6] = [
    ("app_mixmonitor", "recordings by MixMonitor cannot be masked"),
    ("res_mutestream", "the audio of a customer who was transferred during a field cannot be opened again"),
    ("bridge_softmix", "a third party cannot join a call during a payment"),
    ("format_sln", "callers on wide lines hear prompts as narrow ones do"),
    ("func_channel", "the dialplan of tonegate cannot tell agents apart"),
    ("bridge_builtin_features", "the feature code does not work"),
];
/// What the accounts of AMI need: whose, to read, to write.
const CLASSES: [(bool, &[&str], &[&str]); 2] =
    [(false, &["user", "call"], &["call", "system", "reporting", "command"]), (true, &["dtmf"], &[])];
/// Other accounts of AMI that are looked at.
const OTHERS_MAX: usize = 50;

/// All that is found, the worst first.
pub(super) async fn run(link: &Link, settings: &AsteriskSettings) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    let done = async {
        found.modules(link).await?;
        found.accounts(link, settings).await?;
        found.dialplan(link, settings).await?;
        found.logs(link).await?;
        found.listeners(link, settings).await
    };
    if let Err(why) = done.await {
        let remedy =
            "give the account of pbx.asterisk.user write = call,system,reporting,command in manager.conf";
        found.refuses("manager.conf, ari.conf", format!("the self-test could not be made: {why}"), remedy);
    }
    found.0.sort_by_key(|finding| finding.severity);
    found.0
}

/// What was found so far.
pub(super) struct Found(pub Vec<Finding>);

impl Found {
    fn refuses(&mut self, place: &str, what: String, remedy: &str) {
        self.0.push(Finding::new(Severity::Refuses, place, what, remedy));
    }

    pub(super) fn warns(&mut self, place: &str, what: String, remedy: &str) {
        self.0.push(Finding::new(Severity::Warns, place, what, remedy));
    }

    async fn modules(&mut self, link: &Link) -> Result<(), LinkError> {
        let modules = link.get("/asterisk/modules").await?;
        let runs = |name: &str| {
            modules.as_array().into_iter().flatten().any(|module| {
                module["status"] == "Running" && module["name"].as_str() == Some(&format!("{name}.so"))
            })
        };
        for name in NEEDED.iter().filter(|name| !runs(name)) {
            self.refuses("modules.conf", format!("the module {name} is not loaded"), "load it");
        }
        for (name, without) in USEFUL.iter().filter(|(name, _)| !runs(name)) {
            self.warns("modules.conf", format!("the module {name} is not loaded: {without}"), "load it");
        }
        Ok(())
    }

    async fn accounts(&mut self, link: &Link, settings: &AsteriskSettings) -> Result<(), LinkError> {
        for (is_keypad, read, write) in CLASSES {
            let user = if is_keypad { &settings.keypad_user } else { &settings.user };
            let shown = link.console(&format!("manager show user {user}")).await?;
            for (perm, needed) in [("read perm:", read), ("write perm:", write)] {
                let has = classes(&shown, perm);
                let all = has.iter().any(|class| class == "all");
                let missing: Vec<&str> =
                    needed.iter().copied().filter(|class| !all && !has.iter().any(|h| h == class)).collect();
                if !missing.is_empty() {
                    let what = format!("the account {user} lacks {perm} {}", missing.join(","));
                    self.refuses(
                        "manager.conf",
                        what,
                        "take the accounts of manager_tonegate.conf as they are",
                    );
                }
                if !is_keypad && perm == "read perm:" && hears_keys(&has) {
                    let what = format!("the account {user} may hear keys, which it does not need");
                    self.warns("manager.conf", what, "write read = user,call for it");
                }
            }
        }
        Ok(())
    }

    async fn dialplan(&mut self, link: &Link, settings: &AsteriskSettings) -> Result<(), LinkError> {
        let context = &settings.legs_context;
        let shown = link.console(&format!("dialplan show {context}")).await?;
        for extension in ["customer", "agent", "rejoin"] {
            if !shown.iter().any(|line| line.contains(&format!("'{extension}'"))) {
                let what = format!("the context {context} has no extension {extension}");
                let remedy = "include extensions_tonegate.conf, then `dialplan reload`; compare pbx.asterisk.legs_context";
                self.refuses("extensions.conf", what, remedy);
            }
        }
        let stasis = format!("Stasis({},", settings.application);
        if !shown.iter().any(|line| line.contains(&stasis)) {
            let what = format!("the context {context} does not hand calls to {stasis}…)");
            self.refuses("extensions.conf", what, "write the name of pbx.asterisk.application into Stasis()");
        }
        if !link.console("features show").await?.iter().any(|line| line.starts_with("tonegate")) {
            let what = "there is no feature code: payments can be begun over the API alone".into();
            self.warns(
                "features.conf",
                what,
                "include features_tonegate.conf, then `module reload features`",
            );
        }
        Ok(())
    }

    async fn logs(&mut self, link: &Link) -> Result<(), LinkError> {
        let channels = link.get("/asterisk/logging").await?;
        let (mut writes_debug, none) = (false, Vec::new());
        for channel in channels.as_array().unwrap_or(&none) {
            let name = channel["channel"].as_str().unwrap_or("?");
            let levels = channel["configuration"].as_str().unwrap_or_default();
            let has = |level: &str| levels.split_whitespace().any(|word| word.eq_ignore_ascii_case(level));
            writes_debug |= has("DEBUG");
            if has("DTMF") && channel["status"] != "Disabled" {
                let remedy = "take `dtmf` (or `*`) out of its line, then `logger reload`";
                self.refuses("logger.conf", format!("the log {name} writes every key (level dtmf)"), remedy);
            }
        }
        let debug = link.console("core show settings").await?;
        let level = debug.iter().find_map(|line| line.trim().strip_prefix("Debug level:"));
        if level.is_some_and(|level| level.trim() != "0") {
            let what = "debugging is on: keys are written in its lines".to_owned();
            let remedy = "`core set debug 0`, and debug = 0 in asterisk.conf";
            if writes_debug {
                self.refuses("core set debug", what, remedy);
            } else {
                self.warns("core set debug", what, remedy);
            }
        }
        let cel = link.console("cel show status").await?;
        let tracked = |line: &String| {
            line.trim()
                .strip_prefix("CEL Tracking Event:")
                .or(line.trim().strip_prefix("Tracking Event:"))
                .map(str::trim)
                == Some("DTMF")
        };
        if cel.iter().any(tracked) {
            let remedy = "list the events in cel.conf without DTMF (and not ALL), then `module reload cel`";
            self.refuses("cel.conf", "CEL writes every key (event DTMF)".into(), remedy);
        }
        Ok(())
    }

    async fn listeners(&mut self, link: &Link, settings: &AsteriskSettings) -> Result<(), LinkError> {
        let connected = link.console("manager show connected").await?;
        let mut users: Vec<&str> = connected
            .iter()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|user| super::words::is_name(user) && *user != "Username")
            .filter(|user| *user != settings.user && *user != settings.keypad_user)
            .collect();
        users.sort_unstable();
        users.dedup();
        for user in users.into_iter().take(OTHERS_MAX) {
            let shown = link.console(&format!("manager show user {user}")).await?;
            if hears_keys(&classes(&shown, "read perm:")) {
                let what = format!("the AMI account {user} is connected and may hear every key");
                self.warns("manager.conf", what, "list its classes without dtmf and all");
            }
        }
        let applications = link.get("/applications").await?;
        for application in applications.as_array().into_iter().flatten() {
            let name = application["name"].as_str().unwrap_or("?");
            let any = |key: &str| application[key].as_array().is_some_and(|ids| !ids.is_empty());
            let all = application["channel_ids"].as_array().is_some_and(|ids| {
                ids.iter().any(|id| id.as_str().is_some_and(|id| id.starts_with("__AST_")))
            });
            if name != settings.application && (all || any("endpoint_ids")) {
                let what =
                    format!("the ARI application {name} hears the channels of others, keys among them");
                self.warns(
                    "ARI",
                    what,
                    "have it connect without subscribeAll and without endpoint subscriptions",
                );
            }
        }
        Ok(())
    }
}

/// Whether an account with these classes hears keys.
fn hears_keys(classes: &[String]) -> bool {
    classes.iter().any(|class| class == "dtmf" || class == "all")
}

/// The classes of an account, as its page names them.
fn classes(shown: &[String], perm: &str) -> Vec<String> {
    let line = shown.iter().find_map(|line| line.trim().strip_prefix(perm));
    line.unwrap_or_default().split(',').map(|class| class.trim().to_owned()).collect()
}
