//! Payments from a file, into a server of the same program.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::workplace::{Answer, Workplace};

const ADA: &str = "000000000000000000000000000000a1";
const HEADER: &str = "id,kind,person,currency,amount,reference";

/// A server in a workplace; ends with the value.
pub(crate) struct Running {
    pub(crate) place: Workplace,
    child: Child,
    pub(crate) url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// A server, and a key that may do everything in `operator.key`.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// As [`Running::start`], at an address that is known before, as a site has one.
    pub(crate) fn start_at(address: &str) -> Self {
        let place = Workplace::empty();
        // Before the server runs, so that it knows the key from its first moment.
        let key = place
            .run(&["api-key", "new", "--data", "data", "--label", "o", "--test"])
            .succeeded();
        place.write("operator.key", &key.out);
        let serve = ["serve", "--data", "data", "--listen", address, "--json"];
        let mut child = place
            .softcap(&serve)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        let said = serde_json::Deserializer::from_reader(out);
        let said = said.into_iter::<Value>().next().unwrap().unwrap();
        let url = said["url"].as_str().unwrap().to_owned();
        Self { place, child, url }
    }

    fn import(&self, rows: &[String], more: &[&str]) -> Answer {
        let table = format!("{HEADER}\n{}\n", rows.join("\n"));
        self.place.write("payments.csv", table);
        let import = ["balance", "import", "payments.csv", "--server", &self.url];
        let key = ["--key-file", "operator.key"];
        self.place.run(&[&import[..], &key, more].concat())
    }

    /// A call with the operator's key; its answer.
    pub(crate) fn call(&self, line: &str, body: &str) -> Value {
        let key = self.place.text("operator.key");
        let key = key.lines().next().unwrap();
        let length = body.len();
        let headers = format!(
            "authorization: Bearer {key}\r\nidempotency-key: {line}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n"
        );
        serde_json::from_str(&self.exchange(line, &headers, body)).unwrap()
    }

    /// A page, as a browser asks for it.
    pub(crate) fn page(&self, path: &str) -> String {
        self.exchange(&format!("GET {path}"), "accept: text/html\r\n", "")
    }

    fn exchange(&self, line: &str, headers: &str, body: &str) -> String {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(host).unwrap();
        let request =
            format!("{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n{body}");
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

fn deposits(count: usize) -> Vec<String> {
    let row = |place| format!("bank-{place},deposit,{ADA},EUR,100,");
    (0..count).map(row).collect()
}

#[test]
fn a_file_is_imported_once_in_pieces_and_again_without_effect() {
    let running = Running::start();
    let euros = r#"{"symbol":"EUR","decimals":2}"#;
    running.call("POST /v1/platform/currencies", euros);
    let available = || {
        let balances = running.call(&format!("GET /v1/people/{ADA}/balances"), "");
        balances["balances"][0]["available"]["units"].clone()
    };
    // More than one request's worth.
    let rows = deposits(450);
    let tried = running.import(&rows, &["--dry-run", "--json"]).succeeded();
    assert_eq!(
        (tried.value()["new"].clone(), available()),
        (json!(450), Value::Null)
    );
    let first = running.import(&rows, &["--json"]).succeeded().value();
    assert_eq!(
        (&first["recorded"], available()),
        (&json!(450), json!("45000"))
    );
    let again = running.import(&rows, &[]).succeeded();
    assert!(
        again.out.contains("0 recorded, 450 known before"),
        "{again:?}"
    );
    assert_eq!(available(), json!("45000"));

    // What the platform refuses is named, and the rest is recorded.
    let mut rows = deposits(451);
    rows.insert(1, format!("out,withdrawal,{ADA},EUR,999999,"));
    rows[0] = format!("bank-0,deposit,{ADA},EUR,101,");
    let answer = running.import(&rows, &[]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for said in [
        "payments.csv: line 2, id bank-0: the id came before with another content",
        "payments.csv: line 3, id out: insufficient_balance",
        "1 recorded, 449 known before, 0 would be new, 2 not taken",
    ] {
        assert!(answer.out.contains(said), "{answer:?}");
    }
    assert_eq!(available(), json!("45100"));

    // Nothing of a file with a wrong row.
    let mut rows = deposits(453);
    rows[451] = format!("bank-451,deposit,{ADA},EUR,1.50,");
    rows.push("bank-453".to_owned());
    let answer = running.import(&rows, &[]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    answer.says(&[
        "payments.csv: line 453, amount:",
        "payments.csv: line 455, row:",
    ]);
    answer.says(&["C312: payments.csv: 2 errors in the table, and nothing was sent"]);
    let answer = running.import(&rows, &["--json"]);
    let problems = answer.value()["error"]["problems"].clone();
    assert_eq!(
        (&problems[0]["line"], &problems[0]["field"]),
        (&json!(453), &json!("amount"))
    );
    assert_eq!(available(), json!("45100"));
}

#[test]
fn a_server_that_is_not_there_or_a_file_without_a_key_is_said() {
    let place = Workplace::empty();
    place.write(
        "payments.csv",
        format!("{HEADER}\na,deposit,{ADA},EUR,1,\n"),
    );
    place.write("operator.key", "sc_test_x\n");
    place.write("no.key", "x\n");
    // Nobody listens on port 1.
    let import = [
        "balance",
        "import",
        "payments.csv",
        "--server",
        "http://127.0.0.1:1",
    ];
    let answer = place.run(&[&import[..], &["--key-file", "operator.key"]].concat());
    answer.refused(&["C313", "0 of 1 rows"]);
    let answer = place.run(&[&import[..], &["--key-file", "no.key"]].concat());
    answer.refused(&["C301: --key-file"]);
    let import = [
        "balance",
        "import",
        "payments.csv",
        "--server",
        "softcap.example",
    ];
    let answer = place.run(&[&import[..], &["--key-file", "operator.key"]].concat());
    answer.refused(&["C301: --server"]);
}
