//! What can go wrong with the administration of keys. What a caller with a wrong key gets is
//! [`crate::Denied`].

use softcap_database::DatabaseError;
use thiserror::Error;

use crate::{KeyId, KeyTextError, MOST_NETWORKS, MOST_SCOPES, PepperError, Verb};

/// A key was not made, changed or found.
#[derive(Debug, Error)]
pub enum KeyError {
    /// No key, or no key id.
    #[error(transparent)]
    Text(#[from] KeyTextError),
    /// No verb of this name.
    #[error(
        "K201: `{0}` is no scope: write VERB:RESOURCE, for example offerings:read:* (verbs: {verbs})",
        verbs = verbs()
    )]
    Verb(String),
    /// No resource id.
    #[error("K202: `{0}` is no resource: `*`, or an id of 1 to 128 letters, digits, `-`, `.`, `_`")]
    Resource(String),
    /// More than [`MOST_SCOPES`].
    #[error("K203: a key has at most {MOST_SCOPES} scopes: use `*`, or several keys")]
    TooManyScopes,
    /// No network in CIDR form.
    #[error("K211: `{0}` is no network: write 203.0.113.0/24, 2001:db8::/32 or one address")]
    Network(String),
    /// The address of a network has bits behind its prefix.
    #[error(
        "K212: `{given}` names a machine and a network: write `{network}`, or the address alone"
    )]
    HostBits {
        /// As given.
        given: String,
        /// The network it lies in.
        network: String,
    },
    /// `0.0.0.0/0` or `::/0`.
    #[error(
        "K213: a network of every address restricts nothing: leave the list empty to mean that"
    )]
    EveryAddress,
    /// More than [`MOST_NETWORKS`].
    #[error("K214: a key has at most {MOST_NETWORKS} networks")]
    TooManyNetworks,
    /// A rate of nothing, or beyond what can be counted.
    #[error("K221: a limit has 1 to 1000000 requests per second and a burst of 1 to 1000000")]
    Limit,
    /// Expires in the past, or later than the operator's maximum.
    #[error("K231: a key expires in the future, and at most {most_days} days from now")]
    Expiry {
        /// The operator's maximum.
        most_days: u64,
    },
    /// The overlap of a rotation is too long.
    #[error("K232: after a rotation the old key works for at most {most_days} days")]
    Overlap {
        /// The operator's maximum.
        most_days: u64,
    },
    /// Label or owner are not what they may be.
    #[error("K233: {what} has 1 to 200 characters and no control characters")]
    Name {
        /// Which.
        what: &'static str,
    },
    /// No public key.
    #[error(
        "K234: this is no public key: Ed25519 as PEM (`openssl pkey -pubout`) or as base64, and never the private half"
    )]
    PublicKey,
    /// A key tried to make or change a key that is not weaker than itself.
    #[error(
        "K301: a key acts only on keys of its owner and environment whose scopes, addresses, limit and expiry lie within its own; ask an operator"
    )]
    Wider,
    /// There is no key of this id.
    #[error("K302: there is no key {0}")]
    Missing(KeyId),
    /// Expired, revoked or replaced: cannot be rotated.
    #[error("K303: the key {0} is expired, revoked or already replaced: make a new one")]
    NotLive(KeyId),
    /// The operator's maximum of live keys is reached.
    #[error("K304: there are {most} live keys, which is the configured maximum: revoke some")]
    TooManyKeys {
        /// The maximum.
        most: u32,
    },
    /// Whoever makes the key was stopped meanwhile.
    #[error("K305: who makes this key was stopped meanwhile: nothing was made")]
    MakerStopped,
    /// What was sent before made a key.
    #[error("K306: this form was sent before and made the key {0}: its secret was shown then")]
    MadeBefore(KeyId),
    /// A key that signs is replaced by one that has a secret.
    #[error(
        "K307: the key {0} signs its requests: give the public key of the pair that takes its place"
    )]
    Signs(KeyId),
    /// A pepper is wrong.
    #[error(transparent)]
    Pepper(#[from] PepperError),
    /// The operating system gives no random bytes.
    #[error("K901: the operating system gives no random bytes")]
    Randomness,
    /// A row that this program cannot have written.
    #[error("K902: the key row `{id}` is damaged: {what}")]
    Row {
        /// Its id.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

fn verbs() -> String {
    let all: Vec<_> = Verb::ALL.iter().map(|verb| verb.as_code()).collect();
    all.join(", ")
}
