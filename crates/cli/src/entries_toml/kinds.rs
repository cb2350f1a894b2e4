//! The kinds of entries and the keys of each.

use softcap_offering::{
    DocumentExit, LineIndex, ReturnReason, Stamp, Value, WithdrawalMark,
    terms::{ClockKind, Terms},
};

use super::{
    Action, Admission, Anchor, PlannedEntry, SealedBid,
    reader::{Entry, Table},
    values,
};
use crate::input_error::{InputError, InputFault, Shown, did_you_mean};

/// Longest proof of a seed in bytes; the engine takes no more.
const LONGEST_PROOF: usize = 1024;

/// Keys that each entry may have.
const PLACE_KEYS: [&str; 5] = ["kind", "after", "at", "at_height", "chain"];

/// A kind of entry, and how its own keys are read.
struct Kind {
    name: &'static str,
    keys: &'static [&'static str],
    read: fn(&Table<'_>, &Terms) -> Result<Action, InputError>,
}

/// All kinds, in the order of the documentation.
const KINDS: [Kind; 14] = [
    Kind {
        name: "admit",
        keys: &[
            "round",
            "investor",
            "investors",
            "limit",
            "expires",
            "guaranteed",
            "withdrawal",
        ],
        read: admit,
    },
    Kind {
        name: "revoke",
        keys: &["round", "investor", "investors"],
        read: revoke,
    },
    Kind {
        name: "rate",
        keys: &["rate"],
        read: rate,
    },
    Kind {
        name: "return",
        keys: &["contribution", "amount", "reason"],
        read: return_money,
    },
    Kind {
        name: "withdraw",
        keys: &["contribution"],
        read: withdraw,
    },
    Kind {
        name: "commit",
        keys: &["contribution_id", "investor", "locked", "commitment"],
        read: commit,
    },
    Kind {
        name: "reveal",
        keys: &["bid", "amount", "limit_price", "salt"],
        read: reveal,
    },
    Kind {
        name: "seed",
        keys: &["round", "seed", "proof"],
        read: seed,
    },
    Kind {
        name: "document",
        keys: &["hash", "withdrawal_until"],
        read: document,
    },
    Kind {
        name: "close",
        keys: &["round"],
        read: close,
    },
    Kind {
        name: "pause",
        keys: &[],
        read: |_, _| Ok(Action::Pause),
    },
    Kind {
        name: "resume",
        keys: &[],
        read: |_, _| Ok(Action::Resume),
    },
    Kind {
        name: "cancel",
        keys: &[],
        read: |_, _| Ok(Action::Cancel),
    },
    Kind {
        name: "tick",
        keys: &[],
        read: |_, _| Ok(Action::Tick),
    },
];

/// Reads one entry.
pub(super) fn read(table: &Table<'_>, terms: &Terms) -> Result<PlannedEntry, InputError> {
    let names = || KINDS.iter().map(|kind| kind.name);
    let allowed = || names().collect::<Vec<_>>().join(", ");
    let entry = table.require("kind", &format!("one of {}", allowed()))?;
    let name = entry.text(&format!("one of {}", allowed()))?;
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let by_program = ["announce", "settle", "publish"].contains(&name);
        let hint = if by_program {
            " (softcap settle adds this one itself)".to_owned()
        } else {
            did_you_mean(name, names())
        };
        return Err(entry.does_not_fit(&format!("{}{hint}", allowed())));
    };
    table.only(&[&PLACE_KEYS, kind.keys].concat())?;
    let anchor = anchor(table, terms)?;
    let action = (kind.read)(table, terms)?;
    if let (Anchor::Start, Some(needed)) = (&anchor, action.needs()) {
        let found = Shown::new(needed);
        return Err(table
            .require("at", "")?
            .error(InputFault::NotYetThere { found }));
    }
    Ok(PlannedEntry {
        line: table.line(),
        anchor,
        action,
    })
}

/// The place of an entry: exactly one of `after`, `at` and `at_height`.
fn anchor(table: &Table<'_>, terms: &Terms) -> Result<Anchor, InputError> {
    let allowed = match terms.clock.kind {
        ClockKind::Time => {
            "after = a contribution_id; or at = a date with zone, \"start\" or \"end\""
        }
        ClockKind::Block => {
            "after = a contribution_id; or at_height = a block height; or at = \"start\" or \"end\""
        }
    };
    let places = [table.get("after"), table.get("at"), table.get("at_height")];
    let mut given = places.iter().flatten();
    let Some(place) = given.next() else {
        return Err(table.missing("after", allowed));
    };
    if let Some(second) = given.next() {
        return Err(second.error(InputFault::KeysExclude { other: place.key }));
    }
    if let Some(chain) = table.get("chain")
        && place.key != "at_height"
    {
        return Err(chain.error(InputFault::KeysExclude { other: place.key }));
    }
    match (place.key, terms.clock.kind) {
        ("after", _) => values::reference(place).map(Anchor::After),
        ("at", kind) => at(place, kind, allowed),
        (_, ClockKind::Block) => {
            let line = values::line(table, terms)?;
            Ok(Anchor::At(Stamp {
                line,
                position: values::height(place)?,
            }))
        }
        (_, ClockKind::Time) => Err(place.does_not_fit(allowed)),
    }
}

fn at(entry: &Entry<'_>, clock: ClockKind, allowed: &str) -> Result<Anchor, InputError> {
    match (&*entry.date_text(allowed)?, clock) {
        ("start", _) => Ok(Anchor::Start),
        ("end", _) => Ok(Anchor::End),
        (_, ClockKind::Time) => Ok(Anchor::At(Stamp {
            line: LineIndex(0),
            position: values::date(entry)?,
        })),
        (_, ClockKind::Block) => Err(entry.does_not_fit(allowed)),
    }
}

fn admit(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let optional_value = |key| {
        table
            .get(key)
            .map(|entry| values::value(&entry, terms))
            .transpose()
    };
    let expires = table
        .get("expires")
        .map(|entry| values::position(&entry, terms))
        .transpose()?;
    let withdrawal = match table.get("withdrawal") {
        None => WithdrawalMark::Unmarked,
        Some(entry) => {
            let allowed = "\"marked\" or \"unmarked\"";
            match entry.text(allowed)? {
                "marked" => WithdrawalMark::Marked,
                "unmarked" => WithdrawalMark::Unmarked,
                _ => return Err(entry.does_not_fit(allowed)),
            }
        }
    };
    let admission = Admission {
        round: values::round(table, terms)?,
        limit: optional_value("limit")?,
        expires,
        guaranteed: optional_value("guaranteed")?.unwrap_or(Value::ZERO),
        withdrawal,
    };
    Ok(Action::Admit(admission, values::investors(table)?))
}

fn revoke(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    Ok(Action::Revoke(
        values::round(table, terms)?,
        values::investors(table)?,
    ))
}

fn rate(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let entry = table.require(
        "rate",
        "the value of a currency, such as \"300 USD per ETH\"",
    )?;
    let (currency, rate) = values::rate(&entry, terms)?;
    Ok(Action::Rate { currency, rate })
}

fn return_money(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let contribution = values::reference(&table.require("contribution", "a contribution_id")?)?;
    let amount = table.require("amount", "how much goes back, such as \"17_890 ETH\"")?;
    let money = values::money(&amount, terms)?;
    let names: Vec<_> = ReturnReason::ALL.iter().map(|reason| reason.2).collect();
    let allowed = format!("one of {}", names.join(", "));
    let reason = table.require("reason", &allowed)?;
    let reason = ReturnReason::from_name(reason.text(&allowed)?)
        .ok_or_else(|| reason.does_not_fit(&allowed))?;
    Ok(Action::Return {
        contribution,
        money,
        reason,
    })
}

fn withdraw(table: &Table<'_>, _: &Terms) -> Result<Action, InputError> {
    let contribution = values::reference(&table.require("contribution", "a contribution_id")?)?;
    Ok(Action::Withdraw { contribution })
}

fn commit(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let id = table.require("contribution_id", "a name that no contribution has")?;
    let locked = table.require("locked", "the money that is locked, such as \"1_000 EUR\"")?;
    let commitment = table.require("commitment", "the salted hash, as 64 hexadecimal digits")?;
    Ok(Action::Commit(SealedBid {
        reference: values::reference(&id)?,
        investor: values::investor(&table.require("investor", "an investor id")?)?,
        locked: values::money(&locked, terms)?,
        commitment: values::hash(&commitment)?,
    }))
}

fn reveal(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let bid = table.require("bid", "the contribution_id of a sealed bid")?;
    let amount = table.require("amount", "the money bid, such as \"900 EUR\"")?;
    let limit = table.require(
        "limit_price",
        "a limit price such as \"0.25\" or \"100/50\"",
    )?;
    let salt = table.require("salt", "the salt, as 64 hexadecimal digits")?;
    Ok(Action::Reveal {
        bid: values::reference(&bid)?,
        money: values::money(&amount, terms)?,
        limit: values::limit_price(&limit, terms)?,
        salt: values::hash(&salt)?,
    })
}

fn seed(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let seed = table.require("seed", "the seed, as 64 hexadecimal digits")?;
    let proof = table.require("proof", "the proof of the seed, as hexadecimal digits")?;
    Ok(Action::Seed {
        round: values::round(table, terms)?,
        seed: values::hash(&seed)?,
        proof: values::bytes(&proof, LONGEST_PROOF)?,
    })
}

fn document(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    let hash = table.require("hash", "SHA-256 of the document, as 64 hexadecimal digits")?;
    let exit = match table.get("withdrawal_until") {
        None => DocumentExit::None,
        Some(entry) => DocumentExit::WithdrawalUntil(values::position(&entry, terms)?),
    };
    Ok(Action::Document {
        hash: values::hash(&hash)?,
        exit,
    })
}

fn close(table: &Table<'_>, terms: &Terms) -> Result<Action, InputError> {
    values::round(table, terms).map(Action::Close)
}

/// Names and keys of all kinds, so that the tests can hold the documentation against them.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    KINDS.iter().map(|kind| (kind.name, kind.keys))
}
