//! The record on a real database: what was acknowledged is there, once, and provable.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "record/nodes.rs"]
mod nodes;

use std::{path::Path, str::FromStr as _, sync::Arc};

use softcap_database::DatabaseUrl;
use softcap_journal::{
    Answer, Intake, Journal, JournalConfig, JournalError, LogName, OfferingLog, Submission,
    SystemClock, encode_at_batch_time,
};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, InvestorId, Outcome, RequestId,
};
use softcap_proof::{
    CheckpointNote, SigningKey,
    journal_tree::{verify_consistency, verify_inclusion},
    receipt::Receipt,
};

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

fn key() -> SigningKey {
    SigningKey::from_entropy("softcap.example/harbour", &[7; 32]).unwrap()
}

async fn open(folder: &Path) -> Result<Journal, JournalError> {
    let config = JournalConfig {
        url: DatabaseUrl::Folder(folder.to_owned()),
        folder: folder.to_owned(),
        key: key(),
    };
    Journal::open(config, Arc::new(SystemClock::default())).await
}

fn request(number: u64) -> RequestId {
    let mut id = [1; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    RequestId(id)
}

fn contribution(number: u64, cents: u128) -> Submission {
    let investor = format!("p{}", number % 7);
    let reference = format!("c-{number}");
    let command = Command::Contribute(Contribute {
        investor: InvestorId::parse(&investor).unwrap(),
        currency: CurrencyIndex(0),
        amount: Amount(cents),
        limit: None,
        reference: &reference,
        source: None,
        funding: softcap_offering::Funding::Arrived,
    });
    Submission {
        intake: Intake::Contribution,
        request: Some(request(number)),
        body: encode_at_batch_time(&command, Some(request(number))).unwrap(),
    }
}

async fn receipt(log: &OfferingLog, submission: Submission) -> Receipt {
    match log.sequencer.submit(submission).await.unwrap() {
        Answer::Entered { batch, index } => {
            let json = batch.receipt_json(index).unwrap();
            let text: String = serde_json::from_str(&json).unwrap();
            Receipt::parse(text.as_bytes()).unwrap()
        }
        Answer::Known { first, .. } => log.reader.receipt(first).await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_a_receipt_that_holds_also_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let name = LogName::from_str("harbour").unwrap();
    let journal = open(folder.path()).await.unwrap();
    let log = journal.announce(&name, TERMS).await.unwrap();
    assert!(matches!(
        journal.announce(&name, TERMS).await,
        Err(JournalError::LogExists(_))
    ));
    assert!(matches!(
        open(folder.path()).await,
        Err(JournalError::InUse(_))
    ));

    let mut receipts = Vec::new();
    for group in 0..40_u64 {
        let tasks: Vec<_> = (0..30)
            .map(|place| {
                let log = Arc::clone(&log);
                let number = group * 30 + place;
                tokio::spawn(async move {
                    receipt(&log, contribution(number, u128::from(number % 50))).await
                })
            })
            .collect();
        for task in tasks {
            receipts.push(task.await.unwrap());
        }
    }
    let verifier = key().verifier_key().clone();
    let mut numbers = Vec::new();
    let mut refused = 0;
    for receipt in &receipts {
        let proved = receipt.verify(&verifier).unwrap();
        numbers.push(proved.entry.sequence.0);
        refused += usize::from(matches!(proved.outcome, Outcome::Refused(_)));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=1200).collect::<Vec<u64>>());
    assert_eq!(
        refused,
        1200 / 50 * 5,
        "contributions below the minimum are entries"
    );

    // The same request again: the same bytes, no new entry.
    let again = receipt(&log, contribution(3, 3)).await;
    let first = receipts
        .iter()
        .find(|held| held.to_string() == again.to_string());
    assert!(first.is_some(), "a repeat gets the first answer");
    assert_eq!(log.reader.size(), 1201);
    let hash = log.sequencer.read().machine().offering().state_hash();
    let old = log.reader.checkpoint().unwrap();
    drop(log);
    journal.close().await.unwrap();

    for snapshot in [true, false] {
        if !snapshot {
            std::fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
        }
        let journal = open(folder.path()).await.unwrap();
        let log = journal.offering(&name).unwrap();
        assert_eq!(log.reader.size(), 1201);
        assert_eq!(log.sequencer.read().machine().offering().state_hash(), hash);
        for held in receipts.iter().step_by(97) {
            let index = held.verify(&verifier).unwrap().entry.sequence.0;
            let later = log.reader.receipt(index).await.unwrap();
            assert_eq!(later.to_string(), held.to_string(), "receipt {index}");
        }
        let more = receipt(&log, contribution(5000 + u64::from(snapshot), 7)).await;
        more.verify(&verifier).unwrap();
        let new = log.reader.checkpoint().unwrap();
        prove_all(&log, &old, &new).await;
        // Put everything back to where it was for the next turn.
        drop(log);
        journal.close().await.unwrap();
        break_off_last_entry(folder.path(), snapshot).await;
    }
}

/// Removes what the first turn added, so that the second meets the same record.
async fn break_off_last_entry(folder: &Path, first_turn: bool) {
    if !first_turn {
        return;
    }
    let url = DatabaseUrl::Folder(folder.to_owned());
    let database = softcap_database::Database::open(&url, "journal")
        .await
        .unwrap();
    let softcap_database::Database::Sqlite(sqlite) = &database else {
        panic!("a folder is SQLite")
    };
    sqlx::query("DELETE FROM batch WHERE first = 1201")
        .execute(sqlite.writer())
        .await
        .unwrap();
    database.close().await;
    // A checkpoint of that entry was signed and kept; without it the log may take another way.
    std::fs::remove_dir_all(folder.join("checkpoints")).unwrap();
}

async fn prove_all(log: &OfferingLog, old: &CheckpointNote, new: &CheckpointNote) {
    let (old, new) = (old.unverified(), new.unverified());
    let proof = log
        .reader
        .consistency(old.size(), new.size())
        .await
        .unwrap();
    verify_consistency(&old.root(), old.size(), &new.root(), new.size(), &proof).unwrap();
    for index in [0, 1, 255, 256, 511, 1023, 1200] {
        let leaf = log.reader.leaf(index).await.unwrap();
        let hash = softcap_proof::LeafHash::of(&leaf);
        let proof = log.reader.inclusion(index, new.size()).await.unwrap();
        verify_inclusion(&new.root(), new.size(), index, &hash, &proof).unwrap();
    }
    assert!(log.reader.leaf(new.size()).await.is_err());
    assert!(log.reader.inclusion(0, new.size() + 1).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_that_a_server_cannot_keep_are_not_announced() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).await.unwrap();
    let [blocks, harbour, other] = ["blocks", "harbour", "other"].map(|name| name.parse().unwrap());
    let heights = TERMS
        .replace("kind = \"time\"", "kind = \"block\"")
        .replace("\"2020-01-01T00:00:00Z\"", "100")
        .replace("\"2098-01-01T00:00:00Z\"", "200")
        .replace("\"2099-06-01T00:00:00Z\"", "300");
    let refused = journal.announce(&blocks, &heights).await;
    assert!(
        matches!(refused, Err(JournalError::ForeignClock)),
        "{refused:?}"
    );
    journal.announce(&harbour, TERMS).await.unwrap();
    let refused = journal.announce(&other, TERMS).await;
    assert!(
        matches!(refused, Err(JournalError::OriginTaken(_))),
        "{refused:?}"
    );
    assert_eq!(journal.offerings().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_with_one_key_are_one_contribution() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).await.unwrap();
    let log = journal
        .announce(&LogName::from_str("harbour").unwrap(), TERMS)
        .await
        .unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { receipt(&log, contribution(1, 100)).await.to_string() })
        })
        .collect();
    let mut texts = std::collections::BTreeSet::new();
    for task in tasks {
        texts.insert(task.await.unwrap());
    }
    assert_eq!(texts.len(), 1);
    let contributions = log
        .sequencer
        .read()
        .machine()
        .offering()
        .contribution_count();
    assert_eq!(contributions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let name = LogName::from_str("harbour").unwrap();
    let journal = open(folder.path()).await.unwrap();
    let log = journal.announce(&name, TERMS).await.unwrap();
    for number in 0..5 {
        receipt(&log, contribution(number, 100)).await;
    }
    drop(log);
    journal.close().await.unwrap();
    std::fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    let database = softcap_database::Database::open(&url, "journal")
        .await
        .unwrap();
    let softcap_database::Database::Sqlite(sqlite) = &database else {
        panic!("a folder is SQLite")
    };
    // The amount of entry 3: one cent more, in the record only.
    let (body,): (Vec<u8>,) = sqlx::query_as("SELECT body FROM batch WHERE first = 3")
        .fetch_one(sqlite.readers())
        .await
        .unwrap();
    let mut changed = body.clone();
    let place = body.windows(2).position(|two| two == [1, 100]).unwrap() + 1;
    changed[place] += 1;
    sqlx::query("UPDATE batch SET body = $1 WHERE first = 3")
        .bind(changed)
        .execute(sqlite.writer())
        .await
        .unwrap();
    database.close().await;
    let Err(JournalError::Damaged { index, .. }) = open(folder.path()).await else {
        panic!("a changed entry must be found")
    };
    assert_eq!(index, 3, "the root before the next batch does not fit");
}
