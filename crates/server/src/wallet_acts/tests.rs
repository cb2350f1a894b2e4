//! What wallets were asked for, on both databases.

use alloy_primitives::{Address, B256};
use softcap_database::{Database, DatabaseUrl, temporary::TemporaryPostgres};
use softcap_evm::Turn;
use softcap_identity::{PersonId, UnixMillis};
use softcap_offering::Amount;

use super::{
    act::{ActKind, SentNote, Stage, WalletAct},
    store::WalletActs,
};

const ANNA: &str = "00000000000000000000000000000001";
const EVE: &str = "00000000000000000000000000000002";

fn person(text: &str) -> PersonId {
    text.parse().unwrap()
}

fn act(number: u64, made: i64) -> WalletAct {
    WalletAct {
        id: format!("{number:032x}").parse().unwrap(),
        person: person(ANNA),
        offering: "harbour".parse().unwrap(),
        kind: ActKind::Contribute,
        wallet: Address::repeat_byte(7),
        amount: Amount(u128::MAX),
        limit: None,
        stage: Stage::Draft,
        after: 4,
        made_at: UnixMillis::new(made),
        sent: None,
        entry: None,
    }
}

fn note() -> SentNote {
    SentNote {
        hash: B256::repeat_byte(1),
        first_hash: B256::repeat_byte(1),
        turn: Some(Turn {
            sender: Address::repeat_byte(7),
            nonce: 9,
        }),
        since: 30,
        at: UnixMillis::new(20),
        block: None,
    }
}

async fn acts_are_their_persons_and_go_one_way(url: &DatabaseUrl) {
    let database = Database::open(url, "service").await.unwrap();
    let acts = WalletActs::open(database.clone()).await.unwrap();
    let first = act(1, 10);
    acts.add(&first).await.unwrap();
    // The same form once more is the same act, whatever it says now.
    let mut again = act(1, 11);
    again.amount = Amount(1);
    acts.add(&again).await.unwrap();
    let found = acts.find(person(ANNA), &first.id).await.unwrap();
    assert_eq!(found, Some(first.clone()));
    assert_eq!(acts.find(person(EVE), &first.id).await.unwrap(), None);
    assert!(acts.wallets(person(ANNA)).await.unwrap().is_empty());

    for stage in [Stage::Asked, Stage::Declined, Stage::Asked] {
        acts.move_on(&first, stage).await.unwrap();
        let found = acts.find(person(ANNA), &first.id).await.unwrap().unwrap();
        assert_eq!(found.stage, stage);
    }
    acts.note_sent(&first, &note()).await.unwrap();
    // What was sent is not another one later, not declined, and not put away.
    let other = SentNote {
        hash: B256::repeat_byte(2),
        first_hash: B256::repeat_byte(2),
        ..note()
    };
    acts.note_sent(&first, &other).await.unwrap();
    acts.move_on(&first, Stage::Declined).await.unwrap();
    acts.discard(&first).await.unwrap();
    let found = acts.find(person(ANNA), &first.id).await.unwrap().unwrap();
    assert_eq!((found.stage, found.sent), (Stage::Sent, Some(note())));

    let seen = SentNote {
        hash: B256::repeat_byte(3),
        block: Some(31),
        ..note()
    };
    acts.note_seen(&first, &seen).await.unwrap();
    acts.finish(&first, Some(5)).await.unwrap();
    let found = acts.find(person(ANNA), &first.id).await.unwrap().unwrap();
    assert_eq!((found.stage, found.sent), (Stage::Done, Some(seen)));
    assert_eq!(found.entry, Some(5));
    let wallets = acts.wallets(person(ANNA)).await.unwrap();
    assert_eq!(wallets.len(), 1);

    // Of those that were never sent the newest stay.
    for number in 2..70 {
        acts.add(&act(number, 100 + i64::try_from(number).unwrap()))
            .await
            .unwrap();
    }
    assert_eq!(acts.find(person(ANNA), &act(2, 0).id).await.unwrap(), None);
    let newest = acts.of_person(person(ANNA)).await.unwrap();
    assert_eq!(newest.len(), 50);
    assert_eq!(newest[0].id, act(69, 0).id);
    assert!(acts.find(person(ANNA), &first.id).await.unwrap().is_some());

    acts.forget(person(EVE)).await.unwrap();
    acts.forget(person(ANNA)).await.unwrap();
    assert!(acts.of_person(person(ANNA)).await.unwrap().is_empty());
    database.close().await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    acts_are_their_persons_and_go_one_way(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let server = TemporaryPostgres::start().unwrap();
    let url = server.database("acts").await.unwrap();
    acts_are_their_persons_and_go_one_way(&url).await;
}
