//! The command line.
//!
//! Exit status: 0 done as asked, 1 done with another outcome than asked for, 2 a wrong command line,
//! 69 something needed is not available, 70 a fault of ours, 78 a wrong configuration (sysexits.h).

mod accounts;
mod check;
mod demo;
mod fault;
mod messengers;
mod orders;
mod pbx;
mod people;
mod psp;
mod running;
mod seat;
mod serve;
mod sounds;
mod testbank;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use fault::Fault;

/// Card payments by phone keypad, on the PBX a company already runs.
#[derive(Parser)]
#[command(name = "tonegate", version, about, disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take payments: run beside the PBX until stopped.
    Serve(serve::Serve),
    /// Look at the configuration and the PBX, and say what is missing or what writes down keys.
    Check(check::Check),
    /// Play a whole payment, with telephones and a bank of our own; needs no PBX and no set-up.
    Demo(demo::Demo),
    /// Run a bank that moves no money, to try things out.
    Testbank(testbank::Testbank),
    /// Make people known who use the console, and keep them out.
    #[command(subcommand)]
    User(people::User),
    /// Make keys for programs that use the API, and take them back.
    #[command(subcommand)]
    Key(people::Key),
    /// Write down what is owed, from a file, and look at it.
    #[command(subcommand)]
    Orders(orders::Orders),
    /// Try accounts with payment service providers.
    #[command(subcommand)]
    Psp(psp::Psp),
    /// See, record, import and check what is said.
    #[command(subcommand)]
    Sounds(sounds::Sounds),
    /// Look at what endpoints were told, and send it again.
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
}

/// Runs the command line given to the process.
#[must_use]
pub fn main() -> ExitCode {
    let line = Line::parse();
    // Before any other thread exists: some of it holds for threads begun later only.
    let hardened = crate::harden::apply();
    let done = match line.command {
        Command::Serve(serve) => serve.run(&hardened),
        Command::Check(check) => check.run(),
        Command::Demo(demo) => demo.run(),
        Command::Testbank(testbank) => testbank.run(),
        Command::User(user) => user.run(),
        Command::Key(key) => key.run(),
        Command::Orders(orders) => orders.run(),
        Command::Psp(psp) => psp.run(),
        Command::Sounds(sounds) => sounds.run(),
        Command::Webhooks(webhooks) => webhooks.run(),
    };
    match done {
        Ok(code) => code,
        Err(fault) => {
            anstream::eprintln!("tonegate: {fault}");
            fault.exit_code()
        }
    }
}

/// A runtime for a command.
fn runtime() -> Result<tokio::runtime::Runtime, Fault> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|fault| Fault::Internal(format!("no threads to run in: {fault}")))
}

/// Waits until an admin or the system asks the process to stop.
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
