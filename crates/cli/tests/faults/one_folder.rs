//! Who may use a data folder, and what a start finds in it.

use std::fs;

use softcap_proof::entry::decode;

use crate::{
    client::Client,
    record::{Held, Record},
    server::{Server, TERMS},
};

/// Makes a log of so many contributions, one batch each, and gives their answers.
async fn filled(server: &mut Server, contributions: u64) -> (Client, Vec<Held>) {
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let mut held = Vec::new();
    for number in 0..contributions {
        let key = format!("in-the-file-{number:04}");
        let answer = client.contribute(&key, "p-1", 100 + number).await;
        held.push(Held {
            sequence: answer.sequence(),
            body: answer.body,
            key,
        });
    }
    (client, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_a_folder_refuses() {
    let mut server = Server::embedded();
    let (client, held) = filled(&mut server, 3).await;
    for _ in 0..3 {
        let output = server
            .softcap(&["serve", "--data", "data", "--listen", "127.0.0.1:0"])
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("J301: another process uses"), "{error}");
    }
    // The first one goes on, and its record is whole.
    let answer = client.contribute("afterwards", "p-1", 100).await;
    assert_eq!(answer.sequence(), 4);
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
    // A lock that outlived its process would need a hand.
    server.kill();
    server.start();
}

/// One bit of one contribution changes on the disk. The start names an entry no later than the one
/// after it, and does not serve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_the_record_is_found_and_named() {
    let mut server = Server::embedded();
    let (client, held) = filled(&mut server, 40).await;
    let status = server.stop();
    assert!(status.success(), "{status}: {}", server.errors());
    // A start from a snapshot does not read what is before it.
    fs::remove_dir_all(server.data().join("snapshots")).unwrap();
    let file = server.data().join("journal.db");
    let whole = fs::read(&file).unwrap();
    for number in [0, 7, 38] {
        let reference = &held[number].key;
        let receipt = held[number].receipt();
        let (entry, _) = decode(receipt.leaf()).unwrap();
        fs::write(&file, flipped(&whole, reference.as_bytes())).unwrap();
        let ended = server.fails_to_start();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.error.contains("J401: log `harbour`"), "{ended:?}");
        let sequence = entry.sequence.0;
        let named = [sequence, sequence + 1]
            .iter()
            .any(|number| ended.error.contains(&format!("entry {number}:")));
        assert!(named, "{sequence} is damaged: {ended:?}");
    }
    // No later batch has the root over the last one, but the newest checkpoint does: what was signed is
    // no longer so, and nothing is entered.
    let last = held[39].key.as_bytes();
    fs::write(&file, flipped(&whole, last)).unwrap();
    server.start();
    let answer = client.contribute("afterwards", "p-1", 100).await;
    assert_eq!(answer.problem(), (503, "J205".to_owned()), "{answer:?}");
    server.kill();
    // With the right bytes it starts again, so that it was the bit.
    fs::write(&file, &whole).unwrap();
    for log in ["journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(server.data().join(log));
    }
    server.start();
    let answer = client.contribute("afterwards", "p-1", 100).await;
    assert_eq!(answer.sequence(), 41);
}

/// A file with one bit of a text in it changed, wherever the text stands.
fn flipped(whole: &[u8], text: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let mut found = false;
    for place in 0..whole.len() - text.len() {
        if whole[place..].starts_with(text) {
            bytes[place] ^= 1;
            found = true;
        }
    }
    assert!(found, "the text is not in the file");
    bytes
}

/// Root may write where permissions say no, but not on what is mounted to be read only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_stops_the_start_with_a_reason() {
    let mut server = Server::embedded();
    filled(&mut server, 2).await;
    let status = server.stop();
    assert!(status.success(), "{status}: {}", server.errors());
    let mount = "mount --bind data data && mount -o remount,bind,ro data";
    let mut server = server.wrapped(&crate::disk::in_a_namespace(mount));
    let ended = server.fails_to_start();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let said = &ended.error;
    assert!(
        said.contains("Read-only") || said.contains("D203"),
        "{said}"
    );
}
