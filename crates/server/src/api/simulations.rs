//! Terms tried out: the outcome of contributions that nobody made. Nothing is stored.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use serde::{Deserialize, Serialize};
use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Offering,
    Outcome, Position, Ratio, RoundIndex, Sequence, Stamp, TransferId, Value, WithdrawalMark,
    terms::{Access, ClockKind, Rail, RateTerm, Terms},
};
use softcap_proof::hex;
use utoipa::ToSchema;

use super::{
    Service,
    amount::{parse_currency, parse_units},
    caller::Caller,
    contributions::{ContributionView, LimitPriceBody, limit_price, row_view},
    entry_view::{OutcomeView, RefusalView},
    offerings::parse_terms,
    settlements::{SettlementView, settlement_view},
};
use crate::{contribution_state::ResultOnChain, extract::Json, problem::ApiError};

/// Most contributions of a simulation.
const MOST_CONTRIBUTIONS: usize = 1_000;
/// Most rates: more currencies no terms have.
const MOST_RATES: usize = 255;
/// Largest body in bytes: that many contributions, and terms.
const LARGEST_BODY: usize = 1 << 18;
/// A pause that ends moves windows, so that time has to go on more than once; more rounds than this
/// are a defect.
const TICK_ROUNDS: usize = 64;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(simulate))]
pub(crate) struct SimulationPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings/simulate", post(simulate))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// Terms, and contributions to try them with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulationBody {
    /// The content of `offering.toml`.
    terms: String,
    /// At most 1000 contributions, in their order.
    contributions: Vec<SimulatedContribution>,
    /// For each currency whose rates are recorded during the sale: one that is in force throughout.
    #[serde(default)]
    rates: Vec<SimulatedRate>,
}

/// Contributions to try the terms of a draft with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialBody {
    /// At most 1000 contributions, in their order.
    contributions: Vec<SimulatedContribution>,
    /// For each currency whose rates are recorded during the sale: one that is in force throughout.
    #[serde(default)]
    rates: Vec<SimulatedRate>,
}

/// A contribution to try. Whoever makes one is admitted without a limit to every round that asks for it,
/// and has the money in their account on the balance rail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulatedContribution {
    /// Anybody: one text, one investor.
    #[schema(example = "p-1024")]
    investor: String,
    /// Symbol of a currency of the terms.
    #[schema(example = "EUR")]
    currency: String,
    /// Smallest units.
    #[schema(example = "125000")]
    amount: String,
    /// When: RFC 3339. Without it the time of the contribution before, and of the first one the beginning
    /// of the first round.
    #[serde(default)]
    #[schema(example = "2027-01-15T09:00:00Z")]
    at: Option<String>,
    /// In auctions: the most money for so many tokens.
    #[serde(default)]
    limit_price: Option<LimitPriceBody>,
}

/// A rate: so many smallest units of the numeraire for so many smallest units of the currency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulatedRate {
    /// Symbol.
    currency: String,
    /// Units of the numeraire.
    numerator: String,
    /// Units of the currency.
    denominator: String,
}

/// What would happen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimulationView {
    /// The hash of the terms.
    terms_hash: String,
    /// One for each contribution, in their order.
    contributions: Vec<SimulatedOutcome>,
    /// How the offering would end, when all windows and rights of withdrawal are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    settlement: Option<SettlementView>,
    /// Why it could not be settled, for example without the seed of a lottery.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// What would become of a contribution.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimulatedOutcome {
    /// At once.
    outcome: OutcomeView,
    /// At the end; absent when no contribution was made: the money stays in the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ContributionView>,
}

/// A contribution that was read.
pub(super) struct Wish<'a> {
    pub(super) position: Position,
    pub(super) contribute: Contribute<'a>,
}

/// A rate that was read.
pub(super) struct InForce {
    currency: CurrencyIndex,
    line: LineIndex,
    rate: Ratio,
}

/// An offering that only exists here.
pub(super) struct Trial {
    pub(super) offering: Offering,
    terms: Arc<Terms>,
    rates: Vec<InForce>,
}

/// Try terms out: what would become of these contributions, and how the offering would end. Nothing is
/// stored. At most 1000 contributions, in a body of 256 KiB.
#[utoipa::path(
    post,
    path = "/v1/offerings/simulate",
    tag = "offerings",
    security(("key" = [])),
    request_body = SimulationBody,
    responses((status = 200, description = "What would happen", body = SimulationView)),
)]
async fn simulate(
    State(_): State<Arc<Service>>,
    _: Caller,
    Json(body): Json<SimulationBody>,
) -> Result<Json<SimulationView>, ApiError> {
    let SimulationBody {
        terms,
        contributions,
        rates,
    } = body;
    let trial = TrialBody {
        contributions,
        rates,
    };
    simulate_terms(terms, trial).await.map(Json)
}

/// What would become of contributions under these terms.
pub(super) async fn simulate_terms(
    terms: String,
    trial: TrialBody,
) -> Result<SimulationView, ApiError> {
    let played = tokio::task::spawn_blocking(move || play(&terms, &trial));
    played.await.map_err(|error| ApiError::internal(&error))?
}

fn play(text: &str, body: &TrialBody) -> Result<SimulationView, ApiError> {
    if body.contributions.len() > MOST_CONTRIBUTIONS {
        return Err(ApiError::invalid("contributions", "at most 1000"));
    }
    if body.rates.len() > MOST_RATES {
        return Err(ApiError::invalid("rates", "at most 255"));
    }
    let terms = Arc::new(parse_terms(text)?);
    if terms.clock.kind != ClockKind::Time {
        let why = "their clock counts blocks, and this server stamps time";
        return Err(ApiError::invalid("terms", why));
    }
    let rates: Result<Vec<InForce>, ApiError> = body
        .rates
        .iter()
        .map(|rate| in_force(&terms, rate))
        .collect();
    let mut position = beginning(&terms);
    let mut wishes = Vec::with_capacity(body.contributions.len());
    for new in &body.contributions {
        if let Some(at) = &new.at {
            position = time_of(at)?;
        }
        wishes.push(wish(&terms, position, new)?);
    }
    let mut trial = Trial::new(terms, rates?);
    let outcomes: Vec<(Sequence, OutcomeView)> =
        wishes.iter().map(|wish| trial.contribute(wish)).collect();
    let refusal = trial.settle();
    let offering = &trial.offering;
    let contributions = outcomes.into_iter().map(|(sequence, outcome)| {
        let place = offering.contribution_at(sequence);
        let result = place.map(|place| row_view(offering, place, ResultOnChain::Undisputed));
        SimulatedOutcome { outcome, result }
    });
    Ok(SimulationView {
        terms_hash: hex(&offering.terms_hash()),
        contributions: contributions.collect(),
        settlement: settlement_view(offering, None),
        refusal,
    })
}

/// When the first round begins.
fn beginning(terms: &Terms) -> Position {
    let windows = terms.rounds.iter().flat_map(|round| &round.windows);
    let begins = windows.flatten().map(|window| window.from);
    begins.min().unwrap_or(Position(0))
}

fn time_of(text: &str) -> Result<Position, ApiError> {
    let time: Option<jiff::Timestamp> = text.parse().ok();
    let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    millis
        .map(Position)
        .ok_or_else(|| ApiError::invalid("at", "a time such as 2027-01-15T09:00:00Z"))
}

fn in_force(terms: &Terms, rate: &SimulatedRate) -> Result<InForce, ApiError> {
    let place = parse_currency(terms, &rate.currency)?;
    let known = terms.currencies.get(usize::from(place));
    let known = known.filter(|known| matches!(known.rate, RateTerm::Recorded { .. }));
    let known = known
        .ok_or_else(|| ApiError::invalid("rates", "the terms fix the rate of this currency"))?;
    let numerator = parse_units("numerator", &rate.numerator)?;
    let denominator = parse_units("denominator", &rate.denominator)?;
    let ratio = Ratio::new(numerator, denominator).filter(|_| numerator > 0);
    Ok(InForce {
        currency: CurrencyIndex(place),
        line: known.line,
        rate: ratio.ok_or_else(|| ApiError::invalid("rates", "a part of it is zero"))?,
    })
}

fn wish<'a>(
    terms: &Terms,
    position: Position,
    new: &'a SimulatedContribution,
) -> Result<Wish<'a>, ApiError> {
    let investor = InvestorId::parse(&new.investor)
        .map_err(|error| ApiError::invalid("investor", &error.to_string()))?;
    let currency = parse_currency(terms, &new.currency)?;
    let known = terms.currencies.get(usize::from(currency));
    let contribute = Contribute {
        investor,
        currency: CurrencyIndex(currency),
        amount: Amount(parse_units("amount", &new.amount)?),
        limit: new.limit_price.as_ref().map(limit_price).transpose()?,
        reference: "",
        source: None,
        // As a contribution over HTTP that says nothing about it.
        funding: match known.map(|known| known.rail) {
            Some(Rail::Balance) => Funding::Account,
            Some(Rail::Evm | Rail::Bitcoin) | None => Funding::Arrived,
        },
    };
    Ok(Wish {
        position,
        contribute,
    })
}

impl Trial {
    pub(super) fn new(terms: Arc<Terms>, rates: Vec<InForce>) -> Self {
        let mut offering = Offering::new(Arc::clone(&terms));
        let terms_hash = offering.terms_hash();
        let start = Stamp {
            line: LineIndex(0),
            position: Position(0),
        };
        offering.apply(start, &Command::Announce { terms_hash });
        Self {
            offering,
            terms,
            rates,
        }
    }

    pub(super) fn contribute(&mut self, wish: &Wish<'_>) -> (Sequence, OutcomeView) {
        let position = wish.position;
        let at = |line| Stamp { line, position };
        for known in &self.rates {
            let rate = Command::Rate {
                currency: known.currency,
                rate: known.rate,
            };
            self.offering.apply(at(known.line), &rate);
        }
        let investor = wish.contribute.investor;
        if self.offering.find_investor(investor).is_none() {
            self.admit(at(LineIndex(0)), investor);
        }
        let currency = wish.contribute.currency.index();
        let known = self.terms.currencies.get(currency);
        let line = known.map_or(LineIndex(0), |known| known.line);
        if wish.contribute.funding == Funding::Account {
            self.fund(at(line), &wish.contribute);
        }
        let sequence = self.offering.next_sequence();
        let command = Command::Contribute(wish.contribute);
        let outcome = self.offering.apply(at(line), &command);
        (sequence, OutcomeView::new(&self.terms, &command, &outcome))
    }

    /// Moves the money of a contribution into the investor's account.
    fn fund(&mut self, stamp: Stamp, contribute: &Contribute<'_>) {
        let number = u128::from(self.offering.next_sequence().0);
        let fund = Command::Fund {
            transfer: TransferId(number.to_be_bytes()),
            investor: contribute.investor,
            currency: contribute.currency,
            amount: contribute.amount,
        };
        self.offering.apply(stamp, &fund);
    }

    /// To every round that asks for it, without a limit.
    fn admit(&mut self, stamp: Stamp, investor: InvestorId<'_>) {
        for (place, round) in (0_u8..).zip(&self.terms.rounds) {
            if round.access == Access::Admitted {
                let admit = Admit {
                    round: RoundIndex(place),
                    investor,
                    limit: None,
                    expires: None,
                    guaranteed: Value(0),
                    withdrawal: WithdrawalMark::Unmarked,
                };
                self.offering.apply(stamp, &Command::Admit(admit));
            }
        }
    }

    /// Lets the time pass that settlement waits for, and settles; why not, if it is refused.
    pub(super) fn settle(&mut self) -> Option<RefusalView> {
        for _ in 0..TICK_ROUNDS {
            let mut due = self.offering.settlement_stamps();
            due.retain(|stamp| stamp.position > self.offering.latest(stamp.line));
            if due.is_empty() {
                break;
            }
            for stamp in due {
                self.offering.apply(stamp, &Command::Tick);
            }
        }
        let stamp = self.offering.now_stamp();
        let outcome = self.offering.apply(stamp, &Command::Settle);
        if let Outcome::Refused(refusal) = outcome {
            Some(refusal.into())
        } else {
            None
        }
    }
}
