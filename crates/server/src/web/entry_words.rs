//! An entry of the log in words: what was asked, and what came of it.

use softcap_offering::{Amount, Command, InvestorId, Outcome, Refusal, terms::Terms};

use super::{
    amounts,
    language::{Language, Value},
};

/// What was asked.
pub(super) fn command_words(language: Language, terms: &Terms, command: &Command<'_>) -> String {
    let money =
        |currency: usize, amount: Amount| amounts::money(language, terms, currency, amount.0).text;
    let about = |key: &str, investor: &InvestorId<'_>, amount: &str| {
        let investor = investor.to_string();
        language.tell(
            key,
            &[
                ("investor", Value::Text(&investor)),
                ("amount", Value::Text(amount)),
            ],
        )
    };
    match command {
        Command::Contribute(new) => {
            let amount = money(new.currency.index(), new.amount);
            about("entry-contribute", &new.investor, &amount)
        }
        Command::Commit {
            investor, locked, ..
        } => about("entry-commit", investor, &money(0, *locked)),
        Command::Fund {
            investor,
            currency,
            amount,
            ..
        } => about("entry-fund", investor, &money(currency.index(), *amount)),
        Command::TakeBack {
            investor,
            currency,
            amount,
            ..
        } => about(
            "entry-take-back",
            investor,
            &money(currency.index(), *amount),
        ),
        Command::Distribute { investor, tokens } => {
            let tokens = amounts::tokens(language, terms, tokens.0).text;
            about("entry-distribute", investor, &tokens)
        }
        Command::Admit(admit) => about("entry-admit", &admit.investor, ""),
        Command::Revoke { investor, .. } => about("entry-revoke", investor, ""),
        Command::PayRefund { investor, .. } => about("entry-pay-refund", investor, ""),
        Command::Withdraw { contribution } => numbered(language, "entry-withdraw", contribution.0),
        Command::Return { contribution, .. } => numbered(language, "entry-return", contribution.0),
        Command::Reveal { bid, .. } => numbered(language, "entry-reveal", bid.0),
        Command::Announce { .. } => language.say("entry-announce"),
        Command::Rate { .. } => language.say("entry-rate"),
        Command::Pause => language.say("entry-pause"),
        Command::Resume => language.say("entry-resume"),
        Command::Seed { .. } => language.say("entry-seed"),
        Command::Document { .. } => language.say("entry-document"),
        Command::Close { .. } => language.say("entry-close"),
        Command::Cancel => language.say("entry-cancel"),
        Command::Tick => language.say("entry-tick"),
        Command::Settle => language.say("entry-settle"),
        Command::Publish { .. } => language.say("entry-publish"),
        Command::Vest { .. } => language.say("entry-vest"),
        Command::Release { .. } => language.say("entry-release"),
        Command::Escrow(_) => language.say("entry-escrow"),
    }
}

fn numbered(language: Language, key: &str, sequence: u64) -> String {
    let number = sequence.to_string();
    language.tell(key, &[("sequence", Value::Text(&number))])
}

/// What came of it.
pub(super) fn outcome_words(
    language: Language,
    terms: &Terms,
    command: &Command<'_>,
    outcome: &Outcome,
) -> String {
    match outcome {
        Outcome::Contributed(taken) => {
            let currency = if let Command::Contribute(new) = command {
                new.currency.index()
            } else {
                0
            };
            let money = |amount: Amount| amounts::money(language, terms, currency, amount.0).text;
            let tokens = amounts::tokens(language, terms, taken.tokens.0).text;
            let back = Amount(taken.refunded.0 + taken.waiting.0);
            let values = [
                ("accepted", money(taken.accepted)),
                ("back", money(back)),
                ("tokens", tokens),
            ];
            let values: Vec<(&str, Value<'_>)> = values
                .iter()
                .map(|(name, text)| (*name, text.into()))
                .collect();
            if back.is_zero() {
                language.tell("outcome-whole", &values)
            } else {
                language.tell("outcome-part", &values)
            }
        }
        Outcome::Refused(refusal) => {
            let rule = rule_words(language, *refusal);
            language.tell("outcome-refused", &[("rule", (&rule).into())])
        }
        Outcome::Done => language.say("outcome-done"),
        Outcome::Refunded { .. } | Outcome::RefundedAndPromoted { .. } => {
            language.say("outcome-refunded")
        }
        Outcome::Settled(settled) => {
            let raised = amounts::value(language, terms, settled.raised.0).text;
            let key = format!("outcome-{}", settled.verdict.name());
            language.tell(&key, &[("raised", (&raised).into())])
        }
        Outcome::RepeatOf(first) => numbered(language, "outcome-repeat", first.0),
    }
}

/// A rule of the engine: its number, which never changes, and its sentence.
pub(super) fn rule_words(language: Language, refusal: Refusal) -> String {
    let code = refusal.code().to_string();
    let sentence = language.say(&format!("rule-{code}"));
    language.tell(
        "rule-numbered",
        &[
            ("code", Value::Text(&code)),
            ("sentence", Value::Text(&sentence)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_sentence_in_every_language() {
        for refusal in Refusal::ALL {
            let key = format!("rule-{}", refusal.code());
            assert_eq!(Language::English.say(&key), refusal.sentence());
            for language in Language::ALL {
                assert!(language.knows(&key), "{language}: {key}");
            }
        }
    }
}
