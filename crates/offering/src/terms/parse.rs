//! Reading `offering.toml`: a text in, [`Terms`] or every problem out.
//!
//! The text is read as if from an enemy: its size, depth, lists and numbers are bounded, and
//! nothing in it can make this code panic. First the shape is read, key by key; contradictions
//! between keys are looked for only in a text whose shape is right. `docs/terms.md` is the
//! reference of the language.

mod allocation;
mod check;
mod currency;
mod decimal;
mod lifecycle;
mod pricing;
mod quantity;
mod reader;
mod root_settlement;
mod round;
mod schedule;
mod token;

use toml::de::DeTable;

use self::currency::CurrencyHead;
use self::quantity::{Unit, Units};
use self::schedule::Schedule;
use super::problem::{Place, TermsCode, TermsProblem};
use super::{
    Bound, CeilingScope, Clock, ClockKind, DustRule, EarlyClose, FreedRoom, Milestone, Numeraire,
    Objections, PauseTerms, RootSettlement, Terms, TieRule, Unsold, WithdrawalRight,
};
use crate::{Position, Tokens, Value};

pub(super) use self::reader::Reader;
use self::reader::Section;

/// Largest text that is read.
const MAX_TEXT_BYTES: usize = 1 << 20;
/// Most rounds.
const MAX_ROUNDS: usize = 64;
/// The only rules there are so far.
const RULES: u32 = 1;

impl Terms {
    /// Reads the text of an `offering.toml`.
    ///
    /// # Errors
    /// Every problem of severity [`Error`](super::Severity::Error) that was found, in the order of
    /// the text. Warnings are the business of [`lint`](super::lint()) and
    /// [`inspect`].
    pub fn parse(text: &str) -> Result<Self, Vec<TermsProblem>> {
        read(text).map(|(terms, _)| terms)
    }
}

/// The terms, and the reader that still knows where each key stands.
pub(super) fn read(text: &str) -> Result<(Terms, Reader<'_>), Vec<TermsProblem>> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!(
            "the text has {} bytes; at most {MAX_TEXT_BYTES} are read",
            text.len()
        );
        let hint = "terms are a page or two; is this the right file?";
        return Err(vec![TermsProblem::new(
            TermsCode::TextTooLarge,
            "",
            message,
            hint,
        )]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(text);
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.span().map_or(text.len(), |span| span.start);
            let message = format!("not TOML: {}", error.message());
            let hint =
                "strings need quotes, tables look like `[token]`, lists of tables like `[[round]]`";
            reader.report(TermsCode::Syntax, "", offset, message, hint);
            return Err(reader.into_problems());
        }
    };
    let terms = offering(&mut reader, Section::root(document.get_ref()));
    match terms {
        Some(terms) if !reader.has_problems() => {
            check::contradictions(&mut reader, &terms);
            if reader.has_problems() {
                Err(reader.into_problems())
            } else {
                Ok((terms, reader))
            }
        }
        _ => Err(reader.into_problems()),
    }
}

/// What the parts of the text need to know about each other.
struct Frame {
    units: Units,
    schedule: Schedule,
}

fn offering(reader: &mut Reader<'_>, mut root: Section<'_>) -> Option<Terms> {
    let rules = rules(reader, &mut root);
    let name = root
        .require(reader, "name", "\"Harbour\"")
        .and_then(|entry| entry.name(reader));
    let origin = origin(reader, &mut root);
    let token_section = root.require(reader, "token", "{ ... }, or a table `[token]`");
    let token_section = token_section.and_then(|entry| entry.section(reader));
    let token_head = token_section.map(|section| token::head(reader, section));
    let heads = currency::heads(reader, &mut root);
    let clock = clock(reader, &mut root, &heads);
    let token_unit = token_head.as_ref().and_then(|head| head.unit.clone());
    let currency_units: Option<Vec<Unit>> = heads.iter().map(|head| head.unit.clone()).collect();
    let (Some(token_unit), Some(currency_units)) = (token_unit, currency_units) else {
        // Without its units no amount below can be judged; guesses would only add noise.
        return None;
    };
    let numeraire = numeraire(reader, &mut root, &token_unit, &currency_units)?;
    let units = Units {
        token: token_unit,
        numeraire,
        currencies: currency_units,
    };
    let schedule = Schedule {
        kind: clock.kind,
        lines: clock.lines.clone(),
    };
    let frame = Frame { units, schedule };

    let token = token_head.and_then(|head| token::token(reader, head, &frame));
    let currencies = currency::currencies(reader, heads, &frame, &clock);
    let rounds = rounds(
        reader,
        &mut root,
        &frame,
        currencies.as_deref().unwrap_or_default(),
    );
    let promises = promises(reader, &mut root, &frame);
    // Only now, with every key read and every problem named, may a missing part end it.
    root.finish(reader);
    Some(Terms {
        rules: rules?,
        name: name?,
        origin: origin?,
        token: token?,
        currencies: currencies?,
        numeraire: Numeraire {
            symbol: frame.units.numeraire.symbol.clone(),
            decimals: frame.units.numeraire.decimals,
        },
        clock,
        rounds: rounds?,
        soft_cap: promises.soft_cap,
        hard_cap: promises.hard_cap,
        tie: promises.tie,
        dust: promises.dust,
        token_ceiling: promises.token_ceiling,
        token_ceiling_scope: promises.token_ceiling_scope,
        investor_max: promises.investor_max,
        pause: promises.pause,
        withdrawal: promises.withdrawal,
        freed_room: promises.freed_room,
        early_close: promises.early_close,
        refund_deadline: promises.refund_deadline,
        unsold: promises.unsold,
        milestones: promises.milestones,
        objections: promises.objections,
        root: promises.root,
    })
}

/// What stands at the top of the text and in its smaller tables.
struct Promises {
    soft_cap: Option<Bound>,
    hard_cap: Option<Bound>,
    tie: TieRule,
    dust: DustRule,
    token_ceiling: Option<Tokens>,
    token_ceiling_scope: CeilingScope,
    investor_max: Option<Value>,
    pause: Option<PauseTerms>,
    withdrawal: Option<WithdrawalRight>,
    freed_room: FreedRoom,
    early_close: EarlyClose,
    refund_deadline: Option<Position>,
    unsold: Unsold,
    milestones: Vec<Milestone>,
    objections: Option<Objections>,
    root: Option<RootSettlement>,
}

const TIES: &[(&str, TieRule)] = &[("pro_rata", TieRule::ProRata), ("by_id", TieRule::ById)];
const DUST_RULES: &[(&str, DustRule)] = &[
    ("largest_remainder", DustRule::LargestRemainder),
    ("unassigned", DustRule::Unassigned),
];
const FREED_ROOMS: &[(&str, FreedRoom)] = &[
    ("reopen", FreedRoom::Reopen),
    ("waiting_list", FreedRoom::WaitingList),
    ("closed", FreedRoom::Closed),
];
const EARLY_CLOSES: &[(&str, EarlyClose)] = &[
    ("never", EarlyClose::Never),
    ("allowed", EarlyClose::Allowed),
    ("after_soft_cap", EarlyClose::AfterSoftCap),
];
const UNSOLD: &[(&str, Unsold)] = &[("burned", Unsold::Burned), ("treasury", Unsold::Treasury)];

fn promises(reader: &mut Reader<'_>, root: &mut Section<'_>, frame: &Frame) -> Promises {
    let (units, schedule) = (&frame.units, &frame.schedule);
    let mut cap = |reader: &mut Reader<'_>, name| {
        root.take(reader, name)
            .and_then(|entry| entry.bound(reader, units))
    };
    let soft_cap = cap(reader, "soft_cap");
    let hard_cap = cap(reader, "hard_cap");
    let (token_ceiling, token_ceiling_scope) = ceiling(reader, root, units);
    let investor_max = root.take(reader, "investor_max");
    Promises {
        soft_cap,
        hard_cap,
        tie: root.choice_or(reader, "tie", TIES, TieRule::default()),
        dust: root.choice_or(reader, "dust", DUST_RULES, DustRule::default()),
        token_ceiling,
        token_ceiling_scope,
        investor_max: investor_max.and_then(|entry| entry.money(reader, units)),
        pause: lifecycle::pause(reader, root, schedule),
        withdrawal: lifecycle::withdrawal(reader, root, schedule),
        freed_room: root.choice_or(reader, "freed_room", FREED_ROOMS, FreedRoom::default()),
        early_close: root.choice_or(reader, "early_close", EARLY_CLOSES, EarlyClose::default()),
        refund_deadline: schedule.common_position(reader, root, "refund_deadline"),
        unsold: root.choice_or(reader, "unsold", UNSOLD, Unsold::default()),
        milestones: lifecycle::milestones(reader, root, schedule),
        objections: lifecycle::objections(reader, root, schedule),
        root: root_settlement::read(reader, root, frame),
    }
}

const CEILING_SCOPES: &[(&str, CeilingScope)] = &[
    ("everyone", CeilingScope::Everyone),
    ("returned_over_limit", CeilingScope::ReturnedOverLimit),
];

/// Tokens for everybody, or a table that says whose tokens are cut.
fn ceiling(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    units: &Units,
) -> (Option<Tokens>, CeilingScope) {
    let scope = CeilingScope::default();
    let Some(entry) = root.take(reader, "token_ceiling_per_investor") else {
        return (None, scope);
    };
    if !entry.value.is_table() {
        return (entry.tokens(reader, units), scope);
    }
    let Some(mut table) = entry.section(reader) else {
        return (None, scope);
    };
    let example = format!("\"1_000 {}\"", units.token.symbol);
    let amount = table.require(reader, "amount", &example);
    let amount = amount.and_then(|entry| entry.tokens(reader, units));
    let who = table.require(reader, "who", "\"everyone\"");
    let who = who.and_then(|entry| entry.choice(reader, CEILING_SCOPES));
    table.finish(reader);
    (amount, who.unwrap_or(scope))
}

fn rules(reader: &mut Reader<'_>, root: &mut Section<'_>) -> Option<u32> {
    let entry = root.require(reader, "rules", "1")?;
    let rules = entry.count(reader, u32::MAX)?;
    if rules != RULES {
        let message = format!("rules {rules} are not known to this version");
        entry.report(
            reader,
            TermsCode::UnknownRules,
            message,
            "write `rules = 1`",
        );
        return None;
    }
    Some(rules)
}

fn origin(reader: &mut Reader<'_>, root: &mut Section<'_>) -> Option<String> {
    let entry = root.require(reader, "origin", "\"example.org/harbour\"")?;
    let text = entry.text(reader)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    if text.is_empty() || text.len() > 200 || !text.bytes().all(allowed) || text.contains("://") {
        let message = format!("`{}` is not an origin", reader::quote(text));
        let hint = "a host and path without scheme, spaces or `+`, as in `example.org/harbour`";
        entry.report(reader, TermsCode::BadName, message, hint);
        return None;
    }
    Some(text.to_owned())
}

fn clock(reader: &mut Reader<'_>, root: &mut Section<'_>, heads: &[CurrencyHead<'_>]) -> Clock {
    let kinds = [("time", ClockKind::Time), ("block", ClockKind::Block)];
    let section = root.section(reader, "clock");
    let Some(mut section) = section else {
        return Clock {
            kind: ClockKind::Time,
            lines: currency::lines(ClockKind::Time, heads),
            tolerance: crate::Span(0),
        };
    };
    let kind = section
        .require(reader, "kind", "\"time\"")
        .and_then(|entry| entry.choice(reader, &kinds))
        .unwrap_or(ClockKind::Time);
    let schedule = Schedule {
        kind,
        lines: currency::lines(kind, heads),
    };
    let tolerance = schedule.span_or_zero(reader, &mut section, "tolerance");
    section.finish(reader);
    Clock {
        kind,
        lines: schedule.lines,
        tolerance,
    }
}

/// A symbol of the token or a currency, a unit of its own, or by default the only currency.
fn numeraire(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    token: &Unit,
    currencies: &[Unit],
) -> Option<Unit> {
    let entry = root.take(reader, "numeraire");
    let Some(entry) = entry else {
        if let [only] = currencies {
            return Some(only.clone());
        }
        let message = "with several currencies, caps and limits need one unit to be counted in";
        let hint = "add `numeraire = \"ETH\"`, or `[numeraire]` with `symbol` and `decimals`";
        reader.report(TermsCode::MissingKey, "numeraire", 0, message, hint);
        return None;
    };
    let mut known = currencies.iter().chain([token]);
    if entry.value.is_table() {
        let mut section = entry.section(reader)?;
        let unit = token::unit(reader, &mut section, "symbol", "\"USD\"");
        section.finish(reader);
        let unit = unit?;
        if known.any(|other| other.symbol == unit.symbol) {
            let message = format!("`{}` is a currency or the token already", unit.symbol);
            let hint = format!("write `numeraire = \"{}\"` at the top", unit.symbol);
            entry.report(reader, TermsCode::Duplicate, message, hint);
            return None;
        }
        return Some(unit);
    }
    let symbol = entry.symbol(reader)?;
    let found = known.find(|unit| unit.symbol == symbol).cloned();
    if found.is_none() {
        let message = format!("`{symbol}` is neither a currency nor the token");
        let hint = "a unit of its own is a table: `[numeraire]` with `symbol` and `decimals`";
        entry.report(reader, TermsCode::WrongUnit, message, hint);
    }
    found
}

fn rounds(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    frame: &Frame,
    currencies: &[super::Currency],
) -> Option<Vec<super::Round>> {
    root.require(reader, "round", "[{ ... }], or a table `[[round]]`")?;
    let sections = root.sections(reader, "round", MAX_ROUNDS);
    if sections.is_empty() && !reader.has_problems() {
        let hint = "add a table `[[round]]`";
        reader.report_at(TermsCode::MissingKey, "round", "there is no round", hint);
    }
    let rounds = sections
        .into_iter()
        .map(|section| round::round(reader, section, frame, currencies));
    // Every round is read even if one is wrong, so that all problems are named.
    let rounds: Vec<Option<super::Round>> = rounds.collect();
    let rounds: Vec<super::Round> = rounds.into_iter().collect::<Option<_>>()?;
    for (number, round) in rounds.iter().enumerate() {
        if rounds
            .iter()
            .take(number)
            .any(|other| other.name == round.name)
        {
            let key = format!("round[{number}].name");
            let message = format!("two rounds are called `{}`", round.name);
            reader.report_at(
                TermsCode::Duplicate,
                &key,
                message,
                "give each its own name",
            );
        }
    }
    Some(rounds)
}

/// What was found in a text: the terms if they are valid, errors and warnings with their places.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The terms, if there is no error.
    pub terms: Option<Terms>,
    /// Errors if there are some, otherwise warnings; in the order of the text.
    pub problems: Vec<TermsProblem>,
}

/// Reads a text and lints it: what `softcap offering check` prints.
pub fn inspect(text: &str) -> Inspection {
    match read(text) {
        Ok((terms, reader)) => {
            let mut problems = super::lint(&terms);
            for problem in &mut problems {
                let place: Place = reader.place_of(&problem.key);
                problem.place = Some(place);
            }
            problems.sort_by_key(|problem| problem.place);
            Inspection {
                terms: Some(terms),
                problems,
            }
        }
        Err(problems) => Inspection {
            terms: None,
            problems,
        },
    }
}

impl Frame {
    /// Whether the numeraire is the token itself.
    fn counts_in_tokens(&self) -> bool {
        self.units.token.symbol == self.units.numeraire.symbol
    }

    /// A position of a round that must lie on the round's one clock line.
    fn round_position(
        &self,
        reader: &mut Reader<'_>,
        section: &mut Section<'_>,
        name: &'static str,
        one_line: bool,
    ) -> Option<Position> {
        let example = match self.schedule.kind {
            ClockKind::Time => "\"2026-03-31T12:00:00Z\"",
            ClockKind::Block => "283810",
        };
        let entry = section.require(reader, name, example)?;
        if !one_line {
            let message = "the round takes money of several chains, whose heights do not compare";
            let hint = "make one round for each chain, or use `clock.kind = \"time\"`";
            entry.report(reader, TermsCode::SeveralLines, message, hint);
            return None;
        }
        self.schedule.position(reader, &entry)
    }
}
