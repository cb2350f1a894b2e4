//! Personal columns, sealed with a key that is not in the database.

use std::fmt;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use zeroize::Zeroizing;

use super::{PersonError, random_id::random_bytes};
use crate::mac::hmac_sha256;

pub(super) const KEY_ID: usize = 4;
const NONCE: usize = 24;

/// One column of one row: what is sealed for it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// The table's name, which never changes.
    pub table: &'static str,
    /// The column's name, which never changes.
    pub column: &'static str,
    /// The primary key of the row, as text.
    pub row: &'a str,
}

impl Column<'_> {
    pub(super) fn associated_data(&self) -> String {
        let Self { table, column, row } = self;
        format!("softcap/v1|{table}|{column}|{row}")
    }

    pub(super) fn unopened(&self) -> PersonError {
        PersonError::Sealed {
            table: self.table,
            column: self.column,
            row: self.row.to_owned(),
        }
    }
}

/// Sealed bytes: 4 bytes that name the key, a nonce of 24, and the text with its tag of 16 (XChaCha20-Poly1305).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// As read from a column.
    #[must_use]
    pub fn from_column(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// For a column.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sealed({} bytes)", self.0.len())
    }
}

/// What a keyed hash is for: the same bytes give another one in each domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// An address of mail, to look it up.
    Email,
    /// The secret of a session.
    Session,
    /// The secret of a mail.
    MailToken,
    /// A network from which requests come.
    Source,
    /// A limit's cell.
    Allowance,
    /// The subject of an audit row that names nobody who is known.
    Subject,
    /// A recovery code and whose it is.
    RecoveryCode,
    /// The name of a credential of an authenticator.
    Passkey,
    /// The code that proves an address to come.
    AddressChange,
    /// The code with which a person says that an act was not theirs.
    FreezeCode,
    /// From where and with what somebody comes.
    Origin,
    /// The wallet that a permit is for.
    Wallet,
    /// A wallet that logs in.
    LogInWallet,
    /// A message that a wallet is to sign.
    WalletMessage,
    /// The name of a request of an application that waits.
    OauthRequest,
    /// A code of an application.
    OauthCode,
    /// An access token.
    OauthAccess,
    /// A refresh token.
    OauthRefresh,
    /// The name of a signed thing that works once.
    OauthProof,
    /// What a device keeps while its person decides.
    OauthDevice,
    /// What its person types.
    OauthUserCode,
    /// A nonce for proofs of possession.
    DpopNonce,
    /// The code of an invitation.
    Invitation,
    /// An account of another site that logs in.
    SignInLink,
    /// What goes to another site and comes back.
    SignInState,
    /// What stays in the browser meanwhile.
    SignInBrowser,
    /// Who came from another site for the first time.
    SignInNewcomer,
    /// Whose calls nodes tell each other.
    CallUse,
}

impl Domain {
    const fn as_code(self) -> &'static [u8] {
        match self {
            Self::Email => b"softcap/v1/email",
            Self::Session => b"softcap/v1/session",
            Self::MailToken => b"softcap/v1/mail_token",
            Self::Source => b"softcap/v1/source",
            Self::Allowance => b"softcap/v1/allowance",
            Self::Subject => b"softcap/v1/subject",
            Self::RecoveryCode => b"softcap/v1/recovery_code",
            Self::Passkey => b"softcap/v1/passkey",
            Self::AddressChange => b"softcap/v1/address_change",
            Self::FreezeCode => b"softcap/v1/freeze_code",
            Self::Origin => b"softcap/v1/origin",
            Self::Wallet => b"softcap/v1/wallet",
            Self::LogInWallet => b"softcap/v1/log_in_wallet",
            Self::WalletMessage => b"softcap/v1/wallet_message",
            Self::OauthRequest => b"softcap/v1/oauth_request",
            Self::OauthCode => b"softcap/v1/oauth_code",
            Self::OauthAccess => b"softcap/v1/oauth_access",
            Self::OauthRefresh => b"softcap/v1/oauth_refresh",
            Self::OauthProof => b"softcap/v1/oauth_proof",
            Self::OauthDevice => b"softcap/v1/oauth_device",
            Self::OauthUserCode => b"softcap/v1/oauth_user_code",
            Self::DpopNonce => b"softcap/v1/dpop_nonce",
            Self::Invitation => b"softcap/v1/invitation",
            Self::SignInLink => b"softcap/v1/sign_in_link",
            Self::SignInState => b"softcap/v1/sign_in_state",
            Self::SignInBrowser => b"softcap/v1/sign_in_browser",
            Self::SignInNewcomer => b"softcap/v1/sign_in_newcomer",
            Self::CallUse => b"softcap/v1/call_use",
        }
    }
}

/// The key of everything personal in the database, and of the hashes by which it is found. From one secret of 32 bytes
/// follow the name of the key, the key that seals and the key that hashes. While a key takes the place of another, it opens
/// what the other one sealed; what hashes stays the same.
pub struct PersonalKey {
    seals: SealingKey,
    /// Opens what was sealed before.
    older: Vec<SealingKey>,
    tags: Zeroizing<[u8; 32]>,
}

/// What seals, and its name.
struct SealingKey {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
}

fn derived(secret: &[u8; 32], purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac_sha256(secret, &[purpose]))
}

impl SealingKey {
    fn new(secret: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *derived(secret, b"softcap/v1/personal key id");
        let sealing = derived(secret, b"softcap/v1/personal key for sealing");
        Self {
            id: [a, b, c, d],
            cipher: XChaCha20Poly1305::new((&*sealing).into()),
        }
    }
}

impl PersonalKey {
    /// Of 32 random bytes that stay the same over starts.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self::of(secret, &[], secret)
    }

    /// One that seals, some that open what was sealed before, and one that hashes.
    pub(super) fn of(seals: &[u8; 32], older: &[Zeroizing<[u8; 32]>], tags: &[u8; 32]) -> Self {
        let older = older.iter().map(|secret| SealingKey::new(secret));
        Self {
            seals: SealingKey::new(seals),
            older: older.collect(),
            tags: derived(tags, b"softcap/v1/personal key for tags"),
        }
    }

    /// Whether bytes were sealed with the key that seals now.
    pub(super) fn is_newest(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.seals.id)
    }

    pub(super) const fn id(&self) -> &[u8; KEY_ID] {
        &self.seals.id
    }

    pub(super) const fn cipher(&self) -> &XChaCha20Poly1305 {
        &self.seals.cipher
    }

    /// Seals bytes for a column. The same bytes give another result each time.
    ///
    /// # Errors
    /// [`PersonError::Randomness`]; [`PersonError::Sealed`] for more than 256 GiB.
    pub fn seal(&self, column: &Column<'_>, plain: &[u8]) -> Result<Sealed, PersonError> {
        let nonce = draw_nonce()?;
        let place = column.associated_data();
        let payload = Payload {
            msg: plain,
            aad: place.as_bytes(),
        };
        let text = self
            .seals
            .cipher
            .encrypt(XNonce::from_slice(&nonce), payload);
        let text = text.map_err(|_| column.unopened())?;
        let mut bytes = Vec::with_capacity(KEY_ID + NONCE + text.len());
        bytes.extend_from_slice(&self.seals.id);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&text);
        Ok(Sealed(bytes))
    }

    /// Opens what was sealed for this column with this key.
    ///
    /// # Errors
    /// [`PersonError::Sealed`] for anything else.
    pub fn open(
        &self,
        column: &Column<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, PersonError> {
        let (id, rest) = sealed
            .0
            .split_at_checked(KEY_ID)
            .ok_or_else(|| column.unopened())?;
        let (nonce, text) = rest
            .split_at_checked(NONCE)
            .ok_or_else(|| column.unopened())?;
        let mut keys = [&self.seals].into_iter().chain(&self.older);
        let key = keys.find(|key| id == key.id);
        let key = key.ok_or_else(|| column.unopened())?;
        let place = column.associated_data();
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let plain = key.cipher.decrypt(XNonce::from_slice(nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| column.unopened())
    }

    /// As [`PersonalKey::open`], for text.
    pub(crate) fn open_text(
        &self,
        column: &Column<'_>,
        sealed: Vec<u8>,
    ) -> Result<Zeroizing<String>, PersonError> {
        let bytes = self.open(column, &Sealed(sealed))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| column.unopened())?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// HMAC-SHA-256 of bytes in a domain: what is stored of a secret, and what a row is found by.
    #[must_use]
    pub fn tag(&self, domain: Domain, bytes: &[u8]) -> [u8; 32] {
        // No domain has a zero byte.
        hmac_sha256(&*self.tags, &[domain.as_code(), &[0], bytes])
    }
}

impl fmt::Debug for PersonalKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonalKey(..)")
    }
}

/// With 192 random bits no two are ever the same.
fn draw_nonce() -> Result<[u8; NONCE], PersonError> {
    random_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Column<'static> = Column {
        table: "person",
        column: "email",
        row: "00112233445566778899aabbccddeeff",
    };

    fn key(byte: u8) -> PersonalKey {
        PersonalKey::new(&[byte; 32])
    }

    #[test]
    fn v11_3_3_what_is_sealed_opens_in_its_place_with_its_key_and_unchanged() {
        let key_one = key(1);
        let sealed = key_one.seal(&ANNA, b"anna@example.org").unwrap();
        assert_eq!(&*key_one.open(&ANNA, &sealed).unwrap(), b"anna@example.org");
        let shown = String::from_utf8_lossy(sealed.as_bytes()).into_owned();
        assert!(!shown.contains("anna"), "{shown}");
        let refuses = |key: &PersonalKey, column: &Column<'_>, sealed: &Sealed| {
            let error = key.open(column, sealed).unwrap_err();
            assert!(matches!(error, PersonError::Sealed { .. }), "{error}");
            assert!(!error.to_string().contains("anna"), "{error}");
        };
        let other_row = "10112233445566778899aabbccddeeff";
        for column in [
            Column {
                row: other_row,
                ..ANNA
            },
            Column {
                column: "password",
                ..ANNA
            },
            Column {
                table: "session",
                ..ANNA
            },
        ] {
            refuses(&key_one, &column, &sealed);
        }
        refuses(&key(2), &ANNA, &sealed);
        for bit in 0..sealed.0.len() * 8 {
            let mut changed = sealed.clone();
            changed.0[bit / 8] ^= 1 << (bit % 8);
            refuses(&key_one, &ANNA, &changed);
        }
        for length in 0..sealed.0.len() {
            refuses(&key_one, &ANNA, &Sealed(sealed.0[..length].to_vec()));
        }
    }

    #[test]
    fn v11_3_4_no_nonce_of_a_million_comes_twice() {
        let mut nonces: Vec<_> = (0..1_000_000).map(|_| draw_nonce().unwrap()).collect();
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), 1_000_000);
        let sealed = [(); 2].map(|()| key(1).seal(&ANNA, b"").unwrap());
        assert_ne!(sealed[0].0[..KEY_ID + NONCE], sealed[1].0[..KEY_ID + NONCE]);
    }

    #[test]
    fn a_tag_is_the_hmac_of_domain_and_bytes() {
        // Computed with Python: hmac.new(hmac.new(b"\x01" * 32, b"softcap/v1/personal key for tags", "sha256").digest(),
        // b"softcap/v1/email\0anna@example.org", "sha256").
        let tag = key(1).tag(Domain::Email, b"anna@example.org");
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, VECTOR);
        let others = [
            key(1).tag(Domain::Session, b"anna@example.org"),
            key(1).tag(Domain::Email, b"eve@example.org"),
            key(2).tag(Domain::Email, b"anna@example.org"),
        ];
        assert!(!others.contains(&tag));
    }

    const VECTOR: &str = "00c5f2c2a0cdcaf0794d32dda8b971b2bfa616d886aab0d16d76690eba933d72";
}
