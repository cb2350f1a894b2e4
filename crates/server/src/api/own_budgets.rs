//! What people allow themselves, and what of it is used: asked before anything of theirs is contributed.

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::http::StatusCode;
use softcap_identity::{PersonId, UnixMillis};
use softcap_journal::{LogName, OfferingLog};
use softcap_offering::{
    Amount, Position,
    terms::{Currency, Rail},
};

use super::{
    Service,
    own_contributions::{own_names, own_rows},
    tax_table::year_at,
    webhooks::of_database,
};
use crate::{
    budgets::{Over, Spent},
    contribution_state::State,
    problem::ApiError,
    system::CodeText,
    wallet_acts::{ActId, ActKind, Seen, Stage, WalletAct, look},
};

const OVER_YEAR: CodeText = CodeText {
    code: Cow::Borrowed("W101"),
    title: Cow::Borrowed("This is more than you allow yourself in a year."),
    remedy: Cow::Borrowed(
        "Contribute less, or raise your budget on its page: more counts after a day. Nothing was done.",
    ),
};

const OVER_OFFERING: CodeText = CodeText {
    code: Cow::Borrowed("W102"),
    title: Cow::Borrowed("This is more than you allow yourself in one offering."),
    remedy: Cow::Borrowed(
        "Contribute less, or raise your budget on its page: more counts after a day. Nothing was done.",
    ),
};

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    [OVER_YEAR, OVER_OFFERING].into_iter()
}

/// The calendar year of a time of the service.
fn year_of(time: UnixMillis) -> Option<i16> {
    year_at(Position(u64::try_from(time.get()).ok()?))
}

/// How long a wallet that was asked, and said nothing, may still send.
const ASKED: Duration = Duration::from_hours(1);

/// A contribution of a person that is on its way from a wallet.
struct OnItsWay {
    offering: Arc<OfferingLog>,
    amount: Amount,
    since: UnixMillis,
}

/// What wallets were asked for and no log has yet, but for one act. What nobody knows counts: a brake that forgets is none.
async fn on_its_way(
    service: &Service,
    person: PersonId,
    but: Option<&ActId>,
) -> Result<Vec<OnItsWay>, ApiError> {
    let acts = service.wallet_acts.of_person(person).await;
    let mut all = Vec::new();
    for mut act in acts.map_err(of_database)? {
        let is_open = match act.stage {
            Stage::Sent => true,
            Stage::Asked => service.now() < act.made_at.plus(ASKED),
            Stage::Draft | Stage::Declined | Stage::Done => false,
        };
        if act.kind != ActKind::Contribute || !is_open || but == Some(&act.id) {
            continue;
        }
        let Some(offering) = service.journal.offering(&act.offering) else {
            continue;
        };
        let seen = look(service, &offering, &mut act).await?;
        if let Seen::Before { state, .. } = seen
            && !matches!(state, State::Dropped | State::Failed)
        {
            all.push(OnItsWay {
                offering,
                amount: act.amount,
                since: act.made_at,
            });
        }
    }
    Ok(all)
}

/// Whether a currency of an offering is the one of this symbol and so many places.
fn is_unit(known: Option<&Currency>, (symbol, decimals): (&str, u8)) -> bool {
    known.is_some_and(|known| known.symbol == symbol && known.decimals == decimals)
}

/// The money that contracts of an offering take.
fn chain_currency(log: &OfferingLog) -> Option<&Currency> {
    let mut all = log.terms.currencies.iter();
    all.find(|known| known.rail == Rail::Evm)
}

/// What a person has put in and not got back, in a currency, and what is on its way from their wallets (but for one act):
/// this year, and in an offering.
pub(crate) async fn spent(
    service: &Service,
    person: PersonId,
    unit: (&str, u8),
    (offering, but): (Option<&LogName>, Option<&ActId>),
) -> Result<Spent, ApiError> {
    let year = year_of(service.now());
    let mut spent = Spent::default();
    let mut add = |name: &LogName, of: Option<i16>, amount: u128| {
        if of == year {
            spent.year = Amount(spent.year.0.saturating_add(amount));
        }
        if offering == Some(name) {
            spent.offering = Amount(spent.offering.0.saturating_add(amount));
        }
    };
    // First, so that what gets into the record meanwhile is not missed.
    for sent in on_its_way(service, person, but).await? {
        if is_unit(chain_currency(&sent.offering), unit) {
            let name = &sent.offering.row.name;
            add(name, year_of(sent.since), sent.amount.0);
        }
    }
    for (log, own) in own_names(service, person).await? {
        let state = log.sequencer.read();
        let held = state.machine().offering();
        for index in own_rows(service, &log, held, own.id()) {
            let row = held.row(index);
            if is_unit(log.terms.currencies.get(row.currency.index()), unit) {
                let inside = row.contributed.0.saturating_sub(row.refunded.0);
                add(&log.row.name, year_at(row.position), inside);
            }
        }
    }
    Ok(spent)
}

/// Refuses a contribution beyond what the person allows themself.
pub(crate) async fn require_budget(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (currency, amount): (usize, Amount),
) -> Result<(), ApiError> {
    require_budget_but(service, log, person, (currency, amount), None).await
}

/// The same for what a wallet is about to be asked for, which does not stand in its own way.
pub(crate) async fn require_budget_of_act(
    service: &Service,
    log: &OfferingLog,
    act: &WalletAct,
) -> Result<(), ApiError> {
    let mut all = log.terms.currencies.iter();
    let Some(currency) = all.position(|known| known.rail == Rail::Evm) else {
        return Ok(());
    };
    let money = (currency, act.amount);
    require_budget_but(service, log, act.person, money, Some(&act.id)).await
}

async fn require_budget_but(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (currency, amount): (usize, Amount),
    but: Option<&ActId>,
) -> Result<(), ApiError> {
    let Some(known) = log.terms.currencies.get(currency) else {
        return Ok(());
    };
    let unit = (known.symbol.as_str(), known.decimals);
    let budget = service.budgets().find(person, unit).await;
    let limits = budget.map_err(of_database)?.at(service.now());
    if limits.year.is_none() && limits.offering.is_none() {
        return Ok(());
    }
    let spent = spent(service, person, unit, (Some(&log.row.name), but)).await?;
    limits.allow(spent, amount).map_err(|over| {
        let text = match over {
            Over::Year(_) => OVER_YEAR,
            Over::Offering(_) => OVER_OFFERING,
        };
        ApiError::Domain {
            status: StatusCode::CONFLICT,
            code: text.code,
            title: text.title,
            detail: String::new(),
            remedy: text.remedy,
        }
    })
}

/// What is left below both bounds; `None` where there is none.
pub(crate) async fn left_of_budget(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    currency: usize,
) -> Result<Option<Amount>, ApiError> {
    let Some(known) = log.terms.currencies.get(currency) else {
        return Ok(None);
    };
    let unit = (known.symbol.as_str(), known.decimals);
    let budget = service.budgets().find(person, unit).await;
    let limits = budget.map_err(of_database)?.at(service.now());
    if limits.year.is_none() && limits.offering.is_none() {
        return Ok(None);
    }
    let spent = spent(service, person, unit, (Some(&log.row.name), None)).await?;
    let left = |limit: Option<Amount>, spent: Amount| {
        limit.map(|limit| Amount(limit.0.saturating_sub(spent.0)))
    };
    let both = [
        left(limits.year, spent.year),
        left(limits.offering, spent.offering),
    ];
    Ok(both.into_iter().flatten().min())
}
