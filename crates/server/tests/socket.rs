//! The frame and the listener over real sockets, with raw bytes where a client library would be too
//! polite.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what only tests call is a test too"
)]

#[path = "support/service.rs"]
mod service;

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use service::{Answer, Service, exchange, read_answer};

const GET: &str = "GET /echo HTTP/1.1\r\nhost: x\r\n";

fn problem(answer: &Answer) -> softcap_server::Problem {
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn what_the_framework_refuses_is_a_problem_with_the_request_id() {
    let service = Service::start(|_| {});
    let post = "POST /order HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let table = [
        (
            "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            404,
            "H404",
        ),
        (
            "DELETE /echo HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            405,
            "H405",
        ),
        (
            "GET /numbers/x HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            404,
            "H404",
        ),
        (
            "GET /numbers/1?limit=x HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            400,
            "H400",
        ),
        (
            format!("{post}content-length: 5\r\n\r\n{{\"a\":"),
            400,
            "H400",
        ),
        (
            format!("{post}content-length: 8\r\n\r\n{{\"b\":\"\"}}"),
            422,
            "H422",
        ),
        (
            "POST /order HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
            415,
            "H415",
        ),
        (
            "GET /plain-error HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            409,
            "H409",
        ),
        (
            "GET /busy HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            503,
            "H503",
        ),
        (
            "GET /problems/H000 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            404,
            "H404",
        ),
    ];
    for (request, status, code) in table {
        let request = request.replacen("host: x\r\n", "host: x\r\nx-request-id: mine-7\r\n", 1);
        let answer = exchange(&service, request.as_bytes());
        assert_eq!(answer.status, status, "{request}\n{answer:?}");
        let problem = problem(&answer);
        assert_eq!(
            (problem.code.as_str(), problem.status),
            (code, status),
            "{request}"
        );
        assert_eq!(problem.instance, "mine-7", "{request}");
        assert_eq!(answer.header("x-request-id"), Some("mine-7"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("retry-after").is_some(), status == 503);
        assert_eq!(answer.header("allow").is_some(), status == 405);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused_and_the_reason_arrives() {
    let service = Service::start(|_| {});
    let head = "POST /order HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let chunk = vec![b' '; 64 * 1024];
    for (framing, opening) in [
        ("content-length: 1073741824\r\n\r\n", ""),
        ("transfer-encoding: chunked\r\n\r\n", "10000\r\n"),
    ] {
        let mut socket = service.connect();
        socket
            .write_all(format!("{head}{framing}").as_bytes())
            .unwrap();
        let mut sent = 0_u64;
        // A gigabyte, or as much of it as the server lets through before it closes.
        while sent < 1 << 30 {
            let mut write = || {
                socket.write_all(opening.as_bytes())?;
                socket.write_all(&chunk)?;
                socket.write_all(if opening.is_empty() { b"" } else { b"\r\n" })
            };
            if write().is_err() {
                break;
            }
            sent += 65_536;
            if socket.set_nonblocking(true).is_ok() {
                let seen = socket.peek(&mut [0; 1]).is_ok();
                socket.set_nonblocking(false).unwrap();
                if seen {
                    break;
                }
            }
        }
        let answer = read_answer(&mut socket);
        assert_eq!(answer.status, 413, "{framing}");
        assert_eq!(problem(&answer).code, "H413");
    }
    assert_eq!(
        exchange(&service, format!("{GET}\r\n").as_bytes()).status,
        200
    );
}

#[test]
fn deep_json_is_a_bad_request() {
    let service = Service::start(|limits| limits.body_bytes = 1_000_000);
    for body in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        for path in ["/order", "/anything"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = exchange(&service, request.as_bytes());
            assert_eq!(
                (answer.status, problem(&answer).code.as_str()),
                (400, "H400")
            );
        }
    }
}

#[test]
fn a_slow_head_and_a_slow_body_are_ended() {
    let service = Service::start(|limits| {
        limits.header_seconds = 1;
        limits.body_seconds = 1;
    });
    // A head that never ends: bytes keep coming, and the connection is closed all the same.
    let mut socket = service.connect();
    socket.write_all(GET.as_bytes()).unwrap();
    while socket.write_all(b"x: y\r\n").is_ok() {
        std::thread::sleep(Duration::from_millis(50));
    }
    // A body of which a byte comes now and then.
    let mut socket = service.connect();
    socket
        .write_all(
            b"POST /order HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
              content-length: 1000\r\n\r\n",
        )
        .unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let mut first = [0; 1];
    loop {
        match socket.peek(&mut first) {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => socket.write_all(b" ").unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
    let answer = read_answer(&mut socket);
    assert_eq!(
        (answer.status, problem(&answer).code.as_str()),
        (408, "H408")
    );
    // A handler that takes too long.
    let service = Service::start(|limits| limits.answer_seconds = 1);
    let answer = exchange(&service, b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(
        (answer.status, problem(&answer).code.as_str()),
        (503, "H504")
    );
}

#[test]
fn two_thousand_idle_connections_are_no_burden_and_one_too_many_is_told_so() {
    let service = Service::start(|limits| limits.connections = 2_001);
    let idle: Vec<_> = (0..2_000).map(|_| service.connect()).collect();
    let mut last = service.connect();
    last.write_all(format!("{GET}\r\n").as_bytes()).unwrap();
    assert_eq!(read_answer(&mut last).status, 200);
    let mut refused = service.connect();
    let answer = read_answer(&mut refused);
    assert_eq!(
        (answer.status, problem(&answer).code.as_str()),
        (503, "H503")
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    // Every idle one still works.
    for mut socket in idle.into_iter().step_by(100) {
        socket.write_all(format!("{GET}\r\n").as_bytes()).unwrap();
        assert_eq!(read_answer(&mut socket).status, 200);
    }
}

#[test]
fn the_forwarded_address_reaches_the_handler_only_from_a_trusted_proxy() {
    let request = b"GET /who HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 9.9.9.9, 203.0.113.9\r\n\r\n";
    let stranger = Service::start(|_| {});
    assert_eq!(exchange(&stranger, request).body, "127.0.0.1");
    let behind_proxy = Service::start_behind("127.0.0.0/8");
    assert_eq!(exchange(&behind_proxy, request).body, "203.0.113.9");
}

#[test]
fn a_stop_answers_what_was_accepted_and_takes_no_more() {
    let service = Service::start(|_| {});
    let mut waiting = service.connect();
    waiting
        .write_all(b"GET /gate HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    service.wait_until_in_gate();
    let mut idle = service.connect();
    idle.write_all(format!("{GET}\r\n").as_bytes()).unwrap();
    assert_eq!(read_answer(&mut idle).status, 200);
    service.stop();
    // The idle connection is closed, and nobody new is let in.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    // The listener closes beside the idle connection, so it may take a moment longer.
    let refused = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        TcpStream::connect(service.address()).is_err()
    });
    assert!(refused);
    service.open_gate();
    let answer = read_answer(&mut waiting);
    assert_eq!((answer.status, answer.body.as_str()), (200, "through"));
    waiting.shutdown(Shutdown::Both).ok();
    assert_eq!(service.ended().cut, 0);
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let service = Service::start(|limits| limits.stop_seconds = 1);
    let mut waiting = service.connect();
    waiting
        .write_all(b"GET /gate HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    service.wait_until_in_gate();
    service.stop();
    assert_eq!(service.ended().cut, 1);
}

#[test]
fn large_texts_are_compressed_and_streams_of_events_are_not() {
    let service = Service::start(|_| {});
    let ask = |path: &str, encodings: &str| {
        let text =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: {encodings}\r\n\r\n");
        exchange(&service, text.as_bytes())
    };
    for (path, encodings, expected) in [
        ("/large", "gzip", Some("gzip")),
        ("/large", "br, gzip", Some("br")),
        ("/large", "identity", None),
        ("/echo", "gzip", None),
        ("/events", "gzip", None),
        ("/openapi.json", "gzip", Some("gzip")),
    ] {
        let answer = ask(path, encodings);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("content-encoding"),
            expected,
            "{path} {encodings}"
        );
    }
}

#[test]
fn the_service_tells_its_state_its_numbers_and_its_interface() {
    let service = Service::start(|_| {});
    let get = |path: &str| {
        exchange(
            &service,
            format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(),
        )
    };
    assert_eq!(get("/healthz").status, 200);
    assert_eq!(get("/readyz").status, 200);
    service.break_component();
    let down = get("/readyz");
    assert_eq!(down.status, 503);
    let report: serde_json::Value = serde_json::from_str(&down.body).unwrap();
    assert_eq!(report["components"][0]["state"], "down");
    assert_eq!(report["components"][0]["reason"], "no room");
    let numbers = get("/metrics");
    let line = "softcap_http_request_duration_seconds_count{method=\"GET\",route=\"/readyz\",status=\"5xx\"} 1";
    assert!(numbers.body.contains(line), "{}", numbers.body);
    let passed_on = b"GET /metrics HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 127.0.0.1\r\n\r\n";
    assert_eq!(exchange(&service, passed_on).status, 401);
}
