//! `softcap serve`: host offerings.

use std::{
    future::poll_fn,
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use serde_json::json;
use softcap_server::{Config, DEFAULT_FILE, LogFormat, Node, Server, StopSwitch, stop_switch};

use crate::{arguments::ServeArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &ServeArguments, console: &Console) -> Result<ExitCode, Failure> {
    let config = configuration(arguments)?;
    start_log(&config);
    block_on(async {
        let node = Node::open(&config).await?;
        let metrics = node.metrics();
        let server = Server::bind(&config, Arc::clone(&metrics))?;
        let url = server.url();
        let (switch, stopping) = stop_switch();
        stop_on_signal(switch).await;
        console.data(
            format_args!("listening on {url} (pages: {url}/, reference: {url}/docs)"),
            &json!({ "url": url }),
        );
        node.serve(server, &config, metrics, stopping).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Whether a server hears the signals that ask a process to end.
static HEARS_SIGNALS: AtomicBool = AtomicBool::new(false);

/// Whether a server answers what it accepted and closes its record when it is asked to end. The
/// process must not be ended for it then.
pub(crate) fn a_server_stops_by_itself() -> bool {
    HEARS_SIGNALS.load(Ordering::Acquire)
}

/// From here on a signal stops the server, and no longer the process at once. Call it before anybody is told that
/// the server is there: a signal between would be lost.
pub(super) async fn stop_on_signal(switch: StopSwitch) {
    let mut hearing = Box::pin(switch.stop_on_signal());
    // The first look installs the handlers; until then the process ends at once.
    let first = poll_fn(|context| Poll::Ready(hearing.as_mut().poll(context))).await;
    if first.is_pending() {
        HEARS_SIGNALS.store(true, Ordering::Release);
        tokio::spawn(hearing);
    }
}

/// Runs a future to its end on a runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    runtime.block_on(future)
}

fn configuration(arguments: &ServeArguments) -> Result<Config, Failure> {
    let file = arguments.config.as_deref().or_else(|| {
        let usual = Path::new(DEFAULT_FILE);
        usual.exists().then_some(usual)
    });
    let mut config = Config::load(file)?;
    if let Some(data) = &arguments.data {
        config.server.data.clone_from(data);
    }
    if let Some(listen) = arguments.listen {
        config.server.listen = listen;
    }
    Ok(config)
}

/// Logs go to standard error: text or JSON, filtered as configured.
pub(super) fn start_log(config: &Config) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&config.log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call finds the first one's subscriber, which is as good.
    let _ = match config.log.format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.try_init(),
    };
}
