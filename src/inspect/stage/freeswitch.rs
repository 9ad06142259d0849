//! A theatre with a real FreeSWITCH: a private instance on the loopback interface, test telephones, and a
//! second Event Socket client that is told everything.

mod install;
mod place;
mod process;
mod setting;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::ports::Ports;
use super::process::Process;
use super::relay::Relay;
use super::set::secret;
use super::setting::files;
use super::spy::Spy;
use super::telephone::{PAYMENT_NUMBER, UNSAID_NUMBER};
use super::{CallPlan, Conversation, Handset, Keys, Records, StageError, Theatre};
use install::Install;
use wire::Wire;

/// The variable of a leg that hides its keys from everybody.
pub(super) const SENSITIVE: &str = "sensitive_dtmf";
/// How long the spy may lag behind.
const SPY_LAG_MS: u64 = 5_000;

/// A private FreeSWITCH with everything around it. Dropping it kills it; [`Theatre::close`] ends it in order.
pub struct FreeSwitchTheatre {
    directory: PathBuf,
    install: Install,
    ports: Ports,
    password: String,
    process: Mutex<Process>,
    control: Mutex<Wire>,
    /// The last one listens to the FreeSWITCH that runs.
    spies: Mutex<Vec<Spy>>,
    relay: Relay,
    /// The dial string of the telephone that works in the mod_fifo queue.
    member: Mutex<Option<String>>,
}

impl FreeSwitchTheatre {
    /// The program, if there is one on this machine: `$FREESWITCH_HOME/bin/freeswitch`, or along `PATH`.
    #[must_use]
    pub fn find() -> Option<PathBuf> {
        install::find().map(|install| install.program)
    }

    /// Starts a FreeSWITCH that keeps all its files in `directory`, and waits until it takes calls.
    ///
    /// # Errors
    /// If there is none, if it cannot be started, or if it does not take calls in time.
    pub async fn start(directory: &Path) -> Result<Arc<Self>, StageError> {
        Self::start_otherwise(directory, &format!("{:032x}", rand::random::<u128>()), &[]).await
    }

    /// The same, with this password of the Event Socket, and changes of the configuration: what is there, and what
    /// stands there instead.
    ///
    /// # Errors
    /// As [`FreeSwitchTheatre::start`]; and if what is to be changed is not there.
    pub async fn start_otherwise(
        directory: &Path,
        password: &str,
        changes: &[(&str, &str)],
    ) -> Result<Arc<Self>, StageError> {
        let install = install::find().ok_or_else(|| {
            StageError(
                "no FreeSWITCH here: set FREESWITCH_HOME to the directory it was installed into".into(),
            )
        })?;
        std::fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        let ports = Ports::claim()?;
        let password = password.to_owned();
        setting::write(&directory, &ports, &password, changes)?;
        let mut process = process::start(&install, &directory)?;
        let control = process::ready(&mut process, ports.control(), &password, &directory).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.control()));
        let spy = Spy::on_event_socket(address, &password).await?;
        let relay = Relay::to(address).await?;
        let theatre = Self {
            directory,
            install,
            ports,
            password,
            process: Mutex::new(process),
            control: Mutex::new(control),
            spies: Mutex::new(vec![spy]),
            relay,
            member: Mutex::default(),
        };
        theatre.spy_catches_up().await?;
        Ok(Arc::new(theatre))
    }

    /// Gives FreeSWITCH an API command, as an admin would with fs_cli, and answers what it says.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn api(&self, command: &str) -> Result<String, StageError> {
        let mut control = self.control.lock().await;
        let answer = control.api(command).await;
        if answer.is_err() {
            // After a lost answer the next would be taken for it.
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.control()));
            *control = Wire::open(address, &self.password).await?;
        }
        answer
    }

    /// Its process id, while it runs.
    pub async fn pid(&self) -> Option<u32> {
        self.process.lock().await.pid()
    }

    /// Where FreeSWITCH takes SIP.
    fn exchange(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.sip()))
    }

    /// Waits until the spy has been told everything that has happened so far. One that is deaf, or full, is a
    /// fault: half a truth must not pass for the whole.
    async fn spy_catches_up(&self) -> Result<(), StageError> {
        // Letters alone, so that nobody takes it for keys.
        let mark: String = (0..24).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect();
        let end = Instant::now() + Duration::from_millis(SPY_LAG_MS);
        while Instant::now() < end {
            // An event of its own, behind all others.
            self.api(&format!("global_setvar stage_mark={mark}")).await?;
            for _ in 0..10 {
                if self.spies.lock().await.last().is_some_and(|spy| spy.heard(mark.as_bytes())) {
                    return Ok(());
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        Err(StageError("the spy does not hear FreeSWITCH any more".into()))
    }
}

#[async_trait::async_trait]
impl Theatre for FreeSwitchTheatre {
    fn name(&self) -> &'static str {
        "freeswitch"
    }

    fn daemon_config(&self, dir: &Path) -> Result<String, StageError> {
        secret(&dir.join("freeswitch.password"), &self.password)?;
        Ok(format!(
            "[pbx]\nkind = \"freeswitch\"\n\n[pbx.freeswitch]\ncontrol_address = \"{}\"\n\
             password_file = \"freeswitch.password\"\nkeypad_listen = \"127.0.0.1:{}\"\n",
            self.relay.address,
            self.ports.second(),
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
        self.relay.cut();
        Ok(())
    }

    async fn variable(&self, leg: &str, name: &str) -> Option<String> {
        let value = self.api(&format!("uuid_getvar {leg} {name}")).await.ok()?;
        (!value.starts_with("-ERR") && value != "_undef_" && !value.is_empty()).then_some(value)
    }

    async fn restart(&self) -> Result<(), StageError> {
        let mut process = self.process.lock().await;
        process.kill().await;
        *process = process::start(&self.install, &self.directory)?;
        let ready = process::ready(&mut process, self.ports.control(), &self.password, &self.directory);
        *self.control.lock().await = ready.await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.control()));
        let spy = Spy::on_event_socket(address, &self.password).await?;
        self.spies.lock().await.push(spy);
        self.member.lock().await.take();
        self.spy_catches_up().await
    }

    async fn is_sealed(&self, leg: &str) -> Result<bool, StageError> {
        Ok(self.variable(leg, SENSITIVE).await.is_some_and(|value| value == "true"))
    }

    async fn let_leak(&self, _open: bool) -> Result<&'static [&'static str], StageError> {
        Ok(&["log", "spy", "cdr"])
    }

    async fn records(&self) -> Result<Records, StageError> {
        self.spy_catches_up().await?;
        let spies = self.spies.lock().await;
        let mut texts: Vec<_> = spies.iter().map(|spy| ("spy".to_owned(), spy.told())).collect();
        drop(spies);
        for name in ["freeswitch.log", "output.txt"] {
            texts.push(("log".to_owned(), std::fs::read(self.directory.join("log").join(name))?));
        }
        for path in
            ["cdr/cdr-csv", "cdr/json"].map(|name| self.directory.join(name)).iter().flat_map(|d| files(d))
        {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            texts.push((format!("cdr:{name}"), std::fs::read(&path)?));
        }
        let recordings = files(&self.directory.join("recordings"));
        Ok(Records { texts, recordings, recorded_keys: Vec::new() })
    }

    async fn close(&self) {
        // It may be dead already; either way it is gone afterwards.
        let _ = self.api("fsctl shutdown").await;
        self.process.lock().await.end().await;
    }
}
