//! Which secrets a database is used with, as fingerprints: a node with other ones must not serve.
//!
//! Secrets are files of the nodes and never in the database. A node that makes its own ones beside a
//! database that is in use would sign with another key, know no API key, and not recognise requests that
//! it has answered. Nothing leads from a fingerprint back to its secret, which has 256 random bits.

use std::fmt;

use softcap_database::{Database, DatabaseError, on_reader, on_writer};

use crate::mac::hmac_sha256;

/// Separates this use of a secret from any other.
const PURPOSE: &[u8] = b"softcap fingerprint of a secret v1";

/// What is known of a secret: HMAC-SHA-256 with the secret as its key over purpose and name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of a secret of this name.
    #[must_use]
    pub fn of(name: &str, secret: &[u8]) -> Self {
        Self(hmac_sha256(secret, &[PURPOSE, name.as_bytes()]))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Fingerprint(..)")
    }
}

/// The fingerprints that a database holds; its tables are those of [`crate::Keys::migrations`].
#[derive(Clone, Copy, Debug)]
pub struct KnownSecrets<'a>(&'a Database);

impl<'a> KnownSecrets<'a> {
    /// Those of a service database.
    #[must_use]
    pub fn of(database: &'a Database) -> Self {
        Self(database)
    }

    /// That of the secret of this name, if the database was ever used with one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(&self, name: &str) -> Result<Option<Fingerprint>, DatabaseError> {
        const TEXT: &str = "SELECT fingerprint FROM known_secret WHERE name = $1";
        let row = on_reader!(self.0, |pool| sqlx::query_as::<_, (Vec<u8>,)>(TEXT)
            .bind(name)
            .fetch_optional(pool)
            .await)?;
        // One of another length is that of no secret.
        Ok(row.map(|(bytes,)| Fingerprint(bytes.try_into().unwrap_or_default())))
    }

    /// Notes that the database is used with a secret, unless it is used with another one of this name:
    /// whether it is this one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_or_becomes(
        &self,
        name: &str,
        fingerprint: Fingerprint,
    ) -> Result<bool, DatabaseError> {
        const TEXT: &str = "INSERT INTO known_secret (name, fingerprint) VALUES ($1, $2)
             ON CONFLICT DO NOTHING";
        if let Some(known) = self.find(name).await? {
            return Ok(known == fingerprint);
        }
        on_writer!(self.0, |pool| sqlx::query(TEXT)
            .bind(name)
            .bind(fingerprint.0.as_slice())
            .execute(pool)
            .await
            .map(drop))?;
        // Of two nodes that start at the same time, one was first.
        Ok(self.find(name).await? == Some(fingerprint))
    }
}
