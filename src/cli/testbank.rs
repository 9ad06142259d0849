//! `tonegate testbank`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use zeroize::Zeroizing;

use super::Fault;
use crate::psp::testbank::{TestBank, TestBankSettings};

/// Options of `tonegate testbank`.
#[derive(Args)]
pub(super) struct Testbank {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8089")]
    listen: SocketAddr,
    /// User that callers must present (HTTP Basic).
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// File with that user's password.
    #[arg(long, requires = "user")]
    password_file: Option<PathBuf>,
    /// How long its late answers take.
    #[arg(long, default_value_t = 11_000, value_name = "MS")]
    slow_answer_ms: u64,
    /// Charge a `transaction_id` that was seen before once more, as some connectors do.
    #[arg(long)]
    forgetful: bool,
}

impl Testbank {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let login = match (self.user, self.password_file) {
            (Some(user), Some(file)) => {
                let password = std::fs::read_to_string(&file).map(Zeroizing::new).map_err(|fault| {
                    Fault::Settings(format!("{}: the password cannot be read: {fault}", file.display()))
                })?;
                Some((user, Zeroizing::new(password.trim_end().to_owned())))
            }
            _ => None,
        };
        let settings =
            TestBankSettings { login, deduplicates: !self.forgetful, slow_answer_ms: self.slow_answer_ms };
        super::runtime()?.block_on(async {
            let mut bank = TestBank::start(self.listen, settings)
                .await
                .map_err(|fault| Fault::Unavailable(fault.to_string()))?;
            anstream::println!("the test bank takes charges at {}", bank.url());
            anstream::println!("what it does with which card and amount: http://{}/", bank.address);
            tokio::select! {
                stop = super::asked_to_stop() => stop.map_err(|fault| Fault::Internal(fault.to_string()))?,
                () = bank.closed() => return Err(Fault::Internal("the test bank closed by itself".into())),
            }
            bank.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}
