//! Two nodes on one PostgreSQL, neither of which follows the other: what one of them must know of the
//! other it asks for.

use softcap_database::{Database, temporary::TemporaryPostgres};
use softcap_rails::balance::Direction;

use super::{super::Opened, *};

async fn node(url: &DatabaseUrl, folder: &Path) -> World {
    let config = JournalConfig {
        url: url.clone(),
        folder: folder.to_owned(),
        key: SigningKey::from_entropy("softcap.example", &[7; 32]).unwrap(),
    };
    let clock = Arc::new(SystemClock::default());
    World {
        journal: Journal::open(config, clock).await.unwrap(),
        numbers: InvestorNumbers::open(url).await.unwrap(),
    }
}

async fn is_refused(node: &World) {
    let refused = node.transfers().forget(person(1)).await.unwrap_err();
    assert!(matches!(refused, JournalError::HasMoney), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_whose_money_another_node_moves_is_not_forgotten() {
    let server = TemporaryPostgres::start().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let here = node(&server.url(), folders[0].path()).await;
    here.journal.open_platform().await.unwrap();
    here.begin().await;
    let there = node(&server.url(), folders[1].path()).await;
    let opened = |id, direction| Opened {
        direction,
        movement: movement(id, 60),
    };
    // On its way, arrived, and on its way back: the other node was told of none of it.
    let fund = opened(1, Direction::ToOffering);
    here.transfers().open(&fund).await.unwrap().unwrap();
    is_refused(&there).await;
    here.transfers().finish(&fund).await.unwrap();
    is_refused(&there).await;
    let back = opened(2, Direction::FromOffering);
    here.transfers().open(&back).await.unwrap().unwrap();
    is_refused(&there).await;
    here.transfers().finish(&back).await.unwrap();

    let number = here.numbers.find(person(1), &name("harbour")).await;
    assert!(number.unwrap().is_some());
    there.transfers().forget(person(1)).await.unwrap();
    assert_eq!(here.numbers.of_person(person(1)).await.unwrap(), []);
}

/// Waits until somebody waits for a lock.
async fn somebody_waits(server: &TemporaryPostgres) {
    const TEXT: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let Database::Postgres(pool) = Database::open(&server.url(), "-").await.unwrap() else {
        panic!("this is PostgreSQL")
    };
    while sqlx::query_scalar::<_, i64>(TEXT)
        .fetch_one(&pool)
        .await
        .unwrap()
        == 0
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_money_waits_until_it_is_decided_whether_the_person_is_forgotten() {
    let server = TemporaryPostgres::start().unwrap();
    let here = InvestorNumbers::open(&server.url()).await.unwrap();
    let there = Arc::new(InvestorNumbers::open(&server.url()).await.unwrap());
    let harbour = name("harbour");
    let ask = || {
        let there = Arc::clone(&there);
        tokio::spawn(async move {
            let number = there
                .find_or_draw_settled(person(1), &name("harbour"))
                .await;
            number.unwrap()
        })
    };
    let first = here.find_or_draw(person(1), &harbour).await.unwrap();
    assert_eq!(ask().await.unwrap(), first);

    let leaving = here.leave(person(1)).await.unwrap();
    assert_eq!(leaving.rows(), [(harbour.clone(), first.clone())]);
    let asked = ask();
    somebody_waits(&server).await;
    drop(leaving);
    assert_eq!(asked.await.unwrap(), first, "nobody was forgotten");

    let leaving = here.leave(person(1)).await.unwrap();
    let asked = ask();
    somebody_waits(&server).await;
    // A number in another offering is drawn meanwhile, and stays.
    let quay = there.find_or_draw(person(1), &name("quay")).await.unwrap();
    leaving.erase().await.unwrap();
    let second = asked.await.unwrap();
    assert_ne!(second, first);
    let left = here.of_person(person(1)).await.unwrap();
    assert_eq!(left, [(harbour, second), (name("quay"), quay)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_that_another_node_made_is_found() {
    let server = TemporaryPostgres::start().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let here = node(&server.url(), folders[0].path()).await;
    let there = node(&server.url(), folders[1].path()).await;
    assert!(there.journal.find_platform().await.unwrap().is_none());
    here.journal.open_platform().await.unwrap();
    here.begin().await;
    assert!(there.journal.platform().is_err(), "it was not told");
    let found = there.journal.find_platform().await.unwrap().unwrap();
    let balance = found
        .sequencer
        .read()
        .machine()
        .balances()
        .balance(person(1), "EUR");
    assert_eq!(balance.available, Amount(100));
}
