//! Arguments of the commands about keys, people and secrets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// Files and folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// What can be done with the rules of alerts.
#[derive(Debug, Subcommand)]
pub(crate) enum AlarmsCommand {
    /// Say what the rules would have told of a file of events, and how well.
    #[command(after_help = "Examples:\n  \
            softcap alarms replay events.jsonl\n  \
            softcap alarms replay events.jsonl --list --json\n  \
            softcap alarms replay events.jsonl --networks networks.txt\n\n\
            One JSON object a line, in the order of time; docs/alerts.md has the format. Where events name the attack they \
            belong to, it says how many attacks were noticed and how many alarms were false.\n\n\
            Exit codes: 0 replayed, 2 a line is no event, with its number.")]
    Replay(ReplayArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The events; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print each alarm as well.
    #[arg(long)]
    pub(crate) list: bool,
    /// Names of networks: one `PREFIX NAME [COUNTRY]` a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) networks: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SelftestArguments {
    /// List the forty items of OWASP ASVS 5.0 with their results and tests.
    #[arg(long)]
    pub(crate) asvs: bool,
    /// Where the server answers.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Where it keeps its data; without it what the configuration says.
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// Its configuration.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What can be done with a person on the machine itself.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// End all sessions of a person at once and let them in nowhere. What they have stays.
    #[command(after_help = "Example:\n  \
            softcap person disable --data softcap-data --person eve@example.org\n\n\
            Exit codes: 0 disabled now or before, 2 there is no such person.")]
    Disable(PersonArguments),
    /// Let a person who was disabled log in again.
    #[command(after_help = "Example:\n  \
            softcap person enable --data softcap-data --person anna@example.org\n\n\
            Exit codes: 0 enabled now or before, 2 there is no such person.")]
    Enable(PersonArguments),
    /// Say which number a person has, by which others propose something about them.
    #[command(after_help = "Example:\n  \
            softcap person show --data softcap-data --person anna@example.org\n\n\
            Exit codes: 0 shown, 2 there is no such person.")]
    Show(PersonArguments),
}

#[derive(Debug, Args)]
pub(crate) struct PersonArguments {
    /// Where the server keeps its data.
    #[arg(long, default_value = "softcap-data")]
    pub(crate) data: String,
    /// The person's address of mail, or their id of 32 digits.
    #[arg(long)]
    pub(crate) person: String,
}

/// What can be done with roles on the machine itself.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Give a role to a person who has signed up. Over the interface a second person must approve.
    #[command(after_help = "Examples:\n  \
            softcap role give --data softcap-data --person anna@example.org --role owner\n  \
            softcap role give --data softcap-data --person 0f14d0ab96054a62a9e45ed26688389b \\\n    \
                --role treasurer --on harbour\n\n\
            Roles: owner, issuer_manager, compliance_officer, treasurer, support, auditor, developer.\n\n\
            Exit codes: 0 given, 2 bad input, or nothing would change.")]
    Give(RoleArguments),
    /// Show who has which role.
    #[command(after_help = "Example:\n  softcap role list --data softcap-data")]
    List {
        /// Where the server keeps its data.
        #[arg(long, default_value = "softcap-data")]
        data: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RoleArguments {
    /// Where the server keeps its data.
    #[arg(long, default_value = "softcap-data")]
    pub(crate) data: String,
    /// The person's address of mail, or their id of 32 digits.
    #[arg(long)]
    pub(crate) person: String,
    /// The role.
    #[arg(long)]
    pub(crate) role: String,
    /// The name of one offering; without it on every offering.
    #[arg(long, value_name = "OFFERING", default_value = "*")]
    pub(crate) on: String,
}

/// How the key of what is personal takes the place of another.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonalKeyCommand {
    /// Make a new key, which seals after the next start of each node. Copy `secrets/personal.key` to all of them.
    #[command(after_help = "Exit codes: 0 made now or before, 2 bad input\n\n\
            Example:\n  softcap personal-key begin --data softcap-data")]
    Begin(PersonalKeyArguments),
    /// Seal again with the new key what the old one sealed. The server may run, with both keys.
    #[command(
        after_help = "Exit codes: 0 nothing is left, 1 something is left that ends by itself\n\n\
            Example:\n  softcap personal-key seal --data softcap-data"
    )]
    Seal(PersonalKeyArguments),
    /// Throw the old key away, when nothing is sealed with it any more.
    #[command(
        after_help = "Exit codes: 0 gone now or before, 1 something is left\n\n\
            Example:\n  softcap personal-key end --data softcap-data"
    )]
    End(PersonalKeyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct PersonalKeyArguments {
    /// Where the server keeps its data.
    #[arg(long, default_value = "softcap-data")]
    pub(crate) data: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key; it is shown once.
    #[command(after_help = "Examples:\n  \
            softcap api-key new --data softcap-data --label operator\n  \
            softcap api-key new --data softcap-data --label shop --scope contributions:write:harbour\n  \
            softcap api-key new --data softcap-data --label till --public-key till.pub.pem")]
    New(NewApiKeyArguments),
    /// Revoke a key and all keys that it made.
    #[command(after_help = "Example:\n  softcap api-key revoke --data softcap-data 4kQ0vT1ZcX9b")]
    Revoke {
        /// Where the server keeps its data.
        #[arg(long, default_value = "softcap-data")]
        data: String,
        /// The 12 characters after sc_live_ or sc_test_.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewApiKeyArguments {
    /// Where the server keeps its data.
    #[arg(long, default_value = "softcap-data")]
    pub(crate) data: String,
    /// What people call the key.
    #[arg(long)]
    pub(crate) label: String,
    /// What it may do, as `verb:resource`; without it everything.
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// Networks that it may be used from; without it all.
    #[arg(long)]
    pub(crate) network: Vec<ipnet::IpNet>,
    /// Requests per second; twice as many at once.
    #[arg(long)]
    pub(crate) per_second: Option<u32>,
    /// A key for tests.
    #[arg(long)]
    pub(crate) test: bool,
    /// A file with the public half of an Ed25519 pair (PEM or base64): the key signs its requests and has no secret.
    #[arg(long)]
    pub(crate) public_key: Option<PathBuf>,
}
