//! The audit: who did what to which key or as which person, and who was not let in. Rows are only added; the tables refuse
//! anything else. No secret and no address stands in it, so that it can be kept when a person's data are
//! erased.

use softcap_database::{Database, DatabaseError, on_reader, row};

use crate::UnixMillis;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A key was made.
    Create,
    /// A key was replaced by another; `code` is the id of the new one.
    Rotate,
    /// A key was revoked.
    Revoke,
    /// A request was refused; `code` is [`crate::Denied::code`] or [`crate::PersonError::code`], `times` how often
    /// since the row before.
    Deny,
    /// A key ended because nobody had used it for long.
    EndIdle,
    /// A person was given a role; `code` is the role and where.
    GiveRole,
    /// A person lost a role; `code` is the role and where.
    TakeRole,
    /// A person proposed what another must approve; `code` is what.
    Propose,
    /// A second person approved a proposal; `code` is what it was about.
    Approve,
    /// A proposal was declined or taken back; `code` is what it was about.
    Decline,
    /// Somebody signed up.
    SignUp,
    /// A person logged in; `code` is the name of the session.
    LogIn,
    /// A person showed a factor again; `code` is the name of the session.
    StepUp,
    /// A session was ended before its time; `code` is its name, or `others` for all but the one in use.
    EndSession,
    /// A person changed their password.
    ChangePassword,
    /// A person set a new password with a code of a mail; all their sessions ended.
    Recover,
    /// A person is let in nowhere from now on; all their sessions ended.
    Disable,
    /// A person who was disabled is let in again.
    Enable,
    /// A person showed a second factor; `code` is its kind.
    ShowFactor,
    /// A second factor counts from now on, or recovery codes were made; `code` is its kind.
    AddFactor,
    /// A person asked for another address of mail; a code went there.
    AskAddressChange,
    /// The new address was proved, and takes the place of the old one after a delay.
    BeginAddressChange,
    /// A change of the address is over; `code` is `taken` where somebody has the address.
    EndAddressChange,
    /// The new address is in force.
    ChangeAddress,
    /// What two people approved to set aside stays: its person, or one of the organisation, ended it.
    StopFactorReset,
    /// The second factors of a person were set aside; `code` is the proposal.
    ResetFactors,
    /// A person who has to add a second factor read the code of the mail; `code` is the name of the session.
    Enrol,
    /// A second factor is gone; `code` is its kind.
    RemoveFactor,
    /// The last second factor will be gone after a delay; `code` is its kind.
    BeginFactorRemoval,
    /// The removal of the last second factor was taken back.
    KeepFactor,
    /// A call of the interface changed something; `subject` is the offering, `code` the call and the entry it made.
    Call,
    /// A call is about to make an entry that moves money or rights; `subject` is as for [`Act::Call`], `code` the name under
    /// which the entry stands in its log.
    BeginCall,
    /// Rows that only the audit log had any more were put back into the table; `code` is the first and last of them.
    PutBack,
    /// Somebody said, with a code of a mail, that an act of this person was not theirs; or an owner stopped the person.
    Freeze,
    /// Somebody looked at an alert; `code` is what they found out.
    CloseAlert,
    /// A person began to be verified; `code` is the level.
    BeginVerification,
    /// A person wrote into their verification; `code` names the fields.
    FillVerification,
    /// A person showed a file; `code` is what it shows, and its name.
    AddUpload,
    /// A person took a file back; `code` is its name.
    DropUpload,
    /// A person said that their verification is complete; `code` is the level.
    SubmitVerification,
    /// A reviewer took the verification of a person.
    TakeVerification,
    /// A reviewer saw what a person said or showed; `code` is which.
    ReadVerification,
    /// A reviewer asked a person for more; `code` is why.
    AskMore,
    /// A person was verified.
    ApproveVerification,
    /// A person was not verified, or is no more; `code` is why.
    RefuseVerification,
    /// The time of a verification came; `code` is the new state.
    AgeVerification,
    /// Everything that is held of a person was given out.
    ExportPerson,
    /// A person was erased.
    ErasePerson,
    /// What a person said and showed was destroyed; `code` is why.
    DestroyValues,
    /// The key of what is personal took the place of another; `code` is the step.
    ChangePersonalKey,
    /// An application was registered.
    AddClient,
    /// What is said about an application was replaced.
    ChangeClient,
    /// An application was ended, and with it every token that it had.
    EndClient,
    /// A person let an application act for them; `subject` is the grant, `code` what it may do.
    GrantAccess,
    /// A person took a part of a grant away; `code` is what is left.
    NarrowAccess,
    /// What an application had been given was ended; `code` is by whom, or what was used twice.
    EndAccess,
    /// A person invited somebody by mail; `subject` is the invitation, `code` what to.
    Invite,
    /// A person accepted an invitation; `code` is what to.
    AcceptInvitation,
    /// An invitation was taken back; `code` is what it was to.
    WithdrawInvitation,
}

impl Act {
    const ALL: [Self; 59] = [
        Self::Create,
        Self::Rotate,
        Self::Revoke,
        Self::Deny,
        Self::EndIdle,
        Self::GiveRole,
        Self::TakeRole,
        Self::Propose,
        Self::Approve,
        Self::Decline,
        Self::SignUp,
        Self::LogIn,
        Self::StepUp,
        Self::EndSession,
        Self::ChangePassword,
        Self::Recover,
        Self::Disable,
        Self::Enable,
        Self::ShowFactor,
        Self::AddFactor,
        Self::AskAddressChange,
        Self::BeginAddressChange,
        Self::EndAddressChange,
        Self::ChangeAddress,
        Self::StopFactorReset,
        Self::ResetFactors,
        Self::Enrol,
        Self::RemoveFactor,
        Self::BeginFactorRemoval,
        Self::KeepFactor,
        Self::Call,
        Self::BeginCall,
        Self::PutBack,
        Self::Freeze,
        Self::CloseAlert,
        Self::BeginVerification,
        Self::FillVerification,
        Self::AddUpload,
        Self::DropUpload,
        Self::SubmitVerification,
        Self::TakeVerification,
        Self::ReadVerification,
        Self::AskMore,
        Self::ApproveVerification,
        Self::RefuseVerification,
        Self::AgeVerification,
        Self::ExportPerson,
        Self::ErasePerson,
        Self::DestroyValues,
        Self::ChangePersonalKey,
        Self::AddClient,
        Self::ChangeClient,
        Self::EndClient,
        Self::GrantAccess,
        Self::NarrowAccess,
        Self::EndAccess,
        Self::Invite,
        Self::AcceptInvitation,
        Self::WithdrawInvitation,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
            Self::Deny => "deny",
            Self::EndIdle => "end_idle",
            Self::GiveRole => "give_role",
            Self::TakeRole => "take_role",
            Self::Propose => "propose",
            Self::Approve => "approve",
            Self::Decline => "decline",
            Self::SignUp => "sign_up",
            Self::LogIn => "log_in",
            Self::StepUp => "step_up",
            Self::EndSession => "end_session",
            Self::ChangePassword => "change_password",
            Self::Recover => "recover",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::ShowFactor => "show_factor",
            Self::AddFactor => "add_factor",
            Self::AskAddressChange => "ask_address_change",
            Self::BeginAddressChange => "begin_address_change",
            Self::EndAddressChange => "end_address_change",
            Self::ChangeAddress => "change_address",
            Self::StopFactorReset => "stop_factor_reset",
            Self::ResetFactors => "reset_factors",
            Self::Enrol => "enrol",
            Self::RemoveFactor => "remove_factor",
            Self::BeginFactorRemoval => "begin_factor_removal",
            Self::KeepFactor => "keep_factor",
            Self::Call => "call",
            Self::BeginCall => "begin_call",
            Self::PutBack => "put_back",
            Self::Freeze => "freeze",
            Self::CloseAlert => "close_alert",
            Self::BeginVerification => "begin_verification",
            Self::FillVerification => "fill_verification",
            Self::AddUpload => "add_upload",
            Self::DropUpload => "drop_upload",
            Self::SubmitVerification => "submit_verification",
            Self::TakeVerification => "take_verification",
            Self::ReadVerification => "read_verification",
            Self::AskMore => "ask_more",
            Self::ApproveVerification => "approve_verification",
            Self::RefuseVerification => "refuse_verification",
            Self::AgeVerification => "age_verification",
            Self::ExportPerson => "export_person",
            Self::ErasePerson => "erase_person",
            Self::DestroyValues => "destroy_values",
            Self::ChangePersonalKey => "change_personal_key",
            Self::AddClient => "add_client",
            Self::ChangeClient => "change_client",
            Self::EndClient => "end_client",
            Self::GrantAccess => "grant_access",
            Self::NarrowAccess => "narrow_access",
            Self::EndAccess => "end_access",
            Self::Invite => "invite",
            Self::AcceptInvitation => "accept_invitation",
            Self::WithdrawInvitation => "withdraw_invitation",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_code() == code)
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Growing; a cursor for [`crate::Keys::audit`].
    pub number: i64,
    /// When; of refusals, when they were written, at most some seconds after.
    pub at: UnixMillis,
    /// `operator:NAME`, `key:ID`, `person:ID`, `app:GRANT` for an application under a person's grant, `client:ID` for one in
    /// its own name, or `-` for a caller who was refused.
    pub actor: String,
    /// What.
    pub act: Act,
    /// The id of the key or person, or a keyed hash of an address that nobody has; `-` when nothing was named.
    pub subject: String,
    /// See [`Act`]; else empty.
    pub code: String,
    /// How often.
    pub times: i64,
}

row! {
    /// A row as it stands in the table, whatever is in it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AuditRow {
        /// See [`AuditEntry`], as the others.
        pub number: i64,
        /// Unix milliseconds.
        pub at: i64,
        /// Who.
        pub actor: String,
        /// What.
        pub act: String,
        /// To what.
        pub subject: String,
        /// What else there is to say.
        pub code: String,
        /// How often.
        pub times: i64,
    }
}

/// The statement that adds a row: at, actor, act, subject, code, times.
pub(crate) const ADD: &str = "INSERT INTO identity_audit (at, actor, act, subject, code, times) \
     VALUES ($1, $2, $3, $4, $5, $6)";

/// Adds a row in a transaction that is called `$work`: at, actor, act, subject, code.
macro_rules! note {
    ($work:ident, $at:expr, $actor:expr, $act:expr, $subject:expr, $code:expr) => {
        sqlx::query($crate::audit::ADD)
            .bind($at.get())
            .bind($actor)
            .bind($act.as_code())
            .bind($subject)
            .bind($code)
            .bind(1_i64)
            .execute(&mut *$work)
            .await?
    };
}
pub(crate) use note;

pub(crate) async fn after(
    database: &Database,
    number: i64,
    most: u32,
) -> Result<Vec<AuditEntry>, DatabaseError> {
    const TEXT: &str = "SELECT number, at, actor, act, subject, code, times FROM identity_audit \
         WHERE number > $1 ORDER BY number LIMIT $2";
    let rows: Vec<AuditRow> = on_reader!(database, |pool| sqlx::query_as(TEXT)
        .bind(number)
        .bind(i64::from(most))
        .fetch_all(pool)
        .await)?;
    rows.into_iter().map(entry).collect()
}

fn entry(row: AuditRow) -> Result<AuditEntry, DatabaseError> {
    let act = Act::from_code(&row.act)
        .ok_or_else(|| DatabaseError::Damaged(format!("audit row {}", row.number)))?;
    Ok(AuditEntry {
        number: row.number,
        at: UnixMillis::new(row.at),
        actor: row.actor,
        act,
        subject: row.subject,
        code: row.code,
        times: row.times,
    })
}
