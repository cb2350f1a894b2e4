//! What the page shows, as plain values: amounts already formatted, integers for shares and
//! drawing.

use super::{Holdings, SeriesPoint};

/// Everything on the page. The settlement fills it in; nothing here is computed from a clock.
#[derive(Debug, Clone)]
pub(crate) struct ReportData {
    /// Name of the offering, as in the terms.
    pub(crate) offering: String,
    /// Name of the token.
    pub(crate) token_name: String,
    /// Symbol of the token.
    pub(crate) token_symbol: String,
    /// How the offering ended.
    pub(crate) outcome: Outcome,
    /// One sentence that says why it ended so ("The soft cap of 100 ETH was reached.").
    pub(crate) outcome_reason: String,
    /// When the sale ran, in words; `None` if the record has no times.
    pub(crate) period: Option<String>,
    /// What a reader must be warned of, in sentences (for example terms under which money was
    /// kept). Usually empty.
    pub(crate) warnings: Vec<String>,
    /// The statement about the issuer's right to cancel before settlement, if the terms give it.
    pub(crate) cancel_right: Option<String>,

    /// The unit in which caps and the raise are counted.
    pub(crate) numeraire: Unit,
    /// What was accepted when the sale ended, in the numeraire: the last value of `raise`. After a
    /// sale that did not succeed this is what goes back, while `currencies` tells where the money
    /// is.
    pub(crate) raised: Amount,
    /// The soft cap, in the numeraire.
    pub(crate) soft_cap: Option<Amount>,
    /// The hard cap, in the numeraire.
    pub(crate) hard_cap: Option<Amount>,
    /// Totals per currency, in the order of the terms.
    pub(crate) currencies: Vec<CurrencyTotals>,
    /// Tokens sold, in whole tokens, without the symbol.
    pub(crate) tokens_sold: String,
    /// Contributions in the record, refused ones included.
    pub(crate) contributions: u64,
    /// Distinct investors with a row in the settlement's table.
    pub(crate) investors: u64,
    /// Contributions refused whole.
    pub(crate) refused: u64,

    /// The rounds, in the order of the terms.
    pub(crate) rounds: Vec<RoundTerms>,
    /// Further terms in short: rounding, withdrawal right, unsold tokens, refund deadline ...
    pub(crate) terms: Vec<Fact>,

    /// What the horizontal axis of `raise` and `price` counts.
    pub(crate) axis: PositionAxis,
    /// Accepted so far in the numeraire's smallest unit, after each contribution, in the order of
    /// the record. May be long; [`super::downsample`] shortens it, and the page does so again
    /// before it draws.
    pub(crate) raise: Vec<SeriesPoint>,
    /// The price over the sale.
    pub(crate) price: PriceView,
    /// How the sold tokens are spread over investors.
    pub(crate) holdings: Holdings,
    /// Refusals by code, only those that occurred, in the order in which they are to be shown.
    pub(crate) refusals: Vec<RefusalCount>,
    /// Returns by reason, only those that occurred.
    pub(crate) returns: Vec<ReturnTotal>,
    /// Who gets which part of the supply, in the order in which it is to be shown.
    pub(crate) supply: Vec<SupplyShare>,
    /// Hashes and roots.
    pub(crate) commitments: Commitments,
    /// What the reader types to check the page.
    pub(crate) verify: VerifyGuide,
}

/// How the offering ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Settled, tokens are distributed.
    Succeeded,
    /// Settled below the soft cap: everybody is refunded.
    Failed,
    /// Cancelled by the issuer before settlement: everybody is refunded.
    Cancelled,
    /// Nothing was settled by the deadline of the terms: everybody is refunded.
    Expired,
}

/// A currency or token: how it is called and how many decimals its whole unit has.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// For example `ETH`.
    pub(crate) symbol: String,
    /// A whole unit is `10^decimals` smallest units.
    pub(crate) decimals: u8,
}

/// An amount twice: as it is printed and as it is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Amount {
    /// In whole units, exact, without symbol (`396,619.89`).
    pub(crate) text: String,
    /// In smallest units.
    pub(crate) value: u128,
}

/// What happened to the money of one currency; `contributed = accepted + refunded + kept`. Whole
/// units, no symbol.
#[derive(Debug, Clone)]
pub(crate) struct CurrencyTotals {
    /// For example `ETH`.
    pub(crate) symbol: String,
    /// Paid in.
    pub(crate) contributed: String,
    /// Stayed accepted.
    pub(crate) accepted: String,
    /// Goes back.
    pub(crate) refunded: String,
    /// Neither accepted nor refunded; `None` when the terms keep nothing, then the column is left
    /// out.
    pub(crate) kept: Option<String>,
}

/// A round in short; empty texts are left out.
#[derive(Debug, Clone)]
pub(crate) struct RoundTerms {
    /// Name of the round.
    pub(crate) name: String,
    /// From when to when, ends stated.
    pub(crate) window: String,
    /// How many tokens a unit of money buys.
    pub(crate) price: String,
    /// Who gets how much when more is asked than is on sale.
    pub(crate) allocation: String,
    /// Caps, minimum and maximum per contribution and investor, one sentence each.
    pub(crate) limits: Vec<String>,
    /// What it took and sold, and its clearing price if it has one.
    pub(crate) result: String,
}

/// A label and what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// For example `Rounding`.
    pub(crate) label: String,
    /// For example `down to 0.01 ATOM, once per investor`.
    pub(crate) text: String,
}

/// What [`SeriesPoint::x`] counts.
#[derive(Debug, Clone)]
pub(crate) enum PositionAxis {
    /// Unix milliseconds, shown in UTC.
    UnixMillis,
    /// Block height of the named chain.
    BlockHeight {
        /// For example `Bitcoin`.
        chain: String,
    },
    /// Place of the contribution in the order of the record, from 1, where the record has neither
    /// times nor heights.
    RowOrder,
}

/// The price over the sale.
#[derive(Debug, Clone)]
pub(crate) enum PriceView {
    /// The price in force at positions of the axis of [`ReportData::axis`]; holds until the next
    /// point.
    OverPosition {
        /// What is counted, for example `BNT per ETH`.
        label: String,
        /// Decimals of the values of `points`.
        decimals: u8,
        /// Prices, in order.
        points: Vec<SeriesPoint>,
        /// One sentence on it ("100 BNT per ETH from the first to the last contribution.").
        summary: String,
    },
    /// One price for everybody that no moment of the sale shows (a clearing price), or none: a
    /// sentence.
    Single {
        /// For example `Everybody pays the clearing price of 0.25 DAI per ABC.`
        summary: String,
    },
}

/// Contributions refused for one reason, in whole or in part.
#[derive(Debug, Clone)]
pub(crate) struct RefusalCount {
    /// The stable number of the refusal.
    pub(crate) code: u16,
    /// What it means.
    pub(crate) sentence: String,
    /// How many contributions were refused with it.
    pub(crate) count: u64,
    /// How many of these were accepted in part.
    pub(crate) in_part: u64,
}

/// What the issuer or the rules sent back for one reason.
#[derive(Debug, Clone)]
pub(crate) struct ReturnTotal {
    /// The reason code.
    pub(crate) code: String,
    /// What it means.
    pub(crate) sentence: String,
    /// How many contributions went back for it.
    pub(crate) count: u64,
    /// Totals, one per currency, with symbol (`17,890 ETH`).
    pub(crate) amounts: Vec<String>,
}

/// Decides the colour of a part of the supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SupplyKind {
    /// Sold to investors.
    Sale,
    /// The team.
    Team,
    /// The treasury or foundation.
    Treasury,
    /// Advisers and partners.
    Advisers,
    /// On sale, but not sold.
    Unsold,
    /// Anything else.
    Other,
}

/// A part of the supply.
#[derive(Debug, Clone)]
pub(crate) struct SupplyShare {
    /// Decides the colour.
    pub(crate) kind: SupplyKind,
    /// Who gets it, in words.
    pub(crate) label: String,
    /// How many tokens.
    pub(crate) tokens: Amount,
    /// Cliff and duration in words; `None` if free at once.
    pub(crate) vesting: Option<String>,
}

/// Hashes and roots, in hexadecimal as the files have them.
#[derive(Debug, Clone)]
pub(crate) struct Commitments {
    /// SHA-256 of the canonical terms.
    pub(crate) terms_hash: String,
    /// Root of the journal tree.
    pub(crate) journal_root: String,
    /// Entries in the journal.
    pub(crate) journal_size: u64,
    /// The checkpoint's signer as `verify --key` takes it; `None` if the checkpoint is unsigned.
    pub(crate) signer: Option<String>,
    /// Root of the settlement tree.
    pub(crate) settlement_root: String,
}

/// Names that the commands on the page contain.
#[derive(Debug, Clone)]
pub(crate) struct VerifyGuide {
    /// The folder that is published with the page, as its readers will call it.
    pub(crate) bundle: String,
    /// The program and version that made the page (`softcap 0.1.0`).
    pub(crate) program: String,
}
