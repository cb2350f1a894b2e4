//! `softcap`: a token offering nobody has to trust.
//!
//! The program is thin: it reads files, feeds commands to the engine, and writes what comes out.
//! Data goes to standard output, talk to standard error; exit code 2 is bad input, 1 a finding.

mod annotations;
mod arguments;
mod bundle_folder;
mod commands;
mod console;
mod contributions_csv;
mod decimal;
mod entries_toml;
mod explanation;
mod failure;
mod input_error;
mod instant;
mod limit_price;
mod out_dir;
mod recording;
mod report;
mod report_data;
mod server_client;
mod settlement_leaves;
mod terms_file;
mod text_file;
mod web_page;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{arguments::Arguments, console::Console};

/// An answer of the server is made of many small pieces on one thread and often freed on another, which costs
/// the system's allocator a fifth of the time of a contribution.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // An unfinished result is removed also when the work is broken off.
    let _ = ctrlc::set_handler(|| {
        if commands::a_server_stops_by_itself() {
            return;
        }
        let _until_the_end = out_dir::remove_unfinished();
        std::process::exit(130);
    });
    let console = Console::new(arguments.json);
    match commands::run(arguments.command, &console) {
        Ok(code) => code,
        Err(failure) => {
            console.report(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
