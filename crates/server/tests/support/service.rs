//! A service on a free port in a thread of its own, and a client that writes raw bytes.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header},
    routing::{get, post},
};
use serde::Deserialize;
use softcap_server::{
    ApiError, ClientAddress, ComponentState, Config, Json, LimitsSection, Metrics, Path,
    ProblemCode, Query, Readiness, Server, StopReport, StopSwitch, System, frame, stop_switch,
    system_routes,
};
use tokio::sync::Semaphore;

/// Longer than anything a test waits for; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Service {
    address: SocketAddr,
    switch: StopSwitch,
    gate: Arc<Semaphore>,
    in_gate: mpsc::Receiver<()>,
    is_broken: Arc<AtomicBool>,
    thread: JoinHandle<StopReport>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[allow(dead_code, reason = "only its shape matters")]
    a: u64,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
}

fn routes(gate: Arc<Semaphore>, in_gate: mpsc::Sender<()>) -> Router {
    let wait = move || async move {
        in_gate.send(()).ok();
        gate.acquire().await.map(|_| "through").unwrap_or("closed")
    };
    let number = async |Path(number): Path<u32>, Query(page): Query<Page>| {
        format!("{number} {:?}", page.limit)
    };
    Router::new()
        .route("/echo", get(async || "echo"))
        .route(
            "/who",
            get(async |client: ClientAddress| client.ip().to_string()),
        )
        .route("/order", post(async |Json(_): Json<Order>| "taken"))
        .route(
            "/anything",
            post(async |Json(_): Json<serde_json::Value>| "taken"),
        )
        .route("/numbers/{number}", get(number))
        .route(
            "/plain-error",
            get(async || (StatusCode::CONFLICT, "words of a library")),
        )
        .route("/busy", get(async || ApiError::from(ProblemCode::Busy)))
        .route("/never", get(std::future::pending::<&'static str>))
        .route("/gate", get(wait))
        .route("/large", get(async || "many words ".repeat(1_000)))
        .route(
            "/events",
            get(async || {
                let kind = [(header::CONTENT_TYPE, "text/event-stream")];
                (kind, "data: x\n\n".repeat(1_000))
            }),
        )
}

impl Service {
    pub(crate) fn start(change: impl FnOnce(&mut LimitsSection)) -> Self {
        let mut config = Config::on_free_port().unwrap();
        change(&mut config.limits);
        Self::run(config)
    }

    pub(crate) fn start_behind(proxies: &str) -> Self {
        let mut config = Config::on_free_port().unwrap();
        config.server.proxies = vec![proxies.parse().unwrap()];
        Self::run(config)
    }

    fn run(config: Config) -> Self {
        let (switch, stopping) = stop_switch();
        let gate = Arc::new(Semaphore::new(0));
        let (entered, in_gate) = mpsc::channel();
        let is_broken = Arc::new(AtomicBool::new(false));
        let metrics = Arc::new(Metrics::new(Default::default()));
        let broken = Arc::clone(&is_broken);
        let system = System {
            readiness: Readiness::new(stopping.clone()).with("journal", move || {
                if broken.load(Ordering::Relaxed) {
                    ComponentState::Down("no room".to_owned())
                } else {
                    ComponentState::Ready
                }
            }),
            metrics: Arc::clone(&metrics),
            metrics_permission: None,
        };
        let router = routes(Arc::clone(&gate), entered).merge(system_routes(system));
        let router = frame(router, &config, Arc::clone(&metrics));
        let (bound, address) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let server = Server::bind(&config, metrics).unwrap();
                bound.send(server.address()).unwrap();
                server.serve(router, stopping).await.unwrap()
            })
        });
        Self {
            address: address.recv_timeout(PATIENCE).unwrap(),
            switch,
            gate,
            in_gate,
            is_broken,
            thread,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    pub(crate) fn wait_until_in_gate(&self) {
        self.in_gate.recv_timeout(PATIENCE).unwrap();
    }

    pub(crate) fn open_gate(&self) {
        self.gate.add_permits(1);
    }

    pub(crate) fn break_component(&self) {
        self.is_broken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.switch.stop();
    }

    pub(crate) fn ended(self) -> StopReport {
        self.thread.join().unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One request on a connection of its own.
pub(crate) fn exchange(service: &Service, request: &[u8]) -> Answer {
    let mut socket = service.connect();
    socket.write_all(request).unwrap();
    read_answer(&mut socket)
}

/// Reads one answer with a length, or in chunks (whose text is then left as it came).
pub(crate) fn read_answer(socket: &mut TcpStream) -> Answer {
    let mut reader = BufReader::new(socket);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or_default().parse();
    let status = status.unwrap_or_else(|_| panic!("no answer but {line:?}"));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut answer = Answer {
        status,
        headers,
        body: String::new(),
    };
    let length = answer
        .header("content-length")
        .map(|text| text.parse().unwrap());
    let mut bytes = Vec::new();
    if let Some(length) = length {
        reader.take(length).read_to_end(&mut bytes).unwrap();
    }
    answer.body = String::from_utf8_lossy(&bytes).into_owned();
    answer
}
