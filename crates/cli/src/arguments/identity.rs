//! Arguments of the commands about people and secrets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// Files and folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
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
