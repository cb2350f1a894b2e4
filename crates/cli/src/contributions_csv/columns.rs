//! The header: which column stands where.

use softcap_offering::terms::{ClockKind, Terms};

use super::line::Field;
use crate::input_error::{InputFault, Shown, Spot, did_you_mean};

/// Most columns, annotations included.
pub(super) const MOST_COLUMNS: usize = 64;

/// Longest name of an annotation.
const LONGEST_NAME: usize = 64;

/// The columns that are not annotations.
const ID: &str = "contribution_id";
const INVESTOR: &str = "investor";
const RECEIVED_AT: &str = "received_at";
const BLOCK_HEIGHT: &str = "block_height";
const CURRENCY: &str = "currency";
const AMOUNT: &str = "amount";
const SOURCE_REF: &str = "source_ref";
const LIMIT_PRICE: &str = "limit_price";

/// Places of the columns in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// All names in order.
    pub(super) names: Vec<String>,
    pub(super) id: usize,
    pub(super) investor: usize,
    /// `received_at` or `block_height`, as the clock of the terms counts.
    pub(super) position: usize,
    pub(super) currency: usize,
    pub(super) amount: usize,
    pub(super) source: Option<usize>,
    pub(super) limit: Option<usize>,
    /// Columns whose names begin with `x_`.
    pub(super) annotations: Vec<usize>,
}

/// The name of the column of positions.
fn position_name(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::Time => RECEIVED_AT,
        ClockKind::Block => BLOCK_HEIGHT,
    }
}

/// The required columns for terms with this clock, for messages.
pub(super) fn required(clock: ClockKind) -> String {
    [ID, INVESTOR, position_name(clock), CURRENCY, AMOUNT].join(", ")
}

/// All columns for terms with this clock, for messages.
fn known(clock: ClockKind) -> String {
    format!(
        "{}, and if wanted {SOURCE_REF}, {LIMIT_PRICE} and annotations that begin with x_",
        required(clock)
    )
}

impl Columns {
    /// Reads a header that is split into fields.
    pub(super) fn read(
        line: &str,
        fields: &[Field],
        terms: &Terms,
    ) -> Result<Self, (Spot, InputFault)> {
        if fields.len() > MOST_COLUMNS {
            return Err((
                Spot::Line,
                InputFault::TooManyColumns {
                    limit: MOST_COLUMNS,
                },
            ));
        }
        let clock = terms.clock.kind;
        let mut names: Vec<String> = Vec::with_capacity(fields.len());
        for field in fields {
            let name = field.text(line).into_owned();
            check_name(&name, clock)
                .and_then(|()| {
                    if names.contains(&name) {
                        Err(InputFault::ColumnDoubled)
                    } else {
                        Ok(())
                    }
                })
                .map_err(|fault| (Spot::Column(Shown::new(&name).to_string()), fault))?;
            names.push(name);
        }
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let require = |name: &'static str| {
            let fault = || InputFault::ColumnMissing {
                name,
                known: known(clock),
            };
            find(name).ok_or_else(|| (Spot::Line, fault()))
        };
        Ok(Self {
            id: require(ID)?,
            investor: require(INVESTOR)?,
            position: require(position_name(clock))?,
            currency: require(CURRENCY)?,
            amount: require(AMOUNT)?,
            source: find(SOURCE_REF),
            limit: find(LIMIT_PRICE),
            annotations: (0..names.len())
                .filter(|place| names[*place].starts_with("x_"))
                .collect(),
            names,
        })
    }
}

/// Whether a column of that name may stand in a file for terms with this clock.
fn check_name(name: &str, clock: ClockKind) -> Result<(), InputFault> {
    let other_clock = match clock {
        ClockKind::Time => BLOCK_HEIGHT,
        ClockKind::Block => RECEIVED_AT,
    };
    if name == other_clock {
        let counts = match clock {
            ClockKind::Time => "time",
            ClockKind::Block => "block heights",
        };
        return Err(InputFault::WrongClockColumn {
            clock: counts,
            wanted: position_name(clock),
        });
    }
    let annotation = name.strip_prefix("x_").is_some_and(|rest| {
        !rest.is_empty()
            && name.len() <= LONGEST_NAME
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let plain = [
        ID,
        INVESTOR,
        position_name(clock),
        CURRENCY,
        AMOUNT,
        SOURCE_REF,
        LIMIT_PRICE,
    ];
    if annotation || plain.contains(&name) {
        return Ok(());
    }
    let hint = if name.contains([';', '\t']) {
        "; columns are separated by commas".to_owned()
    } else if name.starts_with("x_") {
        "; an annotation has at most 64 letters, digits and _".to_owned()
    } else {
        did_you_mean(name, plain.into_iter())
    };
    Err(InputFault::ColumnUnknown {
        found: Shown::new(name),
        known: known(clock),
        hint,
    })
}
