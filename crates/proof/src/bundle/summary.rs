//! `terms.json` and `settlement.json`.

use std::io::Write;

use serde::Serialize;
use softcap_offering::{CurrencyTotals, Offering, RoundSettlement, Settlement, Tokens};

use super::tables::write_file;
use super::{BundleFile, BundleSink, FileDigest, Tables, display_decimal};
use crate::error::ProofError;
use crate::hex::hex;
use crate::journal_tree::Root;

/// What the summary says about the record as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Commitments {
    /// Root of the journal.
    pub journal_root: Root,
    /// Entries in it.
    pub journal_size: u64,
}

/// Writes `terms.json`: the canonical terms, as they are hashed.
///
/// # Errors
/// [`ProofError::BundleIo`].
pub fn write_terms<S: BundleSink>(
    offering: &Offering,
    sink: &S,
) -> Result<(BundleFile, FileDigest), ProofError> {
    let json = offering.terms().canonical_json();
    write_file(sink, BundleFile::Terms, |out| {
        out.write_all(json.as_bytes())
    })
}

/// Writes `settlement.json`: outcome, totals, rounds, shares and roots. Amounts are given in smallest
/// units and in whole units, both as strings.
///
/// # Errors
/// [`ProofError::NotSettled`], [`ProofError::BundleIo`].
pub fn write_summary<S: BundleSink>(
    offering: &Offering,
    commitments: &Commitments,
    tables: &Tables,
    sink: &S,
) -> Result<(BundleFile, FileDigest), ProofError> {
    let settlement = offering.settlement().ok_or(ProofError::NotSettled)?;
    let summary = Summary::new(offering, settlement, commitments, tables);
    write_file(sink, BundleFile::Summary, |out| {
        serde_json::to_writer_pretty(&mut *out, &summary)?;
        out.write_all(b"\n")
    })
}

/// An amount twice: for programs and for people.
#[derive(Serialize)]
struct Units {
    /// Smallest units.
    units: String,
    /// Whole units with their symbol.
    display: String,
}

fn units(count: u128, decimals: u8, symbol: &str) -> Units {
    let display = format!("{} {symbol}", display_decimal(count, decimals));
    Units {
        units: count.to_string(),
        display,
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    format: &'static str,
    offering: &'a str,
    outcome: &'static str,
    settled_at: SettledAt<'a>,
    contributions: usize,
    investors: usize,
    raised: Units,
    sold: Units,
    unsold: Units,
    minted: Units,
    shares: Vec<ShareSummary<'a>>,
    currencies: Vec<CurrencySummary<'a>>,
    rounds: Vec<RoundSummary<'a>>,
    terms_hash: String,
    journal: JournalSummary,
    settlement_tree: Option<TreeSummary>,
}

#[derive(Serialize)]
struct SettledAt<'a> {
    line: &'a str,
    position: String,
}

#[derive(Serialize)]
struct ShareSummary<'a> {
    name: &'a str,
    tokens: Units,
}

#[derive(Serialize)]
struct CurrencySummary<'a> {
    currency: &'a str,
    contributed: Units,
    accepted: Units,
    refunded: Units,
    kept: Units,
}

#[derive(Serialize)]
struct RoundSummary<'a> {
    round: &'a str,
    accepted: Units,
    sold: Units,
    #[serde(skip_serializing_if = "Option::is_none")]
    clearing_price: Option<ClearingPrice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lottery_threshold: Option<String>,
}

/// Money for tokens, both in smallest units; not reduced.
#[derive(Serialize)]
struct ClearingPrice {
    money: String,
    tokens: String,
}

#[derive(Serialize)]
struct JournalSummary {
    origin: String,
    size: u64,
    root: String,
}

#[derive(Serialize)]
struct TreeSummary {
    root: String,
    leaf_encoding: Vec<&'static str>,
}

impl<'a> Summary<'a> {
    fn new(
        offering: &'a Offering,
        settlement: &Settlement,
        commitments: &Commitments,
        tables: &Tables,
    ) -> Self {
        let terms = offering.terms();
        let (numeraire, settled) = (&terms.numeraire, &settlement.settled);
        let line = terms.clock.lines.get(settlement.at.line.index());
        let rounds = terms.rounds.iter().zip(&settlement.rounds);
        let currencies = terms.currencies.iter().zip(&settlement.totals);
        Self {
            format: "softcap-settlement-1",
            offering: &terms.name,
            outcome: settled.verdict.name(),
            settled_at: SettledAt {
                line: line.map_or("", String::as_str),
                position: settlement.at.position.to_string(),
            },
            contributions: offering.contribution_count(),
            investors: offering.investor_count(),
            raised: units(settled.raised.0, numeraire.decimals, &numeraire.symbol),
            sold: tokens(offering, settled.sold),
            unsold: tokens(offering, settlement.unsold),
            minted: tokens(offering, settlement.minted),
            shares: shares(offering, settlement),
            currencies: currencies
                .map(|(currency, totals)| {
                    currency_summary(&currency.symbol, currency.decimals, totals)
                })
                .collect(),
            rounds: rounds
                .map(|(round, settled)| round_summary(offering, &round.name, settled))
                .collect(),
            terms_hash: hex(&offering.terms_hash()),
            journal: JournalSummary {
                origin: terms.origin.clone(),
                size: commitments.journal_size,
                root: hex(&commitments.journal_root.0),
            },
            settlement_tree: tables.root.map(|root| TreeSummary {
                root: format!("0x{}", hex(&root.0)),
                leaf_encoding: tables.encoding.types(),
            }),
        }
    }
}

fn tokens(offering: &Offering, count: Tokens) -> Units {
    let token = &offering.terms().token;
    units(count.0, token.decimals, &token.symbol)
}

fn shares<'a>(offering: &'a Offering, settlement: &Settlement) -> Vec<ShareSummary<'a>> {
    use softcap_offering::terms::Supply;
    let names: Vec<&str> = match &offering.terms().token.supply {
        Supply::Fixed { shares, .. } => shares.iter().map(|share| share.name.as_str()).collect(),
        Supply::Minted { shares, .. } => shares.iter().map(|share| share.name.as_str()).collect(),
    };
    let sizes = settlement.shares.iter();
    names
        .into_iter()
        .zip(sizes)
        .map(|(name, count)| ShareSummary {
            name,
            tokens: tokens(offering, *count),
        })
        .collect()
}

fn currency_summary<'a>(
    symbol: &'a str,
    decimals: u8,
    totals: &CurrencyTotals,
) -> CurrencySummary<'a> {
    let amount = |count: u128| units(count, decimals, symbol);
    CurrencySummary {
        currency: symbol,
        contributed: amount(totals.contributed.0),
        accepted: amount(totals.accepted.0),
        refunded: amount(totals.refunded.0),
        kept: amount(totals.kept.0),
    }
}

fn round_summary<'a>(
    offering: &Offering,
    name: &'a str,
    settled: &RoundSettlement,
) -> RoundSummary<'a> {
    let numeraire = &offering.terms().numeraire;
    RoundSummary {
        round: name,
        accepted: units(settled.accepted.0, numeraire.decimals, &numeraire.symbol),
        sold: tokens(offering, settled.sold),
        clearing_price: settled.clearing.map(|price| ClearingPrice {
            money: price.money.to_string(),
            tokens: price.tokens.to_string(),
        }),
        lottery_threshold: settled.lottery_threshold.map(|threshold| hex(&threshold)),
    }
}
