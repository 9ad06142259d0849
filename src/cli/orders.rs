//! `tonegate orders`: what is owed, from a file and in a list.

mod crm;
mod import;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::Fault;
use super::people::Place;
use crate::orders::Asked;
use crate::people::Act;

pub(super) use crm::finding as crm_finding;

/// Orders listed if nobody says how many.
const LISTED: u32 = 50;

/// Subcommands of `tonegate orders`.
#[derive(Subcommand)]
pub(super) enum Orders {
    /// Write the orders of a file down (CSV, UTF-8); nothing of it if one line is bad.
    ///
    /// The first line names the columns: reference, amount, and any of currency, merchant, description, name, phone,
    /// email, language, due (2026-12-31), partial_payments (yes, no). Exit status 0: all of it is written down; 1: some
    /// lines are bad, and are told with their numbers.
    Import {
        /// The file.
        file: PathBuf,
        /// Only look at it, and tell what is bad.
        #[arg(long)]
        dry_run: bool,
        /// Write the good lines down although there are bad ones.
        #[arg(long, conflicts_with = "dry_run")]
        accept_good_lines: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Name orders, the youngest first.
    List {
        /// Only of this merchant.
        #[arg(long)]
        merchant: Option<String>,
        /// Only the one of this reference.
        #[arg(long)]
        reference: Option<String>,
        /// Only of this telephone number.
        #[arg(long)]
        phone: Option<String>,
        /// Only these: open, partly_paid, paid, cancelled.
        #[arg(long)]
        state: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = LISTED, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        #[command(flatten)]
        place: Place,
    },
}

impl Orders {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        match self {
            Self::Import { file, dry_run, accept_good_lines, place } => {
                import::run(&file, dry_run, accept_good_lines, &place)
            }
            Self::List { merchant, reference, phone, state, limit, place } => {
                let asked = Asked { merchant, reference, phone, state };
                place.perform(&Act::ListOrders { asked, limit })
            }
        }
    }
}
