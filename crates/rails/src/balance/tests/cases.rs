//! Cases by hand.

use softcap_offering::{Amount, RequestId, Sequence, TransferId};

use super::model::{assert_adds_up, person, with_currencies};
use crate::balance::{
    Balance, BalanceCommand, BalanceOutcome, BalanceRefusal, Balances, Direction, MAX_CURRENCIES,
    TransferStage,
};

const EUR: &str = "EUR";

fn deposit(who: u8, amount: u128) -> BalanceCommand<'static> {
    BalanceCommand::Deposit {
        person: person(who),
        currency: EUR,
        amount: Amount(amount),
        reference: "bank 1",
    }
}

fn withdraw(who: u8, amount: u128) -> BalanceCommand<'static> {
    BalanceCommand::Withdraw {
        person: person(who),
        currency: EUR,
        amount: Amount(amount),
        reference: "bank 2",
    }
}

fn open(id: u8, direction: Direction, amount: u128) -> BalanceCommand<'static> {
    BalanceCommand::OpenTransfer {
        transfer: TransferId([id; 16]),
        direction,
        person: person(1),
        offering: "harbour",
        currency: EUR,
        amount: Amount(amount),
    }
}

fn finish(id: u8) -> BalanceCommand<'static> {
    BalanceCommand::FinishTransfer {
        transfer: TransferId([id; 16]),
    }
}

fn cancel(id: u8) -> BalanceCommand<'static> {
    BalanceCommand::CancelTransfer {
        transfer: TransferId([id; 16]),
    }
}

/// Rows of a script: the entry, its outcome, then available and in offerings of person 1.
type Script<'a> = &'a [(BalanceCommand<'a>, BalanceOutcome, u128, u128)];

fn play(rows: Script<'_>) -> Balances {
    let mut balances = with_currencies();
    for (place, (command, outcome, available, in_offerings)) in rows.iter().enumerate() {
        assert_eq!(
            balances.apply(None, command),
            *outcome,
            "row {place}: {command:?}"
        );
        let held = balances.balance(person(1), EUR);
        let now = (held.available.0, held.in_offerings.0);
        assert_eq!(now, (*available, *in_offerings), "row {place}: {command:?}");
        assert_adds_up(held);
        assert!(balances.is_consistent(), "row {place}");
    }
    balances
}

const DONE: BalanceOutcome = BalanceOutcome::Done;

fn refused(refusal: BalanceRefusal) -> BalanceOutcome {
    BalanceOutcome::Refused(refusal)
}

#[test]
fn money_goes_to_an_offering_and_back() {
    use BalanceRefusal::{InsufficientBalance, NotInOffering, TransferFinished};
    use Direction::{FromOffering, ToOffering};
    let balances = play(&[
        (deposit(1, 100), DONE, 100, 0),
        (
            open(1, ToOffering, 101),
            refused(InsufficientBalance),
            100,
            0,
        ),
        (open(1, ToOffering, 60), DONE, 40, 60),
        // It is on its way: not here and not yet there.
        (withdraw(1, 41), refused(InsufficientBalance), 40, 60),
        (open(2, FromOffering, 1), refused(NotInOffering), 40, 60),
        (finish(1), DONE, 40, 60),
        (finish(1), refused(TransferFinished), 40, 60),
        (cancel(1), refused(TransferFinished), 40, 60),
        (open(2, FromOffering, 25), DONE, 40, 60),
        (open(3, FromOffering, 36), refused(NotInOffering), 40, 60),
        (open(3, FromOffering, 35), DONE, 40, 60),
        (finish(2), DONE, 65, 35),
        (cancel(3), DONE, 65, 35),
        (open(4, FromOffering, 35), DONE, 65, 35),
        (finish(4), DONE, 100, 0),
        (withdraw(1, 100), DONE, 0, 0),
    ]);
    assert_eq!(balances.open_transfers().count(), 0);
    assert_eq!(
        balances.total(EUR),
        Balance {
            deposited: Amount(100),
            withdrawn: Amount(100),
            ..Balance::default()
        }
    );
}

#[test]
fn a_refused_transfer_gives_everything_back_once() {
    use BalanceRefusal::{NoSuchTransfer, TransferCancelled};
    let balances = play(&[
        (deposit(1, 10), DONE, 10, 0),
        (cancel(1), refused(NoSuchTransfer), 10, 0),
        (finish(1), refused(NoSuchTransfer), 10, 0),
        (open(1, Direction::ToOffering, 10), DONE, 0, 10),
        (cancel(1), DONE, 10, 0),
        (cancel(1), refused(TransferCancelled), 10, 0),
        (finish(1), refused(TransferCancelled), 10, 0),
    ]);
    let transfer = balances.transfer(TransferId([1; 16])).unwrap();
    assert_eq!(transfer.stage, TransferStage::Cancelled);
    assert_eq!((transfer.offering, transfer.currency), ("harbour", EUR));
}

#[test]
fn an_id_opens_one_transfer_whatever_it_asks_for_again() {
    let mut balances = with_currencies();
    balances.apply(None, &deposit(1, 100));
    let first = balances.next_sequence();
    assert_eq!(
        balances.apply(None, &open(7, Direction::ToOffering, 30)),
        DONE
    );
    for (direction, amount) in [
        (Direction::ToOffering, 30),
        (Direction::ToOffering, 31),
        (Direction::FromOffering, 30),
        (Direction::ToOffering, 0),
    ] {
        let again = balances.apply(None, &open(7, direction, amount));
        assert_eq!(again, BalanceOutcome::RepeatOf(first));
    }
    assert_eq!(balances.balance(person(1), EUR).available, Amount(70));
}

#[test]
fn a_request_counts_once_whatever_became_of_it() {
    let mut balances = with_currencies();
    let request = Some(RequestId([9; 16]));
    let first = balances.next_sequence();
    let outcome = balances.apply(request, &withdraw(1, 5));
    assert_eq!(outcome, refused(BalanceRefusal::InsufficientBalance));
    for command in [withdraw(1, 5), deposit(1, 5)] {
        let again = balances.apply(request, &command);
        assert_eq!(again, BalanceOutcome::RepeatOf(first));
    }
    assert_eq!(balances.total(EUR), Balance::default());
    assert_eq!(balances.next_sequence(), Sequence(first.0 + 3));
}

fn currency(symbol: &str, decimals: u8) -> BalanceCommand<'_> {
    BalanceCommand::AddCurrency { symbol, decimals }
}

#[test]
fn what_is_no_money_is_refused_by_name() {
    use BalanceRefusal::{
        AmountTooLarge, CurrencyExists, NotACurrency, TooManyCurrencies, UnknownCurrency, Zero,
    };
    let mut balances = with_currencies();
    let mut check = |command: BalanceCommand<'_>, expected: BalanceOutcome| {
        assert_eq!(balances.apply(None, &command), expected, "{command:?}");
    };
    check(currency(EUR, 3), refused(CurrencyExists));
    for symbol in ["", "A symbol", "SEVENTEEN-LETTERS", "€"] {
        check(currency(symbol, 2), refused(NotACurrency));
    }
    check(currency("BIG", 31), refused(NotACurrency));
    check(currency("BIG", 30), DONE);
    check(deposit(1, 0), refused(Zero));
    check(withdraw(1, 0), refused(Zero));
    check(open(1, Direction::ToOffering, 0), refused(Zero));
    let unknown = BalanceCommand::Deposit {
        person: person(1),
        currency: "eur",
        amount: Amount(1),
        reference: "",
    };
    check(unknown, refused(UnknownCurrency));
    check(deposit(1, u128::MAX), DONE);
    check(deposit(2, 1), refused(AmountTooLarge));
    // Also after it left: what ever came in must fit.
    check(withdraw(1, u128::MAX), DONE);
    check(deposit(1, 1), refused(AmountTooLarge));
    for number in 3..MAX_CURRENCIES {
        check(currency(&format!("C{number}"), 0), DONE);
    }
    check(currency("LAST", 0), refused(TooManyCurrencies));
}

#[test]
fn refusals_have_numbers_names_and_remedies_of_their_own() {
    for (place, refusal) in BalanceRefusal::ALL.iter().enumerate() {
        assert_eq!(BalanceRefusal::from_code(refusal.code()), Some(*refusal));
        assert!(refusal.sentence().ends_with('.') && refusal.remedy().ends_with('.'));
        for other in &BalanceRefusal::ALL[..place] {
            assert_ne!(other.code(), refusal.code());
            assert_ne!(other.name(), refusal.name());
        }
    }
    assert_eq!(BalanceRefusal::from_code(0), None);
}

#[test]
fn the_page_lists_every_refusal_as_it_is() {
    let page = include_str!("../../../../../docs/balances.md");
    let is_row = |line: &&str| line.starts_with("| ") && line.matches(" | ").count() == 3;
    let rows = page
        .lines()
        .filter(is_row)
        .filter(|line| line.contains(". | "));
    let expected: Vec<_> = BalanceRefusal::ALL
        .iter()
        .map(|refusal| {
            let (code, name) = (refusal.code(), refusal.name());
            let (sentence, remedy) = (refusal.sentence(), refusal.remedy());
            format!("| {code} | `{name}` | {sentence} | {remedy} |")
        })
        .collect();
    assert_eq!(rows.collect::<Vec<_>>(), expected);
}
