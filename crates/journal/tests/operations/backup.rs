//! A backup is taken beside a running server, verified as it is restored, and held until it is known
//! that it is not too old.

use std::{
    fs,
    path::{Path, PathBuf},
};

use softcap_database::{Database, DatabaseUrl};
use softcap_journal::{
    BackedUp, Hold, InvestorNumbers, JournalError, Restored, Restoring, back_up,
    back_up_person_keys, restore,
};
use softcap_rails::balance::{BalanceCommand, BalanceOutcome, PersonId};

use crate::sale::{contribute, contribution, flip, name, open, sold};

async fn archive(folder: &Path) -> (BackedUp, Vec<u8>) {
    let mut bytes = Vec::new();
    let backed_up = back_up(folder, &folder.join("uploads"), &mut bytes)
        .await
        .unwrap();
    (backed_up, bytes)
}

async fn put_back(
    mut bytes: &[u8],
    to: &Path,
    restoring: Restoring<'_>,
) -> Result<Vec<Restored>, JournalError> {
    restore(&mut bytes, to, restoring).await
}

/// A person's number in the offering, drawn if there is none.
async fn number(folder: &Path, person: PersonId) -> String {
    let url = DatabaseUrl::Folder(folder.to_owned());
    let numbers = InvestorNumbers::open(&url).await.unwrap();
    let number = numbers.find_or_draw(person, &name()).await.unwrap();
    numbers.close().await;
    number
}

struct Place {
    _temporary: tempfile::TempDir,
    data: PathBuf,
    back: PathBuf,
}

impl Place {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let (data, back) = (temporary.path().join("data"), temporary.path().join("back"));
        Self {
            _temporary: temporary,
            data,
            back,
        }
    }

    /// What lies beside the two folders.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.data.parent().unwrap()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_server_waits_for_the_checkpoint_kept_elsewhere() {
    let place = Place::new();
    sold(&place.data, 300).await;
    fs::create_dir(place.data.join("secrets")).unwrap();
    fs::write(place.data.join("secrets/log.key"), "a secret").unwrap();
    let person = PersonId([7; 16]);
    let drawn = number(&place.data, person).await;
    let journal = open(&place.data).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    contribute(&log, 301..304).await;
    let (backed_up, bytes) = archive(&place.data).await;
    // A number is in its table before it is in the record, so that the table is copied after it.
    assert!(
        backed_up
            .files
            .ends_with(&["journal.db".to_owned(), "private.db".to_owned()])
    );
    assert!(backed_up.files.contains(&"secrets/log.key".to_owned()));
    assert!(!backed_up.files.contains(&"derived.db".to_owned()));
    // The server goes on after the backup, and its disk dies.
    contribute(&log, 304..306).await;
    let root = log.sequencer.read().root();
    drop(log);
    journal.close().await.unwrap();
    let elsewhere = place.data.join("checkpoints");

    let restored = put_back(&bytes, &place.back, Restoring::Unknown)
        .await
        .unwrap();
    assert_eq!(
        (restored[0].name.clone(), restored[0].checked.entries),
        (name(), 304)
    );
    let secret = fs::read_to_string(place.back.join("secrets/log.key")).unwrap();
    assert_eq!(secret, "a secret");
    assert_eq!(number(&place.back, person).await, drawn);
    let journal = open(&place.back).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    let held = log.sequencer.held();
    assert!(matches!(held, Some(Hold::Restored { .. })), "{held:?}");
    let refused = log.sequencer.submit(contribution(400)).await;
    assert!(matches!(refused, Err(JournalError::Held(_))));
    assert!(log.reader.receipt(200).await.is_ok(), "reads go on");
    drop(log);
    journal.close().await.unwrap();

    fs::remove_dir_all(&place.back).unwrap();
    put_back(&bytes, &place.back, Restoring::Checkpoints(&elsewhere))
        .await
        .unwrap();
    let journal = open(&place.back).await.unwrap();
    let held = journal.offering(&name()).unwrap().sequencer.held();
    let behind = Hold::Behind {
        has: 304,
        kept: 306,
        root,
    };
    assert_eq!(held, Some(behind));
    journal.close().await.unwrap();
    assert_eq!(place.names(), ["back", "data"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_stopped_server_goes_on_at_once() {
    let place = Place::new();
    sold(&place.data, 5).await;
    // The platform's log has no entry, so that there is no checkpoint it could wait for.
    let journal = open(&place.data).await.unwrap();
    journal.open_platform().await.unwrap();
    journal.close().await.unwrap();
    let (_, bytes) = archive(&place.data).await;
    let elsewhere = place.data.join("checkpoints");
    for restoring in [Restoring::Complete, Restoring::Checkpoints(&elsewhere)] {
        fs::create_dir(&place.back).unwrap();
        put_back(&bytes, &place.back, restoring).await.unwrap();
        let journal = open(&place.back).await.unwrap();
        let log = journal.offering(&name()).unwrap();
        contribute(&log, 6..8).await;
        drop(log);
        let platform = journal.platform().unwrap();
        let command = BalanceCommand::AddCurrency {
            symbol: "EUR",
            decimals: 2,
        };
        let added = platform.record(None, &command).await;
        assert_eq!(added.unwrap().1, BalanceOutcome::Done);
        drop(platform);
        journal.close().await.unwrap();
        // And so after the next start.
        let journal = open(&place.back).await.unwrap();
        assert_eq!(journal.offering(&name()).unwrap().sequencer.held(), None);
        journal.close().await.unwrap();
        fs::remove_dir_all(&place.back).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_or_strange_is_refused_and_leaves_nothing() {
    let place = Place::new();
    sold(&place.data, 30).await;
    let (_, whole) = archive(&place.data).await;
    flip(&place.data.join("journal.db"), "contribution-00025");
    let (_, damaged) = archive(&place.data).await;
    let error = put_back(&damaged, &place.back, Restoring::Unknown)
        .await
        .unwrap_err();
    assert_eq!(error.entry(), Some(25), "{error}");

    let strange = |name: &str| {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        // Past the checks of the writer, as an attacker would.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(2);
        header.set_cksum();
        archive.append(&header, &b"no"[..]).unwrap();
        archive.into_inner().unwrap()
    };
    for bytes in [
        strange("../journal.db"),
        strange("/tmp/journal.db"),
        strange("secrets/../../x.db"),
        strange("softcap.toml"),
        strange("service.db"),
        strange("uploads/../../x.db"),
        strange("uploads/00112233445566778899aabbccddeeff.part"),
        strange("uploads/secrets/log.key"),
        Vec::new(),
        whole[..700].to_vec(),
    ] {
        let refused = put_back(&bytes, &place.back, Restoring::Unknown).await;
        assert!(
            matches!(refused, Err(JournalError::NoBackup(_))),
            "{refused:?}"
        );
    }
    assert_eq!(place.names(), ["data"], "nothing is left behind");

    fs::create_dir(&place.back).unwrap();
    fs::write(place.back.join("mine"), "").unwrap();
    let refused = put_back(&whole, &place.back, Restoring::Unknown).await;
    assert!(
        matches!(refused, Err(JournalError::NotEmpty(_))),
        "{refused:?}"
    );
    let missing = back_up(&place.back, &place.back.join("uploads"), &mut Vec::new()).await;
    assert!(matches!(missing, Err(JournalError::NoRecord(_))));
}

#[tokio::test]
async fn the_keys_of_people_are_in_an_archive_of_their_own() {
    let place = Place::new();
    let journal = open(&place.data).await.unwrap();
    journal.close().await.unwrap();
    let none = back_up_person_keys(&place.data, &mut Vec::new()).await;
    assert!(matches!(none, Err(JournalError::NoRecord(_))));
    let url = DatabaseUrl::Folder(place.data.clone());
    let keys = Database::open(&url, "person_keys").await.unwrap();
    keys.close().await;
    let (all_else, _) = archive(&place.data).await;
    assert!(!all_else.files.contains(&"person_keys.db".to_owned()));
    assert!(all_else.files.contains(&"journal.db".to_owned()));
    let mut bytes = Vec::new();
    let keys = back_up_person_keys(&place.data, &mut bytes).await.unwrap();
    assert_eq!(keys.files, ["person_keys.db"]);
    // It is no record, and is put back by hand.
    let restored = put_back(&bytes, &place.back, Restoring::Complete).await;
    assert!(matches!(restored, Err(JournalError::NoBackup(_))));
}
