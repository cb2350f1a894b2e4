//! What an escrow contract decided about a contribution, and how money and tokens come out of it.

use softcap_offering::{Amount, InvestorId, Refusal};

use super::{
    calculation::{Calculation, Formula},
    page::Step,
    replay::{Contract, Found},
    words::Words,
};

impl Contract {
    /// What went back in the transaction that brought a contribution of so much.
    fn change(&self, contributed: Amount) -> Amount {
        Amount(contributed.0.saturating_sub(self.accepted.0))
    }
}

/// What the contract accepted, and whether the record agrees.
pub(super) fn decided(words: Words<'_>, found: &Found) -> Step {
    let mut step = Step::new("What the contract decided");
    let Some(contract) = &found.contract else {
        return step;
    };
    let (currency, contributed) = (found.trace.currency, found.trace.amount);
    let symbol = words.symbol(currency);
    let address = InvestorId::Address(contract.escrow.contract);
    step.say(format!(
        "The money went into the escrow contract {address} on chain {}, which entry {} names.",
        contract.escrow.chain_id, contract.named
    ));
    let accepted = words.money_text(currency, contract.accepted);
    step.say(format!(
        "It had decided before this entry was made: {accepted} is accepted."
    ));
    step.say(match found.trace.refusal {
        None if words.terms.root.is_some() => {
            "It takes all that is within the limits; what the rules take of that comes with the outcome."
        }
        None => "The rules give the same.",
        Some(Refusal::EscrowDiffers) => {
            "The rules give another amount, so that the record refuses the entry."
        }
        Some(_) => "The record refuses the entry, for the reason above.",
    });
    let change = contract.change(contributed);
    if change == Amount::ZERO {
        step.say("Nothing went back in its transaction.");
        return step;
    }
    // Beside the contract's number stands the engine's, where the engine took the entry.
    let result = match found.trace.refusal {
        None => found.arrived.refunded,
        Some(_) => change,
    };
    step.calculate(Some(Calculation {
        what: "back in its transaction".into(),
        formula: Formula::Difference(vec![
            Formula::number(words.money(currency, contributed), symbol),
            Formula::Number(
                words.money(currency, contract.accepted),
                format!("{symbol} accepted by the contract"),
            ),
        ]),
        rounding: None,
        result: words.money(currency, result),
        unit: symbol.into(),
    }));
    step
}

/// What of its tokens and money is still to come out of the contract after the settlement.
pub(super) fn to_come_out(words: Words<'_>, found: &Found) -> Step {
    let mut step = Step::new("What comes out of the contract");
    let Some(contract) = &found.contract else {
        return step;
    };
    let row = &found.end.row;
    let (currency, symbol) = (row.currency, words.symbol(row.currency));
    let change = contract.change(row.contributed);
    let due = Amount(row.refunded.0.saturating_sub(change.0));
    if due > Amount::ZERO && change > Amount::ZERO {
        step.calculate(Some(Calculation {
            what: "due".into(),
            formula: Formula::Difference(vec![
                Formula::Number(
                    words.money(currency, row.refunded),
                    format!("{symbol} refunded"),
                ),
                Formula::Number(
                    words.money(currency, change),
                    format!("{symbol} back in its transaction"),
                ),
            ]),
            rounding: None,
            result: words.money(currency, due),
            unit: symbol.into(),
        }));
    }
    let money = words.money_text(currency, due);
    let tokens = words.tokens_text(row.tokens);
    if found.trace.refusal.is_some() && contract.accepted > Amount::ZERO {
        step.say(format!(
            "By this record {money}. The contract took it as accepted and pays what it decided."
        ));
        return step;
    }
    step.say(match (row.tokens.0 > 0, due > Amount::ZERO) {
        (true, false) => format!("{tokens}, with `softcap claim`."),
        (true, true) => format!("{tokens} and {money} together, with `softcap claim`."),
        (false, true) => format!("{money}, with `softcap refund`."),
        (false, false) => "Nothing: all of the money went back in its transaction.".to_owned(),
    });
    step.detail("Whether that was done already, the chain says and not this record.");
    step
}
