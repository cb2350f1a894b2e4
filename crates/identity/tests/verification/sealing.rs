//! What a person said opens in its place, with the person's own key, and unchanged.

use softcap_database::{Database, DatabaseUrl, on_reader, on_writer};
use softcap_identity::{KeyPurpose, Keys, People, PersonId, PersonKeys, PersonalKey, Site};

use crate::{NOW, Office, SAID, code};

pub(crate) async fn v11_3_3_swapped_rows_and_flipped_bits_open_nothing(office: &Office) {
    let (anna, bela) = (office.submitted().await, office.submitted().await);
    let cases = &office.cases;
    assert_eq!(cases.own_values(anna).await.unwrap().len(), SAID.len());
    // Another person's row in the place of one's own.
    const SWAP: &str = "UPDATE verification_value SET sealed = \
         (SELECT other.sealed FROM verification_value AS other WHERE other.person = $2 AND other.field = 'country') \
         WHERE person = $1 AND field = 'country'";
    office
        .execute(SWAP, &[anna.to_string(), bela.to_string()])
        .await;
    assert_eq!(code(cases.own_values(anna).await), "A492");
    // Another field of the same person.
    let carl = office.submitted().await;
    const MOVE: &str = "UPDATE verification_value SET sealed = \
         (SELECT other.sealed FROM verification_value AS other WHERE other.person = $1 AND other.field = 'address') \
         WHERE person = $1 AND field = 'country'";
    office.execute(MOVE, &[carl.to_string()]).await;
    assert_eq!(code(cases.own_values(carl).await), "A492");
    // One bit.
    const READ: &str =
        "SELECT sealed FROM verification_value WHERE person = $1 AND field = 'country'";
    const WRITE: &str =
        "UPDATE verification_value SET sealed = $2 WHERE person = $1 AND field = 'country'";
    let who = bela.to_string();
    let whole: Vec<u8> = on_reader!(&office.database, |pool| sqlx::query_scalar(READ)
        .bind(&who)
        .fetch_one(pool)
        .await)
    .unwrap();
    assert!(!String::from_utf8_lossy(&whole).contains("SE"));
    for byte in 0..whole.len() {
        let mut changed = whole.clone();
        changed[byte] ^= 0x10;
        on_writer!(&office.database, |pool| sqlx::query(WRITE)
            .bind(&who)
            .bind(&changed)
            .execute(pool)
            .await
            .map(drop))
        .unwrap();
        assert_eq!(code(cases.own_values(bela).await), "A492", "byte {byte}");
    }
}

pub(crate) async fn a_destroyed_key_opens_nothing_again(office: &Office) {
    let anna = office.submitted().await;
    let keys = PersonKeys::new(office.keys.clone(), office.people.clone());
    let found = keys.find(anna, KeyPurpose::Verification).await.unwrap();
    assert!(found.is_some());
    let destroyed = keys.destroy(anna, KeyPurpose::Verification).await;
    assert!(destroyed.unwrap());
    assert_eq!(code(office.cases.own_values(anna).await), "A911");
    assert_eq!(
        code(office.cases.read(office.rita, anna, NOW).await),
        "A911"
    );
    // A key that is made later is another one.
    let made = keys.find_or_make(anna, KeyPurpose::Verification, NOW).await;
    made.unwrap();
    assert_eq!(code(office.cases.own_values(anna).await), "A492");
}

#[tokio::test]
async fn a_destroyed_key_is_nowhere_in_the_files() {
    const WRAPPED: &str = "SELECT wrapped FROM person_key WHERE person = $1";
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    let service = Database::open(&url, "service").await.unwrap();
    Keys::migrations().run(&service).await.unwrap();
    let database = Database::open_erasable(&url, PersonKeys::DATABASE).await;
    let database = database.unwrap();
    PersonKeys::migrations().run(&database).await.unwrap();
    let site = Site {
        name: "Harbour".to_owned(),
        origin: "https://sale.example".to_owned(),
    };
    let people = People::open(service, PersonalKey::new(&[7; 32]), site).unwrap();
    let keys = PersonKeys::new(database.clone(), people);
    let (anna, bela) = (PersonId::random().unwrap(), PersonId::random().unwrap());
    let mut wrapped = Vec::new();
    for person in [anna, bela] {
        let made = keys.find_or_make(person, KeyPurpose::Verification, NOW);
        made.await.unwrap();
        let who = person.to_string();
        let row: Vec<u8> = on_reader!(&database, |pool| sqlx::query_scalar(WRAPPED)
            .bind(&who)
            .fetch_one(pool)
            .await)
        .unwrap();
        wrapped.push(row);
    }
    let holds = |bytes: &[u8]| {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut files = entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.any(|file| file.windows(bytes.len()).any(|window| window == bytes))
    };
    assert!(holds(&wrapped[0]) && holds(&wrapped[1]));
    keys.destroy(anna, KeyPurpose::Verification).await.unwrap();
    assert!(!holds(&wrapped[0]), "it can be read back");
    assert!(holds(&wrapped[1]));
    let found = keys.find(bela, KeyPurpose::Verification).await.unwrap();
    assert!(found.is_some());
    keys.close().await;
    assert!(!holds(&wrapped[0]));
}
