//! `relaypacs`: the same relay as the window, on a terminal.
//!
//! Knows the relay and the words, and nothing of tables or requests. People's text goes to standard error, results to
//! standard output; with `--json` standard output has one JSON object a line and nothing else.

mod args;
mod destination;
mod exit;
mod face;
mod json;
mod ledger;
mod people;
mod practice;
mod queue;
mod scan;
mod secrets;
mod send;
mod session;
mod watch;

use args::{Cli, Command};
use clap::Parser;
use exit::Exit;
use relaypacs_model::Fault;
use session::Session;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Usage errors leave here with status 2, as the contract has it.
    let cli = Cli::parse();
    let exit =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => {
                let exit = runtime.block_on(run(cli));
                // A reader thread may hang in a dead mount: the process does not wait for it.
                runtime.shutdown_background();
                exit
            }
            Err(error) => {
                exit::explain(&Fault::with(relaypacs_model::Code::Internal, error), false)
            }
        };
    ExitCode::from(exit.status())
}

async fn run(cli: Cli) -> Exit {
    let json = cli.common.json;
    let session = Session::new(cli.common);
    let done = match cli.command {
        Command::Scan(args) => scan::scan(&session, args).await,
        Command::Send(args) => send::send(&session, args).await,
        Command::Queue { action } => queue::queue(&session, action).await,
        Command::Run(args) => send::run(&session, args).await,
        Command::Watch(args) => watch::watch(&session, args).await,
        Command::Destination { action } => destination::destination(&session, action).await,
        Command::History { limit } => ledger::history(&session, limit),
        Command::Receipt { id } => ledger::receipt(&session, id),
        Command::Audit { action } => ledger::audit(&session, action),
        Command::Stats => ledger::statistics(&session),
        Command::PracticePacs(args) => practice::serve(&session, args).await,
    };
    done.unwrap_or_else(|fault| exit::explain(&fault, json))
}
