//! What can go wrong with roles and proposals.

use softcap_database::DatabaseError;
use thiserror::Error;

use super::Role;
use crate::PersonError;

/// A role was not given or taken, a proposal not made or decided.
#[derive(Debug, Error)]
pub enum RoleError {
    /// No role of this name is given to people.
    #[error("A701: `{0}` is no role that is given to people (roles: {roles})", roles = roles())]
    Role(String),
    /// There is no such person.
    #[error("A702: no person has this id")]
    NoPerson,
    /// The text names no proposal, or there is none of this name.
    #[error("A703: there is no proposal of this id; ask for the list of those that are open")]
    NoProposal,
    /// The proposal was decided, or its time is over.
    #[error("A704: the proposal is {0}: propose it again if it is still wanted")]
    NotOpen(&'static str),
    /// Who proposes does not approve.
    #[error("A705: a second person must approve this: you proposed it yourself")]
    SamePerson,
    /// Who proposed may not propose this any more, so that nobody's approval makes it whole.
    #[error("A706: who proposed this has lost the role to do so: propose it again")]
    ProposerLost,
    /// Without it nobody could change roles any more.
    #[error("A707: this is the last owner: make somebody else an owner first")]
    LastOwner,
    /// A change that is none.
    #[error("A708: nothing would change: {0}")]
    NoChange(&'static str),
    /// The same thing is open already.
    #[error("A709: the same is proposed already and waits for an approval")]
    Proposed,
    /// Nobody approves what is about themself.
    #[error("A710: this is about yourself: somebody else must approve it")]
    OwnCase,
    /// The code of the invitation was used, taken back or is over.
    #[error(
        "A711: this code of an invitation does not work (any more); ask who invited you for another one"
    )]
    InvitationUsed,
    /// What names a person or a resource.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl RoleError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Role(_) => "A701",
            Self::NoPerson => "A702",
            Self::NoProposal => "A703",
            Self::NotOpen(_) => "A704",
            Self::SamePerson => "A705",
            Self::ProposerLost => "A706",
            Self::LastOwner => "A707",
            Self::NoChange(_) => "A708",
            Self::Proposed => "A709",
            Self::OwnCase => "A710",
            Self::InvitationUsed => "A711",
            Self::Person(error) => error.code(),
            Self::Database(_) => "A799",
        }
    }
}

fn roles() -> String {
    let given = Role::ALL.iter().filter(|role| role.is_granted());
    let names: Vec<_> = given.map(|role| role.as_code()).collect();
    names.join(", ")
}
