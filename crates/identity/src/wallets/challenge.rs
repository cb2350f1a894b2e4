//! Messages that are given out, and what comes back signed.

use std::{net::IpAddr, time::Duration};

use alloy_primitives::{Signature, eip191_hash_message};
use softcap_database::{on_reader, on_writer};

use super::{
    WalletAddress, WalletError, Wallets,
    message::{MessageParts, read},
};
use crate::{
    Act, Domain, PersonId, UnixMillis,
    audit::note,
    people::{Rate, hex, network, random_bytes},
};

/// How long a message waits for its signature.
pub(super) const CHALLENGE: Duration = Duration::from_secs(5 * 60);
/// Signatures of contracts have no bound of their own.
const LONGEST_SIGNATURE: usize = 4096;
/// Messages that one source may ask for; each is a row until it is answered or over.
const BY_SOURCE: Rate = Rate {
    name: "wallet by source",
    burst: 30,
    every: Duration::from_secs(10),
};

const ADD: &str =
    "INSERT INTO wallet_challenge (tag, purpose, person, ends_at) VALUES ($1, $2, $3, $4)";
const FIND: &str = "SELECT COUNT(*) FROM wallet_challenge WHERE tag = $1 AND purpose = $2 AND person = $3 \
     AND ends_at > $4";
/// Uses a message up: tag, purpose, person, now. Of answers at the same time one gets the row.
pub(crate) const USE_CHALLENGE: &str = "DELETE FROM wallet_challenge WHERE tag = $1 AND purpose = $2 AND person = $3 \
     AND ends_at > $4 RETURNING tag";
/// Sweeps what nobody answered: now.
pub(crate) const FORGET_CHALLENGES: &str = "DELETE FROM wallet_challenge WHERE ends_at <= $1";

/// What a signature is for. It stands in the message, so that the person reads it before they sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletPurpose {
    /// To log in.
    LogIn,
    /// To sign up.
    SignUp,
    /// To log in with it from now on.
    Add(PersonId),
    /// To show that it is still there, in a session.
    StepUp(PersonId),
}

impl WalletPurpose {
    /// As stored.
    pub(crate) const fn as_code(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::SignUp => "sign_up",
            Self::Add(_) => "add",
            Self::StepUp(_) => "step_up",
        }
    }

    /// Whose wallet is asked for, as stored.
    pub(crate) fn person(self) -> String {
        match self {
            Self::LogIn | Self::SignUp => String::new(),
            Self::Add(person) | Self::StepUp(person) => person.to_string(),
        }
    }

    /// What the person reads: only characters that the grammar of EIP-4361 has.
    pub(super) const fn statement(self) -> &'static str {
        match self {
            Self::LogIn => "Log in. This costs nothing and moves no money.",
            Self::SignUp => "Sign up with this wallet. This costs nothing and moves no money.",
            Self::Add(_) => {
                "Log in with this wallet from now on. This costs nothing and moves no money."
            }
            Self::StepUp(_) => {
                "Show that this wallet is yours. This costs nothing and moves no money."
            }
        }
    }
}

/// A message to be signed (`personal_sign`, EIP-191).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletChallenge {
    /// The text, to be signed and sent back as it is.
    pub message: String,
    /// Until when an answer is taken.
    pub ends_at: UnixMillis,
}

/// A message that comes back.
#[derive(Clone, Copy)]
pub struct SignedMessage<'a> {
    /// The text that was given out.
    pub message: &'a str,
    /// The signature's bytes.
    pub signature: &'a [u8],
}

/// A wallet whose owner signed a message of this site that waits to be used.
#[derive(Debug)]
pub struct ProvenWallet {
    pub(super) address: WalletAddress,
    pub(super) challenge: [u8; 32],
    pub(super) purpose: WalletPurpose,
}

/// What a signature turned out to be.
#[derive(Debug)]
pub enum Examined {
    /// That of the wallet's own key.
    ByKey(ProvenWallet),
    /// None of a key of this address: if it is a contract, it says whether it accepts it (ERC-1271).
    ByContract(ContractQuestion),
}

/// What a contract is asked.
#[derive(Debug)]
pub struct ContractQuestion {
    /// The chain that the message names.
    pub chain_id: u64,
    /// What was signed.
    pub hash: [u8; 32],
    wallet: ProvenWallet,
}

impl ContractQuestion {
    /// Whom to ask.
    #[must_use]
    pub const fn address(&self) -> WalletAddress {
        self.wallet.address
    }

    /// The contract said that it accepts the signature.
    #[must_use]
    pub fn accepted(self) -> ProvenWallet {
        self.wallet
    }
}

impl Wallets {
    /// Gives out a message for a wallet.
    ///
    /// # Errors
    /// [`WalletError::Chain`]; [`crate::PersonError::Limited`] when this source asks too often; what the database says.
    pub async fn ask(
        &self,
        (address, chain_id): (WalletAddress, u64),
        purpose: WalletPurpose,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<WalletChallenge, WalletError> {
        if chain_id == 0 {
            return Err(WalletError::Chain);
        }
        let cell = self.people.cell(BY_SOURCE, &[&network(source)]);
        self.people.take(&cell, now).await?;
        let ends_at = now.plus(CHALLENGE);
        let parts = MessageParts {
            origin: &self.people.site().origin,
            address,
            chain_id,
            purpose,
            nonce: &hex(&random_bytes::<16>()?),
            issued_at: now,
            ends_at,
        };
        let message = parts.text()?;
        let tag = self.tag(&message);
        on_writer!(self.people.database(), |pool| sqlx::query(ADD)
            .bind(tag.as_slice())
            .bind(purpose.as_code())
            .bind(purpose.person())
            .bind(ends_at.get())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(WalletChallenge { message, ends_at })
    }

    /// Looks at a message that comes back for something. It is not used up by that.
    ///
    /// # Errors
    /// [`WalletError::ChallengeOver`], [`WalletError::Signature`] for what no wallet gives, and what the database says.
    pub async fn examine(
        &self,
        signed: SignedMessage<'_>,
        purpose: WalletPurpose,
        now: UnixMillis,
    ) -> Result<Examined, WalletError> {
        let challenge = self.tag(signed.message);
        let waits: i64 = on_reader!(self.people.database(), |pool| sqlx::query_scalar(FIND)
            .bind(challenge.as_slice())
            .bind(purpose.as_code())
            .bind(purpose.person())
            .bind(now.get())
            .fetch_one(pool)
            .await)?;
        if waits == 0 {
            return Err(WalletError::ChallengeOver);
        }
        // A text that is a row is one of this site.
        let (address, chain_id) = read(signed.message).ok_or(WalletError::ChallengeOver)?;
        let wallet = ProvenWallet {
            address,
            challenge,
            purpose,
        };
        let hash = eip191_hash_message(signed.message.as_bytes());
        let by_key = Signature::from_raw(signed.signature)
            .ok()
            // Of two signatures with one meaning only the usual one counts (EIP-2, ERC-2098 has no other).
            .filter(|signature| signature.normalize_s().is_none())
            .and_then(|signature| signature.recover_address_from_prehash(&hash).ok());
        if by_key.is_some_and(|signer| signer.into_array() == address.to_bytes()) {
            return Ok(Examined::ByKey(wallet));
        }
        if signed.signature.is_empty() || signed.signature.len() > LONGEST_SIGNATURE {
            return Err(self.refuse(&wallet, WalletError::Signature, now).await);
        }
        Ok(Examined::ByContract(ContractQuestion {
            chain_id,
            hash: hash.0,
            wallet,
        }))
    }

    /// The contract does not accept the signature, or there is none at the address: uses the message up, and writes it down.
    pub async fn refuse_contract(
        &self,
        question: &ContractQuestion,
        now: UnixMillis,
    ) -> WalletError {
        self.refuse(&question.wallet, WalletError::Signature, now)
            .await
    }

    /// Uses a message up for nothing, and writes down why.
    pub(super) async fn refuse(
        &self,
        wallet: &ProvenWallet,
        why: WalletError,
        now: UnixMillis,
    ) -> WalletError {
        let (purpose, person) = (wallet.purpose.as_code(), wallet.purpose.person());
        let subject = if person.is_empty() { "-" } else { &person };
        let written = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(USE_CHALLENGE).bind(wallet.challenge.as_slice());
            let end = end.bind(purpose).bind(&person).bind(now.get());
            end.execute(&mut *work).await?;
            note!(work, now, "-", Act::Deny, subject, why.code());
            work.commit().await
        }
        .await);
        match written {
            Ok(()) => why,
            Err(error) => error.into(),
        }
    }

    fn tag(&self, message: &str) -> [u8; 32] {
        self.people
            .key()
            .tag(Domain::WalletMessage, message.as_bytes())
    }
}
