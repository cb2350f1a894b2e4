//! The tables of roles and proposals. Every change is judged on all grants and open proposals, under one lock.

use softcap_database::{Database, DatabaseError, on_reader, on_writer, row};

use super::{
    Grant, Proposal, ProposalId, ProposalState, ProposedAct, ResetReason, RoleChange, RoleError,
};
use crate::{
    Act, AlertKind, DecisionId, PersonId, UnixMillis, Warning,
    alerts::{raise, tell},
    audit::note,
    factors::BEGIN_RESET,
    invitations::{UsedInvitation, use_invitation},
    people::SealedMail,
    verification::{CANCEL_PROPOSED, PreparedApproval, approve},
};

row! {
    struct GrantRow {
        person: String,
        role: String,
        place: String,
        granted_at: i64,
        granted_by: String,
    }
}

/// Writes a proposal that is open, in a transaction of either database.
macro_rules! open_proposal {
    ($work:ident, $proposal:expr) => {{
        let change = $proposal.act.role_change();
        let open = sqlx::query(OPEN).bind($proposal.id.to_string());
        let open = open.bind($proposal.act.as_code());
        let verified = $proposal.act.verification();
        let about = change.map(|change| change.person);
        let about = about.or($proposal.act.about());
        let open = open.bind(about.map(|person| person.to_string()));
        let open = open.bind(change.map(|change| change.role.as_code()));
        let open = open.bind($proposal.act.place().to_string());
        let open = open.bind($proposal.act.milestone().map(i64::from));
        let decision = verified.map(|(_, decision)| decision.to_string());
        let open = open.bind(decision);
        let open = open.bind($proposal.proposed_by.to_string());
        let open = open.bind($proposal.proposed_at.get());
        let open = open.bind($proposal.expires_at.get());
        let reason = $proposal.act.reset().map(|(_, reason)| reason.as_code());
        let open = open.bind(reason);
        open.execute(&mut *$work).await?;
    }};
}

impl GrantRow {
    fn read(self) -> Result<Grant, RoleError> {
        let damaged = |row: &Self| {
            let name = format!("role_grant {} {}", row.person, row.role);
            RoleError::Database(DatabaseError::Damaged(name))
        };
        let role = self.role.parse().map_err(|_| damaged(&self))?;
        let place = self.place.parse().map_err(|_| damaged(&self))?;
        Ok(Grant {
            person: self.person.parse()?,
            role,
            place,
            granted_at: UnixMillis::new(self.granted_at),
            granted_by: self.granted_by,
        })
    }
}

row! {
    struct ProposalRow {
        id: String,
        act: String,
        person: Option<String>,
        role: Option<String>,
        place: String,
        milestone: Option<i64>,
        decision: Option<String>,
        reason: Option<String>,
        proposed_by: String,
        proposed_at: i64,
        expires_at: i64,
        state: String,
        decided_by: Option<String>,
        decided_at: Option<i64>,
    }
}

impl ProposalRow {
    fn read(self, now: UnixMillis) -> Result<Proposal, RoleError> {
        let id = self.id.clone();
        let damaged = || RoleError::Database(DatabaseError::Damaged(format!("proposal {id}")));
        self.parse(now).ok_or_else(damaged)
    }

    fn parse(self, now: UnixMillis) -> Option<Proposal> {
        let change = || {
            Some(RoleChange {
                person: self.person.as_deref()?.parse().ok()?,
                role: self.role.as_deref()?.parse().ok()?,
                place: self.place.parse().ok()?,
            })
        };
        let act = match self.act.as_str() {
            "give_role" => ProposedAct::GiveRole(change()?),
            "take_role" => ProposedAct::TakeRole(change()?),
            "release" => ProposedAct::Release {
                offering: self.place.parse().ok()?,
                milestone: u8::try_from(self.milestone?).ok()?,
            },
            "approve_verification" => ProposedAct::ApproveVerification {
                person: self.person.as_deref()?.parse().ok()?,
                decision: DecisionId::parse(self.decision.as_deref()?)?,
            },
            "reset_factors" => ProposedAct::ResetFactors {
                person: self.person.as_deref()?.parse().ok()?,
                reason: ResetReason::from_code(self.reason.as_deref()?)?,
            },
            _ => return None,
        };
        let expires_at = UnixMillis::new(self.expires_at);
        let decided = || {
            let by = self.decided_by.as_deref()?.parse().ok()?;
            Some((by, UnixMillis::new(self.decided_at?)))
        };
        let state = match self.state.as_str() {
            "open" if now < expires_at => ProposalState::Open,
            "open" => ProposalState::Over,
            "approved" => decided().map(|(by, at)| ProposalState::Approved { by, at })?,
            "declined" => decided().map(|(by, at)| ProposalState::Declined { by, at })?,
            _ => return None,
        };
        Some(Proposal {
            id: self.id.parse().ok()?,
            act,
            proposed_by: self.proposed_by.parse().ok()?,
            proposed_at: UnixMillis::new(self.proposed_at),
            expires_at,
            state,
        })
    }
}

/// A row of the audit.
pub(super) struct Note {
    actor: String,
    act: Act,
    subject: String,
    code: String,
}

impl Note {
    /// Of a change of somebody's role.
    pub(super) fn of(actor: &str, act: Act, change: &RoleChange) -> Self {
        Self {
            actor: actor.to_owned(),
            act,
            subject: format!("person:{}", change.person),
            code: format!("{}:{}", change.role, change.place),
        }
    }

    /// Of what happens to a proposal.
    pub(super) fn of_proposal(by: PersonId, act: Act, proposal: &Proposal) -> Self {
        Self {
            actor: format!("person:{by}"),
            act,
            subject: format!("proposal:{}", proposal.id),
            code: proposal.act.as_code().to_owned(),
        }
    }
}

/// One statement of a change.
pub(super) enum Step {
    Give(Grant),
    Take(RoleChange),
    Open(Proposal),
    Decide(Proposal),
    Note(Note),
    Raise(AlertKind, PersonId),
    Tell(Warning),
    /// A verification counts, if its case is still as the first reviewer read it; who approves, what, and what the person
    /// is told.
    Verify(PersonId, PreparedApproval, Option<SealedMail>),
    /// What was proposed with a decision is not granted.
    EndDecision(DecisionId),
    /// Second factors are set aside at this time, if there are any.
    BeginReset(ProposalId, PersonId, UnixMillis),
    /// The code of an invitation is used up, if it still works.
    UseInvitation(UsedInvitation),
}

const CASE_CHANGED: &str = "the verification was changed since this was proposed";
const NOTHING_TO_RESET: &str =
    "the person has no second factor, or it is about to be set aside already";
const LOCK: &str = "UPDATE role_change SET value = value + 1 WHERE one = 1";
const GRANTS: &str = "SELECT person, role, place, granted_at, granted_by FROM role_grant \
     ORDER BY person, role, place";
const OF_PERSON: &str = "SELECT person, role, place, granted_at, granted_by FROM role_grant \
     WHERE person = $1 ORDER BY role, place";
const OPEN_OR_NAMED: &str = "SELECT * FROM proposal WHERE state = 'open' OR id = $1";
const NAMED: &str = "SELECT * FROM proposal WHERE id = $1";
const NEWEST: &str = "SELECT * FROM proposal ORDER BY proposed_at DESC, id LIMIT $1";
const GIVE: &str = "INSERT INTO role_grant (person, role, place, granted_at, granted_by) \
     VALUES ($1, $2, $3, $4, $5)";
const TAKE: &str = "DELETE FROM role_grant WHERE person = $1 AND role = $2 AND place = $3";
const OPEN: &str = "INSERT INTO proposal (id, act, person, role, place, milestone, decision, proposed_by, \
     proposed_at, expires_at, state, reason) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11)";
const DECIDE: &str =
    "UPDATE proposal SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1";

/// The tables in a database.
#[derive(Debug, Clone)]
pub(super) struct Book {
    database: Database,
}

impl Book {
    pub(super) const fn new(database: Database) -> Self {
        Self { database }
    }

    pub(super) async fn grants(&self) -> Result<Vec<Grant>, RoleError> {
        let rows: Vec<GrantRow> = on_reader!(&self.database, |pool| sqlx::query_as(GRANTS)
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(GrantRow::read).collect()
    }

    pub(super) async fn grants_of(&self, person: PersonId) -> Result<Vec<Grant>, RoleError> {
        let rows: Vec<GrantRow> = on_reader!(&self.database, |pool| sqlx::query_as(OF_PERSON)
            .bind(person.to_string())
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(GrantRow::read).collect()
    }

    pub(super) async fn proposals(
        &self,
        most: u32,
        now: UnixMillis,
    ) -> Result<Vec<Proposal>, RoleError> {
        let rows: Vec<ProposalRow> = on_reader!(&self.database, |pool| sqlx::query_as(NEWEST)
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(|row| row.read(now)).collect()
    }

    pub(super) async fn proposal(
        &self,
        id: ProposalId,
        now: UnixMillis,
    ) -> Result<Option<Proposal>, RoleError> {
        let row: Option<ProposalRow> = on_reader!(&self.database, |pool| sqlx::query_as(NAMED)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)?;
        row.map(|row| row.read(now)).transpose()
    }

    pub(super) async fn require_person(&self, person: PersonId) -> Result<(), RoleError> {
        const TEXT: &str = "SELECT id FROM person WHERE id = $1";
        let found: Option<(String,)> = on_reader!(&self.database, |pool| sqlx::query_as(TEXT)
            .bind(person.to_string())
            .fetch_optional(pool)
            .await)?;
        found.map(|_| ()).ok_or(RoleError::NoPerson)
    }

    /// Judges all grants and the open proposals (and the named one) and does what follows, or nothing. One change after the
    /// other, on all nodes.
    pub(super) async fn write<T>(
        &self,
        named: Option<ProposalId>,
        now: UnixMillis,
        judge: impl FnOnce(&[Grant], &[Proposal]) -> Result<(T, Vec<Step>), RoleError>,
    ) -> Result<T, RoleError> {
        let named = named.map(|id| id.to_string());
        on_writer!(&self.database, |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(LOCK).execute(&mut *work).await?;
            let grants: Vec<GrantRow> = sqlx::query_as(GRANTS).fetch_all(&mut *work).await?;
            let proposals = sqlx::query_as(OPEN_OR_NAMED).bind(named);
            let proposals: Vec<ProposalRow> = proposals.fetch_all(&mut *work).await?;
            let (result, steps) = match read_and_judge(grants, proposals, now, judge) {
                Ok(judged) => judged,
                Err(refused) => {
                    work.rollback().await?;
                    return Ok(Err(refused));
                }
            };
            for step in steps {
                match step {
                    Step::Give(grant) => {
                        let give = sqlx::query(GIVE).bind(grant.person.to_string());
                        let give = give.bind(grant.role.as_code());
                        let give = give.bind(grant.place.to_string());
                        let give = give.bind(grant.granted_at.get()).bind(grant.granted_by);
                        give.execute(&mut *work).await?;
                    }
                    Step::Take(change) => {
                        let take = sqlx::query(TAKE).bind(change.person.to_string());
                        let take = take.bind(change.role.as_code());
                        take.bind(change.place.to_string())
                            .execute(&mut *work)
                            .await?;
                    }
                    Step::Open(proposal) => open_proposal!(work, proposal),
                    Step::Decide(proposal) => {
                        let (state, by) = proposal.state.decided();
                        let decide = sqlx::query(DECIDE).bind(proposal.id.to_string());
                        let decide = decide.bind(state).bind(by.map(|by| by.to_string()));
                        decide.bind(now.get()).execute(&mut *work).await?;
                    }
                    Step::Note(note) => {
                        note!(work, now, note.actor, note.act, note.subject, note.code);
                    }
                    Step::Raise(kind, person) => {
                        raise!(work, kind, &person.to_string(), now);
                    }
                    Step::Tell(warning) => {
                        tell!(work, warning, now);
                    }
                    Step::Verify(by, approval, mail) => {
                        if !approve!(work, by, approval, mail, now) {
                            work.rollback().await?;
                            return Ok(Err(RoleError::NoChange(CASE_CHANGED)));
                        }
                    }
                    Step::BeginReset(id, person, due_at) => {
                        let begin = sqlx::query(BEGIN_RESET).bind(person.to_string());
                        let begin = begin.bind(id.to_string());
                        let begin = begin.bind(now.get()).bind(due_at.get());
                        if begin.execute(&mut *work).await?.rows_affected() == 0 {
                            work.rollback().await?;
                            return Ok(Err(RoleError::NoChange(NOTHING_TO_RESET)));
                        }
                    }
                    Step::UseInvitation(used) => {
                        if !use_invitation!(work, used, now) {
                            work.rollback().await?;
                            return Ok(Err(RoleError::InvitationUsed));
                        }
                    }
                    Step::EndDecision(decision) => {
                        let end = sqlx::query(CANCEL_PROPOSED).bind(decision.to_string());
                        end.execute(&mut *work).await?;
                    }
                }
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(result))
        }
        .await)?
    }
}

fn read_and_judge<T>(
    grants: Vec<GrantRow>,
    proposals: Vec<ProposalRow>,
    now: UnixMillis,
    judge: impl FnOnce(&[Grant], &[Proposal]) -> Result<(T, Vec<Step>), RoleError>,
) -> Result<(T, Vec<Step>), RoleError> {
    let grants: Result<Vec<_>, _> = grants.into_iter().map(GrantRow::read).collect();
    let proposals: Result<Vec<_>, _> = proposals.into_iter().map(|row| row.read(now)).collect();
    judge(&grants?, &proposals?)
}
