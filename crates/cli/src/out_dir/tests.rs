//! Results that are whole or not there, on real file systems.

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    process::{Command, Output},
};

use super::*;

/// What is in a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn write(out: &OutDir, name: &str, bytes: usize) -> Result<u64, OutDirError> {
    let mut file = out.file(name)?;
    file.write_all(&vec![b'a'; bytes])
        .map_err(|error| out_dir_error(name, error))?;
    file.close()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_result_appears_whole_and_at_once() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("result");
    let out = OutDir::create(&target).unwrap();
    assert_eq!(write(&out, "journal", 1_000_000).unwrap(), 1_000_000);
    assert_eq!(write(&out, "empty", 0).unwrap(), 0);
    assert!(!target.exists());
    assert_eq!(mode(out.path()), 0o700);
    assert!(matches!(out.file("journal"), Err(OutDirError::File { .. })));
    out.finish().unwrap();
    assert_eq!(names(place.path()), ["result"]);
    assert_eq!(names(&target), ["empty", "journal"]);
    assert_eq!(
        fs::metadata(target.join("journal")).unwrap().len(),
        1_000_000
    );
    let usual = place.path().join("usual");
    fs::create_dir(&usual).unwrap();
    assert_eq!(mode(&target), mode(&usual));
}

#[test]
fn an_empty_folder_is_taken_with_its_permissions() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("result");
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, Permissions::from_mode(0o750)).unwrap();
    let out = OutDir::create(&place.path().join("result/")).unwrap();
    write(&out, "journal", 1).unwrap();
    out.finish().unwrap();
    assert_eq!(
        (names(&target), mode(&target)),
        (vec!["journal".to_owned()], 0o750)
    );
}

/// Each refusal by its code; nothing changes and nothing is left behind.
#[test]
fn what_is_there_stays() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("full")).unwrap();
    fs::write(at("full/earlier"), "result").unwrap();
    fs::write(at("file"), "text").unwrap();
    fs::create_dir(at("real")).unwrap();
    symlink(at("real"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    let before = names(place.path());
    let table = [
        (at("full"), "C201"),
        (at("full/"), "C201"),
        (at("file"), "C202"),
        (at("link"), "C203"),
        (at("link/"), "C203"),
        (at("link/result"), "C203"),
        (at("link/deep/result"), "C203"),
        (at("dangling"), "C203"),
        (at("real/.."), "C204"),
        (PathBuf::from("/"), "C204"),
        (PathBuf::new(), "C204"),
        (at("none/result"), "C205"),
        (at("file/result"), "C205"),
    ];
    for (path, code) in table {
        let message = OutDir::create(&path).unwrap_err().to_string();
        assert!(message.starts_with(code), "{}: {message}", path.display());
        assert_eq!(names(place.path()), before);
    }
    assert_eq!(fs::read_to_string(at("full/earlier")).unwrap(), "result");
    assert_eq!(fs::read_to_string(at("file")).unwrap(), "text");
    assert!(names(&at("real")).is_empty());
}

#[test]
fn what_comes_in_the_meantime_stays_too() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("result");
    let begin = || {
        let out = OutDir::create(&target).unwrap();
        write(&out, "journal", 1).unwrap();
        out
    };
    let out = begin();
    fs::create_dir(&target).unwrap();
    fs::write(target.join("other"), "result").unwrap();
    assert!(matches!(out.finish(), Err(OutDirError::Rename { .. })));
    assert_eq!(
        (names(place.path()), names(&target)),
        (vec!["result".into()], vec!["other".into()])
    );
    fs::remove_dir_all(&target).unwrap();
    let out = begin();
    symlink(place.path(), &target).unwrap();
    assert!(matches!(out.finish(), Err(OutDirError::Rename { .. })));
    assert!(target.is_symlink());
    assert_eq!(names(place.path()), ["result"]);
}

#[test]
fn an_unfinished_result_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let out = OutDir::create(&place.path().join("result")).unwrap();
    write(&out, "journal", 10).unwrap();
    drop(out);
    assert!(names(place.path()).is_empty());
    let out = OutDir::create(&place.path().join("result")).unwrap();
    let open = out.file("journal").unwrap();
    assert!(matches!(out.finish(), Err(OutDirError::NotClosed(1))));
    drop(open);
    assert!(names(place.path()).is_empty());
}

/// Runs one test of this file again in a process of its own, where `begin` of a shell script
/// prepares it and the variable says that it is the child.
fn rerun(test: &str, begin: &str) -> Output {
    let (_, module) = module_path!().split_once("::").unwrap();
    let script = format!("{begin}\nexec \"$0\" \"$@\"");
    Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &format!("{module}::{test}")])
        .env(CHILD, "1")
        .output()
        .unwrap()
}

const CHILD: &str = "SOFTCAP_OUT_DIR_CHILD";

/// Writes until there is no room and checks what is left.
fn fill(place: &Path) {
    let target = place.join("result");
    let out = OutDir::create(&target).unwrap();
    write(&out, "small", 1_000).unwrap();
    let error = write(&out, "journal", 10 << 20).unwrap_err();
    let OutDirError::Full {
        file,
        written,
        needed,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(file, "journal");
    assert!(*written >= 1_000 && *written < 1 << 20, "{error}");
    assert!(*needed > 0);
    assert!(
        error.to_string().starts_with("C206: journal: no room ("),
        "{error}"
    );
    drop(out);
    assert!(names(place).is_empty());
}

/// A limit of the process stands for a disk that is full; it works for every user.
#[test]
fn no_room_for_a_file_is_told_and_nothing_is_left() {
    if std::env::var_os(CHILD).is_some() {
        fill(tempfile::tempdir().unwrap().path());
        return;
    }
    // Blocks of 512 bytes; without the trap the system would kill the process.
    let begin = "trap '' XFSZ; ulimit -f 128";
    let output = rerun("no_room_for_a_file_is_told_and_nothing_is_left", begin);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{output:?}"
    );
}

/// A disk that is really full, where this user may mount one.
#[test]
fn a_full_disk_is_told_and_nothing_is_left() {
    let disk = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "softcap-test"])
        .arg(disk.path())
        .output();
    let mounted = mounted.is_ok_and(|output| output.status.success());
    if !mounted {
        // The same body on a process limit, so that something is checked everywhere.
        println!("this user may not mount a small disk; a limit of the process stands for it");
        let output = rerun(
            "no_room_for_a_file_is_told_and_nothing_is_left",
            "trap '' XFSZ; ulimit -f 64",
        );
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("1 passed"),
            "{output:?}"
        );
        return;
    }
    let filled = std::panic::catch_unwind(|| fill(disk.path()));
    let unmounted = Command::new("umount").arg(disk.path()).status().unwrap();
    assert!(unmounted.success());
    filled.unwrap();
}

/// What the handler of Ctrl-C calls. It acts on the whole process, so it has one of its own.
#[test]
fn an_interrupted_result_leaves_nothing() {
    if std::env::var_os(CHILD).is_some() {
        let place = tempfile::tempdir().unwrap();
        let out = OutDir::create(&place.path().join("result")).unwrap();
        let done = OutDir::create(&place.path().join("done")).unwrap();
        write(&out, "journal", 10).unwrap();
        done.finish().unwrap();
        drop(remove_unfinished());
        assert_eq!(names(place.path()), ["done"]);
        return;
    }
    let output = rerun("an_interrupted_result_leaves_nothing", ":");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{output:?}"
    );
}

#[test]
fn errors_keep_their_file_through_other_writers() {
    let ours = OutDirError::File {
        file: "journal".into(),
        reason: "why".into(),
    };
    let through = io::Error::other(ours);
    assert!(
        matches!(out_dir_error("x", through), OutDirError::File { file, .. } if file == "journal")
    );
    let foreign = out_dir_error("x", io::Error::other("foreign")).to_string();
    assert_eq!(
        foreign,
        "C207: x: cannot be written (foreign); nothing was kept"
    );
}
