//! Arguments of `softcap witness`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct WitnessArguments {
    /// Address of the offering. Without it the witness waits for what others push (--listen).
    #[arg(value_name = "URL", required_unless_present = "listen")]
    pub(crate) url: Option<String>,
    /// First line of the log's checkpoints: needed without URL before anything was cosigned.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Option<String>,
    /// The log's public key, from a source you trust: NAME+ID+KEY.
    #[arg(long, value_name = "KEY")]
    pub(crate) log_key: String,
    /// The file with the secret key of this witness (`softcap key`).
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The folder of this witness for this log.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// Look once, and end.
    #[arg(long, requires = "url")]
    pub(crate) once: bool,
    /// Hand each signature to the server, whose operator named this witness.
    #[arg(long, requires = "url")]
    pub(crate) post: bool,
    /// Serve the newest cosigned checkpoint at /checkpoint of this address and port, and take newer ones at
    /// /add-checkpoint (C2SP tlog-witness).
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
    pub(crate) listen: Option<SocketAddr>,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) every: u32,
    /// Seconds in which a log that looks shorter than before may show the rest, before the alarm.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) patience: u32,
}
