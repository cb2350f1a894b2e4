//! Proofs that work once: names of signed things that were seen, until they are over by themselves.

use super::{Oauth, OauthError};
use crate::{
    Domain, UnixMillis,
    first_uses::{Use, UseQueue},
};

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
        Ok(UseQueue::add(&self.proofs, Use { tag, until }).await?)
    }
}
