//! `tonegate demo`: a whole payment to watch, with a real daemon between telephones and a bank of ours.

mod view;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Fault;
use crate::inspect::stage::{
    AsteriskTheatre, FreeSwitchTheatre, Pace, RehearsalTheatre, Review, SCENARIOS, Scenario, Set, SetOptions,
    StageError, Theatre,
};
use view::View;

/// Who may sign in to the demo's console.
const GUEST: &str = "guest";

/// The extension of the agent on the stage.
const AGENT: &str = "1001";

/// Options of `tonegate demo`.
#[derive(Args)]
pub(super) struct Demo {
    /// What to watch; `list` lists them.
    #[arg(long, default_value = "approved")]
    scenario: String,
    /// On which PBX.
    #[arg(long, value_enum, default_value_t = Pbx::Rehearsal)]
    pbx: Pbx,
    /// The language of the prompts: en, fr, es, it, pt.
    #[arg(long, default_value = "en")]
    language: String,
    /// Play it slowly, to be watched in the console: begin when Enter is pressed, key as people do, and stay until
    /// Enter is pressed again.
    #[arg(long, conflicts_with = "headless")]
    watch: bool,
    /// For machines: one JSON object a line, the last one with the verdict.
    #[arg(long)]
    headless: bool,
    /// Keep what the daemon wrote (configuration, database, log) in this directory.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pbx {
    /// A stand-in inside this process that speaks real Event Socket.
    Rehearsal,
    /// A real FreeSWITCH, started for the purpose; found by FREESWITCH_HOME, then PATH.
    Freeswitch,
    /// A real Asterisk, started for the purpose; found by ASTERISK_HOME, in target/live/asterisk, then PATH.
    Asterisk,
}

impl Demo {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        if self.scenario == "list" {
            for scenario in SCENARIOS {
                anstream::println!("{:<18}{}", scenario.name, scenario.about);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let scenario = Scenario::named(&self.scenario).ok_or_else(|| {
            let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
            Fault::Usage(format!("there is no scenario `{}`; there are {}", self.scenario, names.join(", ")))
        })?;
        self.language
            .parse::<crate::prompts::Language>()
            .map_err(|fault| Fault::Usage(format!("--language: {fault}")))?;
        if self.pbx == Pbx::Freeswitch && FreeSwitchTheatre::find().is_none() {
            return Err(Fault::Unavailable(
                "no FreeSWITCH found: set FREESWITCH_HOME to where it is installed, or put it in PATH".into(),
            ));
        }
        if self.pbx == Pbx::Asterisk && AsteriskTheatre::find().is_none() {
            return Err(Fault::Unavailable(
                "no Asterisk found: install it, have `tests/live/asterisk` make a tree under target/ (as root), \
                 or set ASTERISK_HOME to a tree that holds usr/sbin/asterisk"
                    .into(),
            ));
        }
        let own = std::env::temp_dir().join(format!("tonegate-demo-{}", std::process::id()));
        let directory = self.keep.clone().unwrap_or_else(|| own.clone());
        let played = super::runtime()?.block_on(self.play(scenario, &directory));
        if self.keep.is_none() {
            // What could not be removed lies in the system's own directory for such things.
            let _ = std::fs::remove_dir_all(&own);
        }
        let view = View::new(self.headless);
        let review = match played {
            Ok(review) => review,
            Err(fault) => {
                view.failed(&scenario, &fault);
                return Ok(ExitCode::from(1));
            }
        };
        let as_expected = review.ending == scenario.ending && review.charges == scenario.charges;
        view.verdict(&scenario, &review, as_expected);
        Ok(ExitCode::from(u8::from(!as_expected)))
    }

    async fn play(&self, scenario: Scenario, directory: &std::path::Path) -> Result<Review, StageError> {
        std::fs::create_dir_all(directory)?;
        let theatre: Arc<dyn Theatre> = match self.pbx {
            Pbx::Rehearsal => RehearsalTheatre::open().await?,
            Pbx::Freeswitch => FreeSwitchTheatre::start(&directory.join("freeswitch")).await?,
            Pbx::Asterisk => AsteriskTheatre::start(&directory.join("asterisk")).await?,
        };
        let program = std::env::current_exe()?;
        let mut options = SetOptions::new(&program, &directory.join("tonegate"));
        options.language.clone_from(&self.language);
        scenario.prepare(&mut options);
        options.pace = if self.watch { Pace::HUMAN } else { Pace::FAST };
        let view = View::new(self.headless).watched(self.watch);
        view.curtain(&scenario, theatre.name());
        let set = Set::up(Arc::clone(&theatre), &options).await?;
        if !self.headless {
            // Somebody to sign in as, good for this demo alone.
            let guest = set.person(GUEST, &["agent", "supervisor"], &[AGENT]).await?;
            view.console(&set, &guest, AGENT);
        }
        let played = scenario.play(set, &view).await;
        view.over();
        theatre.close().await;
        played
    }
}
