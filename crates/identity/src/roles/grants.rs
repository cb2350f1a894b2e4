//! Who has which role, and how that changes.

use std::time::Duration;

use super::{
    Decision, Proposal, ProposalId, ProposalState, ProposedAct, Right, Role, RoleChange, RoleError,
    Standing,
    book::{Book, Note, Step},
};
use crate::{
    Act, AlertKind, InvitationError, Level, People, PersonId, ResourcePattern, UnixMillis, Warning,
    invitations::UsedInvitation,
    people::{MailWords, SealedMail, in_days},
    verification::{PreparedApproval, approved, prepared},
};

/// A role that a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub person: PersonId,
    /// What.
    pub role: Role,
    /// On every offering, or on one.
    pub place: ResourcePattern,
    /// Since when.
    pub granted_at: UnixMillis,
    /// `operator:NAME`, or `proposal:ID`.
    pub granted_by: String,
}

impl Grant {
    pub(super) fn is(&self, change: &RoleChange) -> bool {
        self.person == change.person && self.role == change.role && self.place == change.place
    }
}

/// How long second factors count on that two people set aside, unless the operator says otherwise.
const RESET_DELAY: Duration = Duration::from_hours(72);

/// The roles of an installation; its tables are those of [`crate::Keys::migrations`]. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Roles {
    book: Book,
    /// Who is told what happens to their roles.
    people: People,
    /// How long second factors count on that were set aside.
    reset_delay: Duration,
}

impl Roles {
    /// Those of these people, in their database.
    #[must_use]
    pub fn new(people: People) -> Self {
        Self {
            book: Book::new(people.database().clone()),
            people,
            reset_delay: RESET_DELAY,
        }
    }

    /// The same, with another delay before second factors are set aside.
    #[must_use]
    pub fn with_reset_delay(self, reset_delay: Duration) -> Self {
        Self {
            reset_delay,
            ..self
        }
    }

    /// What a person is now.
    ///
    /// # Errors
    /// [`RoleError::Database`].
    pub async fn standing(&self, person: PersonId) -> Result<Standing, RoleError> {
        Ok(Standing::new(person, self.book.grants_of(person).await?))
    }

    /// Everybody who has a role.
    ///
    /// # Errors
    /// [`RoleError::Database`].
    pub async fn grants(&self) -> Result<Vec<Grant>, RoleError> {
        self.book.grants().await
    }

    /// The newest proposals first, decided or not.
    ///
    /// # Errors
    /// [`RoleError::Database`].
    pub async fn proposals(&self, most: u32, now: UnixMillis) -> Result<Vec<Proposal>, RoleError> {
        self.book.proposals(most, now).await
    }

    /// One proposal.
    ///
    /// # Errors
    /// [`RoleError::NoProposal`], [`RoleError::Database`].
    pub async fn proposal(&self, id: ProposalId, now: UnixMillis) -> Result<Proposal, RoleError> {
        let found = self.book.proposal(id, now).await?;
        found.ok_or(RoleError::NoProposal)
    }

    /// Gives a role without a second person: for whoever runs the machine, who could write into the database as well. How the
    /// first owner comes to be.
    ///
    /// # Errors
    /// [`RoleError::NoPerson`], [`RoleError::NoChange`], [`RoleError::Database`].
    pub async fn give_as_operator(
        &self,
        operator: &str,
        change: RoleChange,
        now: UnixMillis,
    ) -> Result<(), RoleError> {
        let actor = format!("operator:{operator}");
        let person = change.person;
        self.book.require_person(person).await?;
        let act = ProposedAct::GiveRole(change.clone());
        let warning = self.warning(&act).await?;
        let judge = |grants: &[Grant], _: &[Proposal]| {
            require_change(grants, &act)?;
            let note = Note::of(&actor, Act::GiveRole, &change);
            let grant = Grant {
                person: change.person,
                role: change.role,
                place: change.place,
                granted_at: now,
                granted_by: actor,
            };
            let mut steps = vec![Step::Give(grant), Step::Note(note)];
            steps.extend(alarming(&act));
            steps.extend(warning.map(Step::Tell));
            Ok(((), steps))
        };
        self.book.write(None, now, judge).await
    }

    /// Gives up a role of one's own, at once.
    ///
    /// # Errors
    /// [`RoleError::LastOwner`], [`RoleError::NoChange`], [`RoleError::Database`].
    pub async fn give_up(&self, change: RoleChange, now: UnixMillis) -> Result<(), RoleError> {
        let act = ProposedAct::TakeRole(change.clone());
        let warning = self.warning(&act).await?;
        let judge = |grants: &[Grant], _: &[Proposal]| {
            require_change(grants, &act)?;
            let actor = format!("person:{}", change.person);
            let note = Note::of(&actor, Act::TakeRole, &change);
            let mut steps = vec![Step::Take(change), Step::Note(note)];
            steps.extend(alarming(&act));
            steps.extend(warning.map(Step::Tell));
            Ok(((), steps))
        };
        self.book.write(None, now, judge).await
    }

    /// Proposes what a second person must approve within seven days. Whether the session of the proposer has shown enough is
    /// for [`Standing::authorize`].
    ///
    /// # Errors
    /// [`RoleError::ProposerLost`] for who may not, [`RoleError::NoPerson`], [`RoleError::NoChange`],
    /// [`RoleError::LastOwner`], [`RoleError::Proposed`], [`RoleError::Database`].
    pub async fn propose(
        &self,
        by: PersonId,
        act: ProposedAct,
        now: UnixMillis,
    ) -> Result<Proposal, RoleError> {
        self.open(by, act, (None, now)).await
    }

    /// Proposes the role that somebody was invited to, in the name of who invited them, and uses the code of the invitation up.
    ///
    /// # Errors
    /// [`InvitationError::Code`] where it was used meanwhile, [`InvitationError::InviterLost`], and as [`Roles::propose`].
    pub(crate) async fn propose_invited(
        &self,
        by: PersonId,
        act: ProposedAct,
        used: UsedInvitation,
        now: UnixMillis,
    ) -> Result<Proposal, InvitationError> {
        let proposed = self.open(by, act, (Some(used), now)).await;
        proposed.map_err(|error| {
            if matches!(error, RoleError::InvitationUsed) {
                InvitationError::Code
            } else if matches!(error, RoleError::ProposerLost) {
                InvitationError::InviterLost
            } else {
                error.into()
            }
        })
    }

    async fn open(
        &self,
        by: PersonId,
        act: ProposedAct,
        (used, now): (Option<UsedInvitation>, UnixMillis),
    ) -> Result<Proposal, RoleError> {
        if let ProposedAct::GiveRole(change) = &act {
            self.book.require_person(change.person).await?;
        }
        if let Some((person, _)) = act.reset() {
            match self.people.find(person).await? {
                None => return Err(RoleError::NoPerson),
                Some(found) if found.needs == Level::One => {
                    return Err(RoleError::NoChange("the person has no second factor"));
                }
                Some(_) => {}
            }
        }
        let id = ProposalId::random()?;
        let judge = |grants: &[Grant], open: &[Proposal]| {
            if !has(grants, by, act.to_propose(), &act.place()) {
                return Err(RoleError::ProposerLost);
            }
            require_change(grants, &act)?;
            if act.about() == Some(by) {
                return Err(RoleError::OwnCase);
            }
            if open
                .iter()
                .any(|other| other.is_open() && other.act.is_like(&act))
            {
                return Err(RoleError::Proposed);
            }
            let proposal = Proposal::new(id, act, by, now);
            let note = Note::of_proposal(by, Act::Propose, &proposal);
            let mut steps: Vec<Step> = used.map(Step::UseInvitation).into_iter().collect();
            steps.extend([Step::Open(proposal.clone()), Step::Note(note)]);
            Ok((proposal, steps))
        };
        self.book.write(None, now, judge).await
    }

    /// Approves or declines a proposal. An approved change of roles is done with it; an approved release is for the caller to
    /// enter into the record, with a request that follows from the proposal's id, so that it is entered once. Who approved a
    /// proposal may approve it again, which changes nothing: for the caller who was stopped between the two.
    ///
    /// # Errors
    /// [`RoleError::NoProposal`] also for who may not see it, [`RoleError::NotOpen`], [`RoleError::SamePerson`],
    /// [`RoleError::ProposerLost`], [`RoleError::NoChange`], [`RoleError::LastOwner`], [`RoleError::Database`].
    pub async fn decide(
        &self,
        by: PersonId,
        id: ProposalId,
        decision: Decision,
        now: UnixMillis,
    ) -> Result<Proposal, RoleError> {
        let found = match decision {
            Decision::Approve => self.book.proposal(id, now).await?,
            Decision::Decline => None,
        };
        let warning = match &found {
            Some(proposal) => self.warning(&proposal.act).await?,
            None => None,
        };
        let verified = match &found {
            Some(proposal) => self.verified(&proposal.act).await?,
            None => None,
        };
        let judge = |grants: &[Grant], proposals: &[Proposal]| {
            let proposal = proposals.iter().find(|proposal| proposal.id == id);
            let mut proposal = proposal.cloned().ok_or(RoleError::NoProposal)?;
            require_decider(grants, &proposal, by, decision)?;
            match proposal.state {
                ProposalState::Open => {}
                ProposalState::Approved { by: other, .. }
                    if other == by && decision == Decision::Approve =>
                {
                    return Ok((proposal, Vec::new()));
                }
                ProposalState::Approved { .. } => return Err(RoleError::NotOpen("approved")),
                ProposalState::Declined { .. } => return Err(RoleError::NotOpen("declined")),
                ProposalState::Over => return Err(RoleError::NotOpen("over")),
            }
            let mut steps = Vec::new();
            let (state, act) = match decision {
                Decision::Decline => {
                    let decision = proposal.act.verification();
                    steps.extend(decision.map(|(_, decision)| Step::EndDecision(decision)));
                    (ProposalState::Declined { by, at: now }, Act::Decline)
                }
                Decision::Approve => {
                    let proposer = proposal.proposed_by;
                    if !has(
                        grants,
                        proposer,
                        proposal.act.to_propose(),
                        &proposal.act.place(),
                    ) {
                        return Err(RoleError::ProposerLost);
                    }
                    require_change(grants, &proposal.act)?;
                    steps.extend(role_step(&proposal, now));
                    steps.extend(alarming(&proposal.act));
                    steps.extend(warning.map(Step::Tell));
                    if let Some((person, _)) = proposal.act.reset() {
                        let due_at = now.plus(self.reset_delay);
                        steps.push(Step::BeginReset(id, person, due_at));
                    }
                    if let Some((approval, mail)) = verified {
                        steps.push(Step::Verify(by, approval, mail));
                    }
                    (ProposalState::Approved { by, at: now }, Act::Approve)
                }
            };
            proposal.state = state;
            let note = Note::of_proposal(by, act, &proposal);
            steps.extend([Step::Decide(proposal.clone()), Step::Note(note)]);
            Ok((proposal, steps))
        };
        self.book.write(Some(id), now, judge).await
    }
}

impl Roles {
    /// What the person of a change is told. Nothing, where it is none or there is no such person any more.
    async fn warning(&self, act: &ProposedAct) -> Result<Option<Warning>, RoleError> {
        let (change, words) = match act {
            ProposedAct::GiveRole(change) => (change, MailWords::of("role-given")),
            ProposedAct::TakeRole(change) => (change, MailWords::of("role-taken")),
            ProposedAct::ResetFactors { person, .. } => return self.reset_warning(*person).await,
            ProposedAct::Release { .. } | ProposedAct::ApproveVerification { .. } => {
                return Ok(None);
            }
        };
        let Some(person) = self.people.find(change.person).await? else {
            return Ok(None);
        };
        let words = words
            .with("role", change.role.as_code())
            .with("reach", change.place.reach())
            .with("place", change.place.to_string());
        Ok(Some(self.people.warning(&person, words)?))
    }

    /// What a person is told whose second factors are set aside.
    async fn reset_warning(&self, person: PersonId) -> Result<Option<Warning>, RoleError> {
        let Some(person) = self.people.find(person).await? else {
            return Ok(None);
        };
        let days = in_days(self.reset_delay);
        let words = MailWords::of("factors-resetting").with_count("days", days);
        Ok(Some(self.people.warning(&person, words)?))
    }

    /// What an approval makes count, and the mail about it.
    async fn verified(
        &self,
        act: &ProposedAct,
    ) -> Result<Option<(PreparedApproval, Option<SealedMail>)>, RoleError> {
        let Some((person, decision)) = act.verification() else {
            return Ok(None);
        };
        let Some(approval) = prepared(self.people.database(), decision).await? else {
            return Ok(None);
        };
        let mail = self
            .people
            .mail_about_verification(person, approved(), &[])
            .await?;
        Ok(Some((approval, mail)))
    }
}

/// What a change of roles alerts of. Whose rights get narrower is no reason, but with those who own all.
fn alarming(act: &ProposedAct) -> Option<Step> {
    if let Some((person, _)) = act.reset() {
        return Some(Step::Raise(AlertKind::FactorsResetting, person));
    }
    let change = act.role_change()?;
    let owns_all = change.role == Role::Owner && change.place == ResourcePattern::Every;
    let kind = match act {
        _ if owns_all => AlertKind::OwnersChanged,
        ProposedAct::GiveRole(_) => AlertKind::RightsWidened,
        ProposedAct::TakeRole(_)
        | ProposedAct::Release { .. }
        | ProposedAct::ApproveVerification { .. }
        | ProposedAct::ResetFactors { .. } => return None,
    };
    Some(Step::Raise(kind, change.person))
}

/// Whether somebody has a right by their role, whatever they have shown.
fn has(grants: &[Grant], person: PersonId, right: Right, place: &ResourcePattern) -> bool {
    let of_person = grants.iter().filter(|grant| grant.person == person);
    Standing::new(person, of_person.cloned().collect()).has(right, place)
}

fn require_decider(
    grants: &[Grant],
    proposal: &Proposal,
    by: PersonId,
    decision: Decision,
) -> Result<(), RoleError> {
    let may = has(grants, by, proposal.act.to_approve(), &proposal.act.place());
    if proposal.act.about() == Some(by) {
        return Err(RoleError::OwnCase);
    }
    if proposal.proposed_by == by {
        // Who proposed something may think better of it.
        return match decision {
            Decision::Decline => Ok(()),
            Decision::Approve => Err(RoleError::SamePerson),
        };
    }
    if may {
        Ok(())
    } else {
        Err(RoleError::NoProposal)
    }
}

/// Refuses a change of roles that changes nothing, or after which nobody could change roles.
fn require_change(grants: &[Grant], act: &ProposedAct) -> Result<(), RoleError> {
    match act {
        ProposedAct::GiveRole(change) => {
            if grants.iter().any(|grant| grant.is(change)) {
                return Err(RoleError::NoChange("the person has this role"));
            }
        }
        ProposedAct::TakeRole(change) => {
            if !grants.iter().any(|grant| grant.is(change)) {
                return Err(RoleError::NoChange("the person does not have this role"));
            }
            let owns_all =
                |grant: &&Grant| grant.role == Role::Owner && grant.place == ResourcePattern::Every;
            let mut owners = grants.iter().filter(owns_all);
            let takes_one = change.role == Role::Owner && change.place == ResourcePattern::Every;
            if takes_one && owners.all(|grant| grant.is(change)) {
                return Err(RoleError::LastOwner);
            }
        }
        ProposedAct::Release { .. }
        | ProposedAct::ApproveVerification { .. }
        | ProposedAct::ResetFactors { .. } => {}
    }
    Ok(())
}

fn role_step(proposal: &Proposal, now: UnixMillis) -> Option<Step> {
    match &proposal.act {
        ProposedAct::GiveRole(RoleChange {
            person,
            role,
            place,
        }) => Some(Step::Give(Grant {
            person: *person,
            role: *role,
            place: place.clone(),
            granted_at: now,
            granted_by: format!("proposal:{}", proposal.id),
        })),
        ProposedAct::TakeRole(change) => Some(Step::Take(change.clone())),
        ProposedAct::Release { .. }
        | ProposedAct::ApproveVerification { .. }
        | ProposedAct::ResetFactors { .. } => None,
    }
}
