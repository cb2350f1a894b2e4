//! Proofs that work once: names of signed things that were seen, until they are over by themselves.

use softcap_database::on_writer;

use super::{Oauth, OauthError};
use crate::{Domain, UnixMillis};

const ADD: &str =
    "INSERT INTO oauth_proof (tag, expires_at) VALUES ($1, $2) ON CONFLICT (tag) DO NOTHING";

impl Oauth {
    /// Whether nobody used this name before, on any node. It is used then.
    pub(super) async fn is_first_use(
        &self,
        whose: &str,
        name: &str,
        until: UnixMillis,
    ) -> Result<bool, OauthError> {
        // No thumbprint and no name of a client has a space.
        let bytes = format!("{whose} {name}");
        let tag = self.people.key().tag(Domain::OauthProof, bytes.as_bytes());
        let added = on_writer!(self.database(), |pool| sqlx::query(ADD)
            .bind(tag.as_slice())
            .bind(until.get())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(added == 1)
    }
}
