//! A look at a FreeSWITCH, without taking anything from a daemon that may be running.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::FreeSwitchSettings;
use super::legs::Legs;
use super::link::{Link, LinkError, LinkState, Listener};
use crate::pbx::{Finding, Severity};

/// Modules, what is missing without them, and how bad that is.
const MODULES: [(&str, Severity, &str); 5] = [
    ("mod_commands", Severity::Refuses, "no order can be given"),
    ("mod_dptools", Severity::Refuses, "no key can be bound"),
    ("mod_dialplan_xml", Severity::Refuses, "the context of tonegate cannot be found"),
    ("mod_loopback", Severity::Refuses, "the seal cannot be tested"),
    ("mod_spandsp", Severity::Warns, "keys that come as tones in the audio are not heard"),
];

/// Looks at it.
///
/// # Errors
/// With a sentence for the admin if it cannot be reached or does not let us in.
pub async fn check(settings: FreeSwitchSettings) -> Result<Vec<Finding>, String> {
    settings.check().map_err(|why| why.to_string())?;
    let settings = Arc::new(settings);
    let (legs, _codes) = Legs::new();
    let link = Link::start(Arc::clone(&settings), legs as Arc<dyn Listener>);
    let mut state = link.state();
    let patience = Duration::from_millis(settings.connect_timeout_ms + settings.answer_timeout_ms);
    let known = state.wait_for(|state| !matches!(state, LinkState::Starting));
    let now = timeout(patience, known).await.map_err(|_| "FreeSWITCH does not answer".to_owned())?;
    let now = now.map_err(|_| "the connection was given up".to_owned())?.clone();
    if let LinkState::Down(why) = now {
        return Err(why);
    }
    look(&link, &settings).await.map_err(|why| why.to_string())
}

async fn look(link: &Link, settings: &FreeSwitchSettings) -> Result<Vec<Finding>, LinkError> {
    let mut found = Vec::new();
    for (module, severity, without) in MODULES {
        if link.api(format!("module_exists {module}")).await? != "true" {
            let what = format!("{module} is not loaded: {without}");
            found.push(Finding::new(severity, "modules.conf.xml", what, "load it"));
        }
    }
    let context = &settings.keypad_context;
    let plan = link.api(format!("xml_locate dialplan context name {context}")).await?;
    for extension in ["tonegate_customer", "tonegate_agent"] {
        if !plan.contains(extension) {
            let what = format!("the context {context} has no extension {extension}");
            let remedy = "include dialplan/freeswitch/tonegate.xml, then `reloadxml`";
            found.push(Finding::new(Severity::Refuses, "dialplan", what, remedy));
        }
    }
    let port = format!(":{} ", settings.keypad_listen.port());
    if plan.contains("tonegate_customer") && !plan.contains(&port) {
        let what = format!("the context {context} does not call {}", settings.keypad_listen);
        let remedy = "write pbx.freeswitch.keypad_listen into its `socket` action, then `reloadxml`";
        found.push(Finding::new(Severity::Refuses, "dialplan", what, remedy));
    }
    if link.api("global_getvar tonegate_up".into()).await? != "1" {
        let what = "no daemon has told FreeSWITCH that it is up (tonegate_up)".into();
        let remedy = "start tonegate; until then payment numbers go to their fallback";
        found.push(Finding::new(Severity::Warns, "tonegate serve", what, remedy));
    }
    Ok(found)
}
