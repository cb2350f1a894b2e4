//! The embedded chain, killed at any moment and with a file that cannot grow: what it answered is there.

use std::{
    fs::File,
    io::BufReader,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use alloy_primitives::{Address, Bytes, TxKind, U256};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    count,
    rpc::{call, next_nonce, quantity, signed_to},
    server::SOFTCAP,
};

const SENDERS: usize = 4;
const RECEIVER: Address = Address::repeat_byte(0x77);

/// `softcap chain` in a process of its own, in a folder of its own.
pub(crate) struct Chain {
    folder: TempDir,
    options: Vec<&'static str>,
    wrapper: &'static str,
    child: Option<Child>,
    pub(crate) address: String,
}

impl Chain {
    pub(crate) fn new(options: &[&'static str], wrapper: &'static str) -> Self {
        Self {
            folder: tempfile::Builder::new()
                .prefix("softcap-chain-")
                .tempdir()
                .unwrap(),
            options: options.to_vec(),
            wrapper,
            child: None,
            address: String::new(),
        }
    }

    pub(crate) fn start(&mut self) {
        let errors = File::create(self.folder.path().join("errors")).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", self.wrapper, "sh", SOFTCAP, "chain", "--data", "data"])
            .args(["--listen", "127.0.0.1:0", "--json"])
            .args(&self.options)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        let said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        let said = said
            .flatten()
            .next()
            .unwrap_or_else(|| panic!("{}", self.errors()));
        let url = said["url"].as_str().unwrap_or_else(|| panic!("{said}"));
        self.address = url.strip_prefix("http://").unwrap().to_owned();
        self.child = Some(child);
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("errors")).unwrap()
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Value {
        call(&self.address, method, params).unwrap()["result"].clone()
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

fn signed(account: usize, nonce: u64, data: Bytes) -> String {
    signed_to(account, nonce, TxKind::Call(RECEIVER), U256::from(5), data)
}

/// Sends one transaction after the other until the connection breaks; the hashes that were answered, with the block
/// where there was one.
fn send_on(address: &str, account: usize) -> Vec<(Value, Value)> {
    let mut answered = Vec::new();
    let Some(first) = next_nonce(address, account) else {
        return answered;
    };
    for nonce in first.. {
        let transaction = signed(account, nonce, Bytes::new());
        let Some(sent) = call(address, "eth_sendRawTransaction", &json!([transaction])) else {
            break;
        };
        assert!(sent["result"].is_string(), "{sent}");
        let hash = sent["result"].clone();
        let receipt = call(address, "eth_getTransactionReceipt", &json!([hash]));
        let block = receipt.map_or(Value::Null, |receipt| {
            receipt["result"]["blockHash"].clone()
        });
        answered.push((hash, block));
    }
    answered
}

fn kill_under_load(options: &[&'static str], mut last_block: impl FnMut(&Chain)) {
    let mut chain = Chain::new(options, "exec \"$@\"");
    let mut random = ChaCha8Rng::seed_from_u64(0x50F7_CA91);
    let mut answered = Vec::new();
    for _ in 0..count(5, 100) {
        chain.start();
        let senders: Vec<_> = (0..SENDERS)
            .map(|account| {
                let address = chain.address.clone();
                thread::spawn(move || send_on(&address, account))
            })
            .collect();
        // Anywhere in the life of a block.
        thread::sleep(Duration::from_micros(u64::from(
            random.next_u32() % 400_000,
        )));
        chain.kill();
        for sender in senders {
            answered.extend(sender.join().unwrap());
        }
    }
    chain.start();
    last_block(&chain);
    let known: u64 = (0..SENDERS)
        .map(|account| next_nonce(&chain.address, account).unwrap())
        .sum();
    assert!(!answered.is_empty());
    assert!(known >= u64::try_from(answered.len()).unwrap());
    for (hash, block) in &answered {
        let receipt = chain.call("eth_getTransactionReceipt", &json!([hash]));
        assert_eq!(receipt["status"], "0x1", "{hash} was answered and is gone");
        if !block.is_null() {
            assert_eq!(&receipt["blockHash"], block);
        }
    }
    // Nothing is there twice: each transaction brings five.
    let held = chain.call("eth_getBalance", &json!([RECEIVER.to_string(), "latest"]));
    assert_eq!(quantity(&held), 5 * known);
}

#[test]
fn a_killed_chain_loses_and_doubles_nothing() {
    kill_under_load(&[], |_| {});
}

/// With blocks by the clock, transactions that wait were answered too.
#[test]
fn a_killed_chain_keeps_what_waits() {
    kill_under_load(&["--block-time", "86400", "--time-control"], |chain| {
        // More than one block may hold.
        for _ in 0..count(20, 400) {
            chain.call("evm_mine", &json!([]));
        }
    });
}

/// The file may have 32 kB (`ulimit -f` counts 512 bytes): what does not fit is refused and did not happen, what fits
/// is taken again without a restart.
#[test]
fn a_chain_without_room_says_so_and_goes_on() {
    let mut chain = Chain::new(&[], "trap '' XFSZ; ulimit -f 64; exec \"$@\"");
    chain.start();
    let large = signed(0, 0, Bytes::from(vec![7; 60_000]));
    for _ in 0..3 {
        let answer = call(&chain.address, "eth_sendRawTransaction", &json!([large])).unwrap();
        assert_eq!(answer["error"]["code"], -32_603, "{answer}");
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .starts_with("E106"),
            "{answer}"
        );
        assert_eq!(chain.call("eth_blockNumber", &json!([])), "0x0");
        assert_eq!(next_nonce(&chain.address, 0), Some(0));
    }
    let small = signed(0, 0, Bytes::new());
    let hash = chain.call("eth_sendRawTransaction", &json!([small]));
    let block = chain.call("eth_getBlockByNumber", &json!(["0x1", false]));
    assert_eq!(block["transactions"], json!([hash]));
    chain.kill();
    chain.start();
    assert_eq!(
        chain.call("eth_getBlockByNumber", &json!(["0x1", false])),
        block
    );
}
