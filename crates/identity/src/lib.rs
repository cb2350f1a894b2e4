//! Who may do what: API keys, their scopes and limits; and people, who log in.
//!
//! A key is a text `sc_<live|test>_<id>_<secret>_<crc>` that is shown once ([`KeyText`]). What it may
//! do is its [`KeyPolicy`]: scopes, addresses, expiry, rate. [`Keys`] makes, rotates and revokes them
//! and answers, without a statement to the database, who is calling ([`Keys::authenticate`]).
//!
//! This crate knows nothing of offerings: a resource is an opaque text. It knows nothing of HTTP
//! either: [`Denied`] says what may be told to the caller, the server says how.

mod addresses;
mod alerts;
mod audit;
mod audit_rows;
mod audit_table;
mod cache;
mod call_limits;
mod clock;
mod denied;
mod error;
mod factors;
mod first_uses;
mod invitations;
mod key_expiry;
mod key_making;
mod key_signals;
mod key_signature;
mod key_text;
mod keys;
mod known_secrets;
mod leaks;
mod limit;
mod mac;
mod new_key;
mod oauth;
mod people;
mod pepper;
mod person_keys;
mod policy;
mod principal;
mod privacy;
mod records;
mod roles;
mod scope;
mod sign_in;
pub mod signals;
mod signature_key;
mod use_exchange;
mod verification;
mod wallets;
mod watch;
mod write_queue;

pub use addresses::{AddressList, MOST_NETWORKS};
pub use alerts::{
    Alert, AlertError, AlertId, AlertKind, AlertState, Alerts, FREEZE_CODE_LIFE, Frozen, Verdict,
    Warning,
};
pub use audit::{Act, AuditEntry, AuditRow};
pub use audit_table::{AuditFilter, AuditTable};
pub use call_limits::{CallLimits, CallRates};
pub use clock::{Ticks, UnixMillis};
pub use denied::{Answer, Denied};
pub use error::KeyError;
pub use factors::{
    Answered, BegunTotp, CEREMONY, Ceremony, FactorError, FactorId, FactorList, FactorName,
    FactorReset, Factors, MOST_IN_A_LOGIN, MOST_IN_A_ROW, MOST_PASSKEYS, PasskeyFault, PasskeyView,
    RECOVERY_CODES, REMOVAL_DELAY, RecoveryCode, Removal, SecondFactor, TotpConfirmation,
};
pub use invitations::{
    Accepted, INVITATION_LIFE, Invitation, InvitationError, InvitationId, InvitationState,
    Invitations, InvitedTo,
};
pub use key_signature::{SIGNATURE_LIFE, SignedCall};
pub use key_text::{Environment, KeyId, KeyText, KeyTextError};
pub use keys::{Actor, Keys};
pub use known_secrets::{Fingerprint, KnownSecrets};
pub use leaks::{Exchange, Finding, Leak, Scanner};
pub use limit::RateLimit;
pub use new_key::{Created, KeyMaking, NewKey, Reach, Rotation, SentForm};
pub use oauth::{
    ACCESS_LIFE, AmountLimit, AmountLimits, AppGrant, AppScopes, AppSpend, AuthorizationRequest,
    BadRequest, Bearer, BearerOwner, CODE_LIFE, Client, ClientAuthentication, ClientId, ClientKeys,
    ClientMetadata, ClientSource, DEVICE_LIFE, DEVICE_PAUSE, DeviceCodes, DeviceRequest, Fault,
    GRANT_LIVES, GrantId, GrantKind, Granted, IdClaims, InRecord, Introspection, Issued, JwksUri,
    KeySet, LeftOfGrant, Oauth, OauthError, PUSHED_LIFE, Params, Prompt, REFRESH_IDLE, Redemption,
    RedirectUri, Refreshing, Registrar, SHOWN_LIFE, ShownProof, SigningSeed, Spent, ToldError, acr,
    every_scope, fresh_seconds, signing_algorithms,
};
pub use people::{
    ABSOLUTE, AddressChange, AddressChangeStage, AddressChanges, Asker, Column, Device, Domain,
    EmailAddress, FRESH, IDLE, Level, ListedSession, LogIn, LoggedIn, Mail, MailLanguage, Notice,
    Password, PasswordChange, People, Person, PersonError, PersonId, PersonalKey, PersonalKeyText,
    Resealed, Retry, Sealed, SecretText, Session, SessionId, Site, Telling,
};
pub use pepper::{Pepper, PepperError, Peppers};
pub use person_keys::{KeyPurpose, PersonKeys};
pub use policy::{KeyPolicy, KeySettings};
pub use principal::Principal;
pub use privacy::{Erasure, Privacy, PrivacyError, RetentionPolicy};
pub use records::{KeyRecord, LastUse};
pub use roles::{
    Decision, Demand, Grant, Proposal, ProposalId, ProposalState, ProposedAct, Refused,
    ResetReason, Right, Role, RoleChange, RoleError, Roles, Shown, Standing,
};
pub use scope::{MOST_SCOPES, ResourceId, ResourcePattern, Scope, Scopes, Verb};
pub use sign_in::{
    Attempt, AttemptAnswer, BegunAttempt, MOST_SIGN_INS, NEWCOMER_LIFE, NewAttempt, Newcomer,
    OutsideIdentity, OutsideMail, SIGN_IN_LIFE, SignInError, SignInLink, SignInLinkId,
    SignInPurpose, SignIns,
};
pub use signature_key::SignatureKey;
pub use use_exchange::{USES_TOLD_EVERY, UseExchange};
pub use verification::{
    Admission, AdmissionId, AdmissionLimit, AdmissionState, Approval, ApprovalError, Approved,
    ByHand, Case, CaseOverview, CaseState, Claimed, DecisionId, Filling, MediaType, Need,
    OpenValues, PersonalField, Reason, Receiving, RoundGrant, Screening, Showing, StateKind,
    Submission, Upload, UploadId, UploadKind, UploadSettings, VerificationError, VerificationLevel,
    VerificationPolicy, Verifications, WantedRound, reasons_of,
};
pub use wallets::{
    ContractQuestion, Examined, MOST_WALLETS, ProvenWallet, SignedMessage, WalletAddress,
    WalletChallenge, WalletError, WalletId, WalletPurpose, WalletView, Wallets,
};
pub use watch::Watch;
