//! A disk without room: one message, nothing kept, an earlier result untouched.

use crate::workplace::{Answer, SETTLE, Workplace};

fn full(answer: &Answer) {
    answer.refused(&[
        "C206: ",
        ": no room (",
        "bytes of the result were written",
        "make room, or write elsewhere; nothing was kept",
    ]);
}

/// Limits of 0, 1, 2 ... blocks of 512 bytes on each file: the write fails in another file or at
/// another place of it each time.
#[test]
fn a_file_that_may_not_grow_ends_the_result() {
    let place = Workplace::settled();
    std::fs::rename(place.path().join("result"), place.path().join("earlier")).unwrap();
    let before = place.everything();
    let mut refused = 0;
    for blocks in [0, 1, 2, 3, 4, 6, 8, 64, 100] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let answer = place.shell(&script, &SETTLE);
        full(&answer);
        refused += 1;
        assert!(place.everything() == before, "{blocks} blocks: {answer:?}");
    }
    assert_eq!(refused, 9);
    place.run(&["verify", "earlier"]).succeeded();
    place
        .shell("trap '' XFSZ; ulimit -f 200; exec \"$@\"", &SETTLE)
        .succeeded();
}

/// A real file system that is full. Mounting one takes a privilege; where it is missing, the run
/// says so.
#[test]
fn a_full_file_system_ends_the_result() {
    let mount = "mkdir -p disk && mount -t tmpfs -o size=$SIZE none disk";
    let unshare = ["unshare --mount", "unshare --map-root-user --mount"];
    let able = |unshare: &&str| {
        let place = Workplace::empty();
        let script = format!("{unshare} sh -c '{}'", mount.replace("$SIZE", "64k"));
        place.shell(&script, &[]).code == Some(0)
    };
    let Some(unshare) = unshare.into_iter().find(able) else {
        println!(
            "not checked: a full file system (this user may not mount one); the limit on file sizes was"
        );
        return;
    };
    for (size, wanted) in [
        ("8k", Some(2)),
        ("20k", Some(2)),
        ("64k", Some(2)),
        ("1m", Some(0)),
    ] {
        let place = Workplace::starter();
        let mut arguments = SETTLE;
        arguments[8] = "disk/result";
        // The mount is gone with its namespace, so what is left on it is listed inside.
        let script = format!(
            "{unshare} sh -c '{}; \"$@\"; code=$?; ls -A disk >left; exit $code' sh \"$@\"",
            mount.replace("$SIZE", size)
        );
        let answer = place.shell(&script, &arguments);
        assert_eq!(answer.code, wanted, "{answer:?}");
        if wanted == Some(0) {
            assert_eq!(place.text("left"), "result\n", "{answer:?}");
        } else {
            full(&answer);
            assert_eq!(place.text("left"), "", "{answer:?}");
        }
    }
}
