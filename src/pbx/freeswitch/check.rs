//! A look at a FreeSWITCH, without taking anything from a daemon that may be running.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::legs::Legs;
use super::link::{Link, LinkError, LinkState, Listener, read_password};
use super::{FreeSwitchSettings, files};
use crate::pbx::{Finding, Severity};

/// Modules, what is missing without them, and how bad that is.
const MODULES: [(&str, Severity, &str); 5] = [
    ("mod_commands", Severity::Refuses, "no order can be given"),
    ("mod_dptools", Severity::Refuses, "no key can be bound"),
    ("mod_dialplan_xml", Severity::Refuses, "the context of tonegate cannot be found"),
    ("mod_loopback", Severity::Refuses, "the seal cannot be tested"),
    ("mod_spandsp", Severity::Warns, "keys that come as tones in the audio are not heard"),
];

/// What `password` is in the configuration FreeSWITCH comes with.
const DEFAULT_PASSWORD: &str = "ClueCon";

/// Looks at it, and whether it finds these prompts.
///
/// # Errors
/// With a sentence for the admin if it cannot be reached or does not let us in.
pub async fn check(settings: FreeSwitchSettings, prompts: &[PathBuf]) -> Result<Vec<Finding>, String> {
    let settings = Arc::new(settings);
    let link = connected(&settings).await?;
    let looked = async {
        let mut found = look(&link, &settings).await?;
        found.extend(Finding::prompts(&files::lacking(&link, prompts).await?));
        Ok(found)
    };
    looked.await.map_err(|why: LinkError| why.to_string())
}

/// A connection beside that of a daemon that may be running; it lasts as long as the link is held.
pub(super) async fn connected(settings: &Arc<FreeSwitchSettings>) -> Result<Link, String> {
    settings.check().map_err(|why| why.to_string())?;
    let (legs, _codes) = Legs::new();
    let link = Link::start(Arc::clone(settings), legs as Arc<dyn Listener>);
    let mut state = link.state();
    let patience = Duration::from_millis(settings.connect_timeout_ms + settings.answer_timeout_ms);
    let known = state.wait_for(|state| !matches!(state, LinkState::Starting));
    let now = timeout(patience, known).await.map_err(|_| "FreeSWITCH does not answer".to_owned())?;
    let now = now.map_err(|_| "the connection was given up".to_owned())?.clone();
    if let LinkState::Down(why) = now {
        return Err(why);
    }
    Ok(link)
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
    found.extend(event_socket(link, settings).await?);
    // A variable that was never set is answered as an error.
    let is_up = match link.api("global_getvar tonegate_up".into()).await {
        Ok(up) => up == "1",
        Err(LinkError::Refused(_)) => false,
        Err(why) => return Err(why),
    };
    if !is_up {
        let what = "no daemon has told FreeSWITCH that it is up (tonegate_up)".into();
        let remedy = "start tonegate; until then payment numbers go to their fallback";
        found.push(Finding::new(Severity::Warns, "tonegate serve", what, remedy));
    }
    Ok(found)
}

/// Who else could give orders, and read what is told of ordinary calls.
async fn event_socket(link: &Link, settings: &FreeSwitchSettings) -> Result<Vec<Finding>, LinkError> {
    let mut found = Vec::new();
    let place = "event_socket.conf.xml";
    if read_password(settings).await.is_ok_and(|password| password.as_str() == DEFAULT_PASSWORD) {
        let what = "the Event Socket has the password every FreeSWITCH comes with".into();
        let remedy = "invent one, write it there and into pbx.freeswitch.password_file, then `reload mod_event_socket`";
        found.push(Finding::new(Severity::Warns, place, what, remedy));
    }
    let shown = link.api("xml_locate configuration configuration name event_socket.conf".into()).await?;
    let shown = zeroize::Zeroizing::new(shown);
    if let Some(listens) = param(&shown, "listen-ip").filter(|ip| !is_loopback(ip)) {
        let acl = match param(&shown, "apply-inbound-acl") {
            Some(acl) => format!("the list {acl}"),
            None => "FreeSWITCH's default".into(),
        };
        let what = format!(
            "the Event Socket listens on {listens}; {acl} alone decides who in the network may give orders"
        );
        let remedy = "set listen-ip to 127.0.0.1, then `reload mod_event_socket`";
        found.push(Finding::new(Severity::Warns, place, what, remedy));
    }
    Ok(found)
}

/// The value of a parameter of a configuration, as FreeSWITCH shows it.
fn param<'a>(shown: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = shown.split_once(&format!("name=\"{name}\""))?;
    let (param, _) = rest.split_once('>')?;
    param.split_once("value=\"")?.1.split('"').next()
}

fn is_loopback(ip: &str) -> bool {
    ip == "localhost" || ip.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_freeswitch_shows_them() {
        let shown = "<settings>\n<param name=\"listen-ip\" value=\"::\"></param>\n<param name=\"listen-port\" value=\"8021\"/>";
        assert_eq!((param(shown, "listen-ip"), param(shown, "listen-port")), (Some("::"), Some("8021")));
        assert_eq!(param(shown, "apply-inbound-acl"), None);
        assert!(
            is_loopback("127.0.0.1") && is_loopback("::1") && !is_loopback("0.0.0.0") && !is_loopback("::")
        );
    }
}
