//! `tonegate orders import`: the file is read twice. The first time every line is looked at, and nothing is written;
//! the second time the good lines go in, a thousand at a time, so that payments need not wait for all of them.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use super::super::Fault;
use super::super::people::Place;
use super::super::seat::Seat;
use crate::config::Config;
use crate::orders::{Draft, Drafts, Payees, Table, Taken};
use crate::people::{Act, Done};
use crate::store::MAX_BATCH_ORDERS;

/// Bad lines that are told one by one; more are counted.
const MAX_TOLD: u64 = 1_000;

/// Bytes of text that go to the store at once: with its names and quotes it fits into a line of the daemon's door.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// Lines of one file. Of each, sixteen bytes are remembered, to find references that come twice.
const MAX_LINES: u64 = 10_000_000;

/// What was found and done.
#[derive(Default, serde::Serialize)]
struct Report {
    /// Lines but the first.
    lines: u64,
    /// Those that are bad.
    bad: u64,
    /// Orders that were written down.
    added: u64,
    /// How long looking and writing took.
    took_ms: u64,
}

impl Report {
    fn lines_per_s(&self) -> u64 {
        self.lines.saturating_mul(1_000) / self.took_ms.max(1)
    }
}

/// Lines on their way to the store.
#[derive(Default)]
struct Load {
    orders: Vec<Draft>,
    numbers: Vec<u64>,
    bytes: usize,
}

struct Import<'a> {
    file: &'a Path,
    payees: Payees,
    seat: Seat<'a>,
    /// What is wrong goes to people; programs get the report alone.
    report: Report,
}

pub(super) fn run(file: &Path, dry_run: bool, accept: bool, place: &Place) -> Result<ExitCode, Fault> {
    let config = Config::load(place.config())?;
    let payees = payees(&config)?;
    super::super::runtime()?.block_on(async {
        let mut import = Import { file, payees, seat: Seat::of(&config), report: Report::default() };
        let began = Instant::now();
        let done = import.run(dry_run, accept).await;
        import.report.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        import.seat.close().await;
        done?;
        tell(&import.report, dry_run, place.is_json());
        let all = import.report.bad == 0 && (dry_run || import.report.added == import.report.lines);
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn payees(config: &Config) -> Result<Payees, Fault> {
    let usual = config.merchants.default_one();
    let usual =
        usual.ok_or_else(|| Fault::Settings("merchant: missing; write a section [merchant]".into()))?;
    let all = config.merchants.all().iter().map(|merchant| (merchant.id.clone(), merchant.currency));
    Ok(Payees::new(&usual.id, all))
}

fn tell(report: &Report, dry_run: bool, json: bool) {
    if json {
        anstream::println!("{}", serde_json::json!(report));
        return;
    }
    let Report { lines, bad, added, took_ms } = report;
    let end = match (dry_run, bad, added) {
        (true, ..) => "nothing was written down, as asked".to_owned(),
        (_, 1.., 0) => "nothing was written down; mend the lines, or ask for --accept-good-lines".to_owned(),
        _ => format!("{added} orders written down"),
    };
    let rate = report.lines_per_s();
    anstream::println!("{lines} lines, {bad} bad; {end} ({took_ms} ms, {rate} lines/s)");
}

impl Import<'_> {
    async fn run(&mut self, dry_run: bool, accept: bool) -> Result<(), Fault> {
        self.pass(true).await?;
        if self.report.bad > MAX_TOLD {
            anstream::eprintln!("… and {} more bad lines", self.report.bad - MAX_TOLD);
        }
        if dry_run || (self.report.bad > 0 && !accept) {
            return Ok(());
        }
        self.pass(false).await
    }

    /// Reads the whole file.
    async fn pass(&mut self, looking: bool) -> Result<(), Fault> {
        let payees = self.payees.clone();
        let unread = |what: String| Fault::Usage(format!("{}: {what}", self.file.display()));
        let file = File::open(self.file).map_err(|fault| unread(fault.to_string()))?;
        if !file.metadata().is_ok_and(|about| about.is_file()) {
            return Err(unread("it is read twice, and has to be a file".into()));
        }
        let file = BufReader::with_capacity(64 * 1024, file);
        let table = Table::open(file, &payees).map_err(|fault| unread(fault.to_string()))?;
        let (mut load, mut seen) = (Load::default(), Seen::default());
        for line in table {
            let line = line.map_err(|fault| Fault::Usage(format!("{}: {fault}", self.file.display())))?;
            if looking {
                self.report.lines += 1;
            }
            if self.report.lines > MAX_LINES {
                let most = format!("more than {MAX_LINES} lines; make several files of it");
                return Err(Fault::Usage(format!("{}: {most}", self.file.display())));
            }
            match line.draft {
                Ok(draft) if !looking || seen.first(&draft) => load.add(line.number, draft),
                Ok(_) => self.bad(line.number, "reference: it stands further up in the file"),
                Err(slip) if looking => self.bad(line.number, &slip.to_string()),
                Err(_) => {}
            }
            if load.is_full() {
                self.put(&mut load, looking).await?;
            }
        }
        self.put(&mut load, looking).await
    }

    fn bad(&mut self, number: u64, why: &str) {
        self.report.bad += 1;
        if self.report.bad <= MAX_TOLD {
            anstream::eprintln!("line {number}: {why}");
        }
    }

    /// Hands a load over, or asks whether it could be.
    async fn put(&mut self, load: &mut Load, looking: bool) -> Result<(), Fault> {
        let Load { orders, numbers, .. } = std::mem::take(load);
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Ok(()) };
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let source = format!("{name}, lines {first} to {last}");
        let act = Act::TakeOrders(Drafts { orders, source, dry_run: looking });
        let Done::Taken(Taken { added, known }) = self.seat.perform(&act).await? else {
            return Err(Fault::Internal(
                "the daemon answers something else; is it of another release?".into(),
            ));
        };
        self.report.added += added;
        for place in known.into_iter().filter(|_| looking) {
            let number = numbers.get(place).copied().unwrap_or_default();
            self.bad(number, "reference: there is an order of this reference already");
        }
        Ok(())
    }
}

impl Load {
    fn add(&mut self, number: u64, draft: Draft) {
        let texts = [&draft.reference, &draft.description, &draft.name, &draft.email, &draft.merchant];
        self.bytes += texts.into_iter().map(String::len).sum::<usize>();
        self.orders.push(draft);
        self.numbers.push(number);
    }

    fn is_full(&self) -> bool {
        self.orders.len() >= MAX_BATCH_ORDERS || self.bytes >= MAX_BATCH_BYTES
    }
}

/// Which references the file has had so far.
#[derive(Default)]
struct Seen {
    known: HashSet<u128>,
    /// Two of 64 bits each, keyed anew each time: no two references of ten million are taken for one.
    hashes: (RandomState, RandomState),
}

impl Seen {
    fn first(&mut self, draft: &Draft) -> bool {
        let what = (&draft.merchant, &draft.reference);
        let (one, other) = (self.hashes.0.hash_one(what), self.hashes.1.hash_one(what));
        self.known.insert(u128::from(one) << 64 | u128::from(other))
    }
}
