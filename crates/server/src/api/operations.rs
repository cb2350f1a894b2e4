//! The issuer's entries: who is let in, pauses, returns, rates, seeds, reveals, documents, closing,
//! cancelling.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::post};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Admit, Amount, Command, CurrencyIndex, DocumentExit, InvestorId, LimitPrice, Position, Ratio,
    ReturnReason, RoundIndex, Sequence, Tokens, Value, WithdrawalMark, terms::Terms,
};
use softcap_proof::from_hex;
use softcap_rails::balance::PersonId;
use utoipa::ToSchema;

use super::{
    Service,
    amount::{parse_currency, parse_units},
    caller::{Caller, IdempotencyKey},
    contributions::created,
    entry_view::EntryView,
    own_contributions::holdings,
    person_problem::of_person,
    submit::{of_journal, submit_noted},
};
use crate::{
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
};

/// Longest proof of a lottery's seed in bytes.
const PROOF_MAX: usize = 1024;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(operate, confirm))]
pub(crate) struct OperationPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings/{offering}/operations", post(operate))
        .route("/v1/offerings/{offering}/confirmation", post(confirm))
}

/// What the issuer does.
// Kinds without fields have braces: of a unit variant serde takes any field, known or not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Operation {
    /// Let an investor into a round.
    Admit {
        /// Name of the round.
        round: String,
        /// The investor's number in this offering, or an EVM address.
        #[serde(default)]
        investor: Option<String>,
        /// Instead of it the number of a person on the platform, which they see beside their balances. Who has no number in this
        /// offering gets one now, so that nobody has to bring money before they are let in.
        #[serde(default)]
        person: Option<String>,
        /// Most that may be accepted, in smallest units of the numeraire.
        limit: Option<String>,
        /// From when the admission is void: unix milliseconds, or a height.
        expires: Option<u64>,
        /// Reserved in a round with guaranteed allocations, in smallest units of the numeraire.
        guaranteed: Option<String>,
        /// Whether the person has the right of withdrawal where the terms give it to the marked.
        #[serde(default)]
        withdrawal: bool,
    },
    /// Take an admission back; what was accepted stays.
    Revoke {
        /// Name of the round.
        round: String,
        /// The investor.
        investor: String,
    },
    /// A rate of a currency whose rates are recorded.
    Rate {
        /// Symbol.
        currency: String,
        /// Smallest units of the numeraire ...
        numerator: String,
        /// ... for so many smallest units of the currency.
        denominator: String,
    },
    /// Return a contribution, in whole or in part.
    Return {
        /// Number of its entry.
        contribution: u64,
        /// Smallest units of its currency.
        amount: String,
        /// `discretion`, `over_limit`, `identity_not_proved`, `sanctions`, `order`, `not_eligible` or
        /// `wrongful_payment`.
        reason: String,
    },
    /// Stop contributions, within the bounds of the terms.
    Pause {},
    /// End a pause early.
    Resume {},
    /// The seed of a lottery.
    Seed {
        /// Name of the round.
        round: String,
        /// 64 hexadecimal digits.
        seed: String,
        /// What proves its source, in hexadecimal.
        #[serde(default)]
        proof: String,
    },
    /// Open a sealed bid.
    Reveal {
        /// Number of the bid's entry.
        bid: u64,
        /// The money bid, in smallest units.
        amount: String,
        /// Limit price: units of the numeraire ...
        money: String,
        /// ... for so many units of the token.
        tokens: String,
        /// 64 hexadecimal digits.
        salt: String,
    },
    /// A version of a document.
    Document {
        /// SHA-256, 64 hexadecimal digits.
        hash: String,
        /// Opens a right of withdrawal for all who contributed before, up to this position.
        withdrawal_until: Option<u64>,
    },
    /// Close a round early, where the terms allow it.
    Close {
        /// Name of the round.
        round: String,
    },
    /// Give the offering up: everybody is refunded.
    Cancel {},
    /// Let what follows from time alone happen.
    Tick {},
    /// Tokens were handed over to an investor, as far as they are vested.
    Distribute {
        /// Whose.
        investor: String,
        /// Smallest units of the token.
        tokens: String,
    },
    /// An investor's refund was paid, the whole of what is due.
    PayRefund {
        /// Whose.
        investor: String,
        /// Symbol.
        currency: String,
    },
    /// Tokens of a share (team, treasury, advisers) were handed over, as far as they are vested.
    Vest {
        /// Place of the share in the terms, from 0.
        share: u8,
        /// Smallest units of the token.
        tokens: String,
    },
    /// A part of the accepted money was released to the issuer.
    Release {
        /// Place of the milestone in the terms, from 0.
        milestone: u8,
    },
}

impl Operation {
    fn verb(&self) -> Verb {
        match self {
            Self::Admit { .. } | Self::Revoke { .. } => Verb::InvestorsWrite,
            Self::Reveal { .. } => Verb::ContributionsWrite,
            Self::Rate { .. }
            | Self::Return { .. }
            | Self::Pause {}
            | Self::Resume {}
            | Self::Seed { .. }
            | Self::Document { .. }
            | Self::Close { .. }
            | Self::Cancel {}
            | Self::Tick {}
            | Self::Distribute { .. }
            | Self::PayRefund { .. }
            | Self::Vest { .. }
            | Self::Release { .. } => Verb::OperationsWrite,
        }
    }
}

/// Record what the issuer does.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/operations",
    tag = "operations",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = Operation,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn operate(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(operation): Json<Operation>,
) -> Result<Response, ApiError> {
    let entry = operate_as(&service, &offering, (&caller, &key), &operation).await?;
    Ok(created(&entry))
}

/// Records what the issuer does, if the caller may.
pub(crate) async fn operate_as(
    service: &Service,
    offering: &str,
    (caller, key): (&Caller, &IdempotencyKey),
    operation: &Operation,
) -> Result<EntryView, ApiError> {
    let log = service.offering(offering)?;
    caller.require(operation.verb(), offering)?;
    if matches!(operation, Operation::Release { .. }) {
        return Err(ProblemCode::TwoPeople.into());
    }
    let terms = &log.terms;
    let proof = if let Operation::Seed { proof, .. } = operation {
        bytes("proof", proof, PROOF_MAX)?
    } else {
        Vec::new()
    };
    let number = number_of_person(service, &log, operation).await?;
    let command = command(terms, operation, (&proof, number.as_deref()))?;
    submit_noted(service, &log, caller, key, &command).await
}

/// The number in the offering of a person who is named by the platform's number, drawn now if there is none.
async fn number_of_person(
    service: &Service,
    log: &OfferingLog,
    operation: &Operation,
) -> Result<Option<String>, ApiError> {
    let Operation::Admit {
        person: Some(named),
        investor,
        ..
    } = operation
    else {
        return Ok(None);
    };
    if investor.is_some() {
        let why = "name a person or an investor, not both";
        return Err(ApiError::invalid("person", why));
    }
    let unknown = || ApiError::invalid("person", "nobody on this platform has this number");
    let person: softcap_identity::PersonId = named.trim().parse().map_err(|_| unknown())?;
    let signed_up = service.people.find(person).await.map_err(of_person)?;
    // Platforms without log-ins know people by their balances.
    if signed_up.is_none() && holdings(&service.journal, person).await?.is_empty() {
        return Err(unknown());
    }
    let person = PersonId(person.to_bytes());
    let number = service.numbers.find_or_draw(person, &log.row.name);
    number.await.map(Some).map_err(of_journal)
}

fn command<'a>(
    terms: &Terms,
    operation: &'a Operation,
    (proof, number): (&'a [u8], Option<&'a str>),
) -> Result<Command<'a>, ApiError> {
    Ok(match operation {
        Operation::Admit {
            round,
            investor,
            person: _,
            limit,
            expires,
            guaranteed,
            withdrawal,
        } => {
            let who = number.or(investor.as_deref());
            let units = (limit.as_deref(), guaranteed.as_deref());
            let round = round_of(terms, round)?;
            Command::Admit(admission(round, who, units, (*expires, *withdrawal))?)
        }
        Operation::Revoke { round, investor } => Command::Revoke {
            round: round_of(terms, round)?,
            investor: investor_of(investor)?,
        },
        Operation::Rate {
            currency,
            numerator,
            denominator,
        } => Command::Rate {
            currency: CurrencyIndex(parse_currency(terms, currency)?),
            rate: ratio(numerator, denominator)?,
        },
        Operation::Return {
            contribution,
            amount,
            reason,
        } => Command::Return {
            contribution: Sequence(*contribution),
            amount: Amount(parse_units("amount", amount)?),
            reason: ReturnReason::from_name(reason)
                .ok_or_else(|| ApiError::invalid("reason", "it is not one of the reasons"))?,
        },
        Operation::Pause {} => Command::Pause,
        Operation::Resume {} => Command::Resume,
        Operation::Seed { round, seed, .. } => Command::Seed {
            round: round_of(terms, round)?,
            seed: hash("seed", seed)?,
            proof,
        },
        Operation::Reveal {
            bid,
            amount,
            money,
            tokens,
            salt,
        } => Command::Reveal {
            bid: Sequence(*bid),
            amount: Amount(parse_units("amount", amount)?),
            limit: LimitPrice {
                money: parse_units("money", money)?,
                tokens: parse_units("tokens", tokens)?,
            },
            salt: hash("salt", salt)?,
        },
        Operation::Document {
            hash: digest,
            withdrawal_until,
        } => Command::Document {
            hash: hash("hash", digest)?,
            exit: withdrawal_until.map_or(DocumentExit::None, |until| {
                DocumentExit::WithdrawalUntil(Position(until))
            }),
        },
        Operation::Close { round } => Command::Close {
            round: round_of(terms, round)?,
        },
        Operation::Cancel {} => Command::Cancel,
        Operation::Tick {} => Command::Tick,
        Operation::Distribute { investor, tokens } => Command::Distribute {
            investor: investor_of(investor)?,
            tokens: Tokens(parse_units("tokens", tokens)?),
        },
        Operation::PayRefund { investor, currency } => Command::PayRefund {
            investor: investor_of(investor)?,
            currency: CurrencyIndex(parse_currency(terms, currency)?),
        },
        Operation::Vest { share, tokens } => Command::Vest {
            share: *share,
            tokens: Tokens(parse_units("tokens", tokens)?),
        },
        Operation::Release { milestone } => Command::Release {
            milestone: *milestone,
        },
    })
}

fn admission<'a>(
    round: RoundIndex,
    investor: Option<&'a str>,
    (limit, guaranteed): (Option<&str>, Option<&str>),
    (expires, withdrawal): (Option<u64>, bool),
) -> Result<Admit<'a>, ApiError> {
    let investor = investor.ok_or_else(|| ApiError::invalid("investor", "it is missing"))?;
    Ok(Admit {
        round,
        investor: investor_of(investor)?,
        limit: units("limit", limit)?.map(Value),
        expires: expires.map(Position),
        guaranteed: Value(units("guaranteed", guaranteed)?.unwrap_or(0)),
        withdrawal: if withdrawal {
            WithdrawalMark::Marked
        } else {
            WithdrawalMark::Unmarked
        },
    })
}

fn round_of(terms: &Terms, name: &str) -> Result<RoundIndex, ApiError> {
    let place = terms.rounds.iter().position(|round| round.name == name);
    place
        .and_then(|place| u8::try_from(place).ok())
        .map(RoundIndex)
        .ok_or_else(|| ApiError::invalid("round", "the terms have no round of this name"))
}

fn investor_of(text: &str) -> Result<InvestorId<'_>, ApiError> {
    InvestorId::parse(text).map_err(|error| ApiError::invalid("investor", &error.to_string()))
}

fn units(field: &str, text: Option<&str>) -> Result<Option<u128>, ApiError> {
    text.map(|text| parse_units(field, text)).transpose()
}

fn ratio(numerator: &str, denominator: &str) -> Result<Ratio, ApiError> {
    let numerator = parse_units("numerator", numerator)?;
    let denominator = parse_units("denominator", denominator)?;
    Ratio::new(numerator, denominator).ok_or_else(|| ApiError::invalid("denominator", "it is zero"))
}

fn hash(field: &str, text: &str) -> Result<[u8; 32], ApiError> {
    bytes(field, text, 32)?
        .try_into()
        .map_err(|_| ApiError::invalid(field, "64 hexadecimal digits"))
}

fn bytes(field: &str, text: &str, most: usize) -> Result<Vec<u8>, ApiError> {
    let bytes = from_hex(text).filter(|bytes| bytes.len() <= most);
    bytes
        .ok_or_else(|| ApiError::invalid(field, "lower-case hexadecimal digits, two for each byte"))
}

/// Say that the server's clock is right after it jumped, or that what stopped contributions is over.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/confirmation",
    tag = "operations",
    security(("key" = [])),
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 204, description = "Contributions go on")),
)]
async fn confirm(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
) -> Result<axum::http::StatusCode, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::ServerWrite, &offering)?;
    log.sequencer.confirm();
    Ok(axum::http::StatusCode::NO_CONTENT)
}
