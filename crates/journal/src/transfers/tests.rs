//! Transfers on real logs in a real database: once on both sides, wherever a process ends.

mod nodes;
mod random;
mod stops;

use std::{path::Path, str::FromStr as _, sync::Arc};

use softcap_database::DatabaseUrl;
use softcap_offering::{
    AccountBalance, Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, Outcome,
    Refusal, RequestId, TransferId,
};
use softcap_proof::{SigningKey, entry::decode};
use softcap_rails::balance::{Balance, BalanceCommand, BalanceOutcome, BalanceRefusal, PersonId};
use tokio::runtime::Runtime;

use super::{Moved, Movement, Transfers, submit};
use crate::{InvestorNumbers, Journal, JournalConfig, JournalError, LogName, SystemClock};

const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "EUR"
soft_cap = "10 EUR"
hard_cap = "1_000_000 EUR"
refund_deadline = "2099-06-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 2
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "10 HBR per 1 EUR"
contribution = { min = "0.05 EUR" }
"#;

/// An open journal and its numbers.
struct World {
    journal: Journal,
    numbers: InvestorNumbers,
}

/// Opens a folder, runs something, and drops everything as it stands: nothing is closed, nothing is
/// written behind.
fn session<T>(folder: &Path, run: impl AsyncFnOnce(&World) -> T) -> T {
    let runtime = Runtime::new().unwrap();
    let answer = runtime.block_on(async {
        let url = DatabaseUrl::Folder(folder.to_owned());
        let config = JournalConfig {
            url: url.clone(),
            folder: folder.to_owned(),
            key: SigningKey::from_entropy("softcap.example", &[7; 32]).unwrap(),
        };
        let clock = Arc::new(SystemClock::default());
        let world = World {
            journal: Journal::open(config, clock).await.unwrap(),
            numbers: InvestorNumbers::open(&url).await.unwrap(),
        };
        world.journal.open_platform().await.unwrap();
        run(&world).await
    });
    runtime.shutdown_background();
    answer
}

fn person(number: u8) -> PersonId {
    PersonId([number; 16])
}

fn name(offering: &str) -> LogName {
    LogName::from_str(offering).unwrap()
}

fn movement(id: u8, amount: u128) -> Movement {
    Movement {
        transfer: TransferId([id; 16]),
        person: person(1),
        offering: name("harbour"),
        currency: "EUR".to_owned(),
        amount: Amount(amount),
    }
}

impl World {
    fn transfers(&self) -> Transfers<'_> {
        Transfers::new(&self.journal, &self.numbers)
    }

    async fn record(&self, command: BalanceCommand<'_>) -> BalanceOutcome {
        let platform = self.journal.platform().unwrap();
        platform.record(None, &command).await.unwrap().1
    }

    async fn deposit(&self, who: PersonId, amount: u128) -> BalanceOutcome {
        self.record(BalanceCommand::Deposit {
            person: who,
            currency: "EUR",
            amount: Amount(amount),
            reference: "",
        })
        .await
    }

    /// An offering, the currency, and 100 of person 1.
    async fn begin(&self) {
        self.journal
            .announce(&name("harbour"), TERMS)
            .await
            .unwrap();
        let added = self.record(BalanceCommand::AddCurrency {
            symbol: "EUR",
            decimals: 2,
        });
        assert_eq!(added.await, BalanceOutcome::Done);
        assert_eq!(self.deposit(person(1), 100).await, BalanceOutcome::Done);
    }

    /// Another offering.
    async fn announce_quay(&self) {
        let terms = TERMS.replace("/harbour", "/quay");
        self.journal.announce(&name("quay"), &terms).await.unwrap();
    }

    async fn in_offering(&self, offering: &str, command: &Command<'_>) -> Outcome {
        let log = self.journal.offering(&name(offering)).unwrap();
        let index = submit(&log, command).await.unwrap();
        let leaf = log.reader.leaf(index.0).await.unwrap();
        decode(&leaf).unwrap().1
    }

    async fn contribute(&self, who: PersonId, offering: &str, amount: u128) -> Outcome {
        let number = self
            .numbers
            .find_or_draw(who, &name(offering))
            .await
            .unwrap();
        let contribute = Contribute {
            investor: InvestorId::Opaque(&number),
            currency: CurrencyIndex(0),
            amount: Amount(amount),
            limit: None,
            reference: "",
            source: None,
            funding: Funding::Account,
        };
        self.in_offering(offering, &Command::Contribute(contribute))
            .await
    }

    fn balance(&self, who: PersonId) -> Balance {
        let platform = self.journal.platform().unwrap();
        let log = platform.sequencer.read();
        let balances = log.machine().balances();
        assert!(balances.is_consistent());
        balances.balance(who, "EUR")
    }

    async fn account(&self, who: PersonId, offering: &str) -> AccountBalance {
        let number = self.numbers.find(who, &name(offering)).await.unwrap();
        let Some(number) = number else {
            return AccountBalance::default();
        };
        let log = self.journal.offering(&name(offering)).unwrap();
        let log = log.sequencer.read();
        let offering = log.machine().offering();
        offering
            .find_investor(InvestorId::Opaque(&number))
            .map_or(AccountBalance::default(), |investor| {
                offering.account(investor, CurrencyIndex(0))
            })
    }

    /// Entries of the platform and of the offering.
    fn sizes(&self) -> (u64, u64) {
        let offering = self.journal.offering(&name("harbour")).unwrap();
        let platform = self.journal.platform().unwrap();
        (platform.reader.size(), offering.reader.size())
    }

    fn state_hash(&self) -> [u8; 32] {
        let platform = self.journal.platform().unwrap();
        let log = platform.sequencer.read();
        log.machine().balances().state_hash()
    }
}

#[test]
fn many_funds_with_one_id_at_once_are_one() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path(), async |world| {
        world.begin().await;
        let transfers = world.transfers();
        let wanted = movement(1, 60);
        let both = || async { tokio::join!(transfers.fund(&wanted), transfers.recover()) };
        let ((one, three), (two, four)) = tokio::join!(both(), both());
        for moved in [one, two] {
            assert_eq!(moved.unwrap(), Moved::Done);
        }
        for recovered in [three, four] {
            assert!(recovered.unwrap().left.is_empty());
        }
        let held = world.balance(person(1));
        assert_eq!(
            (held.available, held.in_offerings),
            (Amount(40), Amount(60))
        );
        let account = world.account(person(1), "harbour").await;
        assert_eq!(
            (account.funded, account.available),
            (Amount(60), Amount(60))
        );
        // The same id for something else.
        let refused = transfers.fund(&movement(1, 61)).await;
        assert!(matches!(refused, Err(JournalError::OtherTransfer)));
        let refused = transfers.take_back(&wanted).await;
        assert!(matches!(refused, Err(JournalError::OtherTransfer)));
    });
}

#[test]
fn an_id_that_the_offering_knows_from_elsewhere_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path(), async |world| {
        world.begin().await;
        let taken = world.journal.announce(&LogName::platform(), TERMS).await;
        assert!(matches!(taken, Err(JournalError::LogExists(_))));
        let transfers = world.transfers();
        let raw = |id, amount| Command::Fund {
            transfer: TransferId([id; 16]),
            investor: InvestorId::Opaque("stranger"),
            currency: CurrencyIndex(0),
            amount: Amount(amount),
        };
        assert_eq!(
            world.in_offering("harbour", &raw(1, 5)).await,
            Outcome::Done
        );
        let moved = transfers.fund(&movement(1, 60)).await.unwrap();
        assert_eq!(moved, Moved::IdUsedInOffering);
        assert_eq!(world.balance(person(1)).available, Amount(100));

        // The same money for another investor: nobody but a person can tell whose that is.
        assert_eq!(
            world.in_offering("harbour", &raw(2, 60)).await,
            Outcome::Done
        );
        let unclear = transfers.fund(&movement(2, 60)).await;
        assert!(matches!(unclear, Err(JournalError::UnclearTransfer { .. })));
        let recovered = transfers.recover().await.unwrap();
        assert_eq!((recovered.finished, recovered.cancelled), (0, 0));
        assert_eq!(recovered.left[0].0, TransferId([2; 16]));
        assert_eq!(world.balance(person(1)).available, Amount(40));
    });
}

#[test]
fn a_currency_must_mean_the_same_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path(), async |world| {
        world
            .journal
            .announce(&name("harbour"), TERMS)
            .await
            .unwrap();
        let before = world.sizes();
        // Unknown to the platform: refused, and no number is missed.
        let refused = world.transfers().fund(&movement(1, 5)).await.unwrap();
        let expected = Moved::RefusedByPlatform(BalanceRefusal::UnknownCurrency);
        assert_eq!(refused, expected);
        for (symbol, decimals) in [("EUR", 3), ("USD", 2)] {
            let added = BalanceCommand::AddCurrency { symbol, decimals };
            assert_eq!(world.record(added).await, BalanceOutcome::Done);
            let mut wanted = movement(2, 5);
            wanted.currency = symbol.to_owned();
            let error = world.transfers().fund(&wanted).await.unwrap_err();
            assert!(matches!(error, JournalError::NotOnBalance(_)), "{error}");
        }
        assert_eq!(world.sizes(), (before.0 + 3, before.1));
        let mut wanted = movement(3, 5);
        wanted.offering = name("nowhere");
        let error = world.transfers().fund(&wanted).await.unwrap_err();
        assert!(matches!(error, JournalError::NoSuchLog(_)), "{error}");
    });
}

#[test]
fn a_person_is_forgotten_when_no_money_is_left_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path(), async |world| {
        world.begin().await;
        let (transfers, numbers) = (world.transfers(), &world.numbers);
        let harbour = name("harbour");
        transfers.fund(&movement(1, 60)).await.unwrap();
        let number = numbers.find(person(1), &harbour).await.unwrap().unwrap();
        let owner = numbers.person(&harbour, &number).await.unwrap();
        assert_eq!(owner, Some(person(1)));
        let elsewhere = numbers
            .find_or_draw(person(1), &name("quay"))
            .await
            .unwrap();
        let other = numbers.find_or_draw(person(2), &harbour).await.unwrap();
        assert!(number != elsewhere && number != other);
        let again = numbers.find_or_draw(person(2), &harbour).await.unwrap();
        assert_eq!(again, other);

        let refused = transfers.forget(person(1)).await.unwrap_err();
        assert!(matches!(refused, JournalError::HasMoney), "{refused}");
        world.announce_quay().await;
        let opened = super::Opened {
            direction: softcap_rails::balance::Direction::FromOffering,
            movement: movement(2, 60),
        };
        transfers.open(&opened).await.unwrap().unwrap();
        let refused = transfers.forget(person(1)).await.unwrap_err();
        assert!(matches!(refused, JournalError::HasMoney), "{refused}");
        assert_eq!(transfers.recover().await.unwrap().finished, 1);
        transfers.forget(person(1)).await.unwrap();
        assert_eq!(numbers.of_person(person(1)).await.unwrap(), []);
        assert_eq!(numbers.person(&harbour, &number).await.unwrap(), None);
        let kept = numbers.of_person(person(2)).await.unwrap();
        assert_eq!(kept, [(harbour.clone(), other)]);
        let new = numbers.find_or_draw(person(1), &harbour).await.unwrap();
        assert_ne!(new, number);
    });
}

#[test]
fn a_request_to_the_platform_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let request = Some(RequestId([5; 16]));
    let deposit = |amount| BalanceCommand::Deposit {
        person: person(1),
        currency: "EUR",
        amount: Amount(amount),
        reference: "bank 17",
    };
    let first = session(folder.path(), async |world| {
        world.begin().await;
        let platform = world.journal.platform().unwrap();
        platform.record(request, &deposit(11)).await.unwrap()
    });
    session(folder.path(), async |world| {
        let platform = world.journal.platform().unwrap();
        let before = world.sizes();
        let again = platform.record(request, &deposit(11)).await.unwrap();
        assert_eq!(again, first);
        let other = platform.record(request, &deposit(12)).await;
        assert!(matches!(other, Err(JournalError::OtherContent { .. })));
        assert_eq!(world.sizes(), before);
        assert_eq!(world.balance(person(1)).available, Amount(111));
        let receipt = platform.reader.receipt(first.0.0).await.unwrap();
        assert!(!receipt.to_string().is_empty());
    });
}
