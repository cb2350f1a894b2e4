//! What a verification granted becomes an entry of the offering: number, round, limit and deadline, and nothing about the
//! person. Once, whatever is killed in between: the request of the entry follows from the admission's name.

use std::{sync::Arc, time::Duration};

use softcap_evm::takes_evm;
use softcap_identity::{Admission, Claimed, VerificationError};
use softcap_journal::{BATCH_TIME, JournalError, OfferingLog};
use softcap_offering::{
    Admit, Command, InvestorId, LineIndex, Position, RoundIndex, Stamp, Value, WithdrawalMark,
};
use softcap_rails::balance::PersonId;

use crate::{
    api::{OutcomeView, Service, submit_as},
    problem::ApiError,
    stop::Stopping,
};

/// How often what a stop left behind is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Admissions of one round.
const ROUND: u32 = 100;

/// Why an admission is not entered yet.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(transparent)]
    Verification(#[from] VerificationError),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the terms have no round of this name")]
    NoRound,
}

/// Enters what is left, at once and every now and then.
pub(crate) async fn drive_admissions(service: Arc<Service>, mut stopping: Stopping) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = every.tick() => {}
        }
        enter_admissions(&service).await;
    }
}

/// Enters what was granted and is not entered yet, and takes back what was granted to who is refused. What does not work
/// now is tried again.
pub(crate) async fn enter_admissions(service: &Service) {
    let open = match service.verifications().open_admissions(ROUND).await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "admissions are looked for later");
            return;
        }
    };
    for admission in open {
        let id = admission.id;
        if let Err(error) = enter(service, admission).await {
            tracing::warn!(%id, %error, "an admission is entered later");
        }
    }
}

async fn enter(service: &Service, admission: Admission) -> Result<(), Stuck> {
    let log = service.offering(admission.grant.round.offering.as_str())?;
    let cases = service.verifications();
    match cases.claim_admission(admission).await? {
        None => Ok(()),
        Some(Claimed::Enter(admission)) if is_by_permit(&log) => {
            Ok(cases.note_permitted(admission.id).await?)
        }
        Some(Claimed::Enter(admission)) => {
            let person = PersonId(admission.person.to_bytes());
            let number = service
                .numbers()
                .find_or_draw(person, &log.row.name)
                .await?;
            admit(service, &log, &admission, &number).await
        }
        Some(Claimed::TakeBack(admission)) => take_back(service, &log, &admission).await,
    }
}

/// Where a contract takes the money, it asks for a permit and not for an entry.
fn is_by_permit(log: &OfferingLog) -> bool {
    takes_evm(&log.terms)
}

async fn admit(
    service: &Service,
    log: &OfferingLog,
    admission: &Admission,
    number: &str,
) -> Result<(), Stuck> {
    let grant = &admission.grant;
    let until = u64::try_from(admission.until.get()).unwrap_or(0);
    let command = Command::Admit(Admit {
        round: round_of(log, &grant.round.round)?,
        investor: InvestorId::Opaque(number),
        limit: grant.limit.map(|limit| Value(limit.units)),
        expires: Some(Position(until)),
        guaranteed: Value(0),
        withdrawal: if grant.withdrawal {
            WithdrawalMark::Marked
        } else {
            WithdrawalMark::Unmarked
        },
    });
    let request = service.requests().admission(admission.id);
    let entry = submit_as(service, log, request, (now(), &command)).await?;
    let is_refused = matches!(entry.outcome, OutcomeView::Refused { .. });
    let noted = service
        .verifications()
        .note_entered(admission.id, entry.sequence, is_refused);
    Ok(noted.await?)
}

/// Somebody who has no number any more was forgotten: what stands in the record is nobody's then.
async fn take_back(
    service: &Service,
    log: &OfferingLog,
    admission: &Admission,
) -> Result<(), Stuck> {
    let cases = service.verifications();
    let person = PersonId(admission.person.to_bytes());
    let number = service.numbers().find(person, &log.row.name).await?;
    let Some(number) = number.filter(|_| !is_by_permit(log)) else {
        return Ok(cases.note_revoked(admission.id, None).await?);
    };
    if admission.entry.is_none() {
        // A stop may have come between the entry and its note. After this it is before the one that takes it back.
        admit(service, log, admission, &number).await?;
    }
    let command = Command::Revoke {
        round: round_of(log, &admission.grant.round.round)?,
        investor: InvestorId::Opaque(&number),
    };
    let request = service.requests().revocation(admission.id);
    let entry = submit_as(service, log, request, (now(), &command)).await?;
    Ok(cases
        .note_revoked(admission.id, Some(entry.sequence))
        .await?)
}

/// The place of a round in the terms.
fn round_of(log: &OfferingLog, name: &str) -> Result<RoundIndex, Stuck> {
    let place = log.terms.rounds.iter().position(|round| round.name == name);
    let place = place.and_then(|place| u8::try_from(place).ok());
    place.map(RoundIndex).ok_or(Stuck::NoRound)
}

const fn now() -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: BATCH_TIME,
    }
}
