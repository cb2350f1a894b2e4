//! Sums over accounts, and accounts that do not add up.

use super::*;
use crate::{Command, Contribute, Outcome, TransferId, fixture};

const EUR: CurrencyIndex = CurrencyIndex(0);

/// Ada and ben have an account each, of which they have drawn some and taken some back.
fn funded() -> Offering {
    let mut offering = fixture::open();
    let stamp = offering.now_stamp();
    let mut id = 0;
    let mut transfer = || {
        id += 1;
        TransferId([id; 16])
    };
    for (name, funds, draws, back) in [("ada", 1_000, 300, 70), ("ben", 5_000, 2_000, 11)] {
        let investor = InvestorId::Opaque(name);
        let contribute = Contribute {
            investor,
            currency: EUR,
            amount: Amount(draws),
            limit: None,
            reference: name,
            source: None,
            funding: Funding::Account,
        };
        let commands = [
            Command::Fund {
                transfer: transfer(),
                investor,
                currency: EUR,
                amount: Amount(funds),
            },
            Command::Contribute(contribute),
            Command::TakeBack {
                transfer: transfer(),
                investor,
                currency: EUR,
                amount: Amount(back),
            },
        ];
        for command in commands {
            let outcome = offering.apply(stamp, &command);
            let refused = matches!(outcome, Outcome::Refused(_));
            assert!(!refused, "{command:?}: {outcome:?}");
        }
    }
    offering
}

/// Settled as it stands.
fn settled() -> Offering {
    let mut offering = funded();
    for stamp in offering.settlement_stamps() {
        offering.apply(stamp, &Command::Tick);
    }
    offering.apply(offering.now_stamp(), &Command::Settle);
    offering
}

#[test]
fn the_accounts_of_a_currency_are_added_up_column_by_column() {
    let totals = |held, spent| AccountBalance {
        funded: Amount(6_000),
        taken_back: Amount(81),
        held: Amount(held),
        available: Amount(3_619),
        spent: Amount(spent),
    };
    assert_eq!(funded().account_totals(EUR), totals(2_300, 0));
    assert_eq!(settled().account_totals(EUR), totals(0, 2_300));
    let other = CurrencyIndex(1);
    assert_eq!(
        funded().account_totals(other),
        AccountBalance::default(),
        "no account is in it"
    );
}

#[test]
fn accounts_that_do_not_add_up_are_noticed() {
    type Break = fn(&mut Offering);
    let table: [(&str, Break); 5] = [
        ("a sum is another", |o| o.accounts.funded[0] += 1),
        ("an account has more than the sum", |o| {
            o.accounts.records[0].funded += 1;
        }),
        ("more was taken back than was free", |o| {
            o.accounts.records[0].taken_back = 701;
        }),
        ("a count is not what contributions have", |o| {
            o.accounts.records[1].uses.held -= 1;
        }),
        ("a contribution has what the count has not", |o| {
            o.contributions[2].accepted -= 1;
        }),
    ];
    assert!(funded().accounts_balance());
    for (what, change) in table {
        let mut offering = funded();
        change(&mut offering);
        assert!(!offering.accounts_balance(), "{what}");
    }
    let mut all = funded();
    all.accounts.records[0].taken_back = 700;
    assert!(all.accounts_balance(), "all of the rest may be taken back");
}
