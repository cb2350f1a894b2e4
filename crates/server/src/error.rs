//! Why the service did not start or run.

use std::{io, net::SocketAddr, path::PathBuf};

use softcap_database::DatabaseError;

/// The service could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken or not ours.
    #[error(
        "H911: cannot listen on {address}: {source}; choose another server.listen, or stop what uses it"
    )]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("H912: {}: {why}; give a PEM file that this user may read", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The key for webhooks cannot be used.
    #[error("H913: {}: {why}; give a file with at least 32 random bytes that only this user may read", path.display())]
    WebhookKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused something the service cannot do without.
    #[error("H914: {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A secret of the node cannot be read or made.
    #[error("H915: {}: {why}; it must be a file of this user, as the first start wrote it", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong; the secret is never repeated.
        why: String,
    },
    /// A secret is not the one that the database is used with.
    #[error(
        "H916: {}: {what}; copy the folder `secrets` of a node that runs on this database, or of a \
         backup, and start again", path.display()
    )]
    OtherSecret {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: SecretFault,
    },
    /// The address of a chain's node cannot be used.
    // Not repeated: it may hold a secret.
    #[error("H917: evm.endpoints: an address is none; write each as https://host/path")]
    Endpoint,
    /// The file of signed addresses cannot be served.
    #[error("H918: {}: {why}; give the file that `softcap offering announce --manifest` wrote, and the issuer's key in issuers.keys", path.display())]
    Addresses {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file of the keys that sign reports of leaked keys cannot be used.
    #[error("H920: {}: {why}; save https://api.github.com/meta/public_keys/secret_scanning as this file", path.display())]
    LeakKeys {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file of networks cannot be used.
    #[error("H921: {}: {why}; give a file with one PREFIX NAME [COUNTRY] a line", path.display())]
    Networks {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Mail cannot be sent as it is configured.
    #[error("H919: {key}: {why}; correct it in the configuration")]
    Mail {
        /// Which key.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The key that signs permits cannot be used.
    #[error(
        "H921: verification.permit_key_file: {0}; give a file with 64 hexadecimal digits that only this user may read"
    )]
    PermitKey(String),
    /// The people.
    #[error(transparent)]
    People(#[from] softcap_identity::PersonError),
    /// People who were erased.
    #[error(transparent)]
    Privacy(#[from] softcap_identity::PrivacyError),
    /// The record.
    #[error(transparent)]
    Journal(#[from] softcap_journal::JournalError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] softcap_identity::KeyError),
    /// The service's database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// How a secret differs from the one that a database is used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// There is no file.
    #[error("this secret is missing, and the database is used with one")]
    Missing,
    /// Another secret.
    #[error("the database is used with another secret than this one")]
    Different,
}
