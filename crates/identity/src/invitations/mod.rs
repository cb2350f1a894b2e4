//! Invitations by mail: to a role, or into a sale.
//!
//! An invitation is a code in a mail. It works once, for seven days, for whoever got the mail and has logged in. Whether the
//! address is one of somebody who is known does not show: the same mail is written for both, and the same rows. The address
//! itself stands nowhere but in the mail.
//!
//! A code gives no right. Who accepts one to a role is *proposed* for it by who invited them, and another one approves, as for
//! every role ([`crate::Roles`]); who accepts one into a sale is let in by whoever may let people in.

mod accepting;
mod error;
mod invitation;

use std::time::Duration;

use softcap_database::{on_reader, on_writer};

pub(crate) use accepting::{USE, UsedInvitation, use_invitation};
pub use error::InvitationError;
pub(crate) use invitation::InvitationRow;
pub use invitation::{INVITATION_LIFE, Invitation, InvitationId, InvitationState, InvitedTo};

use crate::{
    Act, Domain, EmailAddress, People, PersonError, PersonId, Proposal, ProposedAct,
    ResourcePattern, Right, RoleChange, Roles, SecretText, UnixMillis, Verb,
    audit::note,
    people::{ADD_MAIL, Rate, Text},
};

/// Mails that one person may send to others.
const BY_PERSON: Rate = Rate {
    name: "invitations by person",
    burst: 20,
    every: Duration::from_secs(180),
};
/// Invitations that one address gets, whoever sends them.
const TO_ADDRESS: Rate = Rate {
    name: "invitations to address",
    burst: 5,
    every: Duration::from_secs(3_600),
};
/// What is over is kept for so long.
const KEPT: Duration = Duration::from_hours(90 * 24);

const TO_ROLES: &str = "SELECT * FROM invitation WHERE role IS NOT NULL AND $1 = '' \
     ORDER BY made_at DESC, id LIMIT $2";
const INTO_SALE: &str = "SELECT * FROM invitation WHERE role IS NULL AND place = $1 \
     ORDER BY made_at DESC, id LIMIT $2";
const BY_TAG: &str = "SELECT * FROM invitation WHERE tag = $1";
const BY_ID: &str = "SELECT * FROM invitation WHERE id = $1";

/// The invitations of an installation; their table is one of [`crate::Keys::migrations`]. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Invitations {
    people: People,
    roles: Roles,
}

/// What became of an invitation that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The role is proposed, and waits for a second person.
    Proposed(Proposal),
    /// Whoever may let people into the sale sees it.
    Told(Invitation),
}

impl Invitations {
    /// Those of these people.
    #[must_use]
    pub fn new(people: People, roles: Roles) -> Self {
        Self { people, roles }
    }

    /// Sends an invitation. Whether the inviter's session may is for the caller to ask.
    ///
    /// # Errors
    /// [`crate::PersonError::Limited`] for who invites too many, or an address that got too many; what the database says.
    pub async fn invite(
        &self,
        by: PersonId,
        to: InvitedTo,
        email: &EmailAddress,
        now: UnixMillis,
    ) -> Result<Invitation, InvitationError> {
        let people = &self.people;
        let by_person = people.cell(BY_PERSON, &[by.to_string().as_bytes()]);
        people.take(&by_person, now).await?;
        let to_address = people.cell(TO_ADDRESS, &[&people.email_tag(email)]);
        people.take(&to_address, now).await?;
        let invitation = Invitation {
            id: InvitationId::random()?,
            to,
            invited_by: by,
            made_at: now,
            expires_at: now.plus(INVITATION_LIFE),
            state: InvitationState::Open,
        };
        let code = SecretText::random()?;
        let tag = self.tag(&code);
        // Whether the address is known must not show, so it is the language of who invites.
        let inviter = people.find(by).await?.ok_or(PersonError::NoSession)?;
        let words = invitation.to.words();
        let text = Text::with_code(people.site(), inviter.language, words, code.reveal());
        let mail = people.seal_mail(email, &text.subject, &text.body)?;
        let (id, place) = (invitation.id.to_string(), invitation.to.place().to_string());
        let role = invitation.to.role().map(|role| role.as_code());
        on_writer!(people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let old = sqlx::query("DELETE FROM invitation WHERE expires_at < $1");
            old.bind(now.minus(KEPT).get()).execute(&mut *work).await?;
            let add = sqlx::query(
                "INSERT INTO invitation (id, tag, role, place, invited_by, made_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            );
            let add = add.bind(&id).bind(tag.as_slice()).bind(role);
            let add = add.bind(&place).bind(by.to_string()).bind(now.get());
            add.bind(invitation.expires_at.get())
                .execute(&mut *work)
                .await?;
            let add = sqlx::query(ADD_MAIL).bind(&mail.id).bind(&mail.recipient);
            add.bind(&mail.message)
                .bind(now.get())
                .execute(&mut *work)
                .await?;
            let subject = format!("invitation:{id}");
            note!(
                work,
                now,
                format!("person:{by}"),
                Act::Invite,
                subject,
                invitation.to.as_code()
            );
            work.commit().await?;
            Ok::<_, sqlx::Error>(())
        }
        .await)?;
        people.mail_was_added();
        Ok(invitation)
    }

    /// The newest invitations first: to roles where no sale is named, else into this sale.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list(
        &self,
        sale: Option<&str>,
        most: u32,
        now: UnixMillis,
    ) -> Result<Vec<Invitation>, InvitationError> {
        let text = if sale.is_some() { INTO_SALE } else { TO_ROLES };
        let rows: Vec<InvitationRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(text)
                .bind(sale.unwrap_or_default())
                .bind(i64::from(most))
                .fetch_all(pool)
                .await
        })?;
        let read = rows.into_iter().map(|row| row.read(now));
        Ok(read.collect::<Result<_, _>>()?)
    }

    /// The open invitation of a code, for who looks at it before they accept.
    ///
    /// # Errors
    /// [`InvitationError::Code`], and what the database says.
    pub async fn find(&self, code: &str, now: UnixMillis) -> Result<Invitation, InvitationError> {
        let code = SecretText::parse(code.trim()).ok_or(InvitationError::Code)?;
        self.by_tag(&self.tag(&code), now).await
    }

    async fn by_tag(&self, tag: &[u8], now: UnixMillis) -> Result<Invitation, InvitationError> {
        let row: Option<InvitationRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(BY_TAG).bind(tag).fetch_optional(pool).await
        })?;
        let found = row.ok_or(InvitationError::Code)?.read(now)?;
        match found.state {
            InvitationState::Open => Ok(found),
            InvitationState::Accepted { .. }
            | InvitationState::Withdrawn
            | InvitationState::Over => Err(InvitationError::Code),
        }
    }

    /// Accepts the invitation of a code, once.
    ///
    /// # Errors
    /// [`InvitationError::Code`]; [`InvitationError::InviterLost`] where who invited lost the right to; of a role
    /// [`crate::RoleError::NoChange`] and [`crate::RoleError::Proposed`]; what the database says. A code that is not accepted
    /// works still.
    pub async fn accept(
        &self,
        person: PersonId,
        code: &str,
        now: UnixMillis,
    ) -> Result<Accepted, InvitationError> {
        let code = SecretText::parse(code.trim()).ok_or(InvitationError::Code)?;
        let tag = self.tag(&code);
        let found = self.by_tag(&tag, now).await?;
        match &found.to {
            InvitedTo::Role { role, place } => {
                let act = ProposedAct::GiveRole(RoleChange {
                    person,
                    role: *role,
                    place: place.clone(),
                });
                let used = UsedInvitation {
                    id: found.id.to_string(),
                    tag: tag.to_vec(),
                    person,
                    code: found.to.as_code(),
                };
                let proposed = self.roles.propose_invited(found.invited_by, act, used, now);
                proposed.await.map(Accepted::Proposed)
            }
            InvitedTo::Sale(_) => self.accept_sale(person, (found, &tag), now).await,
        }
    }

    async fn accept_sale(
        &self,
        person: PersonId,
        (found, tag): (Invitation, &[u8]),
        now: UnixMillis,
    ) -> Result<Accepted, InvitationError> {
        let standing = self.roles.standing(found.invited_by).await?;
        if !standing.has(Right::Verb(Verb::InvestorsWrite), &found.to.place()) {
            return Err(InvitationError::InviterLost);
        }
        let used = UsedInvitation {
            id: found.id.to_string(),
            tag: tag.to_vec(),
            person,
            code: found.to.as_code(),
        };
        let is_used = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let is_used = use_invitation!(work, used, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(is_used)
        }
        .await)?;
        if !is_used {
            return Err(InvitationError::Code);
        }
        Ok(Accepted::Told(Invitation {
            state: InvitationState::Accepted {
                by: person,
                at: now,
            },
            ..found
        }))
    }

    /// One invitation.
    ///
    /// # Errors
    /// [`InvitationError::NoInvitation`], and what the database says.
    pub async fn get(
        &self,
        id: InvitationId,
        now: UnixMillis,
    ) -> Result<Invitation, InvitationError> {
        let row: Option<InvitationRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(BY_ID)
                .bind(id.to_string())
                .fetch_optional(pool)
                .await
        })?;
        Ok(row.ok_or(InvitationError::NoInvitation)?.read(now)?)
    }

    /// Takes an open invitation back: its code works no more.
    ///
    /// # Errors
    /// [`InvitationError::NoInvitation`] where it is not open, and what the database says.
    pub async fn withdraw(
        &self,
        by: PersonId,
        invitation: &Invitation,
        now: UnixMillis,
    ) -> Result<(), InvitationError> {
        const END: &str = "UPDATE invitation SET withdrawn_at = $2 WHERE id = $1 \
             AND accepted_by IS NULL AND withdrawn_at IS NULL AND expires_at > $2";
        let id = invitation.id.to_string();
        let ended = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(END).bind(&id).bind(now.get());
            let is_ended = end.execute(&mut *work).await?.rows_affected() == 1;
            if is_ended {
                let subject = format!("invitation:{id}");
                note!(
                    work,
                    now,
                    format!("person:{by}"),
                    Act::WithdrawInvitation,
                    subject,
                    invitation.to.as_code()
                );
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(is_ended)
        }
        .await)?;
        if ended {
            Ok(())
        } else {
            Err(InvitationError::NoInvitation)
        }
    }

    fn tag(&self, code: &SecretText) -> [u8; 32] {
        let key = self.people.key();
        key.tag(Domain::Invitation, code.reveal().as_bytes())
    }
}

/// Which right somebody needs to send such an invitation, and where.
impl InvitedTo {
    /// The right of who invites.
    #[must_use]
    pub fn to_invite(&self) -> (Right, ResourcePattern) {
        match self {
            // Roles are changed by who may change them all.
            Self::Role { .. } => (Right::ChangeRoles, ResourcePattern::Every),
            Self::Sale(_) => (Right::Verb(Verb::InvestorsWrite), self.place()),
        }
    }
}
