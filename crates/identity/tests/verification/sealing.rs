//! What a person said opens in its place, with the person's own key, and unchanged.

use softcap_database::{Database, DatabaseUrl, on_reader, on_writer};
use softcap_identity::{
    KeyPurpose, Keys, People, PersonId, PersonKeys, PersonalKey, PersonalKeyText, Verifications,
};

use crate::{DAY, NOW, Office, SAID, code, settings, site};

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
    // Long enough that sealed bytes do not have it by chance, as they may have the two letters of a country.
    const ADDRESS: &str =
        "SELECT sealed FROM verification_value WHERE person = $1 AND field = 'address'";
    let address: Vec<u8> = on_reader!(&office.database, |pool| sqlx::query_scalar(ADDRESS)
        .bind(&who)
        .fetch_one(pool)
        .await)
    .unwrap();
    assert!(!String::from_utf8_lossy(&address).contains("Planted"));
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

/// The last scenario: from here on the office has another key.
pub(crate) async fn a_new_personal_key_takes_the_place_of_the_old_one(office: &Office) {
    const READ: &str = "SELECT email FROM person WHERE id = $1";
    const WRITE: &str = "UPDATE person SET email = $2 WHERE id = $1";
    let anna = office.submitted().await;
    let who = anna.to_string();
    let old_email: Vec<u8> = on_reader!(&office.database, |pool| sqlx::query_scalar(READ)
        .bind(&who)
        .fetch_one(pool)
        .await)
    .unwrap();
    // A mail that waits ends by itself within two days.
    let later = NOW.plus(10_000 * DAY);
    while let Some(mail) = office.people.claim_mail(later).await.unwrap() {
        office.people.mail_is_sent(&mail).await.unwrap();
    }
    let with = |text: &PersonalKeyText| {
        let people = People::open(office.database.clone(), text.key(), site()).unwrap();
        let keys = PersonKeys::new(office.keys.clone(), people.clone());
        let settings = settings(&office.folder);
        let roles = office.roles.clone();
        let cases = Verifications::new(people.clone(), roles, keys.clone(), settings);
        (people, keys, cases)
    };
    let mut text = PersonalKeyText::parse(&"07".repeat(32)).unwrap();
    text.begin_change().unwrap();
    let (people, keys, cases) = with(&text);
    // Both keys open meanwhile, also what came between.
    assert!(people.find(anna).await.unwrap().is_some());
    assert_eq!(cases.own_values(anna).await.unwrap().len(), SAID.len());
    assert!(keys.rewrap().await.unwrap() > 0);
    let done = people.reseal().await.unwrap();
    assert!(done.changed > 0 && done.left == 0, "{done:?}");
    // As after a stop in the middle.
    on_writer!(&office.database, |pool| sqlx::query(WRITE)
        .bind(&who)
        .bind(&old_email)
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
    let again = people.reseal().await.unwrap();
    assert_eq!((again.changed, again.left), (1, 0));
    assert_eq!(people.reseal().await.unwrap().changed, 0);
    assert_eq!(keys.rewrap().await.unwrap(), 0);
    text.end_change();
    let (people, _, cases) = with(&text);
    let found = people.find(anna).await.unwrap().unwrap();
    assert_eq!(found.email.as_str(), "somebody@example.org");
    assert_eq!(cases.own_values(anna).await.unwrap().len(), SAID.len());
    // The old key opens nothing any more.
    assert_eq!(office.people.find(anna).await.unwrap_err().code(), "A492");
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
    let people = People::open(service, PersonalKey::new(&[7; 32]), site()).unwrap();
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
