//! A node on a free port with a record in a temporary folder, a clock that is set by hand, and a
//! client that shows the answer as it came.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use softcap_database::{Database, DatabaseUrl, on_writer};
use softcap_identity::{
    Actor, AddressList, Environment, NewKey, RateLimit, RoleChange, Scopes, UnixMillis,
};
use softcap_journal::{Clock, Intake, Movement, Submission, encode_at_batch_time};
use softcap_offering::{Command, terms::Terms};
use softcap_proof::{SigningKey, VerifierKey, WitnessKey, hex, receipt::Receipt};
use softcap_rails::balance::{BalanceCommand, BalanceOutcome, Direction};
use softcap_server::{Config, Node, Server, StopSwitch, Witness, api::Service, stop_switch};
use tokio::{runtime::Runtime, task::JoinHandle};

/// The offering of most tests, in its public round.
pub(crate) const NAME: &str = "harbour";
/// 2027-01-15T09:01:00Z: the public round is open for a minute.
pub(crate) const IN_PUBLIC_ROUND: u64 = 1_800_003_660_000;
/// The last right of withdrawal is over.
pub(crate) const SETTLEABLE: u64 = 1_800_007_200_000 + 14 * 24 * 3_600_000 + 1_000;
/// Longer than anything a test waits for; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(120);

const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");

/// Starter terms: early bird from 08:00, public from 09:00 to 10:00 of 2027-01-15.
pub(crate) fn terms() -> String {
    STARTER
        .replace("2026-03-02T12:00:00Z", "2027-01-15T08:00:00Z")
        .replace("2026-03-09T12:00:00Z", "2027-01-15T09:00:00Z")
        .replace("2026-03-23T12:00:00Z", "2027-01-15T10:00:00Z")
        .replace("2026-06-01T00:00:00Z", "2027-04-15T00:00:00Z")
}

pub(crate) fn terms_hash(text: &str) -> String {
    hex(&Terms::parse(text).unwrap().hash().0)
}

/// The key of a witness; the node knows those of 1 and 2.
pub(crate) fn witness(seed: u8) -> SigningKey {
    SigningKey::from_entropy(&format!("witness.example/w{seed}"), &[seed; 32]).unwrap()
}

/// A clock whose two hands go together, so that it never jumps.
#[derive(Debug)]
struct HandClock(AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now())
    }
}

pub(crate) struct TestNode {
    runtime: Runtime,
    service: Arc<Service>,
    clock: Arc<HandClock>,
    address: SocketAddr,
    switch: Option<StopSwitch>,
    serving: Option<JoinHandle<()>>,
    /// A key that may do everything.
    pub(crate) key: String,
    /// What the node's configuration has of its own.
    change: Change,
    folder: tempfile::TempDir,
}

type Change = Arc<dyn Fn(&mut Config) + Send + Sync>;

/// What one start gives.
struct Started {
    service: Arc<Service>,
    address: SocketAddr,
    switch: StopSwitch,
    serving: JoinHandle<()>,
}

/// Opens a node on the data of a folder, and serves it.
async fn start(folder: &Path, clock: Arc<HandClock>, change: &Change) -> Started {
    let mut config = Config::on_free_port().unwrap();
    config.server.data = folder.join("data").display().to_string();
    let witnesses = [1, 2].map(|seed| Witness(WitnessKey::of(&witness(seed))));
    config.witnesses.keys = witnesses.to_vec();
    change(&mut config);
    let (switch, stopping) = stop_switch();
    let node = Node::open_with_clock(&config, clock).await.unwrap();
    let metrics = node.metrics();
    let server = Server::bind(&config, Arc::clone(&metrics)).unwrap();
    let (service, address) = (Arc::clone(node.service()), server.address());
    let serving = tokio::spawn(async move {
        node.serve(server, &config, metrics, stopping)
            .await
            .unwrap();
    });
    Started {
        service,
        address,
        switch,
        serving,
    }
}

impl TestNode {
    /// An empty node.
    pub(crate) fn empty() -> Self {
        Self::empty_with(|_| ())
    }

    /// An empty node with another configuration.
    pub(crate) fn empty_with(change: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        let change: Change = Arc::new(change);
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let clock = Arc::new(HandClock(AtomicU64::new(IN_PUBLIC_ROUND)));
        let started = runtime.block_on(start(folder.path(), Arc::clone(&clock), &change));
        let mut node = Self {
            runtime,
            service: started.service,
            clock,
            address: started.address,
            switch: Some(started.switch),
            serving: Some(started.serving),
            key: String::new(),
            change,
            folder,
        };
        node.key = node.key_with(None, "everything");
        node
    }

    /// A node with the offering announced.
    pub(crate) fn with_offering() -> Self {
        let node = Self::empty();
        node.announce();
        node
    }

    /// Announces the offering.
    pub(crate) fn announce(&self) {
        let text = terms();
        let body = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
        let answer = self.post("/v1/offerings", "announce", &body);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    /// Gives somebody a role as whoever runs the machine does.
    pub(crate) fn give_role(&self, change: RoleChange) {
        let given = self
            .service
            .roles()
            .give_as_operator("test", change, UnixMillis::now());
        self.runtime.block_on(given).unwrap();
    }

    /// Waits until no rehearsal runs.
    pub(crate) fn wait_for_rehearsals(&self) {
        self.wait(self.service.rehearsals_ended());
    }

    /// Changes the service's tables behind its back.
    pub(crate) fn execute(&self, text: &'static str) {
        let url = DatabaseUrl::Folder(self.folder.path().join("data"));
        self.runtime.block_on(async {
            let database = Database::open(&url, "service").await.unwrap();
            let done = on_writer!(&database, |pool| sqlx::query(text)
                .execute(pool)
                .await
                .map(drop));
            done.unwrap();
            database.close().await;
        });
    }

    /// A key with these scopes, or all, of this owner.
    pub(crate) fn key_with(&self, scopes: Option<&str>, owner: &str) -> String {
        self.key_in(Environment::Test, scopes, owner)
    }

    /// A key that may do everything, for what is real.
    pub(crate) fn live_key(&self) -> String {
        self.key_in(Environment::Live, None, "live")
    }

    fn key_in(&self, environment: Environment, scopes: Option<&str>, owner: &str) -> String {
        let new = NewKey {
            label: "test".to_owned(),
            owner: owner.to_owned(),
            environment,
            scopes: scopes.map_or_else(Scopes::everything, |text| text.parse().unwrap()),
            addresses: AddressList::default(),
            expires_at: None,
            limit: Some(RateLimit::new(100_000, 100_000).unwrap()),
            is_canary: false,
        };
        let actor = Actor::Operator("test".to_owned());
        let created = self.service.keys().create(&actor, new, UnixMillis::now());
        let created = self.runtime.block_on(created).unwrap();
        created.text.reveal().to_string()
    }

    /// The folder that holds the node's data.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn set_clock(&self, millis: u64) {
        self.clock.0.store(millis, Ordering::SeqCst);
    }

    pub(crate) fn verifier(&self) -> VerifierKey {
        self.service.journal().key().verifier_key().clone()
    }

    /// Gives an investor money in the offering.
    pub(crate) fn fund(&self, investor: &str, transfer: u32, cents: u32) {
        let path = format!("/v1/offerings/{NAME}/accounts/{investor}/fundings");
        let body = json!({
            "transfer": format!("{transfer:032x}"),
            "currency": "EUR",
            "amount": cents.to_string(),
        });
        let answer = self.post(&path, &format!("fund {transfer}"), &body);
        assert_eq!(answer.json()["outcome"], json!({ "kind": "done" }));
    }

    /// A contribution out of the account.
    pub(crate) fn contribute(&self, investor: &str, key: &str, cents: u32) -> Answer {
        let body = json!({ "investor": investor, "currency": "EUR", "amount": cents.to_string() });
        self.post(&format!("/v1/offerings/{NAME}/contributions"), key, &body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call(&Call::new("GET", path).key(&self.key))
    }

    /// A post with the key that may do everything.
    pub(crate) fn post(&self, path: &str, idempotency: &str, body: &Value) -> Answer {
        let call = Call::new("POST", path).key(&self.key);
        self.call(&call.idempotency(idempotency).body(body))
    }

    pub(crate) fn call(&self, call: &Call) -> Answer {
        let mut socket = self.connect();
        socket.write_all(&call.bytes()).unwrap();
        read_answer(BufReader::new(socket))
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Writes down now what keys were used for, which is else done every few seconds.
    pub(crate) fn note_uses(&self) {
        let keys = self.service.keys();
        self.wait(keys.write_notes(UnixMillis::now())).unwrap();
    }

    /// What something of the node comes to.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Stops the node as a signal does and waits for its end.
    pub(crate) fn stop(&mut self) {
        self.begin_stop();
        if let Some(serving) = self.serving.take() {
            self.runtime.block_on(serving).unwrap();
        }
    }

    /// Stops the node and starts another one on its data.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let clock = Arc::clone(&self.clock);
        let started = self
            .runtime
            .block_on(start(self.folder.path(), clock, &self.change));
        self.service = started.service;
        self.address = started.address;
        self.switch = Some(started.switch);
        self.serving = Some(started.serving);
    }

    /// Enters a command into the record of the offering, past the interface.
    pub(crate) fn enter(&self, command: &Command<'_>) {
        let log = NAME.parse().unwrap();
        let log = self.service.journal().offering(&log).unwrap();
        let submission = Submission {
            intake: Intake::Other,
            request: None,
            body: encode_at_batch_time(command, None).unwrap(),
        };
        let entered = self.runtime.block_on(log.sequencer.submit(submission));
        entered.unwrap();
    }

    /// Does only the first step of a transfer, as a process that ends after it.
    pub(crate) fn open_transfer(&self, movement: &Movement) {
        let command = BalanceCommand::OpenTransfer {
            transfer: movement.transfer,
            direction: Direction::ToOffering,
            person: movement.person,
            offering: movement.offering.as_str(),
            currency: &movement.currency,
            amount: movement.amount,
        };
        let platform = self.service.journal().platform().unwrap();
        let opened = self.runtime.block_on(platform.record(None, &command));
        assert_eq!(opened.unwrap().1, BalanceOutcome::Done);
    }

    /// Whether something is wrong with the platform's log, as the service sees it.
    pub(crate) fn platform_is_stopped(&self) -> bool {
        let platform = self.service.journal().platform().unwrap();
        platform.sequencer.stopped().is_some()
    }

    /// Waits until no transfer is open.
    pub(crate) fn wait_for_transfers(&self) {
        let platform = self.service.journal().platform().unwrap();
        let mut newest = platform.sequencer.newest();
        let is_open = || {
            let state = platform.sequencer.read();
            state.machine().balances().open_transfers().next().is_some()
        };
        let all_over = async {
            while is_open() {
                newest.changed().await.unwrap();
            }
        };
        let waited = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, all_over).await });
        waited.unwrap();
    }

    /// Everything that a connection answers to these bytes until it is closed.
    pub(crate) fn raw(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Waits until nothing that was granted is to be entered or taken back any more. The node looks for it by itself; the
    /// bound only ends a broken test.
    pub(crate) fn wait_for_admissions(&self) {
        let all_over = async {
            let cases = self.service.verifications();
            while !cases.open_admissions(1).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, all_over).await });
        waited.unwrap();
    }

    /// One round of the clock of what is kept of people, at a time: of how many nothing is kept any more.
    pub(crate) fn keep_clock(&self, millis: u64) -> usize {
        let now = UnixMillis::new(i64::try_from(millis).unwrap());
        let done = self.service.privacy().keep_clock(now);
        self.runtime.block_on(done).unwrap().len()
    }

    /// Does what is due of addresses at the node's time, if the node has not done it yet.
    pub(crate) fn settle_addresses(&self) {
        let now = self.clock.0.load(Ordering::SeqCst);
        let now = UnixMillis::new(i64::try_from(now).unwrap());
        self.wait(self.service.address_changes().settle_due(now))
            .unwrap();
    }

    /// Sets aside the second factors whose time has come, if the node has not done it yet.
    pub(crate) fn settle_resets(&self) {
        let now = self.clock.0.load(Ordering::SeqCst);
        let now = UnixMillis::new(i64::try_from(now).unwrap());
        self.wait(self.service.factors().settle_resets(now))
            .unwrap();
    }

    pub(crate) fn begin_stop(&mut self) {
        if let Some(switch) = self.switch.take() {
            switch.stop();
        }
    }
}

/// A request.
pub(crate) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// Media type of the body.
    kind: &'static str,
    /// A body that is no JSON.
    raw: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            kind: "application/json",
            raw: Vec::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn idempotency(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn body(mut self, body: &Value) -> Self {
        self.body = (!body.is_null()).then(|| body.to_string());
        self
    }

    /// The fields of a form, as browsers send them.
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        self.body = Some(pairs.extend_pairs(fields).finish());
        self.kind = "application/x-www-form-urlencoded";
        self.header("accept", "text/html")
    }

    /// A body of another kind.
    pub(crate) fn raw(self, media: &str, content: &[u8]) -> Self {
        let call = self.header("content-type", media);
        let mut call = call.header("content-length", &content.len().to_string());
        call.raw = content.to_vec();
        call
    }

    /// A body that is sent as it is.
    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// A form whose fields are encoded already.
    pub(crate) fn encoded(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self.kind = "application/x-www-form-urlencoded";
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { method, path, .. } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            text += &format!(
                "content-type: {}\r\ncontent-length: {}\r\n",
                self.kind,
                body.len()
            );
        }
        text += "\r\n";
        text += self.body.as_deref().unwrap_or_default();
        let mut bytes = text.into_bytes();
        bytes.extend(&self.raw);
        bytes
    }
}

/// An answer as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body))
    }

    /// The sequence number of the entry that the answer is about.
    pub(crate) fn sequence(&self) -> u64 {
        self.json()["sequence"].as_u64().unwrap()
    }

    /// Status and code of a problem; `-` when it is none.
    pub(crate) fn refusal(&self) -> (u16, String) {
        if self.header("content-type") != Some("application/problem+json") {
            return (self.status, "-".to_owned());
        }
        let code = self.json()["code"].as_str().unwrap().to_owned();
        (self.status, code)
    }

    /// The entry without its receipt, which is verified: signature, place in the tree, and number.
    pub(crate) fn entry(&self, key: &VerifierKey) -> Value {
        assert_eq!(self.status, 201, "{}", self.text());
        let mut entry = self.json();
        let receipt = entry.as_object_mut().unwrap().remove("receipt").unwrap();
        let receipt = Receipt::parse(receipt.as_str().unwrap().as_bytes()).unwrap();
        let proved = receipt.verify(key).unwrap();
        assert_eq!(entry["sequence"], json!(proved.entry.sequence.0));
        entry
    }
}

pub(crate) fn read_head(reader: &mut impl std::io::BufRead) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or_default().parse();
    let status = status.unwrap_or_else(|_| panic!("no answer but {line:?}"));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return (status, headers);
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
}

fn read_answer(mut reader: BufReader<TcpStream>) -> Answer {
    let (status, headers) = read_head(&mut reader);
    let mut body = Vec::new();
    reader.read_to_end(&mut body).unwrap();
    if headers.iter().any(|(name, _)| name == "transfer-encoding") {
        body = whole(&body);
    }
    Answer {
        status,
        headers,
        body,
    }
}

/// The body that came in chunks, which must be ended.
fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = std::str::from_utf8(&chunks[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        let chunk = &chunks[end + 2..];
        body.extend_from_slice(&chunk[..length]);
        chunks = chunk[length..].strip_prefix(b"\r\n").unwrap();
        if length == 0 {
            return body;
        }
    }
}

/// Money as answers show it.
pub(crate) fn money(units: &str, display: &str) -> Value {
    json!({ "units": units, "display": display })
}
