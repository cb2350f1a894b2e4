//! States that no sale leads to: each is written with a right hash, and refused for what is wrong.

use std::sync::Arc;

use super::StateError;
use crate::{
    Amount, Command, ContributionIndex, CurrencyIndex, Document, DocumentExit, InvestorId,
    InvestorIndex, LimitPrice, LineIndex, Offering, Outcome, Position, RoundIndex, Sequence, Stamp,
    TransferId, WithdrawalMark,
    admissions::{Admission, Standing},
    fixture,
    offering::Stage,
    pauses::Pause,
    settlement::Settlement,
};

const BADLY_COVERED: &str = "an account does not cover its contributions";

type Forge = fn(&mut Offering);

/// Reads the state back after something in it was forged.
fn forged(mut offering: Offering, forge: Forge) -> Result<Offering, StateError> {
    forge(&mut offering);
    let mut bytes = Vec::new();
    offering.write_state(&mut bytes).unwrap();
    Offering::read_state(Arc::clone(&offering.terms), 0, bytes.as_slice())
}

fn settled(offering: &mut Offering) -> &mut Settlement {
    offering.settlement.as_mut().unwrap()
}

fn admission(older: u32) -> Admission {
    Admission {
        round: RoundIndex(0),
        standing: Standing::Valid,
        limit: None,
        expires: None,
        guaranteed: 0,
        withdrawal: WithdrawalMark::Unmarked,
        older,
    }
}

fn document(sequence: u64) -> Document {
    Document {
        sequence: Sequence(sequence),
        stamp: Stamp {
            line: LineIndex(0),
            position: Position(7),
        },
        hash: [3; 32],
        exit: DocumentExit::WithdrawalUntil(Position(9)),
    }
}

fn pause(from: u64, ends: u64) -> Pause {
    let stamp = Stamp {
        line: LineIndex(0),
        position: Position(from),
    };
    Pause {
        from: stamp,
        ends: Position(ends),
    }
}

/// Moves money into the account of the first investor.
fn fund(sale: &mut Offering, amount: u128) {
    let command = Command::Fund {
        transfer: TransferId([7; 16]),
        investor: InvestorId::Opaque("ada"),
        currency: CurrencyIndex(0),
        amount: Amount(amount),
    };
    assert_eq!(sale.apply(sale.now_stamp(), &command), Outcome::Done);
}

const ADDRESS: &str = "0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85";

/// Of the same sale with an account.
const FUNDED: [(Forge, Option<&str>); 8] = [
    (|sale| fund(sale, 10), None),
    (
        |sale| {
            fund(sale, 10);
            sale.accounts.records[0].taken_back = 11;
        },
        Some(BADLY_COVERED),
    ),
    (
        |sale| {
            fund(sale, 500);
            sale.contributions[0].holder = crate::accounts::Holder::Account;
            sale.recount_accounts();
        },
        None,
    ),
    (
        |sale| {
            fund(sale, 499);
            sale.contributions[0].holder = crate::accounts::Holder::Account;
        },
        Some(BADLY_COVERED),
    ),
    (
        |sale| {
            fund(sale, 500);
            sale.contributions[1].holder = crate::accounts::Holder::Account;
        },
        Some(BADLY_COVERED),
    ),
    (
        |sale| {
            fund(sale, 10);
            let account = sale.accounts.records[0];
            sale.accounts.records.push(account);
        },
        Some("an account stands there twice or is too large"),
    ),
    (
        |sale| {
            fund(sale, 10);
            sale.next = Sequence(sale.next.0 - 1);
        },
        Some("an id has a number that is not given yet"),
    ),
    (
        |sale| {
            fund(sale, 10);
            sale.apply(sale.now_stamp(), &Command::Tick);
            sale.transfers.ids.push([7; 16]);
        },
        Some("an id stands there twice"),
    ),
];

/// Of an open sale in which two people paid 500 each.
const OPEN: [(Forge, Option<&str>); 36] = [
    (|_| (), None),
    (
        |sale| sale.contributions[1].sequence = sale.next,
        Some("a contribution has a number that is not given yet"),
    ),
    (
        |sale| sale.contributions[1].sequence = Sequence(1),
        Some("a contribution has a number that is not given yet"),
    ),
    (
        |sale| sale.contributions[0].position = Position(u64::MAX),
        None,
    ),
    (
        |sale| sale.contributions[0].investor = InvestorIndex(2),
        Some("there is no such investor"),
    ),
    (|sale| sale.contributions[0].rate = u32::MAX, None),
    (
        |sale| sale.contributions[0].rate = 1,
        Some("there is no such rate"),
    ),
    (|sale| sale.contributions[0].round = u8::MAX, None),
    (
        |sale| sale.contributions[0].round = 1,
        Some("there is no such round"),
    ),
    (
        |sale| sale.contributions[0].currency = CurrencyIndex(1),
        Some("there is no such currency"),
    ),
    (
        |sale| sale.contributions[0].accepted = 501,
        Some("more is accepted than was contributed"),
    ),
    (
        |sale| sale.investors.get_mut(InvestorIndex(1)).admission = 1,
        Some("there is no such admission"),
    ),
    (
        |sale| sale.investors.get_mut(InvestorIndex(1)).round = 1,
        Some("there is no such round"),
    ),
    (
        |sale| {
            let first = sale.investors.get(InvestorIndex(0)).clone();
            sale.investors.records.push(first);
        },
        Some("an investor stands there twice"),
    ),
    (
        |sale| {
            let _ = sale.investors.find_or_insert(InvestorId::Opaque("a b"));
        },
        Some("this is no investor id"),
    ),
    (
        |sale| {
            let _ = sale.investors.find_or_insert(InvestorId::Opaque(ADDRESS));
        },
        Some("this is no investor id"),
    ),
    (
        |sale| {
            let long = "a".repeat(101);
            let _ = sale.investors.find_or_insert(InvestorId::Opaque(&long));
        },
        Some("this is no investor id"),
    ),
    (|sale| sale.admissions.push(admission(0)), None),
    (
        |sale| sale.admissions.push(admission(1)),
        Some("an older admission is not older"),
    ),
    (
        |sale| {
            sale.contributions[0].accepted = 400;
            sale.rounds[0].waiting = [(ContributionIndex(0), 100)].into();
        },
        None,
    ),
    (
        |sale| {
            sale.contributions[0].accepted = 400;
            sale.rounds[0].waiting = [(ContributionIndex(0), 101)].into();
        },
        Some("a waiting list is not one of this round"),
    ),
    (
        |sale| {
            sale.contributions[0].accepted = 400;
            sale.rounds[0].waiting = [(ContributionIndex(0), 0)].into();
        },
        Some("a waiting list is not one of this round"),
    ),
    (
        |sale| {
            sale.contributions[0].accepted = 400;
            sale.rounds[0].waiting = [(ContributionIndex(0), 9), (ContributionIndex(0), 9)].into();
        },
        Some("a waiting list is not one of this round"),
    ),
    (
        |sale| {
            sale.contributions[0].accepted = 0;
            sale.contributions[0].round = u8::MAX;
            sale.rounds[0].waiting = [(ContributionIndex(0), 100)].into();
        },
        Some("a waiting list is not one of this round"),
    ),
    (|sale| sale.pauses.current = Some(pause(7, 7)), None),
    (
        |sale| sale.pauses.past.push(pause(8, 7)),
        Some("a pause ends before it begins"),
    ),
    (
        |sale| {
            let _ = sale.kept.insert(ContributionIndex(0), 1);
        },
        Some("more is kept than was contributed"),
    ),
    (
        |sale| {
            let _ = sale.over_limit.insert(ContributionIndex(2));
        },
        Some("there is no such contribution"),
    ),
    (|sale| sale.documents = vec![document(0), document(1)], None),
    (
        |sale| sale.documents = vec![document(1), document(1)],
        Some("documents are not in the order of entries"),
    ),
    (
        |sale| sale.documents = vec![document(sale.next.0)],
        Some("documents are not in the order of entries"),
    ),
    (
        |sale| sale.document_exits = vec![(Sequence(1), Position(9)), (Sequence(1), Position(8))],
        Some("exits are not in order"),
    ),
    (
        |sale| sale.document_exits = vec![(Sequence(1), Position(9)), (Sequence(2), Position(9))],
        Some("exits are not in order"),
    ),
    (
        |sale| {
            let (money, tokens) = (1, 0);
            let limit = LimitPrice { money, tokens };
            sale.bids.open.push((ContributionIndex(0), limit));
        },
        Some("a price is for no tokens"),
    ),
    (
        |sale| sale.rates.current[0].as_mut().unwrap().index = 1,
        Some("there is no such rate"),
    ),
    (
        |sale| {
            let key = (InvestorIndex(0), RoundIndex(1));
            let _ = sale.other_rounds.insert(key, (1, 1));
        },
        Some("there is no such round"),
    ),
];

/// Of the same sale, settled.
const SETTLED: [(Forge, Option<&str>); 6] = [
    (|_| (), None),
    (|sale| settled(sale).after.distributed = vec![1, 2], None),
    (
        |sale| settled(sale).after.distributed = vec![1, 2, 3],
        Some("more got tokens than there are investors"),
    ),
    (
        |sale| settled(sale).after.released = 1,
        Some("there is no such milestone"),
    ),
    (
        |sale| {
            let refund = (InvestorIndex(2), CurrencyIndex(0));
            settled(sale).after.refunds_paid.insert(refund);
        },
        Some("there is no such investor"),
    ),
    (
        |sale| settled(sale).at.position = Position(sale.latest[0].0 + 1),
        Some("the settlement lies ahead"),
    ),
];

#[test]
fn what_no_sale_leads_to_is_refused_and_named() {
    let open = OPEN.iter().chain(&FUNDED);
    let open = open.map(|row| (fixture::open(), row));
    let settled = SETTLED.iter().map(|row| (fixture::settled(), row));
    for (place, (offering, (forge, expected))) in open.chain(settled).enumerate() {
        let found = match forged(offering, *forge) {
            Ok(_) => None,
            Err(StateError::Malformed { problem, .. }) => Some(problem),
            Err(other) => panic!("row {place}: {other}"),
        };
        assert_eq!(found, *expected, "row {place}");
    }
}

#[test]
fn a_settlement_stands_there_if_the_stage_says_so() {
    let without = forged(fixture::open(), |sale| sale.stage = Stage::Settled);
    assert!(without.is_err());
    let with = forged(fixture::settled(), |sale| sale.stage = Stage::Running);
    assert!(matches!(with, Err(StateError::Damaged { .. })), "{with:?}");
}
