//! Reads the record of each offering and tells by mail what it says to whom it concerns.

use std::{collections::HashMap, sync::Arc, time::Duration};

use softcap_database::DatabaseError;
use softcap_identity::{Notice, PersonError, PersonId, Telling, UnixMillis};
use softcap_journal::{JournalError, LogName, OfferingLog, bundle_leaves};
use softcap_offering::{Command, InvestorId, Outcome, Sequence};
use softcap_proof::{ProofError, entry::decode, hex};

use super::{
    NoticeKind, results, schedule,
    texts::{notice, of_contribution, of_investor},
};
use crate::{
    api::{OwnName, Service},
    stop::Stopping,
};

/// Level of the tiles that hold entries, and how many a full one holds (C2SP tlog-tiles).
const BUNDLES: i64 = -1;
const BUNDLE: u64 = 256;
/// Bundles of one offering before it is the next one's turn.
const TURN: usize = 16;
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is older says nothing any more.
pub(super) const OLD: Duration = Duration::from_hours(24);

#[derive(Debug, thiserror::Error)]
pub(super) enum FeedError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Person(Box<PersonError>),
}

/// Tells until the service stops.
pub(crate) async fn send_notices(service: Arc<Service>, mut stopping: Stopping) {
    if !service.sends_mail() {
        return;
    }
    let mut places = HashMap::new();
    while !stopping.is_stopping() {
        for log in service.journal().offerings() {
            if let Err(error) = tell(&service, &log, &mut places).await {
                places.remove(&log.row.name);
                tracing::warn!(log = %log.row.name, %error, "people are told by mail later");
            }
        }
        tokio::select! {
            () = stopping.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn tell(
    service: &Service,
    log: &OfferingLog,
    places: &mut HashMap<LogName, u64>,
) -> Result<(), FeedError> {
    let name = &log.row.name;
    let next = match places.get(name) {
        Some(next) => *next,
        None => place_of(service, log).await?,
    };
    let next = tell_entries(service, log, next).await?;
    places.insert(name.clone(), next);
    results::tell(service, log).await?;
    schedule::tell(service, log).await
}

/// What the entries of an offering are called in the table of places.
fn entries_of(name: &LogName) -> String {
    format!("{name}/entries")
}

/// Where to go on; at first with what is not old.
async fn place_of(service: &Service, log: &OfferingLog) -> Result<u64, FeedError> {
    let what = entries_of(&log.row.name);
    let place = service.people().told(&what).await?;
    if let Ok(next) = place.parse() {
        return Ok(next);
    }
    let next = first_since(log, since(service.now())).await?;
    let to = next.to_string();
    let step = Telling {
        what: &what,
        from: "",
        to: &to,
        begins: None,
    };
    service.people().tell(&step, &[], service.now()).await?;
    let place = service.people().told(&what).await?;
    Ok(place.parse().unwrap_or(next))
}

fn since(now: UnixMillis) -> u64 {
    let old = i64::try_from(OLD.as_millis()).unwrap_or(i64::MAX);
    u64::try_from(now.get().saturating_sub(old)).unwrap_or(0)
}

/// The first entry that stands at a time or after it, as the times of a log rise.
async fn first_since(log: &OfferingLog, time: u64) -> Result<u64, FeedError> {
    let (mut low, mut high) = (0, log.reader.size());
    while low < high {
        let middle = low + (high - low) / 2;
        let leaf = log.reader.leaf(middle).await?;
        let (entry, _) = decode(&leaf)?;
        if entry.stamp.position.0 < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Tells of entries from one on; the number of the next one.
async fn tell_entries(
    service: &Service,
    log: &OfferingLog,
    mut next: u64,
) -> Result<u64, FeedError> {
    let what = entries_of(&log.row.name);
    for _ in 0..TURN {
        if next >= log.reader.size() {
            break;
        }
        let bundle = log.reader.tile(BUNDLES, next / BUNDLE).await?;
        let told = usize::try_from(next % BUNDLE).unwrap_or(0);
        let (mut notices, mut begins) = (Vec::new(), None);
        let mut after = next;
        for leaf in bundle_leaves(&bundle).skip(told) {
            let (entry, outcome) = decode(leaf)?;
            after += 1;
            if entry.stamp.position.0 < since(service.now()) {
                continue;
            }
            if matches!(outcome, Outcome::Settled(_)) {
                begins = Some(results::result_of(&log.row.name));
            }
            let about = about(&entry.command, &outcome, entry.sequence);
            notices.extend(notice_of(service, log, about).await?);
        }
        if after == next {
            break;
        }
        let (from, to) = (next.to_string(), after.to_string());
        let step = Telling {
            what: &what,
            from: &from,
            to: &to,
            begins: begins.as_deref().map(|what| (what, results::BEGIN)),
        };
        let now = service.now();
        if service.people().tell(&step, &notices, now).await? {
            next = after;
        } else {
            // Another node told them.
            next = place_of(service, log).await?;
        }
    }
    Ok(next)
}

/// Whom an entry concerns.
enum About<'a> {
    Nobody,
    /// The owner of a contribution.
    Contribution(Sequence),
    /// Somebody who got tokens or money.
    Payout(InvestorId<'a>),
}

/// People are told of what happens to their money; the other commands are the issuer's.
fn about<'a>(command: &Command<'a>, outcome: &Outcome, sequence: Sequence) -> About<'a> {
    match (command, outcome) {
        (_, Outcome::RepeatOf(_)) => About::Nobody,
        (Command::Contribute(_) | Command::Commit { .. }, _) => About::Contribution(sequence),
        (_, Outcome::Refused(_)) => About::Nobody,
        (Command::Withdraw { contribution } | Command::Return { contribution, .. }, _) => {
            About::Contribution(*contribution)
        }
        (Command::Distribute { investor, .. } | Command::PayRefund { investor, .. }, _) => {
            About::Payout(*investor)
        }
        _ => About::Nobody,
    }
}

async fn notice_of(
    service: &Service,
    log: &OfferingLog,
    about: About<'_>,
) -> Result<Option<Notice>, FeedError> {
    match about {
        About::Nobody => Ok(None),
        About::Contribution(sequence) => {
            let found = {
                let state = log.sequencer.read();
                let offering = state.machine().offering();
                offering.contribution_at(sequence).map(|index| {
                    let id = offering.investor(offering.row(index).investor);
                    (index, owned(id))
                })
            };
            let Some((index, whose)) = found else {
                return Ok(None);
            };
            let Some(person) = person_of(service, log, &whose).await? else {
                return Ok(None);
            };
            let words = |language| Some(of_contribution(service, log, index, language));
            notice(service, log, (person, NoticeKind::Contribution), words).await
        }
        About::Payout(investor) => {
            let Some(person) = person_of(service, log, &owned(investor)).await? else {
                return Ok(None);
            };
            let words = |language| of_investor(service, log, investor, (language, "mail-payout"));
            notice(service, log, (person, NoticeKind::Payout), words).await
        }
    }
}

/// An id that outlives the state of the offering.
pub(super) fn owned(id: InvestorId<'_>) -> OwnName {
    match id {
        InvestorId::Opaque(number) => OwnName::Number(number.to_owned()),
        InvestorId::Address(wallet) => OwnName::Wallet(wallet.into()),
    }
}

/// Whose an id of the record is, if it is one of somebody who signed up.
pub(super) async fn person_of(
    service: &Service,
    log: &OfferingLog,
    whose: &OwnName,
) -> Result<Option<PersonId>, FeedError> {
    match whose {
        OwnName::Number(number) => {
            let person = service.numbers().person(&log.row.name, number).await?;
            Ok(person.and_then(|person| hex(&person.0).parse().ok()))
        }
        OwnName::Wallet(wallet) => {
            let acts = service.wallet_acts();
            Ok(acts.owner_of(&log.row.name, *wallet).await?)
        }
    }
}
