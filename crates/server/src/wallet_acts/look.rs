//! What became of what a wallet was asked for: by the record first, then by the chain.

use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use softcap_evm::{Fate, Sent, Turn, entry_request};
use softcap_journal::{Machine as _, OfferingLog};
use softcap_offering::{EscrowAddress, InvestorId};

use super::act::{ActKind, SentNote, Stage, WalletAct};
use crate::{
    api::{Service, of_database, own_rows},
    contribution_state::{BeforeEntry, ResultOnChain, State, state_before},
    problem::{ApiError, ProblemCode},
};

/// Logs that an escrow makes in one transaction of a wallet, at most.
const LOGS: u64 = 8;
/// How often a wallet's replacement is looked up in one look; each has used the nonce for good.
const REPLACED: usize = 3;
/// After so long the network is said to have dropped what no node has: they keep what waits for hours, but a wallet whose
/// node is another one may be seconds ahead.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// What is seen of an act now.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// It is not in the record yet.
    Before {
        /// The one state.
        state: State,
        /// Confirmations it has, and those it needs.
        depth: Option<(u64, u64)>,
        /// What the network kept of one that failed, in wei.
        fee: Option<U256>,
    },
    /// It is in the record: the contribution that it is, or is about.
    Entered(u64),
    /// It is in the record, and no contribution of the wallet is.
    Over,
}

impl Seen {
    fn plain(before: BeforeEntry) -> Self {
        Self::Before {
            state: state_before(Some(before)),
            depth: None,
            fee: None,
        }
    }

    fn unknown() -> Self {
        Self::Before {
            state: state_before(None),
            depth: None,
            fee: None,
        }
    }
}

/// Looks, and notes what is new.
pub(crate) async fn look(
    service: &Service,
    log: &OfferingLog,
    act: &mut WalletAct,
) -> Result<Seen, ApiError> {
    if act.stage == Stage::Done {
        return Ok(about(service, log, act));
    }
    let escrow = log.sequencer.read().machine().offering().escrow();
    let Some(escrow) = escrow else {
        return Ok(Seen::unknown());
    };
    let is_void = {
        let state = log.sequencer.read();
        let result = ResultOnChain::of(service, &log.row.name, state.machine().offering());
        matches!(result, ResultOnChain::Void(_))
    };
    if act.kind.is_beside_record() || act.kind == ActKind::Refund && is_void {
        return look_beside_record(service, log, &escrow, act).await;
    }
    if let Some(entry) = entry_of(service, log, &escrow, act) {
        service
            .wallet_acts()
            .finish(act, Some(entry))
            .await
            .map_err(of_database)?;
        (act.stage, act.entry) = (Stage::Done, Some(entry));
        return Ok(about(service, log, act));
    }
    before_entry(service, escrow.contract.into(), act).await
}

/// What is told of an act that the record does not have.
async fn before_entry(
    service: &Service,
    to: Address,
    act: &mut WalletAct,
) -> Result<Seen, ApiError> {
    match (act.stage, act.sent) {
        (Stage::Sent, Some(sent)) => on_chain(service, to, act, sent).await,
        (Stage::Draft, _) => Ok(Seen::plain(BeforeEntry::Draft)),
        (Stage::Asked, _) => Ok(Seen::plain(BeforeEntry::Asked)),
        (Stage::Declined, _) => Ok(Seen::plain(BeforeEntry::Declined)),
        (Stage::Done | Stage::Sent, _) => Ok(Seen::unknown()),
    }
}

/// What the record has no entry of counts where its transaction did what it says, as deep in the chain as everything else must
/// be: an objection, tokens that are given back, and money that goes back against the result of the record.
async fn look_beside_record(
    service: &Service,
    log: &OfferingLog,
    escrow: &EscrowAddress,
    act: &mut WalletAct,
) -> Result<Seen, ApiError> {
    let Some(to) = contract_of(service, log, escrow, act.kind) else {
        return Ok(Seen::unknown());
    };
    let seen = before_entry(service, to, act).await?;
    let is_deep = match &seen {
        Seen::Before {
            state: State::Confirming | State::Replaced,
            depth: Some((got, asked)),
            ..
        } => got >= asked,
        Seen::Before { .. } | Seen::Entered(_) | Seen::Over => false,
    };
    if !is_deep {
        return Ok(seen);
    }
    let finished = service.wallet_acts().finish(act, None).await;
    finished.map_err(of_database)?;
    act.stage = Stage::Done;
    Ok(about(service, log, act))
}

/// The contract that an act goes to; `None` while it is not known.
pub(super) fn contract_of(
    service: &Service,
    log: &OfferingLog,
    escrow: &EscrowAddress,
    kind: ActKind,
) -> Option<Address> {
    match kind {
        ActKind::ObjectRelease | ActKind::GiveBack => {
            service.rails().status(&log.row.name)?.milestones
        }
        ActKind::Contribute
        | ActKind::Claim
        | ActKind::Refund
        | ActKind::Withdraw
        | ActKind::Object => Some(escrow.contract.into()),
    }
}

/// The contribution that an act of the record is about: itself, or the newest one of the wallet that it took out.
fn about(service: &Service, log: &OfferingLog, act: &WalletAct) -> Seen {
    match (act.kind, act.entry) {
        (ActKind::Contribute, Some(entry)) => Seen::Entered(entry),
        _ => {
            let state = log.sequencer.read();
            let offering = state.machine().offering();
            let id = InvestorId::Address(act.wallet.into());
            let last = own_rows(service, log, offering, id).pop();
            last.map_or(Seen::Over, |index| {
                Seen::Entered(offering.row(index).sequence.0)
            })
        }
    }
}

/// The entry that the chain made of an act, if the record has it.
fn entry_of(
    service: &Service,
    log: &OfferingLog,
    escrow: &EscrowAddress,
    act: &WalletAct,
) -> Option<u64> {
    let state = log.sequencer.read();
    let machine = state.machine();
    let known = act.sent.and_then(|sent| {
        let mut places = 0..LOGS;
        places.find_map(|nth| machine.find_request(entry_request(escrow, sent.hash, nth)))
    });
    known.or_else(|| {
        // The page was closed before it could tell the hash, or what is taken back has entries of its contributions.
        let offering = machine.offering();
        let mut own = own_rows(
            service,
            log,
            offering,
            InvestorId::Address(act.wallet.into()),
        )
        .into_iter()
        .map(|index| offering.row(index));
        match act.kind {
            ActKind::Contribute if act.stage == Stage::Asked => own
                .find(|row| row.sequence.0 >= act.after && row.contributed == act.amount)
                .map(|row| row.sequence.0),
            ActKind::Withdraw if act.sent.is_some_and(|sent| sent.block.is_some()) => own
                .find(|row| row.accepted.is_zero())
                .map(|row| row.sequence.0),
            ActKind::Contribute
            | ActKind::Claim
            | ActKind::Refund
            | ActKind::Withdraw
            | ActKind::Object
            | ActKind::ObjectRelease
            | ActKind::GiveBack => None,
        }
    })
}

async fn on_chain(
    service: &Service,
    to: Address,
    act: &mut WalletAct,
    mut sent: SentNote,
) -> Result<Seen, ApiError> {
    let Some(chain) = service.rails().chain() else {
        return Ok(Seen::unknown());
    };
    let before = sent;
    let mut fate = Ok(Fate::Pending);
    for _ in 0..=REPLACED {
        if sent.turn.is_none() {
            let known = chain.transaction(sent.hash).await;
            sent.turn = known.ok().flatten().map(|known| known.turn());
        }
        let followed = Sent {
            hash: sent.hash,
            turn: sent.turn,
            to,
            since: sent.since,
        };
        fate = chain.fate(&followed).await;
        match fate {
            Ok(Fate::ReplacedBy(hash)) => sent.hash = hash,
            Ok(_) | Err(_) => break,
        }
    }
    let is_old = sent.at.plus(FORGOTTEN) < service.now();
    let is_replaced = sent.hash != sent.first_hash;
    let seen = match fate {
        Ok(Fate::InBlock(done, head)) => {
            sent.block = Some(done.block);
            let asked = service.rails().confirmations().saturating_add(1);
            let got = head.saturating_sub(done.block).saturating_add(1).min(asked);
            let state = match (done.succeeded, is_replaced) {
                (false, _) => BeforeEntry::Reverted,
                (true, true) => BeforeEntry::Replaced,
                (true, false) => BeforeEntry::Shallow,
            };
            Seen::Before {
                state: state_before(Some(state)),
                depth: Some((got, asked)),
                fee: Some(done.fee),
            }
        }
        Ok(Fate::Superseded) => Seen::plain(BeforeEntry::Dropped),
        Ok(Fate::Pending | Fate::Unseen) if sent.block.is_some() => {
            Seen::plain(BeforeEntry::Undone)
        }
        Ok(Fate::Unseen) if is_old && sent.turn.is_some() => Seen::plain(BeforeEntry::Dropped),
        Ok(Fate::Unseen) if is_old => Seen::unknown(),
        Ok(Fate::Pending | Fate::Unseen | Fate::ReplacedBy(_)) => Seen::plain(BeforeEntry::Pending),
        Err(error) => {
            tracing::warn!(%error, "a page could not ask the chain");
            Seen::unknown()
        }
    };
    if sent != before {
        let noted = service.wallet_acts().note_seen(act, &sent).await;
        noted.map_err(of_database)?;
        act.sent = Some(sent);
    }
    Ok(seen)
}

/// Notes the transaction that a wallet sent for an act. One that asks for something else is refused. The nonce is what the
/// wallet says of it, for as long as the endpoints do not have it.
pub(crate) async fn tell_hash(
    service: &Service,
    log: &OfferingLog,
    act: &WalletAct,
    (hash, nonce): (B256, Option<u64>),
) -> Result<(), ApiError> {
    let unreachable =
        |error: softcap_evm::EndpointError| ApiError::caused(ProblemCode::Busy, &error);
    let chain = service.rails().chain().ok_or(ProblemCode::Conflict)?;
    let since = chain.head().await.map_err(unreachable)?;
    let known = chain.transaction(hash).await.map_err(unreachable)?;
    let escrow = log.sequencer.read().machine().offering().escrow();
    let escrow = escrow.ok_or(ProblemCode::Conflict)?;
    // A wallet that is a contract itself sends by another one.
    if let Some(known) = &known
        && known.turn().sender == act.wallet
        && contract_of(service, log, &escrow, act.kind).is_none_or(|to| !known.is_to(to))
    {
        let words = "the transaction goes to another address than the contract of the offering";
        return Err(ApiError::invalid("hash", words));
    }
    let note = SentNote {
        hash,
        first_hash: hash,
        turn: known.map(|known| known.turn()).or_else(|| {
            nonce.map(|nonce| Turn {
                sender: act.wallet,
                nonce,
            })
        }),
        since,
        at: service.now(),
        block: None,
    };
    let noted = service.wallet_acts().note_sent(act, &note).await;
    noted.map_err(of_database)
}
