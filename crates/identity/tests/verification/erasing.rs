//! People who are erased, and the clock by which what they said is destroyed.

use std::fs;

use softcap_database::{Database, on_reader, on_writer};
use softcap_identity::{
    KeyPurpose, MediaType, PersonId, PersonKeys, Privacy, RetentionPolicy, Role, RoleChange,
    UploadKind, VerificationLevel,
};

use crate::{DAY, NOW, Office, approval, code, filled, person};

fn privacy(office: &Office) -> Privacy {
    let keys = PersonKeys::new(office.keys.clone(), office.people.clone());
    let policy = RetentionPolicy {
        unfinished: 90 * DAY,
        verification: 1_826 * DAY,
    };
    Privacy::new(
        office.people.clone(),
        office.roles.clone(),
        keys,
        office.cases.clone(),
        policy,
    )
}

/// Somebody who has said and shown something, and did not go on.
async fn begun(office: &Office) -> PersonId {
    let anna = person(&office.database).await;
    let level = VerificationLevel::Document;
    office.cases.begin(anna, level, NOW).await.unwrap();
    office.cases.fill(anna, filled(), NOW).await.unwrap();
    let kind = (UploadKind::Identity, MediaType::Png);
    let mut receiving = office.cases.receive(anna, kind, NOW).await.unwrap();
    receiving.push(b"\x89PNG\r\n\x1a\n planted").await.unwrap();
    receiving.finish(NOW).await.unwrap();
    anna
}

async fn approved(office: &Office) -> PersonId {
    let (anna, version) = office.in_review().await;
    let done = office
        .cases
        .approve(office.rita, anna, approval(version, 100), NOW);
    done.await.unwrap();
    anna
}

/// Rows of a person in the tables of verification, and their key.
async fn held(office: &Office, anna: PersonId) -> (i64, bool) {
    const TEXT: &str = "SELECT (SELECT COUNT(*) FROM verification WHERE person = $1) \
         + (SELECT COUNT(*) FROM verification_value WHERE person = $1) \
         + (SELECT COUNT(*) FROM verification_upload WHERE person = $1) \
         + (SELECT COUNT(*) FROM verification_round WHERE person = $1) \
         + (SELECT COUNT(*) FROM verification_admission WHERE person = $1)";
    let who = anna.to_string();
    let rows: i64 = on_reader!(&office.database, |pool| sqlx::query_scalar(TEXT)
        .bind(&who)
        .fetch_one(pool)
        .await)
    .unwrap();
    let keys = PersonKeys::new(office.keys.clone(), office.people.clone());
    let key = keys.find(anna, KeyPurpose::Verification).await.unwrap();
    (rows, key.is_some())
}

fn is_empty(office: &Office) -> bool {
    fs::read_dir(&office.folder).map_or(0, Iterator::count) == 0
}

pub(crate) async fn who_is_erased_before_a_decision_leaves_nothing(office: &Office) {
    let privacy = privacy(office);
    let anna = begun(office).await;
    assert!(!is_empty(office));
    let actor = format!("person:{anna}");
    let erased = privacy.erase((&actor, anna), NOW).await.unwrap();
    assert_eq!((erased.keep_until, erased.done_at), (NOW, Some(NOW)));
    assert_eq!(held(office, anna).await, (0, false));
    assert!(is_empty(office));
    assert!(office.people.find(anna).await.unwrap().is_none());
    let acts = office.acts(anna).await;
    assert_eq!(
        acts[acts.len() - 2..],
        ["erase_person", "destroy_values erased"]
    );
    // Asked again it says the same, and does nothing.
    let again = privacy.erase((&actor, anna), NOW.plus(DAY)).await.unwrap();
    assert_eq!(again, erased);
    assert_eq!(office.acts(anna).await, acts);
    let nobody = PersonId::random().unwrap();
    let unknown = privacy.erase(("clock", nobody), NOW).await.unwrap_err();
    assert_eq!(unknown.code(), "A931");
}

pub(crate) async fn what_somebody_decided_by_is_kept_for_its_time(office: &Office) {
    let privacy = privacy(office);
    let anna = approved(office).await;
    let erased = privacy.erase(("person:x", anna), NOW).await.unwrap();
    let keep_until = NOW.plus(1_826 * DAY);
    assert_eq!((erased.keep_until, erased.done_at), (keep_until, None));
    assert!(office.people.find(anna).await.unwrap().is_none());
    // An officer still answers a question about the decision.
    let read = office.cases.read(office.rita, anna, NOW).await.unwrap();
    assert_eq!(read.len(), 4);
    let early = keep_until.minus(std::time::Duration::from_millis(1));
    let kept = privacy.keep_clock(early).await.unwrap();
    assert!(!kept.contains(&anna));
    assert!(held(office, anna).await.1);
    let kept = privacy.keep_clock(keep_until).await.unwrap();
    assert!(kept.contains(&anna));
    assert_eq!(held(office, anna).await, (0, false));
    assert_eq!(
        code(office.cases.read(office.rita, anna, NOW).await),
        "A901"
    );
}

pub(crate) async fn the_clock_destroys_what_nobody_goes_on_with(office: &Office) {
    let privacy = privacy(office);
    let (idle, waiting, good) = (
        begun(office).await,
        office.submitted().await,
        approved(office).await,
    );
    let day = |days| NOW.plus(days * DAY);
    privacy.keep_clock(day(89)).await.unwrap();
    assert!(held(office, idle).await.1);
    let kept = privacy.keep_clock(day(90)).await.unwrap();
    assert!(kept.contains(&idle));
    assert_eq!(held(office, idle).await, (0, false));
    // The person is still there, and may begin again.
    assert!(office.people.find(idle).await.unwrap().is_some());
    // What waits for others is not the person's fault, and what is good counts.
    assert!(held(office, waiting).await.1 && held(office, good).await.1);
    while office.cases.pass_time(day(365)).await.unwrap() > 0 {}
    privacy.keep_clock(day(365 + 1_825)).await.unwrap();
    assert!(held(office, good).await.1);
    privacy.keep_clock(day(365 + 1_826)).await.unwrap();
    assert_eq!(held(office, good).await, (0, false));
}

pub(crate) async fn who_has_a_role_gives_it_up_first(office: &Office) {
    let privacy = privacy(office);
    let olga = person(&office.database).await;
    let change = RoleChange {
        person: olga,
        role: Role::Support,
        place: "*".parse().unwrap(),
    };
    let given = office.roles.give_as_operator("test", change.clone(), NOW);
    given.await.unwrap();
    let refused = privacy.erase(("person:x", olga), NOW).await.unwrap_err();
    assert_eq!(refused.code(), "A932");
    assert!(office.people.find(olga).await.unwrap().is_some());
    office.roles.give_up(change, NOW).await.unwrap();
    privacy.erase(("person:x", olga), NOW).await.unwrap();
}

/// As a backup of everything but the keys brings it back.
pub(crate) async fn an_old_copy_brings_nobody_back(office: &Office) {
    let privacy = privacy(office);
    let anna = begun(office).await;
    let rows = copy(&office.database, anna).await;
    privacy.erase(("person:x", anna), NOW).await.unwrap();
    put_back(&office.database, anna, &rows).await;
    assert!(office.people.find(anna).await.unwrap().is_some());
    assert_eq!(code(office.cases.own_values(anna).await), "A911");
    assert_eq!(privacy.erase_again(NOW).await.unwrap(), 1);
    assert!(office.people.find(anna).await.unwrap().is_none());
    privacy.keep_clock(NOW).await.unwrap();
    assert_eq!(held(office, anna).await, (0, false));
    assert_eq!(privacy.erase_again(NOW).await.unwrap(), 0);
}

type Copied = (Vec<u8>, Vec<u8>, Vec<u8>);

async fn copy(database: &Database, anna: PersonId) -> Copied {
    const TEXT: &str = "SELECT person.email_tag, person.email, verification_value.sealed FROM person \
         JOIN verification_value ON verification_value.person = person.id \
         WHERE person.id = $1 AND verification_value.field = 'country'";
    let who = anna.to_string();
    on_reader!(database, |pool| sqlx::query_as::<_, Copied>(TEXT)
        .bind(&who)
        .fetch_one(pool)
        .await)
    .unwrap()
}

async fn put_back(database: &Database, anna: PersonId, (tag, email, value): &Copied) {
    const PERSON: &str = "INSERT INTO person (id, email_tag, email, made_at, needs_level) \
         VALUES ($1, $2, $3, 0, 'one')";
    const VALUE: &str = "INSERT INTO verification_value (person, field, sealed) \
         VALUES ($1, 'country', $2)";
    const FORGET: &str = "DELETE FROM erasure WHERE person = $1";
    let who = anna.to_string();
    on_writer!(database, |pool| async {
        let person = sqlx::query(PERSON).bind(&who).bind(tag).bind(email);
        person.execute(pool).await?;
        sqlx::query(VALUE)
            .bind(&who)
            .bind(value)
            .execute(pool)
            .await?;
        sqlx::query(FORGET).bind(&who).execute(pool).await.map(drop)
    }
    .await)
    .unwrap();
}
