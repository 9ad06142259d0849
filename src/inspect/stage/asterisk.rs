//! A theatre with a real Asterisk: a private instance on the loopback interface, test telephones, and two
//! further programs beside tonegate that are told whatever such programs are told.
//!
//! On Asterisk no seal can hide a key from a Manager account with the class `dtmf`, or from an ARI application
//! that is subscribed to a customer's channel (`subscribeAll` does that too): whoever has one of these is
//! for the audit to name. So the spies are the strongest that have to stay clean: a Manager account with every
//! class but `dtmf`, and an ARI application with a subscription of its own to the states of devices.

mod install;
mod otherwise;
mod place;
mod process;
mod setting;
mod spies;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

use super::ports::Ports;
use super::process::Process;
use super::relay::Relay;
use super::set::secret;
use super::setting::files;
use super::telephone::{AGENT, PAYMENT_NUMBER, UNSAID_NUMBER};
use super::{CallPlan, Conversation, Handset, Keys, Records, StageError, Theatre};
use install::Install;
pub use otherwise::Otherwise;
use setting::RECORDINGS;
use spies::Listener;
use wire::{Ari, Manager};

/// What the name of a bridge begins with in which a leg is sealed.
const SEALED_BRIDGE: &str = "tonegate";

/// A leg, by all its names.
#[derive(Clone, Debug)]
struct Leg {
    /// Its unique id.
    id: String,
    /// The name of its channel.
    name: String,
    call_id: String,
}

/// A private Asterisk with everything around it. Dropping it kills it; [`Theatre::close`] ends it in order.
pub struct AsteriskTheatre {
    otherwise: Otherwise,
    directory: PathBuf,
    install: Install,
    ports: Ports,
    password: String,
    process: Mutex<Process>,
    manager: Mutex<Manager>,
    ari: Ari,
    listeners: Mutex<Vec<Listener>>,
    /// The daemon's ways to Asterisk: Manager Interface and ARI.
    relays: [Relay; 2],
    /// Legs that have been listed, the youngest last.
    legs: Mutex<Vec<Leg>>,
    /// Who works in which queue.
    member: Mutex<Option<(&'static str, String)>>,
}

impl AsteriskTheatre {
    /// The program, if there is one on this machine: in the tree `ASTERISK_HOME`, in the tree that
    /// `tests/run` makes under `target/`, or along `PATH`.
    #[must_use]
    pub fn find() -> Option<PathBuf> {
        install::find().map(|install| install.program)
    }

    /// Starts an Asterisk that keeps all its files in `directory`, and waits until it takes calls.
    ///
    /// # Errors
    /// If there is none, if it cannot be started, or if it does not take calls in time.
    pub async fn start(directory: &Path) -> Result<Arc<Self>, StageError> {
        Self::start_otherwise(directory, Otherwise::default()).await
    }

    /// The same, set otherwise than the usual one.
    ///
    /// # Errors
    /// As [`AsteriskTheatre::start`]; and if what is to be changed is not there.
    pub async fn start_otherwise(directory: &Path, otherwise: Otherwise) -> Result<Arc<Self>, StageError> {
        let install = install::find().ok_or_else(|| {
            StageError(
                "no Asterisk here: install it, have `tests/live/asterisk` make a tree under target/ (as root), or \
                 set ASTERISK_HOME to the tree it is in"
                    .into(),
            )
        })?;
        std::fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        let ports = Ports::claim()?;
        let password = format!("{:032x}", rand::random::<u128>());
        setting::write(&directory, &install, &ports, &password, &otherwise)?;
        setting::write_leaks(&directory, &password, false)?;
        let mut process = process::start(&install, &directory)?;
        let manager = process::ready(&mut process, ports.control(), &password, &directory).await?;
        let [ami, http] = [ports.control(), ports.second()].map(local);
        let relays = [Relay::to(ami).await?, Relay::to(http).await?];
        let ari = Ari::at(http, &password)?;
        let theatre = Self {
            otherwise,
            directory,
            install,
            ports,
            password,
            process: Mutex::new(process),
            manager: Mutex::new(manager),
            ari,
            listeners: Mutex::default(),
            relays,
            legs: Mutex::default(),
            member: Mutex::default(),
        };
        theatre.plant_spies().await?;
        if theatre.otherwise.freepbx {
            // As its own programs keep it in Asterisk's database: whose telephone it is.
            let user = [("Family", "DEVICE/agent"), ("Key", "user"), ("Val", AGENT)];
            theatre.manager.lock().await.order("DBPut", &user).await?;
        }
        Ok(Arc::new(theatre))
    }

    /// Gives Asterisk a command, as an admin would on its console, and answers what it prints.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn command(&self, command: &str) -> Result<String, StageError> {
        let mut manager = self.manager.lock().await;
        let answer = manager.command(command).await;
        if answer.is_err() {
            // After a lost answer the next would be taken for it.
            *manager = Manager::open(local(self.ports.control()), &self.password).await?;
        }
        answer
    }

    /// Its process id, while it runs.
    pub async fn pid(&self) -> Option<u32> {
        self.process.lock().await.pid()
    }

    /// Where Asterisk takes SIP.
    fn exchange(&self) -> SocketAddr {
        local(self.ports.sip())
    }

    /// What a leg has for an expression of the dialplan.
    async fn value(&self, leg: &str, name: &str) -> Result<Option<String>, StageError> {
        let answer = self.ari.get(&format!("/channels/{leg}/variable"), &[("variable", name)]).await?;
        let value = answer.and_then(|answer| answer["value"].as_str().map(str::to_owned));
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// A log with the unique id of a leg wherever Asterisk has written the name of its channel.
    async fn by_leg(&self, log: &[u8]) -> Vec<u8> {
        let legs = self.legs.lock().await;
        let mut text = String::with_capacity(log.len());
        for line in String::from_utf8_lossy(log).lines() {
            let named = legs.iter().filter(|leg| line.contains(&leg.name));
            named.for_each(|leg| {
                text.push_str(&leg.id);
                text.push(' ');
            });
            text.push_str(line);
            text.push('\n');
        }
        text.into_bytes()
    }
}

#[async_trait::async_trait]
impl Theatre for AsteriskTheatre {
    fn name(&self) -> &'static str {
        "asterisk"
    }

    fn daemon_config(&self, dir: &Path) -> Result<String, StageError> {
        secret(&dir.join("asterisk.password"), &self.password)?;
        let [ami, ari] = &self.relays;
        let listen = match self.otherwise.calls_the_daemon {
            true => format!("ari_listen = \"{}\"\n", local(self.ports.third())),
            false => String::new(),
        };
        Ok(format!(
            "[pbx]\nkind = \"asterisk\"\n\n[pbx.asterisk]\nami_address = \"{}\"\nari_address = \"{}\"\n\
             password_file = \"asterisk.password\"\n{listen}",
            ami.address, ari.address,
        ))
    }

    async fn call(&self, plan: &CallPlan) -> Result<Conversation, StageError> {
        self.place(plan).await
    }

    async fn dial_direct(&self, keys: Keys) -> Result<Box<dyn Handset>, StageError> {
        self.place_direct(PAYMENT_NUMBER, keys).await
    }

    async fn dial_unsaid(&self, keys: Keys) -> Result<Box<dyn Handset>, StageError> {
        self.place_direct(UNSAID_NUMBER, keys).await
    }

    async fn cut_control_link(&self) -> Result<(), StageError> {
        self.relays.iter().for_each(Relay::cut);
        Ok(())
    }

    async fn restart(&self) -> Result<(), StageError> {
        let mut process = self.process.lock().await;
        process.kill().await;
        // A new life numbers its channels from the beginning, so names of old ones come again: whoever wants to
        // search what was written of those does so before.
        for path in files(&self.directory.join("log")) {
            std::fs::remove_file(path)?;
        }
        *process = process::start(&self.install, &self.directory)?;
        let ready = process::ready(&mut process, self.ports.control(), &self.password, &self.directory);
        *self.manager.lock().await = ready.await?;
        self.listeners.lock().await.iter_mut().for_each(|one| one.hears_marks = false);
        self.member.lock().await.take();
        self.legs.lock().await.clear();
        self.plant_spies().await
    }

    async fn variable(&self, leg: &str, name: &str) -> Option<String> {
        self.value(leg, name).await.ok().flatten()
    }

    async fn is_sealed(&self, leg: &str) -> Result<bool, StageError> {
        let bridges = self.ari.get("/bridges", &[]).await?.unwrap_or_default();
        let holds = |bridge: &serde_json::Value| {
            let named = bridge["name"].as_str().is_some_and(|name| name.starts_with(SEALED_BRIDGE));
            named && bridge["channels"].as_array().is_some_and(|legs| legs.iter().any(|one| one == leg))
        };
        Ok(bridges.as_array().is_some_and(|bridges| bridges.iter().any(holds)))
    }

    async fn let_leak(&self, open: bool) -> Result<&'static [&'static str], StageError> {
        setting::write_leaks(&self.directory, &self.password, open)?;
        let mut manager = self.manager.lock().await;
        for module in ["manager", "cel"] {
            manager.order("Reload", &[("Module", module)]).await?;
        }
        let log = if open { "logger add channel leak.log dtmf" } else { "logger remove channel leak.log" };
        manager.command(log).await?;
        drop(manager);
        if open {
            self.listen("leak", false).await?;
        } else {
            let listeners = self.listeners.lock().await;
            listeners.iter().filter(|one| !one.hears_marks).for_each(|one| one.spy.hang_up());
        }
        Ok(&["log", "spy", "cel"])
    }

    async fn records(&self) -> Result<Records, StageError> {
        self.spies_catch_up().await?;
        let mut texts = Vec::new();
        for listener in self.listeners.lock().await.iter() {
            let told = listener.spy.told().into_iter().filter(|byte| *byte != b'\r').collect();
            texts.push((listener.kind.to_owned(), told));
        }
        let log = self.directory.join("log");
        for path in files(&log) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let kind = if name == "queue_log" { "queue_log" } else { "log" };
            texts.push((kind.to_owned(), self.by_leg(&std::fs::read(&path)?).await));
        }
        for (kind, directory) in [("cdr", "cdr-csv"), ("cel", "cel-custom")] {
            for path in files(&log.join(directory)) {
                texts.push((kind.to_owned(), std::fs::read(&path)?));
            }
        }
        let recordings = RECORDINGS.iter().flat_map(|name| files(&self.directory.join(name))).collect();
        Ok(Records { texts, recordings, recorded_keys: Vec::new() })
    }

    async fn close(&self) {
        // It may be dead already; either way it is gone afterwards.
        let _ = self.command("core stop now").await;
        self.process.lock().await.end().await;
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
