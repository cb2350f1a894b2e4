//! The command line. Help teaches by example.

mod after_sale;
mod contribute;
mod escrow;
mod identity;
mod offering;
mod on_chain;
mod root;
mod witness;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

pub(crate) use after_sale::{
    GiveBackArguments, MilestoneArguments, MilestoneCommand, ReleaseArguments, VestArguments,
};
pub(crate) use contribute::ContributeArguments;
pub(crate) use escrow::{EscrowCommand, EscrowShowArguments};
pub(crate) use identity::{
    AlarmsCommand, ApiKeyCommand, NewApiKeyArguments, PersonArguments, PersonCommand,
    PersonalKeyArguments, PersonalKeyCommand, ReplayArguments, RoleArguments, RoleCommand,
    ScanArguments, SelftestArguments,
};
pub(crate) use offering::OfferingCommand;
pub(crate) use on_chain::{
    AnnounceArguments, AnnouncedRail, ClaimArguments, ComparisonArguments, EscrowArguments,
    ExitArguments, PermitArguments, SenderArguments, WatchArguments,
};
pub(crate) use root::{RefuteArguments, RootArguments, RootCommand, RootShowArguments};
pub(crate) use witness::WitnessArguments;

/// A token offering nobody has to trust: anyone can check every number.
#[derive(Debug, Parser)]
#[command(
    name = "softcap",
    version,
    about,
    after_help = "Examples:\n  \
        softcap settle --terms examples/starter/offering.toml \\\n    \
            --contributions examples/starter/contributions.csv \\\n    \
            --entries examples/starter/entries.toml --out result\n  \
        softcap verify result\n  \
        softcap explain result --contribution c-007\n\n\
        Exit codes: 0 done, 1 a check found something, 2 bad input."
)]
pub(crate) struct Arguments {
    /// Print data as JSON on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write, check and try out the terms of an offering.
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            softcap offering new --out offering.toml\n  \
            softcap offering check offering.toml\n  \
            softcap offering simulate offering.toml"
    )]
    Offering(OfferingCommand),
    /// Compute who gets what and who gets what back, and commit to it.
    #[command(after_help = "Examples:\n  \
            softcap settle --terms offering.toml --contributions contributions.csv --out result\n  \
            softcap settle --terms offering.toml --contributions contributions.csv \\\n    \
                --entries entries.toml --key log.key --out result\n  \
            softcap settle --terms offering.toml --contributions contributions.csv --dry-run --json\n\n\
            The folder must be new or empty; a result is never half overwritten.\n\n\
            Exit codes: 0 settled, also when the soft cap was missed; 2 bad input, and nothing was written.")]
    Settle(SettleArguments),
    /// Recompute everything in a result folder, or in the record of a server, and compare each byte.
    #[command(after_help = "Examples:\n  \
            softcap verify result\n  \
            softcap verify result --key 'example.org/harbour+5b0e…+AY…' --terms-hash 3f8a…\n  \
            softcap verify --data softcap-data\n  \
            softcap verify result --chain https://node.example/… --chain https://other.example\n\n\
            With --chain every event of the escrow is compared with its entry, and every share with the contract. \
            Without --key, --terms-hash or --issuer-key a wholly forged result is consistent too: compare what it \
            names with a source you trust.\n\n\
            Exit codes: 0 everything agrees, 1 something does not (the message names the file and the \
            place), 2 there is nothing to verify.")]
    Verify(VerifyArguments),
    /// Print the proof that an investor's line is in the settlement.
    #[command(after_help = "Example:\n  \
            softcap proof result --investor 35590\n\n\
            The result is verified first. Exit codes: 0 proven, 1 the result does not hold together, \
            2 there is no such investor.")]
    Proof(ProofArguments),
    /// Explain a contribution step by step, so that a pocket calculator can follow.
    #[command(
        after_help = "Example:\n  softcap explain result --contribution c-007\n\n\
            Exit codes: 0 explained, 1 the result does not hold together, 2 there is no such contribution."
    )]
    Explain(ExplainArguments),
    /// Make a key that signs checkpoints, or terms.
    #[command(after_help = "Example:\n  \
            softcap key --name example.org/harbour --out log.key\n\n\
            The file holds a secret: its owner alone may read it. The public key is printed; publish it.")]
    Key(KeyArguments),
    /// Run a whole sale with invented investors on a real server, in a minute.
    #[command(after_help = "Examples:\n  \
            softcap demo\n  \
            softcap demo --data my-demo --seconds 12 --investors 200 --exit\n\n\
            The server goes on until it is stopped (Ctrl-C), unless --exit is given.")]
    Demo(DemoArguments),
    /// Host offerings: the HTTP interface over a durable record.
    #[command(after_help = "Examples:\n  \
            softcap serve\n  \
            softcap serve --data softcap-data --listen 127.0.0.1:8080\n  \
            softcap serve --data postgres://softcap@db.example:5432/softcap")]
    Serve(ServeArguments),
    /// Run an EVM chain on this machine, for rehearsals and tests.
    #[command(after_help = "Examples:\n  \
            softcap chain --data my-chain\n  \
            softcap chain --data my-chain --listen 127.0.0.1:8545 --accounts 10 --time-control\n\n\
            The keys of its accounts are known to everybody: it is for play money. Whoever can reach the address may \
            send transactions; with --time-control also move the time and drop blocks.\n\n\
            Exit codes: 0 stopped, 1 the stored chain is damaged, 2 it could not be started.")]
    Chain(ChainArguments),
    /// Let a wallet into a round on a chain: sign a permit with the verifier's key.
    #[command(after_help = "Example:\n  \
            softcap permit --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --investor 0x15d3… \\\n    \
                --max 8000000000000000000 --key-file verifier.key\n\n\
            The investor's wallet shows it with the first contribution. The key signs permits only.\n\n\
            Exit codes: 0 signed, 1 there is no such escrow, 2 bad input, or the node did not answer.")]
    Permit(PermitArguments),
    /// Pay into an escrow, in the chain's coin or in an ERC-20; what does not fit comes back at once.
    #[command(after_help = "Examples:\n  \
            softcap contribute --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --amount 2000000000000000000 \\\n    \
                --permit permit.json --key-file wallet.key\n  \
            softcap contribute --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --amount 2000000000000000000 \\\n    \
                --limit 1000000000000000 --key-file wallet.key\n\n\
            The contract must run the code of this program; with --terms it must have these terms. An ERC-20 is allowed to \
            exactly this amount first: by a second transaction, or signed where the currency and the escrow take that. With \
            --dry-run only what the chain can try as it stands is tried.\n\n\
            Exit codes: 0 done, 1 the contract refuses or is none of ours, 2 bad input, or the node did not answer.")]
    Contribute(ContributeArguments),
    /// Get tokens out of an escrow after the settlement.
    #[command(after_help = "Examples:\n  \
            softcap claim --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file wallet.key\n  \
            softcap claim --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --list wallets.txt --key-file wallet.key\n  \
            softcap claim --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --key-file wallet.key\n  \
            softcap claim --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --from 0x15d3… --dry-run\n\n\
            Where the outcome is a root, --bundle is the result folder that the leaf is taken from.\n\n\
            With --list the sender pays for others; their tokens go to themselves. No server is needed.\n\n\
            Exit codes: 0 done, 1 the contract refuses or skipped somebody, 2 bad input, or the node did not \
            answer.")]
    Claim(ClaimArguments),
    /// Get money back out of an escrow: of a sale that failed, or after a return.
    #[command(after_help = "Examples:\n  \
            softcap refund --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file wallet.key\n  \
            softcap refund --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --list wallets.txt --key-file wallet.key\n\n\
            With --list the sender pays for others; their money goes to themselves. No server is needed.\n\n\
            Exit codes: 0 done, 1 the contract refuses or skipped somebody, 2 bad input, or the node did not \
            answer.")]
    Refund(ExitArguments),
    /// Take contributions back out of an escrow whose terms give a withdrawal right.
    #[command(after_help = "Examples:\n  \
            softcap withdraw --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file wallet.key\n  \
            softcap withdraw --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --from 0x15d3… --dry-run\n\n\
            Everything of the sender goes back that the right still covers, at most 500 contributions; repeat it for \
            more. No server is needed.\n\n\
            Exit codes: 0 done, 1 the terms give no such right or the contract refuses, 2 bad input, or the node did \
            not answer.")]
    Withdraw(EscrowArguments),
    /// Settle an escrow after its window, and pay the beneficiary or begin what comes after the sale. Anybody may.
    #[command(after_help = "Examples:\n  \
            softcap release --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file wallet.key\n  \
            softcap release --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --from 0x15d3… --dry-run\n  \
            softcap release --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --factory 0xe7f1… --vesting 0x9fE4… \\\n    \
                --key-file wallet.key\n\n\
            With --factory the sale is settled and all that vests begins in one second. Where milestones release the \
            money, it goes to their contract.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Release(ReleaseArguments),
    /// Release the money of a sale step by step, or stop it: announce, object, release, refund.
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            softcap milestone announce --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file issuer.key\n  \
            softcap milestone object --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file wallet.key\n  \
            softcap milestone release --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file wallet.key\n  \
            softcap milestone refund --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file wallet.key\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer."
    )]
    Milestone(MilestoneCommand),
    /// Act on an escrow as its issuer: revoke, return, pause, resume, cancel; or show where it stands.
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            softcap escrow show --rpc http://127.0.0.1:8545 --escrow 0x5FC8…\n  \
            softcap escrow return --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --investor 0x15d3… \\\n    \
                --reason sanctions --key-file issuer.key\n\n\
            None of it moves an investor's money anywhere but back.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer."
    )]
    Escrow(EscrowCommand),
    /// Settle a sale on a chain by the root of its settlement: show, post, object, refute, distribute, cancel.
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            softcap root post --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --key-file issuer.key\n  \
            softcap root object --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file wallet.key\n  \
            softcap root distribute --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --key-file wallet.key\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer."
    )]
    Root(RootCommand),
    /// Hand over what is free of a share of the supply. Anybody may; it goes to the holder.
    #[command(after_help = "Example:\n  \
            softcap vest --rpc http://127.0.0.1:8545 --vesting 0x9fE4… --key-file wallet.key\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Vest(VestArguments),
    /// Raise the alarm when a page, the addresses that the issuer signed, and the chain do not agree.
    #[command(after_help = "Examples:\n  \
            softcap watch https://sale.example --issuer-key 'example.org/issuer+5b0e…+AY…' \\\n    \
                --rpc https://node.example --page https://sale.example/buy\n  \
            softcap watch softcap-addresses.json --issuer-key 'example.org/issuer+5b0e…+AY…' \\\n    \
                --rpc http://127.0.0.1:8545 --terms offering.toml --once\n\n\
            Exit codes: 0 all agrees (with --once), 1 it does not: each difference is printed; 2 bad input, or the \
            page or the node did not answer.")]
    Watch(WatchArguments),
    /// Print a documented configuration, or check one.
    #[command(after_help = "Examples:\n  \
            softcap config > softcap.toml\n  \
            softcap config --check softcap.toml\n\n\
            Exit codes: 0 printed or right, 2 something is wrong, with its place.")]
    Config(ConfigArguments),
    /// Make and revoke the keys of programs.
    #[command(
        subcommand,
        after_help = "Example:\n  softcap api-key new --data softcap-data --label operator"
    )]
    ApiKey(ApiKeyCommand),
    /// Try the rules of alerts on events of your own.
    #[command(
        subcommand,
        after_help = "Example:\n  softcap alarms replay events.jsonl"
    )]
    Alarms(AlarmsCommand),
    /// Let a person in nowhere, or in again, on the machine itself.
    #[command(
        subcommand,
        after_help = "Example:\n  \
            softcap person disable --data softcap-data --person eve@example.org"
    )]
    Person(PersonCommand),
    /// Put a new key in the place of the one that seals what is personal.
    #[command(
        subcommand,
        after_help = "Example:\n  \
            softcap personal-key begin --data softcap-data"
    )]
    PersonalKey(PersonalKeyCommand),
    /// Give people their first roles, on the machine itself.
    #[command(
        subcommand,
        after_help = "Example:\n  \
            softcap role give --data softcap-data --person anna@example.org --role owner"
    )]
    Role(RoleCommand),
    /// Find keys where none should stand: in a source tree, a log, a history.
    #[command(after_help = "Examples:\n  \
            softcap scan .\n  \
            softcap scan server.log notes/\n  \
            git log -p --all | softcap scan -\n\n\
            Finds keys of Softcap by their checksum, private keys, and what looks like keys of exchanges beside their \
            names. A finding shows too little to be used. Links and the folder .git are not followed.\n\n\
            Exit codes: 0 nothing found, 1 something was, 2 something could not be read.")]
    Scan(ScanArguments),
    /// Check an installation, and list what proves the rest.
    #[command(after_help = "Examples:\n  \
            softcap selftest --asvs\n  \
            softcap selftest --config softcap.toml --url https://sale.example\n  \
            softcap selftest --data softcap-data --url http://127.0.0.1:8080 --asvs --json\n\n\
            Without --url nothing is asked of a server, without --data or --config nothing of a machine. With both a key for an \
            address that nobody has is made for a moment, and revoked. docs/operations.md says what each check asks.\n\n\
            Exit codes: 0 nothing is wrong, 1 a check failed, 2 it could not be tried.")]
    Selftest(SelftestArguments),
    /// Record what people pay in and are paid out on a platform.
    #[command(
        subcommand,
        after_help = "Example:\n  \
            softcap balance import payments.csv --server http://127.0.0.1:8080 \\\n    --key-file operator.key"
    )]
    Balance(BalanceCommand),
    /// Write tiles and snapshots anew from the record.
    #[command(after_help = "Example:\n  \
            softcap rebuild --data softcap-data\n\n\
            The server must be stopped. The record itself is only read.\n\n\
            Exit codes: 0 rebuilt, 1 the record is damaged and nothing was changed, 2 it could not be tried.")]
    Rebuild(RecordArguments),
    /// Bring the tables of a database up to date.
    #[command(after_help = "Example:\n  \
            softcap migrate --data postgres://softcap@db.example:5432/softcap\n\n\
            A server does the same at its start; this is for those who want it done before.")]
    Migrate(RecordArguments),
    /// Copy a server's data into one encrypted file, while it runs.
    #[command(after_help = "Example:\n  \
            softcap backup --data softcap-data --out softcap.age --recipient age1…\n\n\
            Keys are made with age-keygen; the server needs only the public one (age1…). The file holds the \
            secrets of the server too. Tiles and snapshots are left out: they follow from the record.\n\n\
            PostgreSQL has tools of its own: use pg_dump or its continuous archiving.")]
    Backup(BackupArguments),
    /// Make a data folder from a backup, after verifying every entry.
    #[command(after_help = "Examples:\n  \
            softcap restore --from softcap.age --identity key.txt --data softcap-data \\\n    \
                --checkpoints /mnt/other/checkpoints\n  \
            softcap restore --from softcap.age --identity key.txt --data softcap-data --complete\n\n\
            A restored log takes no entries until it has reached the newest checkpoint that was kept \
            elsewhere; without --checkpoints and --complete the server says which file it waits for.\n\n\
            Exit codes: 0 restored, 1 the record in the backup is damaged, 2 it could not be tried. Nothing is \
            left behind when it fails.")]
    Restore(RestoreArguments),
    /// Follow the log of an offering, cosign what continues it, and raise the alarm when it contradicts itself.
    #[command(after_help = "Examples:\n  \
            softcap key --name witness.example/w1 --out witness.key\n  \
            softcap witness https://softcap.example/v1/offerings/harbour \\\n    \
                --log-key 'softcap.example/harbour+5b0e…+AY…' --key witness.key --state harbour-seen --post\n\n\
            A witness stands on another machine, and belongs to somebody else than the server. It has a key of its \
            own and keeps, in a folder for each log, the largest checkpoint that it cosigned.\n\n\
            Exit codes: 0 cosigned (with --once), 1 the log contradicts what it signed before: both checkpoints are \
            printed and kept; 2 the log could not be read, or bad input.")]
    Witness(WitnessArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ChainArguments {
    /// The folder that keeps the chain; a chain is begun where there is none.
    #[arg(long, value_name = "DIR", default_value = "softcap-chain")]
    pub(crate) data: PathBuf,
    /// Address and port of its JSON-RPC.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8545")]
    pub(crate) listen: SocketAddr,
    /// How many accounts a new chain funds: 10.
    #[arg(long, value_name = "COUNT")]
    pub(crate) accounts: Option<u32>,
    /// Number of a new chain: 31337.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) chain_id: Option<u64>,
    /// Seconds between two blocks. Without it there is a block as soon as there is a transaction.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) block_time: Option<u32>,
    /// Take the methods that move time, go back to snapshots, and replace blocks.
    #[arg(long)]
    pub(crate) time_control: bool,
    /// A page whose scripts may ask, as http://localhost:5173; may be given several times; * for every page.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// Where the server keeps its data: a folder.
    #[arg(long, value_name = "DIR", default_value = "softcap-data")]
    pub(crate) data: PathBuf,
    /// The file to write; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Who can read it: a public key of age; may be given several times.
    #[arg(long, value_name = "KEY", required = true)]
    pub(crate) recipient: Vec<String>,
    /// The folder of the files that people showed, where `verification.folder` names another one than `uploads` in the data.
    #[arg(long, value_name = "DIR", conflicts_with = "person_keys")]
    pub(crate) uploads: Option<PathBuf>,
    /// Only the keys of people, which are left out otherwise. Keep the newest one apart, and none older.
    #[arg(long)]
    pub(crate) person_keys: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The file with the secret key of age.
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: PathBuf,
    /// The folder to make: new or empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// A folder with the newest checkpoints that were kept elsewhere.
    #[arg(long, value_name = "DIR", conflicts_with = "complete")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// The server was stopped before the backup was made: nothing came after it.
    #[arg(long)]
    pub(crate) complete: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// Where the server keeps its data: a folder, or postgres://user@host:5432/name.
    #[arg(long, value_name = "DATA", default_value = "softcap-data")]
    pub(crate) data: String,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// A new folder for the record and the result.
    #[arg(long, value_name = "DIR", default_value = "softcap-demo")]
    pub(crate) data: PathBuf,
    /// Address and port of the server; without it 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// How long the sale is open, in seconds.
    #[arg(long, default_value_t = 50)]
    pub(crate) seconds: u32,
    /// How many investors there are.
    #[arg(long, default_value_t = 1000)]
    pub(crate) investors: u32,
    /// Stop the server when the result is verified.
    #[arg(long)]
    pub(crate) exit: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The configuration; without it softcap.toml, if it is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A folder for the embedded database, or postgres://user@host:5432/name.
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// Address and port.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The file to check, together with the variables of the environment.
    #[arg(long, value_name = "FILE")]
    pub(crate) check: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BalanceCommand {
    /// Record deposits and withdrawals of a CSV table, each once by its id.
    #[command(after_help = "Examples:\n  \
            softcap balance import payments.csv --server http://127.0.0.1:8080 \\\n    --key-file operator.key\n  \
            softcap balance import payments.csv --server https://softcap.example \\\n    --key-file operator.key --dry-run\n\n\
            The table has the header id,kind,person,currency,amount,reference; kind is deposit or withdrawal, the \
            amount is in smallest units. A table with a row that cannot be read is not sent at all, and every such \
            row is named. A second import of the same rows changes nothing.\n\n\
            Exit codes: 0 all rows are recorded, 1 the server did not take some (each is named), 2 bad input, or the \
            server could not be reached.")]
    Import(BalanceImportArguments),
}

#[derive(Debug, Args)]
pub(crate) struct BalanceImportArguments {
    /// The table (CSV).
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Address of the server.
    #[arg(long, value_name = "URL")]
    pub(crate) server: String,
    /// A file whose first line is an API key with accounts:write:*.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// Say what would be new, and record nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SignArguments {
    /// The terms.
    #[arg(value_name = "TERMS")]
    pub(crate) terms: PathBuf,
    /// The file with the issuer's secret key (`softcap key`).
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The file to write; must not exist.
    #[arg(long, value_name = "FILE", default_value = "offering.sig")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SettleArguments {
    /// The terms (offering.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) terms: PathBuf,
    /// What people paid (contributions.csv).
    #[arg(long, value_name = "FILE")]
    pub(crate) contributions: PathBuf,
    /// What the issuer, investors and time add (entries.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) entries: Option<PathBuf>,
    /// The folder for the result: new or empty.
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
    /// Sign the checkpoint with this key (see `softcap key`).
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Put the issuer's signature of the terms into the result (see `softcap offering sign`).
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// Put the x_ columns of the contributions into the result.
    #[arg(long)]
    pub(crate) with_annotations: bool,
    /// Compute and print, write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The result folder.
    #[arg(value_name = "DIR", required_unless_present = "data")]
    pub(crate) bundle: Option<PathBuf>,
    /// Where a server keeps its data: every log is replayed from its first entry; the server may run.
    #[arg(long, value_name = "DATA", conflicts_with_all = ["bundle", "key", "terms_hash", "issuer_key"])]
    pub(crate) data: Option<String>,
    /// The public key that must have signed the checkpoint.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The hash that the terms must have (64 hexadecimal digits).
    #[arg(long, value_name = "HASH")]
    pub(crate) terms_hash: Option<String>,
    /// The issuer's public key that must have signed the terms.
    #[arg(long, value_name = "KEY")]
    pub(crate) issuer_key: Option<String>,
    #[command(flatten)]
    pub(crate) comparison: ComparisonArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ProofArguments {
    /// The result folder.
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The investor's id.
    #[arg(long, value_name = "ID")]
    pub(crate) investor: String,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The result folder.
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The contribution_id.
    #[arg(long, value_name = "ID")]
    pub(crate) contribution: String,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// Name of the key: the origin of the offering, or the issuer's own name.
    #[arg(long)]
    pub(crate) name: String,
    /// The file to write; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The file to write; must not exist.
    #[arg(long, value_name = "FILE", default_value = "offering.toml")]
    pub(crate) out: PathBuf,
    /// Take every answer that is not given from its default instead of asking.
    #[arg(long)]
    pub(crate) defaults: bool,
    /// Name of the offering.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Symbol of the token.
    #[arg(long)]
    pub(crate) symbol: Option<String>,
    /// The money that is taken: ETH, BTC, or any symbol of the platform.
    #[arg(long)]
    pub(crate) currency: Option<String>,
    /// Money per token, for example 0.002.
    #[arg(long)]
    pub(crate) price: Option<String>,
    /// Below this everybody is refunded.
    #[arg(long)]
    pub(crate) soft_cap: Option<String>,
    /// Above this nothing more is accepted.
    #[arg(long)]
    pub(crate) hard_cap: Option<String>,
    /// First instant of the sale, for example 2027-03-01T12:00:00Z.
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// First instant after the sale.
    #[arg(long)]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// The terms.
    pub(crate) terms: PathBuf,
    /// Seed of the draws: the same seed gives the same people.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many people take part in each scenario.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) investors: u32,
    /// Write the chart to this file (SVG).
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
}
