//! Letting in requests that are signed with a key (RFC 9421). What exactly was signed is the server's to say.
//!
//! A signature is good for five minutes and once, on all nodes: what was signed is written down before the request goes on.
//! That is one row in the database for each request, which a key with a secret does not need; those of requests that come
//! together are written together.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, LazyLock},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use softcap_database::{DatabaseError, on_writer};

use crate::{
    Denied, KeyId, Keys, Principal, SignatureKey, UnixMillis,
    first_uses::{Use, UseQueue},
};

/// How old a signature may be.
pub const SIGNATURE_LIFE: Duration = Duration::from_secs(300);
/// How far the clock of whoever signs may be ahead.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
/// One that was used is remembered for longer than any node's clock would let it be used again.
const REMEMBERED: Duration = Duration::from_secs(3 * 300);

/// A key of nobody (the base point of the curve), with which as much is computed as with one that exists.
static NOBODY: LazyLock<Option<SignatureKey>> = LazyLock::new(|| {
    let mut point = [0x66; 32];
    point[0] = 0x58;
    SignatureKey::from_slice(&point)
});

/// A request that says to be signed with a key.
#[derive(Debug, Clone, Copy)]
pub struct SignedCall<'a> {
    /// With which.
    pub key: KeyId,
    /// What was signed (RFC 9421, section 2.5). It names the key, the time and what is asked for.
    pub base: &'a [u8],
    /// The signature.
    pub signature: &'a [u8; 64],
    /// When it was made, as it says.
    pub created: UnixMillis,
    /// Until when it is good, if it says so.
    pub expires: Option<UnixMillis>,
}

impl SignedCall<'_> {
    fn is_in_time(&self, now: UnixMillis) -> bool {
        self.created <= now.plus(CLOCK_SLACK)
            && now < self.created.plus(SIGNATURE_LIFE)
            && self.expires.is_none_or(|expires| now < expires)
    }
}

impl Keys {
    /// Who signed this request from `peer`, and that nobody sent it before.
    ///
    /// # Errors
    /// See [`Denied`]; tell the caller [`Denied::answer`] only.
    pub async fn authenticate_signed(
        &self,
        call: &SignedCall<'_>,
        peer: IpAddr,
        now: UnixMillis,
        cost: NonZeroU32,
    ) -> Result<Principal, Denied> {
        self.refresh_if_stale().await;
        let note = |known: Option<KeyId>, denied: Denied| {
            self.notebook().denied(known, denied);
            denied
        };
        if !self.is_current() {
            return Err(note(None, Denied::Stale));
        }
        let key = self.cache().get(&call.key);
        let public = key.as_ref().and_then(|key| key.record().public_key.clone());
        let known = public.is_some().then_some(call.key);
        let is_genuine = public
            .as_ref()
            .or(NOBODY.as_ref())
            .is_some_and(|public| public.verifies(call.base, call.signature));
        let (Some(key), true) = (key, is_genuine && known.is_some()) else {
            return Err(note(known, Denied::WrongSignature));
        };
        if !call.is_in_time(now) {
            return Err(note(known, Denied::OldSignature));
        }
        let left = self
            .judge_holder(&key, peer, now, cost)
            .map_err(|denied| note(known, denied))?;
        // Last, so that a request that was refused may be sent again as it is.
        match self.is_first_use(call.base, call.created).await {
            Ok(true) => {}
            Ok(false) => return Err(note(known, Denied::UsedSignature)),
            Err(error) => {
                tracing::warn!(%error, "that a request was signed cannot be written down");
                return Err(note(known, Denied::Stale));
            }
        }
        self.note_use(&key, peer, now);
        Ok(Principal::new(key, left))
    }

    /// Whether nobody sent what was signed before, on any node. It is used then.
    async fn is_first_use(
        &self,
        base: &[u8],
        created: UnixMillis,
    ) -> Result<bool, Arc<DatabaseError>> {
        let used = Use {
            tag: Sha256::digest(base).into(),
            until: created.plus(REMEMBERED),
        };
        self.notebook().signature_used();
        UseQueue::add(self.signatures(), used).await
    }

    /// Forgets signatures that are too old to be used, where there were some since this was done last. The background task
    /// does it every ten seconds.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn forget_signatures(&self, now: UnixMillis) -> Result<(), DatabaseError> {
        const FORGET: &str = "DELETE FROM key_signature WHERE expires_at <= $1";
        if !self.notebook().take_signatures_used() {
            return Ok(());
        }
        on_writer!(self.database(), |pool| sqlx::query(FORGET)
            .bind(now.get())
            .execute(pool)
            .await
            .map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_does_not_exist_has_a_key() {
        assert!(NOBODY.is_some());
    }

    #[test]
    fn a_signature_is_good_for_five_minutes_and_no_longer_than_it_says() {
        let at = |seconds: i64| UnixMillis::new(1_000_000_000_000 + seconds * 1_000);
        let call = |created, expires: Option<i64>| SignedCall {
            key: "0123456789AB".parse().unwrap(),
            base: b"",
            signature: &[0; 64],
            created: at(created),
            expires: expires.map(at),
        };
        for (created, expires, expected) in [
            (0, None, true),
            (-299, None, true),
            (-300, None, false),
            (60, None, true),
            (61, None, false),
            (-10, Some(1), true),
            (-10, Some(0), false),
            (-301, Some(100), false),
        ] {
            let call = call(created, expires);
            assert_eq!(call.is_in_time(at(0)), expected, "{created} {expires:?}");
        }
    }
}
