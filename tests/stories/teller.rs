//! Tells the stories: a few at once, each with a daemon of its own, and counts how they end.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tonegate::inspect::stage::{AsteriskTheatre, FreeSwitchTheatre, RehearsalTheatre, StageError, Theatre};

/// A story that takes longer hangs.
const STORY_MAX_S: u64 = 240;

/// The directory of a story is named after it, cut at this length: a daemon's socket lies below, and the whole path of
/// a socket has 107 bytes at most (unix(7)).
const DIRECTORY_MAX_LETTERS: usize = 40;

/// A PBX: its name, what it is called, whether it is here, and what to do if it is not.
type Known = (&'static str, &'static str, fn() -> bool, &'static str);

/// Every PBX that stories are told on.
const PBXS: [Known; 3] = [
    ("rehearsal", "the rehearsal PBX", || true, ""),
    ("freeswitch", "a real FreeSWITCH", || FreeSwitchTheatre::find().is_some(), "set FREESWITCH_HOME"),
    (
        "asterisk",
        "a real Asterisk",
        || AsteriskTheatre::find().is_some(),
        "have `tests/live/asterisk` make a tree, or set ASTERISK_HOME",
    ),
];

/// What a story is told with.
pub struct Stage {
    pub theatre: Arc<dyn Theatre>,
    /// For this story alone.
    pub directory: PathBuf,
}

pub type Told = Pin<Box<dyn Future<Output = Result<(), StageError>> + Send>>;

/// One story.
#[derive(Clone, Copy)]
pub struct Story {
    pub name: &'static str,
    pub tell: fn(Stage) -> Told,
    /// Theatres on which it cannot be told, and why.
    pub not_on: &'static [(&'static str, &'static str)],
    /// Whether it takes the whole machine: it is told after all others, with nothing beside it.
    pub alone: bool,
}

impl Story {
    /// The same story, told alone.
    pub const fn alone(self) -> Self {
        Self { alone: true, ..self }
    }
}

/// `story!(name)` makes a story of `async fn name(Stage) -> Result<(), StageError>`.
#[macro_export]
macro_rules! story {
    ($name:ident) => {
        story!($name, not_on: &[])
    };
    ($name:ident, not_on: $not_on:expr) => {
        $crate::teller::Story {
            name: stringify!($name),
            tell: |stage| Box::pin($name(stage)),
            not_on: $not_on,
            alone: false,
        }
    };
}

#[derive(Default)]
struct Count {
    passed: u32,
    failed: u32,
    skipped: u32,
}

pub fn tell(stories: Vec<Story>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let only = std::env::var("TONEGATE_PBX").ok();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if std::env::args().any(|word| word == "--list") {
        for story in &stories {
            println!("{}: test", story.name);
        }
        return ExitCode::SUCCESS;
    }
    let chosen: Vec<Story> = stories
        .into_iter()
        .filter(|s| words.is_empty() || words.iter().any(|w| s.name.contains(w)))
        .collect();
    let mut count = Count::default();
    if let Some(only) = only.as_deref().filter(|only| PBXS.iter().all(|(pbx, ..)| pbx != only)) {
        println!("FAILED: TONEGATE_PBX={only} is no PBX that stories are told on");
        count.failed += 1;
    }
    for (pbx, called, is_here, remedy) in PBXS {
        if only.as_deref().is_some_and(|only| only != pbx) {
            continue;
        }
        if !is_here() {
            println!("SKIPPED: {} stories on {called}: none found; {remedy}", chosen.len());
            if only.is_some() {
                count.failed += 1;
            } else {
                count.skipped += u32::try_from(chosen.len()).unwrap_or(u32::MAX);
            }
            continue;
        }
        runtime.block_on(tell_on(pbx, &chosen, &mut count));
    }
    println!("\nstories: {} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped);
    if count.failed == 0 && count.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn tell_on(pbx: &'static str, stories: &[Story], count: &mut Count) {
    let workers =
        std::env::var("TONEGATE_STORY_WORKERS").ok().and_then(|n| n.parse().ok()).unwrap_or(4_usize).max(1);
    let base = std::env::temp_dir().join(format!("tg-stories-{}", std::process::id())).join(pbx);
    let (alone, beside): (Vec<Story>, Vec<Story>) = stories.iter().rev().partition(|story| story.alone);
    let before = count.failed;
    for (stories, workers, name) in [(beside, workers, "worker"), (alone, 1, "alone")] {
        let workers = workers.min(stories.len());
        let queue = Arc::new(Mutex::new(stories));
        let mut tellers = tokio::task::JoinSet::new();
        for worker in 0..workers {
            let (queue, base) = (Arc::clone(&queue), base.join(format!("{name}-{worker}")));
            tellers.spawn(async move { worker_tells(pbx, &queue, &base).await });
        }
        while let Some(told) = tellers.join_next().await {
            let told = told.expect("a teller does not panic");
            count.passed += told.passed;
            count.failed += told.failed;
            count.skipped += told.skipped;
        }
    }
    if count.failed == before {
        let _ = std::fs::remove_dir_all(&base);
    } else {
        println!("what the daemons and PBXs wrote is kept in {}", base.display());
    }
}

async fn worker_tells(pbx: &'static str, queue: &Mutex<Vec<Story>>, base: &Path) -> Count {
    let mut count = Count::default();
    let theatre: Arc<dyn Theatre> = match open(pbx, base).await {
        Ok(theatre) => theatre,
        Err(fault) => {
            println!("FAILED: {pbx} cannot be started: {fault}");
            return Count { failed: 1, ..count };
        }
    };
    loop {
        let Some(story) = queue.lock().expect("no teller panics with it").pop() else { break };
        if let Some((_, why)) = story.not_on.iter().find(|(name, _)| *name == pbx) {
            println!("SKIPPED {pbx}::{}: {why}", story.name);
            count.skipped += 1;
            continue;
        }
        let began = Instant::now();
        let directory = base.join(story.name.get(..DIRECTORY_MAX_LETTERS).unwrap_or(story.name));
        let stage = Stage { theatre: Arc::clone(&theatre), directory };
        let telling = tokio::spawn((story.tell)(stage));
        let abort = telling.abort_handle();
        let end = match tokio::time::timeout(Duration::from_secs(STORY_MAX_S), telling).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(fault))) => Err(fault.to_string()),
            Ok(Err(panic)) => Err(format!("{panic}")),
            Err(_) => {
                abort.abort();
                Err(format!("not over after {STORY_MAX_S} s"))
            }
        };
        let seconds = began.elapsed().as_secs_f32();
        match end {
            Ok(()) => {
                count.passed += 1;
                println!("ok {pbx}::{} ({seconds:.1} s)", story.name);
            }
            // Seen in containers; everything else about the story was as told.
            Err(fault) if fault.contains("CAP_SYS_PTRACE") => {
                count.skipped += 1;
                println!("SKIPPED {pbx}::{}: the daemon's memory cannot be searched: {fault}", story.name);
            }
            Err(fault) => {
                count.failed += 1;
                println!("FAILED {pbx}::{} ({seconds:.1} s): {fault}", story.name);
            }
        }
    }
    theatre.close().await;
    count
}

async fn open(pbx: &str, base: &Path) -> Result<Arc<dyn Theatre>, StageError> {
    std::fs::create_dir_all(base)?;
    Ok(match pbx {
        "rehearsal" => RehearsalTheatre::open().await?,
        "asterisk" => AsteriskTheatre::start(&base.join("pbx")).await?,
        _ => FreeSwitchTheatre::start(&base.join("pbx")).await?,
    })
}
