//! One file per command.

mod after_sale;
mod alarms;
mod api_key;
mod backup;
mod balance_import;
mod bundle_of_log;
mod chain;
mod config;
mod contribute;
mod demo;
mod escrow;
mod exits;
mod explain;
mod key;
mod migrate;
mod offering_announce;
mod offering_check;
mod offering_new;
mod offering_rehearse;
mod offering_sign;
mod offering_simulate;
mod on_chain;
mod permit;
mod person;
mod personal_key;
mod proof;
mod rebuild;
mod record_folder;
mod restore;
mod role;
mod root;
mod scan;
mod selftest;
mod serve;
mod settle;
mod steps;
mod verify;
mod verify_chain;
mod verify_record;
mod watch;
mod witness;

pub(crate) use offering_check::{problem_json, reason_json};
pub(crate) use serve::a_server_stops_by_itself;
pub(crate) use verify::checked;

use std::process::ExitCode;

use crate::{
    arguments::{BalanceCommand, Command, OfferingCommand},
    console::Console,
    failure::Failure,
};

pub(crate) fn run(command: Command, console: &Console) -> Result<ExitCode, Failure> {
    match command {
        Command::Offering(OfferingCommand::New(arguments)) => {
            offering_new::run(&arguments, console)
        }
        Command::Offering(OfferingCommand::Check { terms }) => offering_check::run(&terms, console),
        Command::Offering(OfferingCommand::Rehearse { terms }) => {
            offering_rehearse::run(&terms, console)
        }
        Command::Offering(OfferingCommand::Announce(arguments)) => {
            offering_announce::run(&arguments, console)
        }
        Command::Offering(OfferingCommand::Sign(arguments)) => {
            offering_sign::run(&arguments, console)
        }
        Command::Offering(OfferingCommand::Simulate(arguments)) => {
            offering_simulate::run(&arguments, console)
        }
        Command::Settle(arguments) => settle::run(&arguments, console),
        Command::Verify(arguments) => verify::run(&arguments, console),
        Command::Proof(arguments) => proof::run(&arguments, console),
        Command::Explain(arguments) => explain::run(&arguments, console),
        Command::Key(arguments) => key::run(&arguments, console),
        Command::Demo(arguments) => demo::run(&arguments, console),
        Command::Serve(arguments) => serve::run(&arguments, console),
        Command::Chain(arguments) => chain::run(&arguments, console),
        Command::Permit(arguments) => permit::run(&arguments, console),
        Command::Contribute(arguments) => contribute::run(&arguments, console),
        Command::Claim(arguments) => exits::claim(&arguments, console),
        Command::Refund(arguments) => exits::refund(&arguments, console),
        Command::Withdraw(arguments) => exits::withdraw(&arguments, console),
        Command::Release(arguments) => after_sale::release(&arguments, console),
        Command::Milestone(command) => after_sale::milestone(&command, console),
        Command::Escrow(command) => escrow::run(&command, console),
        Command::Root(command) => root::run(&command, console),
        Command::Vest(arguments) => after_sale::vest(&arguments, console),
        Command::Watch(arguments) => watch::run(&arguments, console),
        Command::Config(arguments) => config::run(&arguments, console),
        Command::Alarms(command) => alarms::run(&command, console),
        Command::Person(command) => person::run(&command, console),
        Command::PersonalKey(command) => personal_key::run(&command, console),
        Command::Role(command) => role::run(&command, console),
        Command::Selftest(arguments) => selftest::run(&arguments, console),
        Command::Scan(arguments) => scan::run(&arguments, console),
        Command::ApiKey(command) => api_key::run(&command, console),
        Command::Balance(BalanceCommand::Import(arguments)) => {
            balance_import::run(&arguments, console)
        }
        Command::Rebuild(arguments) => rebuild::run(&arguments, console),
        Command::Migrate(arguments) => migrate::run(&arguments, console),
        Command::Backup(arguments) => backup::run(&arguments, console),
        Command::Restore(arguments) => restore::run(&arguments, console),
        Command::Witness(arguments) => witness::run(&arguments, console),
    }
}
