//! What stands between a server and its node, and does to questions and answers what the internet does.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, RwLock},
    thread,
};

use serde_json::Value;

/// What is done to one question.
pub(crate) enum Act {
    /// It is passed on, and the answer back.
    Pass,
    /// Nobody answers.
    Close,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// The answer ends in its middle, as if that were all.
    Truncate,
    /// Something else is answered: the status line's end, seconds of a `Retry-After`, the body.
    Say(&'static str, Option<u32>, String),
    /// The answer comes changed: by question and answer.
    Change(fn(&Value, &mut Value)),
}

type Rule = Box<dyn FnMut(&Value) -> Act + Send>;

/// An endpoint of a chain.
pub(crate) struct Endpoint {
    address: String,
    rule: Arc<Mutex<Rule>>,
}

impl Endpoint {
    /// Passes everything on to whatever listens there at the time.
    pub(crate) fn start(node: Arc<RwLock<String>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| Act::Pass)));
        let kept = Arc::clone(&rule);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (node, rule) = (Arc::clone(&node), Arc::clone(&rule));
                let socket = socket.unwrap();
                thread::spawn(move || serve(socket, &node, &rule));
            }
        });
        Self {
            address,
            rule: kept,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is done to each question from here on.
    pub(crate) fn rule(&self, rule: impl FnMut(&Value) -> Act + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }
}

/// One question and its answer. What breaks on the way is what this is for: nobody is told.
fn serve(mut socket: TcpStream, node: &RwLock<String>, rule: &Mutex<Rule>) -> Option<()> {
    let question = body_of(&mut socket)?;
    let asked: Value = serde_json::from_slice(&question).ok()?;
    let act = (rule.lock().unwrap())(&asked);
    let (status, retry_after, answer) = match &act {
        Act::Close => return None,
        Act::Say(status, retry_after, body) => (*status, *retry_after, body.clone().into_bytes()),
        Act::Pass | Act::Cut | Act::Truncate | Act::Change(_) => {
            let address = node.read().unwrap().clone();
            ("200 OK", None, forward(&address, &question)?)
        }
    };
    let half = answer.len() / 2;
    let sent = match act {
        Act::Change(change) => {
            let mut changed = serde_json::from_slice(&answer).ok()?;
            change(&asked, &mut changed);
            changed.to_string().into_bytes()
        }
        Act::Truncate => answer[..half].to_vec(),
        Act::Pass | Act::Cut | Act::Say(..) | Act::Close => answer,
    };
    let wait =
        retry_after.map_or_else(String::new, |seconds| format!("retry-after: {seconds}\r\n"));
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{wait}connection: close\r\n\
         content-length: {}\r\n\r\n",
        sent.len()
    );
    let sent = if matches!(act, Act::Cut) {
        &sent[..half]
    } else {
        &sent
    };
    socket.write_all(head.as_bytes()).ok()?;
    socket.write_all(sent).ok()
}

/// The node's answer to a question.
fn forward(address: &str, question: &[u8]) -> Option<Vec<u8>> {
    let mut socket = TcpStream::connect(address).ok()?;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        question.len()
    );
    socket.write_all(head.as_bytes()).ok()?;
    socket.write_all(question).ok()?;
    body_of(&mut socket)
}

/// The body of a message whose length is said.
fn body_of(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(said) = line.strip_prefix("content-length:") {
            length = said.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}
