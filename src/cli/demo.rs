//! `tonegate demo`

use std::process::ExitCode;

use clap::Args;

use super::Fault;

/// Options of `tonegate demo`.
#[derive(Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        Err(Fault::Internal("not here yet".into()))
    }
}
