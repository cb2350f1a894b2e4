//! What a person does in their own name with their own balance: contribute, take back, see what is theirs.
//!
//! Nobody else's money can be reached from here: everything begins with the person of the session, and a contribution of
//! somebody else is one that does not exist.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use alloy_primitives::Address;
use softcap_identity::{AppSpend, PersonId};
use softcap_journal::{Journal, JournalError, LogName, Machine as _, Moved, Movement, OfferingLog};
use softcap_offering::{
    Amount, Command, Contribute, ContributionIndex, CurrencyIndex, Funding, InvestorId,
    InvestorIndex, LimitPrice, LineIndex, Offering, RequestId, Sequence, Stamp, TransferId,
};
use softcap_rails::balance::{self, BalanceRefusal};

use super::{
    Service,
    balances::refused,
    entry_view::RefusalView,
    oauth::Allowance,
    own_budgets::require_budget,
    submit::{of_journal, submit_as},
    webhooks::of_database,
};
use crate::problem::{ApiError, ProblemCode};

/// So many people may do something at the same time on a node; more wait a moment.
const TURNS: usize = 64;

/// One thing at a time for one person, so that what one request returns is not what another is about to use.
#[derive(Debug)]
pub(super) struct Turns(Vec<tokio::sync::Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| tokio::sync::Mutex::default()).collect())
    }
}

impl Turns {
    async fn of(&self, person: PersonId) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let [first, ..] = person.to_bytes();
        let turn = self.0.get(usize::from(first) % TURNS)?;
        Some(turn.lock().await)
    }
}

/// Which contributions are whose, in each offering. It follows from the record and is rebuilt from it.
#[derive(Debug, Default)]
pub(super) struct OwnIndex(Mutex<HashMap<LogName, Whose>>);

#[derive(Debug, Default)]
struct Whose {
    /// Contributions that were looked at.
    seen: usize,
    by_investor: HashMap<InvestorIndex, Vec<ContributionIndex>>,
}

impl OwnIndex {
    /// The contributions of an investor, in their order. Looks at those that came since somebody asked last.
    fn of(
        &self,
        name: &LogName,
        offering: &Offering,
        investor: InvestorIndex,
    ) -> Vec<ContributionIndex> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = all.entry(name.clone()).or_default();
        for place in whose.seen..offering.contribution_count() {
            let Ok(place) = u32::try_from(place) else {
                break;
            };
            let index = ContributionIndex(place);
            let of = offering.row(index).investor;
            whose.by_investor.entry(of).or_default().push(index);
        }
        whose.seen = whose.seen.max(offering.contribution_count());
        whose
            .by_investor
            .get(&investor)
            .cloned()
            .unwrap_or_default()
    }
}

/// A contribution that a person makes.
#[derive(Clone, Debug)]
pub(crate) struct OwnContribution {
    /// What makes it count once: 32 hexadecimal digits of the form.
    pub(crate) once: String,
    /// Place of the currency in the terms.
    pub(crate) currency: u8,
    /// Smallest units.
    pub(crate) amount: Amount,
    /// Of a bid.
    pub(crate) limit: Option<LimitPrice>,
    /// Of a sealed bid, whose amount and limit nobody here knows: the amount is what is locked.
    pub(crate) sealed: Option<[u8; 32]>,
}

/// What was in a sealed bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenedBid {
    /// The money bid, in smallest units.
    pub(crate) amount: Amount,
    /// The most that is paid.
    pub(crate) limit: LimitPrice,
    /// What made it unguessable.
    pub(crate) salt: [u8; 32],
}

/// Money of a person in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Its symbol.
    pub(crate) symbol: String,
    /// Places of the smallest unit.
    pub(crate) decimals: u8,
    /// To contribute with, or to be paid out.
    pub(crate) available: Amount,
    /// In offerings, and not back.
    pub(crate) in_offerings: Amount,
}

/// Free money of a person in the account of an offering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeMoney {
    /// Place of the currency in the terms.
    pub(crate) currency: u8,
    /// How much.
    pub(crate) amount: Amount,
    /// All that was ever moved out: names the next return.
    taken_back: Amount,
}

fn platform_person(person: PersonId) -> balance::PersonId {
    balance::PersonId(person.to_bytes())
}

/// The balances of a person.
pub(crate) async fn holdings(
    journal: &Journal,
    person: PersonId,
) -> Result<Vec<Holding>, ApiError> {
    let platform = journal.find_platform().await.map_err(of_journal)?;
    let holdings = platform.map_or_else(Vec::new, |platform| {
        let state = platform.sequencer.read();
        let own = state.machine().balances().balances(platform_person(person));
        own.map(|(unit, balance)| Holding {
            symbol: unit.symbol.to_owned(),
            decimals: unit.decimals,
            available: balance.available,
            in_offerings: balance.in_offerings,
        })
        .collect()
    });
    Ok(holdings)
}

/// The offerings in which a person has a number, and the numbers.
pub(crate) async fn own_offerings(
    service: &Service,
    person: PersonId,
) -> Result<Vec<(Arc<OfferingLog>, String)>, ApiError> {
    let rows = service.numbers.of_person(platform_person(person)).await;
    let rows = rows.map_err(of_journal)?.into_iter();
    let known = rows.filter_map(|(name, number)| Some((service.journal.offering(&name)?, number)));
    Ok(known.collect())
}

/// A person's number in an offering, drawn now if they were not there: a sealed bid is bound to it.
pub(crate) async fn own_number_for_bid(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
) -> Result<String, ApiError> {
    let drawn = service
        .numbers
        .find_or_draw(platform_person(person), &log.row.name);
    drawn.await.map_err(of_journal)
}

/// A person's number in an offering, if they were there.
pub(crate) async fn own_number(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
) -> Result<Option<String>, ApiError> {
    let found = service.numbers.find(platform_person(person), &log.row.name);
    found.await.map_err(of_journal)
}

/// How a person is called in an offering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnName {
    /// The number of the account that their balance pays into.
    Number(String),
    /// A wallet with which they sent something from a page.
    Wallet(Address),
}

impl OwnName {
    /// As the record has it.
    pub(crate) fn id(&self) -> InvestorId<'_> {
        match self {
            Self::Number(number) => InvestorId::Opaque(number),
            Self::Wallet(wallet) => InvestorId::Address((*wallet).into()),
        }
    }
}

/// The names of a person in offerings.
pub(crate) async fn own_names(
    service: &Service,
    person: PersonId,
) -> Result<Vec<(Arc<OfferingLog>, OwnName)>, ApiError> {
    let numbers = own_offerings(service, person).await?.into_iter();
    let mut names: Vec<_> = numbers
        .map(|(log, number)| (log, OwnName::Number(number)))
        .collect();
    let wallets = service.wallet_acts.wallets(person).await;
    for (offering, wallet) in wallets.map_err(of_database)? {
        if let Some(log) = service.journal.offering(&offering) {
            names.push((log, OwnName::Wallet(wallet)));
        }
    }
    Ok(names)
}

/// Under which of a person's names a contribution stands. Nobody else's is there.
pub(crate) async fn own_name_of(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    sequence: u64,
) -> Result<OwnName, ApiError> {
    let names = own_names(service, person).await?.into_iter();
    let here = names.filter(|(of, _)| of.row.name == log.row.name);
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let mut own =
        here.filter(|(_, name)| own_contribution(offering, name.id(), sequence).is_some());
    let (_, name) = own.next().ok_or(ProblemCode::NotFound)?;
    Ok(name)
}

/// The contributions under a name, in their order.
pub(crate) fn own_rows(
    service: &Service,
    log: &OfferingLog,
    offering: &Offering,
    id: InvestorId<'_>,
) -> Vec<ContributionIndex> {
    let investor = offering.find_investor(id);
    investor.map_or_else(Vec::new, |investor| {
        rows_of(service, log, offering, investor)
    })
}

/// The contributions of an investor, in their order.
pub(crate) fn rows_of(
    service: &Service,
    log: &OfferingLog,
    offering: &Offering,
    investor: InvestorIndex,
) -> Vec<ContributionIndex> {
    service.own_index.of(&log.row.name, offering, investor)
}

/// The contribution of an entry, if it is under this name.
pub(crate) fn own_contribution(
    offering: &Offering,
    id: InvestorId<'_>,
    sequence: u64,
) -> Option<ContributionIndex> {
    let index = offering.contribution_at(Sequence(sequence))?;
    let investor = offering.row(index).investor;
    (offering.investor(investor) == id).then_some(index)
}

/// Free money under a number, in each currency in which there is some.
pub(crate) fn free_money(offering: &Offering, number: &str) -> Vec<FreeMoney> {
    let Some(investor) = offering.find_investor(InvestorId::Opaque(number)) else {
        return Vec::new();
    };
    let places = (0_u8..).take(offering.terms().currencies.len());
    let accounts = places.map(|currency| {
        let held = offering.account(investor, CurrencyIndex(currency));
        FreeMoney {
            currency,
            amount: held.available,
            taken_back: held.taken_back,
        }
    });
    accounts.filter(|free| !free.amount.is_zero()).collect()
}

/// The entry that a form made already, if it was sent before.
pub(crate) fn made_before(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    once: &str,
) -> Option<u64> {
    let request = request_of(service, person, once);
    log.sequencer.read().machine().find_request(request)
}

fn request_of(service: &Service, person: PersonId, once: &str) -> RequestId {
    service
        .requests
        .of(&person.to_string(), &format!("page {once}"))
}

/// Names of transfers follow from what they are for, so that none of them happens twice.
fn transfer_of(service: &Service, person: PersonId, what: &str) -> TransferId {
    let RequestId(id) = service
        .requests
        .of(&person.to_string(), &format!("transfer {what}"));
    TransferId(id)
}

/// Moves money from the balance into the offering and contributes it, once; what is not taken comes back at once. The
/// number of the entry.
pub(crate) async fn contribute_own(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    new: &OwnContribution,
) -> Result<u64, ApiError> {
    contribute_within(service, log, person, (new, None)).await
}

/// As [`contribute_own`], within what the person allows an application, where that does it.
pub(super) async fn contribute_within(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (new, allowance): (&OwnContribution, Option<Allowance>),
) -> Result<u64, ApiError> {
    let _turn = service.turns.of(person).await;
    if let Some(first) = made_before(service, log, person, &new.once) {
        return Ok(first);
    }
    let currency = usize::from(new.currency);
    require_budget(service, log, person, (currency, new.amount)).await?;
    let known = log.terms.currencies.get(currency);
    let known = known.ok_or_else(|| ApiError::invalid("currency", "the offering has none"))?;
    let request = request_of(service, person, &new.once);
    let spend = AppSpend {
        request: request.0,
        offering: log.row.name.to_string(),
        symbol: known.symbol.clone(),
        decimals: known.decimals,
        amount: new.amount.0,
    };
    if let Some(allowance) = allowance {
        allowance.require(service, &spend).await?;
    }
    let movement = Movement {
        transfer: transfer_of(service, person, &new.once),
        person: platform_person(person),
        offering: log.row.name.clone(),
        currency: known.symbol.clone(),
        amount: new.amount,
    };
    service.journal.open_platform().await.map_err(of_journal)?;
    moved(service.transfers().fund(&movement).await)?;
    let number = own_number(service, log, person).await?;
    let number = number.ok_or(ProblemCode::Conflict)?;
    let investor = InvestorId::Opaque(&number);
    let command = match new.sealed {
        Some(commitment) => Command::Commit {
            investor,
            locked: new.amount,
            commitment,
            reference: "",
            funding: Funding::Account,
        },
        None => Command::Contribute(Contribute {
            investor,
            currency: CurrencyIndex(new.currency),
            amount: new.amount,
            limit: new.limit,
            reference: "",
            source: None,
            funding: Funding::Account,
        }),
    };
    // The last moment before the entry: what is not entered is not to count.
    if let Some(allowance) = allowance
        && let Err(error) = allowance.take(service, &spend).await
    {
        return_free(service, log, person, &number).await;
        return Err(error);
    }
    let entry = submit_as(service, log, request, (now(), &command)).await?;
    return_free(service, log, person, &number).await;
    Ok(entry.sequence)
}

/// Whether an entry is this contribution, and not another one of the same name.
pub(super) fn is_same_as(log: &OfferingLog, sequence: u64, new: &OwnContribution) -> bool {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = offering.contribution_at(Sequence(sequence));
    index.is_none_or(|index| {
        let row = offering.row(index);
        row.contributed == new.amount && row.currency == CurrencyIndex(new.currency)
    })
}

/// Takes a contribution back, within the right that the terms give; the money goes on to the balance. A refusal by the
/// rules is an entry, and an error here.
pub(crate) async fn withdraw_own(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (sequence, once): (u64, &str),
) -> Result<(), ApiError> {
    let command = Command::Withdraw {
        contribution: Sequence(sequence),
    };
    act_on_own(service, log, person, (sequence, once, &command)).await
}

/// Opens a sealed bid of a person, after its round. A refusal by the rules is an entry, and an error here.
pub(crate) async fn reveal_own(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (sequence, once, opened): (u64, &str, &OpenedBid),
) -> Result<(), ApiError> {
    let command = Command::Reveal {
        bid: Sequence(sequence),
        amount: opened.amount,
        limit: opened.limit,
        salt: opened.salt,
    };
    act_on_own(service, log, person, (sequence, once, &command)).await
}

/// Does something with a contribution of a person, and gives back what is free then.
async fn act_on_own(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (sequence, once, command): (u64, &str, &Command<'_>),
) -> Result<(), ApiError> {
    let _turn = service.turns.of(person).await;
    let number = own_number(service, log, person).await?;
    let number = number.ok_or(ProblemCode::NotFound)?;
    let is_own = {
        let state = log.sequencer.read();
        own_contribution(
            state.machine().offering(),
            InvestorId::Opaque(&number),
            sequence,
        )
        .is_some()
    };
    if !is_own {
        return Err(ProblemCode::NotFound.into());
    }
    let request = request_of(service, person, once);
    let entry = submit_as(service, log, request, (now(), command)).await?;
    return_free(service, log, person, &number).await;
    match entry.outcome {
        super::entry_view::OutcomeView::Refused { refusal } => Err(by_rule(refusal)),
        super::entry_view::OutcomeView::Contributed { .. }
        | super::entry_view::OutcomeView::Done
        | super::entry_view::OutcomeView::Refunded { .. }
        | super::entry_view::OutcomeView::Settled { .. }
        | super::entry_view::OutcomeView::RepeatOf { .. } => Ok(()),
    }
}

/// Moves all free money of a person in an offering back to the balance.
pub(crate) async fn take_back_own(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
) -> Result<(), ApiError> {
    let _turn = service.turns.of(person).await;
    let number = own_number(service, log, person).await?;
    let number = number.ok_or(ProblemCode::NotFound)?;
    return_each(service, log, person, &number).await
}

/// As [`take_back_own`], where it is not what was asked for: what stays in the account can be taken back later.
async fn return_free(service: &Service, log: &OfferingLog, person: PersonId, number: &str) {
    if let Err(error) = return_each(service, log, person, number).await {
        tracing::warn!(%error, "free money stays in the account of an offering");
    }
}

async fn return_each(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    number: &str,
) -> Result<(), ApiError> {
    let free = {
        let state = log.sequencer.read();
        free_money(state.machine().offering(), number)
    };
    for money in free {
        let known = log.terms.currencies.get(usize::from(money.currency));
        let symbol = known.map_or("", |known| known.symbol.as_str());
        // What was taken back so far names the next return: the same one twice moves nothing.
        let what = format!("return {} {symbol} {}", log.row.name, money.taken_back.0);
        let movement = Movement {
            transfer: transfer_of(service, person, &what),
            person: platform_person(person),
            offering: log.row.name.clone(),
            currency: symbol.to_owned(),
            amount: money.amount,
        };
        moved(service.transfers().take_back(&movement).await)?;
    }
    Ok(())
}

fn now() -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: softcap_journal::BATCH_TIME,
    }
}

fn moved(moved: Result<Moved, JournalError>) -> Result<(), ApiError> {
    match moved {
        Ok(Moved::Done) => Ok(()),
        // The money is on the other side already, by the request that came first.
        Err(JournalError::OtherTransfer) | Ok(Moved::IdUsedInOffering) => Ok(()),
        Ok(Moved::RefusedByOffering(refusal)) => Err(by_rule(refusal.into())),
        Ok(Moved::RefusedByPlatform(refusal)) => Err(not_moved(refusal)),
        Err(error) => Err(of_journal(error)),
    }
}

fn not_moved(refusal: BalanceRefusal) -> ApiError {
    refused(refusal, String::new())
}

fn by_rule(refusal: RefusalView) -> ApiError {
    ApiError::Domain {
        status: axum::http::StatusCode::CONFLICT,
        code: refusal.name.into(),
        title: refusal.sentence.into(),
        detail: String::new(),
        remedy: refusal.remedy.into(),
    }
}
