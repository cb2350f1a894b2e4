//! A disk without room: what is new is refused, what is there is served, and room is enough to go on.

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use crate::{
    canaries::ORIGIN,
    client::{Client, OFFERING, contribution},
    privacy::{begin_case, exported, show_file, signed_up},
    record::{Held, Record, same_bytes},
    server::{Server, TERMS},
};

/// Contributions until a full disk must have been noticed.
const MOST: u32 = 20_000;

/// A script that runs `"$@"` after `mount`, where nobody else sees what is mounted. The process that it
/// becomes is the one that was started.
pub(crate) fn in_a_namespace(mount: &str) -> String {
    let able = |unshare: &&str| {
        let mut shell = Command::new("sh");
        let script = format!("{unshare} mount -t tmpfs -o size=64k none /mnt");
        shell
            .args(["-c", &script])
            .output()
            .unwrap()
            .status
            .success()
    };
    let unshare = ["unshare --mount", "unshare --map-root-user --mount"];
    let unshare = unshare.into_iter().find(able).expect(
        "this test mounts a small disk: run it as root, or let users make namespaces \
         (sysctl -w kernel.unprivileged_userns_clone=1)",
    );
    format!("exec {unshare} sh -c '{mount} && exec \"$@\"' sh \"$@\"")
}

/// Takes all room that is left on the disk of a server, as seen by its process.
fn fill(server: &Server) -> PathBuf {
    let data = server.data();
    let seen = format!("/proc/{}/root{}", server.process(), data.display());
    let path = PathBuf::from(seen).join("ballast");
    let mut file = File::create(&path).unwrap();
    for size in [1 << 16, 4096, 1] {
        let block = vec![1; size];
        loop {
            match file.write(&block) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    path
}

async fn take(client: &Client, key: &str, held: &mut Vec<Held>) {
    let path = format!("{OFFERING}/contributions");
    let body = contribution(key, "p-1", 100);
    let answer = client.post_until_answered(&path, key, &body).await;
    held.push(Held {
        key: key.to_owned(),
        sequence: answer.sequence(),
        body: answer.body,
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_what_is_new_and_needs_no_restart() {
    let mount = "mkdir -p data && cp -a data before && mount -t tmpfs -o size=4m none data \
        && cp -a before/. data";
    let server = Server::embedded();
    // On the disk that the namespace hides; the script copies it.
    let client = server.client();
    let mut server = server.wrapped(&in_a_namespace(mount));
    server.start();
    client.announce(TERMS).await;
    let mut held = Vec::new();
    for number in 0..20 {
        take(&client, &format!("room-{number}"), &mut held).await;
    }
    for turn in 0..2 {
        let ballast = fill(&server);
        // A smaller one may fit after a larger one did not; in the end none does.
        let mut refused = Vec::new();
        for time in 0..5 {
            let name = format!("full-{turn}-{time}");
            refused.push(until_refused(&client, &name, &mut held).await);
        }

        // Everything that is there can be read.
        let record = Record::fetch(&client).await;
        record.check(&server.verifier_of_process(), &held).unwrap();
        same_bytes(&client, &held[..20]).await;
        let totals = client.get(OFFERING).await;
        assert_eq!(totals.json()["entries"], record.leaves.len());
        assert_eq!(client.get("/healthz").await.status, 200);
        std::fs::remove_file(ballast).unwrap();
        for key in refused {
            take(&client, &key, &mut held).await;
        }
        for number in 0..20 {
            take(&client, &format!("again-{turn}-{number}"), &mut held).await;
        }
    }
    let record = Record::fetch(&client).await;
    let offering = record.check(&server.verifier_of_process(), &held).unwrap();
    same_bytes(&client, &held).await;
    assert_eq!(offering.contribution_count(), held.len());
    assert_eq!(offering.raised().0, 100 * held.len() as u128);
}

/// Contributes until there is no room; gives the key that was refused.
async fn until_refused(client: &Client, name: &str, held: &mut Vec<Held>) -> String {
    for number in 0..MOST {
        let key = format!("{name}-{number}");
        let answer = client.contribute(&key, "p-1", 100).await;
        if answer.status == 201 {
            held.push(Held {
                key,
                sequence: answer.sequence(),
                body: answer.body,
            });
            continue;
        }
        assert_eq!(answer.problem(), (503, "H507".to_owned()), "{answer:?}");
        assert!(answer.retry_after.is_some(), "{answer:?}");
        return key;
    }
    panic!("{MOST} contributions fit on a full disk")
}

/// What is asked while there is no room gets an answer, too: no request hangs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_at_a_full_disk_is_answered() {
    let mount = "mkdir -p data && cp -a data before && mount -t tmpfs -o size=4m none data \
        && cp -a before/. data";
    let server = Server::embedded();
    let client = server.client();
    let mut server = server.wrapped(&in_a_namespace(mount));
    server.start();
    client.announce(TERMS).await;
    let mut load = crate::load::Load::start(std::slice::from_ref(&client), "d", 12);
    load.more(100).await;
    let ballast = fill(&server);
    while !server.errors().contains("a batch was not appended") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    std::fs::remove_file(ballast).unwrap();
    load.more(100).await;
    let held = load.finish().await;
    let record = Record::fetch(&client).await;
    record.check(&server.verifier_of_process(), &held).unwrap();
}

/// Leaves room for a database to write into, and for no file.
const SMALL: u64 = 512 * 1024;

#[test]
fn a_full_disk_refuses_a_file_whole_and_takes_the_next() {
    let mount = "mkdir -p data && mount -t tmpfs -o size=12m none data";
    let mut server = Server::embedded()
        .with_variable("SOFTCAP_MAIL_FOLDER", "mail".into())
        .with_variable("SOFTCAP_SITE_ORIGIN", ORIGIN.into())
        .wrapped(&in_a_namespace(mount));
    server.start();
    let cookie = signed_up(&server, "cara@example.org");
    begin_case(&server, &cookie);
    assert_eq!(show_file(&server, &cookie, "%PDF-1.7 first").status, 201);
    let large = format!("%PDF-1.7 {}", "x".repeat(2 * 1024 * 1024));
    let seen = format!("/proc/{}/root{}", server.process(), server.data().display());
    let folder = PathBuf::from(seen).join("uploads");
    let files = || std::fs::read_dir(&folder).unwrap().count();
    for left in [SMALL, 0] {
        let ballast = fill(&server);
        let length = std::fs::metadata(&ballast).unwrap().len();
        let file = File::options().write(true).open(&ballast).unwrap();
        file.set_len(length - left).unwrap();
        let refused = show_file(&server, &cookie, &large);
        let code = refused.json()["code"].as_str().unwrap().to_owned();
        assert_eq!(refused.status, 503, "{}", refused.body);
        // With no room at all it may be the database that says so first.
        let may_be = if left > 0 {
            &["A918"][..]
        } else {
            &["A918", "H507"]
        };
        assert!(may_be.contains(&code.as_str()), "{code}");
        assert_eq!(files(), 1, "nothing is left of it");
        assert_eq!(exported(&server, &cookie).len(), 1);
        std::fs::remove_file(ballast).unwrap();
    }
    assert_eq!(show_file(&server, &cookie, &large).status, 201);
    assert_eq!((files(), exported(&server, &cookie).len()), (2, 2));
}
