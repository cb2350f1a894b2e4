//! The terms as numbers of the contract, or every reason why it cannot keep them.
//!
//! Each structure of the terms is taken apart without `..`, so that a new term does not compile before somebody
//! has said what the contract does with it.

mod bounds;
mod price;
mod prices_by_time;
mod release;
mod root;
mod root_prices;
mod rounds;
mod schedule;
mod supply;
mod withdrawal;

use alloy_primitives::U256;
use softcap_offering::terms::{
    Allocation, Currency, DustRule, EarlyClose, FreedRoom, Rail, RateTerm, Round, Terms,
};
use softcap_offering::{Amount, Ratio};

use crate::escrow_terms::{Misfit, PricingKind};
use crate::unkept::{Unkept, UnkeptCode};

pub(crate) use bounds::Bounds;
pub(crate) use price::PriceNumbers;
pub(crate) use prices_by_time::LimitFrom;
pub(crate) use release::ReleaseNumbers;
pub(crate) use root::{RootNumbers, read as read_root};
pub(crate) use rounds::RoundNumbers;
pub(crate) use schedule::{PauseNumbers, WindowNumbers};
pub(crate) use supply::{ShareNumbers, VestingNumbers, share_names};
pub(crate) use withdrawal::WithdrawalNumbers;

/// What the contract is told, without addresses.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) window: WindowNumbers,
    pub(crate) refund_deadline: U256,
    pub(crate) bounds: Bounds,
    pub(crate) over_cap: Misfit,
    pub(crate) over_limit: Misfit,
    pub(crate) price: PriceNumbers,
    pub(crate) pause: PauseNumbers,
    pub(crate) withdrawal: WithdrawalNumbers,
    pub(crate) shares: Vec<ShareNumbers>,
    /// `None` where the beneficiary gets everything at once.
    pub(crate) release: Option<ReleaseNumbers>,
    /// None where there is one, which the others are about. Else they are about the sale as a whole, and a round with several prices has
    /// an entry for each.
    pub(crate) rounds: Vec<RoundNumbers>,
}

/// Collects reasons.
#[derive(Default)]
struct Reasons {
    list: Vec<Unkept>,
}

impl Reasons {
    fn add(
        &mut self,
        code: UnkeptCode,
        key: impl Into<String>,
        message: impl Into<String>,
        remedy: &'static str,
    ) {
        self.list.push(Unkept {
            code,
            key: key.into(),
            message: message.into(),
            remedy,
        });
    }
}

/// The numbers of terms.
///
/// # Errors
/// Every reason why a contract cannot keep them.
pub(crate) fn read(terms: &Terms) -> Result<Numbers, Vec<Unkept>> {
    let mut reasons = Reasons::default();
    let numbers = all(&mut reasons, terms);
    match numbers {
        Some(numbers) if reasons.list.is_empty() => Ok(numbers),
        Some(_) | None => Err(reasons.list),
    }
}

fn all(reasons: &mut Reasons, terms: &Terms) -> Option<Numbers> {
    let Terms {
        // Said by the terms hash, or words for people.
        rules: _,
        name: _,
        origin: _,
        token,
        currencies,
        numeraire,
        clock,
        rounds,
        soft_cap,
        hard_cap,
        // Decides between equal claims on what is not enough for all; what an escrow does has none.
        tie: _,
        dust,
        // Judged by `promises`.
        token_ceiling: _,
        token_ceiling_scope: _,
        freed_room: _,
        early_close: _,
        milestones,
        objections,
        investor_max,
        pause,
        withdrawal,
        refund_deadline,
        unsold,
        // Read by `read_root`, which is for terms that have it.
        root: _,
    } = terms;
    promises(reasons, terms);
    schedule::clock(reasons, clock);
    let currency = only_currency(reasons, currencies, &numeraire.symbol)?;
    let [round] = &rounds[..] else {
        return rounds::read(reasons, terms, currency);
    };
    let window = schedule::window(reasons, round);
    let refund_deadline = schedule::refund_deadline(reasons, *refund_deadline, window.as_ref());
    let pause = schedule::pause(reasons, pause.as_ref(), refund_deadline);
    let withdrawal = withdrawal::read(reasons, withdrawal.as_ref());
    let shares = supply::shares(reasons, token);
    let release = release::read(reasons, milestones, *objections);
    if let Some(right) = &withdrawal {
        withdrawal::beside_after_sale(reasons, right, (release.as_ref(), &shares));
    }
    let for_sale = supply::for_sale(reasons, token, *unsold, round.supply, *hard_cap);
    let (over_cap, over_limit) = (
        over_cap(reasons, round, *dust),
        misfit(reasons, "round[0].over_limit", round.over_limit),
    );
    let price = price::read(reasons, round, currency, window.as_ref());
    let input = bounds::Input {
        soft_cap: *soft_cap,
        hard_cap: *hard_cap,
        investor_max: *investor_max,
        round,
        for_sale: for_sale?,
        price: price.as_ref()?,
    };
    let bounds = bounds::read(reasons, &input)?;
    if over_cap == Some(Misfit::Share) {
        share(reasons, price.as_ref()?, &bounds);
    }
    Some(Numbers {
        window: window?,
        refund_deadline: refund_deadline?,
        bounds,
        over_cap: over_cap?,
        over_limit: over_limit?,
        price: price?,
        pause: pause?,
        withdrawal: withdrawal?,
        shares,
        release,
        rounds: Vec::new(),
    })
}

/// What is promised for after the sale, and by the issuer; each is refused here until a contract keeps it.
fn promises(reasons: &mut Reasons, terms: &Terms) {
    if terms.token_ceiling.is_some() {
        reasons.add(
            UnkeptCode::TokenCeiling,
            "token_ceiling_per_investor",
            "the escrow gives all tokens that accepted money buys and cuts none",
            "use `investor_max`, which returns the money instead",
        );
    }
    match terms.freed_room {
        FreedRoom::Reopen => {}
        FreedRoom::WaitingList | FreedRoom::Closed => reasons.add(
            UnkeptCode::FreedRoom,
            "freed_room",
            "room that a return or a withdrawal frees is for whoever comes next",
            "use `freed_room = \"reopen\"`",
        ),
    }
    match terms.early_close {
        EarlyClose::Never => {}
        EarlyClose::Allowed | EarlyClose::AfterSoftCap => reasons.add(
            UnkeptCode::EarlyClose,
            "early_close",
            "the escrow stays open until the window ends, or until it is full",
            "use `early_close = \"never\"`",
        ),
    }
}

fn only_round<'t>(reasons: &mut Reasons, rounds: &'t [Round]) -> Option<&'t Round> {
    match rounds {
        [round] => Some(round),
        _ => {
            reasons.add(
                UnkeptCode::SeveralRounds,
                "round",
                format!(
                    "these terms have {} rounds, and an escrow that takes a root holds the money of one",
                    rounds.len()
                ),
                "announce an offering for each round, or leave `[root]` out where every round has one price",
            );
            None
        }
    }
}

fn only_currency<'t>(
    reasons: &mut Reasons,
    currencies: &'t [Currency],
    numeraire: &str,
) -> Option<&'t Currency> {
    let [currency] = currencies else {
        reasons.add(
            UnkeptCode::SeveralCurrencies,
            "currency",
            format!(
                "these terms take {} currencies, and an escrow takes one",
                currencies.len()
            ),
            "keep one currency",
        );
        return None;
    };
    let key = format!("currency.{}", currency.symbol);
    match currency.rail {
        Rail::Evm => {}
        Rail::Bitcoin | Rail::Balance => reasons.add(
            UnkeptCode::OtherRail,
            format!("{key}.rail"),
            "this money never comes to a contract",
            "write `rail = \"evm\"`",
        ),
    }
    if currency.symbol != numeraire || currency.rate != RateTerm::Fixed(Ratio::ONE) {
        reasons.add(
            UnkeptCode::OtherNumeraire,
            "numeraire",
            "caps and limits are counted in something else than what people pay with, and the escrow \
             knows no rates",
            "make the currency the numeraire, and write caps, limits and price in it",
        );
    }
    if currency.credit != Amount::ZERO {
        reasons.add(
            UnkeptCode::Credit,
            format!("{key}.credit"),
            "the escrow adds nothing to a payment",
            "leave `credit` out",
        );
    }
    Some(currency)
}

fn misfit(
    reasons: &mut Reasons,
    key: &str,
    misfit: softcap_offering::terms::Misfit,
) -> Option<Misfit> {
    use softcap_offering::terms::Misfit as Term;
    match misfit {
        Term::Partial => Some(Misfit::Partial),
        Term::Refuse => Some(Misfit::Refuse),
        Term::Kept => {
            reasons.add(
                UnkeptCode::KeptMoney,
                key,
                "the escrow always gives back what does not fit",
                "use `\"partial\"` or `\"refuse\"`",
            );
            None
        }
    }
}

/// What becomes of money above the caps: a pro rata round has it shared out, whatever `over_cap` says.
fn over_cap(reasons: &mut Reasons, round: &Round, dust: DustRule) -> Option<Misfit> {
    match (&round.allocation, dust) {
        (Allocation::FirstCome, _) => misfit(reasons, "round[0].over_cap", round.over_cap),
        (Allocation::ProRata, DustRule::Unassigned) => Some(Misfit::Share),
        (Allocation::ProRata, DustRule::LargestRemainder) => {
            reasons.add(
                UnkeptCode::Allocation,
                "dust",
                "who gets the last units is known once all asks are compared, and the escrow compares none",
                "write `dust = \"unassigned\"`, or add `[root]`: the outcome then comes as a root",
            );
            None
        }
        (
            Allocation::ProRataCapped { .. }
            | Allocation::WaterFilling
            | Allocation::Lottery { .. }
            | Allocation::Guaranteed { .. },
            _,
        ) => {
            reasons.add(
                UnkeptCode::Allocation,
                "round[0].allocation",
                "the escrow gives first come, or everybody the same part, and nothing that needs more",
                "add `[root]`: the outcome then comes as a root; or use `allocation = \"first_come\"` or `\"pro_rata\"`",
            );
            None
        }
    }
}

/// What the escrow needs to know everybody's part without adding them up.
fn share(reasons: &mut Reasons, price: &PriceNumbers, bounds: &Bounds) {
    if price.kind != PricingKind::Fixed {
        reasons.add(
            UnkeptCode::Allocation,
            "round[0].pricing",
            "the escrow shares out at one price",
            "use a fixed price, or `allocation = \"first_come\"`",
        );
        return;
    }
    if price.numerator < price.denominator {
        reasons.add(
            UnkeptCode::Allocation,
            "round[0].price",
            "the smallest unit of money buys less than one of the token, so that some parts could be for nothing",
            "give the token more decimals",
        );
    }
    // As the factory has it: the rounding of so many investors must not undo the soft cap.
    let least = bounds.soft_cap + (U256::from(1) << 32);
    let room = bounds.for_sale * price.denominator / price.numerator;
    if least > room.min(bounds.hard_cap) {
        reasons.add(
            UnkeptCode::Allocation,
            "soft_cap",
            "everybody's part is rounded down, and with as much money as can be had the soft cap could still be missed",
            "lower `soft_cap` by 2^32 smallest units",
        );
    }
}
