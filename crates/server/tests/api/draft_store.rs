//! Drafts on both databases: one of a name, a bounded number of them, and no lost change.

use softcap_database::{Database, DatabaseUrl, temporary::TemporaryPostgres};
use softcap_server::drafts::{
    Added, Draft, Drafts, KeptRehearsal, MOST_DRAFTS, RehearsalState, Replaced, SILENCE_MS,
};

fn draft(name: &str, text: &str) -> Draft {
    Draft::new(name, text.to_owned(), 7)
}

fn run(begun_ms: i64) -> KeptRehearsal {
    KeptRehearsal {
        terms_hash: "aa".to_owned(),
        state: RehearsalState::Running,
        step: 0,
        steps: 4,
        report: String::new(),
        asked_by: "person:00ff".to_owned(),
        begun_ms,
        heard_ms: begun_ms,
    }
}

/// Somebody who stops in the middle leaves a row that says so, and what comes after it counts.
async fn rehearsals_are_of_terms_and_one_at_a_time(drafts: &Drafts) {
    let state = async |now: i64| {
        let kept = drafts.rehearsal("aa", now).await.unwrap();
        kept.map(|kept| (kept.state, kept.step, kept.begun_ms))
    };
    assert_eq!(state(0).await, None);
    let (first, second) = (run(1_000), run(1_001 + SILENCE_MS));
    assert!(drafts.begin_rehearsal(&first).await.unwrap());
    assert!(
        !drafts.begin_rehearsal(&run(1_500)).await.unwrap(),
        "it runs"
    );
    drafts.hear_rehearsal(&first, (2, 1_001)).await.unwrap();
    let running = Some((RehearsalState::Running, 2, 1_000));
    assert_eq!(state(1_000 + SILENCE_MS).await, running);
    let silent = Some((RehearsalState::BrokenOff, 2, 1_000));
    assert_eq!(state(1_001 + SILENCE_MS).await, silent);
    // Of those who begin it anew one does.
    let third = KeptRehearsal {
        begun_ms: second.begun_ms + 1,
        ..second.clone()
    };
    let begun = tokio::join!(
        drafts.begin_rehearsal(&second),
        drafts.begin_rehearsal(&third)
    );
    let (begun, late) = (begun.0.unwrap(), begun.1.unwrap());
    assert!(begun != late, "{begun} {late}");
    let newer = if begun { second } else { third };
    // The one that fell silent says something after all: it is not asked any more.
    let later = newer.begun_ms + 10;
    drafts.hear_rehearsal(&first, (3, later)).await.unwrap();
    drafts
        .end_rehearsal(&first, (true, "[1]"), later)
        .await
        .unwrap();
    let running = Some((RehearsalState::Running, 0, newer.begun_ms));
    assert_eq!(state(later).await, running);
    drafts
        .end_rehearsal(&newer, (false, "[2]"), later)
        .await
        .unwrap();
    let kept = drafts.rehearsal("aa", later).await.unwrap().unwrap();
    assert_eq!(
        (kept.state, kept.step, kept.report.as_str(), kept.heard_ms),
        (RehearsalState::Failed, 4, "[2]", later)
    );
    // Once more, and it passes; other terms are not rehearsed by it.
    let fourth = run(later + 1);
    assert!(drafts.begin_rehearsal(&fourth).await.unwrap());
    drafts
        .end_rehearsal(&fourth, (true, "[]"), later + 2)
        .await
        .unwrap();
    let passed = Some((RehearsalState::Passed, 4, later + 1));
    assert_eq!(state(i64::MAX).await, passed);
    assert_eq!(drafts.rehearsal("bb", 0).await.unwrap(), None);
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

    rehearsals_are_of_terms_and_one_at_a_time(&drafts).await;

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
