//! Drafts on both databases: one of a name, a bounded number of them, and no lost change.

use softcap_database::{Database, DatabaseUrl, temporary::TemporaryPostgres};
use softcap_server::drafts::{Added, Draft, Drafts, KeptRehearsal, MOST_DRAFTS, Replaced};

fn draft(name: &str, text: &str) -> Draft {
    Draft::new(name, text.to_owned(), 7)
}

async fn drafts_are_kept_one_of_a_name_and_so_many(url: &DatabaseUrl) {
    let database = Database::open(url, "service").await.unwrap();
    let drafts = Drafts::open(database.clone()).await.unwrap();
    let first = draft("harbour", "a = 1");
    assert_eq!(drafts.add(&first).await.unwrap(), Added::Stored);
    let second = draft("harbour", "a = 2");
    assert_eq!(drafts.add(&second).await.unwrap(), Added::NameTaken);
    assert_eq!(drafts.read("harbour").await.unwrap(), Some(first.clone()));

    // Of those who read one version one changes it, whichever comes first.
    let third = draft("harbour", "a = 3");
    let (a, b) = tokio::join!(
        drafts.replace(&second, &first.version),
        drafts.replace(&third, &first.version)
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(matches!(
        (a, b),
        (Replaced::Done, Replaced::OtherVersion) | (Replaced::OtherVersion, Replaced::Done)
    ));
    let kept = if a == Replaced::Done { second } else { third };
    assert_eq!(drafts.read("harbour").await.unwrap(), Some(kept.clone()));
    let late = drafts.remove("harbour", &first.version).await.unwrap();
    assert_eq!(late, Replaced::OtherVersion);
    let removed = drafts.remove("harbour", &kept.version).await.unwrap();
    assert_eq!(removed, Replaced::Done);

    // The last rehearsal of a name is kept, also when the draft is gone.
    let done = |passed: bool, hash: &str| KeptRehearsal {
        name: "harbour".to_owned(),
        terms_hash: hash.to_owned(),
        passed,
        asked_by: "00ff".to_owned(),
        done_ms: 8,
    };
    assert_eq!(drafts.rehearsal("harbour").await.unwrap(), None);
    for one in [done(true, "aa"), done(false, "bb")] {
        drafts.keep_rehearsal(&one).await.unwrap();
        assert_eq!(drafts.rehearsal("harbour").await.unwrap(), Some(one));
    }

    // Two nodes at once fill it up to the limit and not beyond.
    let other = Drafts::open(Database::open(url, "service").await.unwrap());
    let other = other.await.unwrap();
    let fill = async |drafts: &Drafts, node: &str| {
        let mut stored = 0;
        for place in 0..MOST_DRAFTS / 2 + 20 {
            let new = draft(&format!("{node}-{place}"), "");
            stored += u32::from(drafts.add(&new).await.unwrap() == Added::Stored);
        }
        stored
    };
    let (a, b) = tokio::join!(fill(&drafts, "a"), fill(&other, "b"));
    assert_eq!(a + b, MOST_DRAFTS);
    let names = drafts.names().await.unwrap();
    assert_eq!(names.len(), MOST_DRAFTS as usize);
    assert!(names.is_sorted_by(|a, b| a.name < b.name));
    database.close().await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    drafts_are_kept_one_of_a_name_and_so_many(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let server = TemporaryPostgres::start().unwrap();
    let url = server.database("drafts").await.unwrap();
    drafts_are_kept_one_of_a_name_and_so_many(&url).await;
}
