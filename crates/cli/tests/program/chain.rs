//! `softcap chain`: what it says, what it refuses, and that it stops.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::workplace::Workplace;

const HERE: [&str; 5] = ["chain", "--data", "kept", "--listen", "127.0.0.1:0"];

/// Starts the program; it goes on until it is stopped.
fn start(place: &Workplace, options: &[&str]) -> Child {
    place
        .softcap(&[&HERE, options].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn said(child: &mut Child) -> Value {
    let out = BufReader::new(child.stdout.as_mut().unwrap());
    let mut said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
    said.next().unwrap().unwrap()
}

fn stop(child: &mut Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill(Pid::from_raw(id), signal).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn ask(url: &str, method: &str) -> Value {
    ask_with(url, method, &json!([]))
}

/// The whole answer of a node.
pub(crate) fn ask_with(url: &str, method: &str, params: &Value) -> Value {
    let address = url.strip_prefix("http://").unwrap();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn it_says_where_it_is_and_that_its_keys_are_public() {
    let place = Workplace::empty();
    let mut child = start(&place, &["--accounts", "3", "--chain-id", "7"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(
        first.starts_with("listening on http://127.0.0.1:"),
        "{first}"
    );
    assert!(first.ends_with("(chain id 7, block 0)"), "{first}");
    let text: Vec<String> = lines.by_ref().take(7).map(Result::unwrap).collect();
    // Address and key as Hardhat and Anvil print them.
    assert_eq!(
        text[1],
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266  key \
         0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    );
    assert!(
        text[5].starts_with("Everybody knows these keys"),
        "{text:?}"
    );
    assert!(text[6].ends_with("test test test junk"), "{text:?}");
    // Another program cannot have the folder meanwhile.
    let taken = place.run(&HERE);
    assert_eq!(taken.code, Some(2));
    assert!(taken.err.contains("error: E102"), "{taken:?}");
    stop(&mut child, Signal::SIGTERM);

    let mut child = start(&place, &["--json"]);
    let said = said(&mut child);
    assert_eq!((&said["chain_id"], &said["block"]), (&json!(7), &json!(0)));
    assert_eq!(said["accounts"].as_array().unwrap().len(), 3);
    let url = said["url"].as_str().unwrap();
    assert_eq!(ask(url, "eth_chainId")["result"], "0x7");
    // Time is moved only where that was asked for.
    assert_eq!(ask(url, "evm_mine")["error"]["code"], -32_601);
    stop(&mut child, Signal::SIGINT);

    let mut child = start(&place, &["--json", "--time-control"]);
    let url = self::said(&mut child)["url"].as_str().unwrap().to_owned();
    assert_eq!(ask(&url, "evm_mine")["result"], "0x0");
    stop(&mut child, Signal::SIGTERM);
    let mut child = start(&place, &["--json"]);
    assert_eq!(self::said(&mut child)["block"], 1);
    stop(&mut child, Signal::SIGTERM);
}

#[test]
fn what_cannot_be_started_says_why() {
    let place = Workplace::empty();
    let mut child = start(&place, &["--json"]);
    said(&mut child);
    stop(&mut child, Signal::SIGTERM);
    let refused = |options: &[&str], code: i32, problem: &str| {
        let answer = place.run(&[&HERE, options].concat());
        assert_eq!(answer.code, Some(code), "{answer:?}");
        assert!(answer.err.contains(problem), "{answer:?}");
    };
    refused(&["--chain-id", "8"], 2, "error: E105");
    refused(&["--accounts", "11"], 2, "error: E105");
    refused(&["--accounts", "1001"], 2, "error: E10");
    refused(&["--block-time", "0"], 2, "--block-time");
    refused(
        &["--allow-origin", "a\nb"],
        2,
        "error: C301: --allow-origin",
    );
    let mut bytes = place.bytes("kept/chain.log");
    // In the first record, before whole ones.
    bytes[20] ^= 1;
    bytes.extend_from_slice(&place.bytes("kept/chain.log"));
    place.write("kept/chain.log", bytes);
    refused(&[], 1, "error: E103");
    let answer = place.run(&["chain", "--data", "other", "--listen", "192.0.2.1:1"]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(answer.err.contains("error: E109"), "{answer:?}");
}
