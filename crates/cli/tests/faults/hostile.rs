//! Clients that want to cost: bodies without end, JSON without bottom, requests that never come to theirs.
//! Each is told so, nobody else waits for it, and the process does not grow.

use std::{
    fs,
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::{
    client::{Client, OFFERING},
    load::Load,
    record::Record,
    server::{Server, TERMS},
};

/// A connection on which nothing happens for this long will never be answered.
const PATIENCE: Duration = Duration::from_secs(60);
const GIGABYTE: u64 = 1 << 30;

/// A server that limits clients by these variables, with the offering announced.
async fn serving(variables: &[(&'static str, &str)]) -> (Server, Client) {
    let mut server = Server::embedded();
    for (name, value) in variables {
        server = server.with_variable(name, value.into());
    }
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    (server, client)
}

fn connect(client: &Client) -> TcpStream {
    let url = client.url();
    let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// The head of a request that may do everything, but for what says how long its body is.
fn head(client: &Client, path: &str) -> String {
    let key = client.key();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nidempotency-key: h\r\n\
         content-type: application/json\r\n"
    )
}

/// Status and problem code of an answer.
fn answer(socket: &mut TcpStream) -> (u16, String) {
    let mut lines = BufReader::new(socket);
    let mut text = String::new();
    lines.read_line(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = 0;
    loop {
        text.clear();
        lines.read_line(&mut text).unwrap();
        let line = text.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    (status, problem["code"].as_str().unwrap().to_owned())
}

/// The most memory that the process of a server ever had, in bytes.
fn peak_memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// What changes things, with a body each.
const ROUTES: [&str; 5] = [
    "/v1/offerings",
    "/v1/offerings/harbour/contributions",
    "/v1/offerings/harbour/operations",
    "/v1/offerings/harbour/accounts/p-1/fundings",
    "/v1/keys",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gigabyte_is_refused_and_not_kept() {
    let (server, client) = serving(&[]).await;
    let load = Load::start(std::slice::from_ref(&client), "g", 4);
    let before = peak_memory(&server);
    for path in ROUTES {
        for chunked in ["", "10000\r\n"] {
            let framing = if chunked.is_empty() {
                format!("content-length: {GIGABYTE}\r\n\r\n")
            } else {
                "transfer-encoding: chunked\r\n\r\n".to_owned()
            };
            let mut socket = connect(&client);
            let begun = head(&client, path) + &framing;
            socket.write_all(begun.as_bytes()).unwrap();
            send_a_gigabyte(&mut socket, chunked);
            assert_eq!(answer(&mut socket), (413, "H413".to_owned()), "{path}");
        }
    }
    let grown = peak_memory(&server) - before;
    assert!(grown < 100 << 20, "{grown} bytes more than {before}");
    let held = load.finish().await;
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
}

/// As much of it as the server lets through before it answers.
fn send_a_gigabyte(socket: &mut TcpStream, chunk_head: &str) {
    let mut part = chunk_head.as_bytes().to_vec();
    part.extend(vec![b' '; 0x10000]);
    if !chunk_head.is_empty() {
        part.extend(b"\r\n");
    }
    let mut sent = 0;
    while sent < GIGABYTE {
        if socket.write_all(&part).is_err() {
            return;
        }
        sent += 0x10000;
        socket.set_nonblocking(true).unwrap();
        let is_answered = socket.peek(&mut [0]).is_ok();
        socket.set_nonblocking(false).unwrap();
        if is_answered {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_without_bottom_is_a_bad_request() {
    // Large enough for it to reach the parser.
    let (server, client) = serving(&[("SOFTCAP_BODY_BYTES", "1000000")]).await;
    for path in ROUTES {
        for part in ["[", "{\"investor\":", "{\"a\":[", "{\"kind\":{\"kind\":"] {
            let body = part.repeat(100_000);
            let mut socket = connect(&client);
            let length = body.len();
            let head = head(&client, path) + &format!("content-length: {length}\r\n\r\n");
            socket.write_all(head.as_bytes()).unwrap();
            // A server that has seen enough may close before it has read all.
            let _ = socket.write_all(body.as_bytes());
            let (status, code) = answer(&mut socket);
            let expected = if length > 1_000_000 { 413 } else { 400 };
            assert_eq!(status, expected, "{path} {part} {code}");
        }
    }
    assert!(!server.errors().contains("panic"), "{}", server.errors());
    assert_eq!(client.contribute("after", "p-1", 100).await.status, 201);
    assert_eq!(client.get(OFFERING).await.json()["contributions"], 1);
}

/// A slow-loris: many connections, each of which sends a byte now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_comes_to_its_end_is_ended() {
    let limits = [
        ("SOFTCAP_HEADER_SECONDS", "2"),
        ("SOFTCAP_BODY_SECONDS", "2"),
    ];
    let (server, client) = serving(&limits).await;
    let mut load = Load::start(std::slice::from_ref(&client), "s", 4);
    let contributions = format!("{OFFERING}/contributions");
    let slow_head = head(&client, &contributions) + "x-slow: ";
    let slow_body = head(&client, &contributions) + "content-length: 60000\r\n\r\n{";
    let mut slow: Vec<(TcpStream, bool)> = (0..200)
        .map(|number| {
            let mut socket = connect(&client);
            let has_body = number % 2 == 0;
            let begun = if has_body { &slow_body } else { &slow_head };
            socket.write_all(begun.as_bytes()).unwrap();
            socket
                .set_read_timeout(Some(Duration::from_millis(1)))
                .unwrap();
            (socket, has_body)
        })
        .collect();
    // The server ends each of them, however often a byte comes.
    while !slow.is_empty() {
        load.more(5).await;
        slow.retain_mut(|(socket, has_body)| match socket.peek(&mut [0]) {
            Err(error) if is_silence(&error) => {
                let _ = socket.write_all(b" ");
                true
            }
            Ok(length) if length > 0 => {
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                assert_eq!(answer(socket), (408, "H408".to_owned()), "{has_body}");
                false
            }
            // Without a whole head there is no request to answer.
            Ok(_) | Err(_) => {
                assert!(!*has_body, "a request ended without an answer");
                false
            }
        });
    }
    let held = load.finish().await;
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
}

fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
