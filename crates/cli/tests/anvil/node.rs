//! anvil in a process of its own, with blocks that are made when a test says so.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, RwLock},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, Bytes, TxKind, U256};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rpc::{call, quantity, signed_to};

/// What installs the node, for whoever runs these tests without it.
const HINT: &str = "these tests run anvil and viem: set SOFTCAP_ANVIL to the folder that `cargo xtask anvil` prints";

/// The folder with `bin/anvil` and `node_modules`.
pub(crate) fn tools() -> PathBuf {
    std::env::var_os("SOFTCAP_ANVIL").expect(HINT).into()
}

/// A node, and its process while it runs.
pub(crate) struct Anvil {
    folder: TempDir,
    child: Option<Child>,
    address: Arc<RwLock<String>>,
    /// Unix seconds of its first block: the state that it leaves behind does not hold that one, and another would have
    /// another hash.
    genesis: String,
}

/// A payment of somebody, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) account: usize,
    pub(crate) nonce: u64,
    pub(crate) raw: String,
}

impl Payment {
    pub(crate) fn sign(account: usize, nonce: u64, escrow: Address, wei: u128) -> Self {
        let to = TxKind::Call(escrow);
        Self {
            account,
            nonce,
            raw: signed_to(account, nonce, to, U256::from(wei), Bytes::new()),
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

impl Anvil {
    pub(crate) fn start() -> Self {
        let mut anvil = Self {
            folder: tempfile::Builder::new()
                .prefix("softcap-anvil-")
                .tempdir()
                .unwrap(),
            child: None,
            address: Arc::default(),
            genesis: now().to_string(),
        };
        anvil.start_again();
        anvil
    }

    /// Starts with the state that the process before left behind.
    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let program = tools().join("bin/anvil");
        let mut child = Command::new(&program)
            .args(["--port", "0", "--no-mining", "--state", "state.json"])
            // Any number of the test's transactions in a block, each with the most gas it may name.
            .args(["--gas-limit", "3000000000"])
            .args(["--timestamp", &self.genesis])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; {HINT}", program.display()));
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = said.by_ref().map(Result::unwrap);
        let address = lines.find_map(|line| Some(line.strip_prefix("Listening on ")?.to_owned()));
        *self.address.write().unwrap() = address.expect("anvil says where it listens");
        // What it says later is read so that it never waits for a reader.
        thread::spawn(move || said.for_each(drop));
        self.child = Some(child);
    }

    /// Ends it as a service manager does: it writes its state.
    pub(crate) fn stop(&mut self) {
        let mut child = self.child.take().expect("it does not run");
        let id = i32::try_from(child.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        child.wait().unwrap();
    }

    /// Ends it without a chance to write anything.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it does not run");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Where it listens, in this life and the next ones.
    pub(crate) fn address(&self) -> Arc<RwLock<String>> {
        Arc::clone(&self.address)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address.read().unwrap())
    }

    /// What it answers, an error included.
    pub(crate) fn answer(&self, method: &str, params: &Value) -> Value {
        let address = self.address.read().unwrap().clone();
        call(&address, method, params).unwrap_or_else(|| panic!("no answer to {method}"))
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Value {
        let answer = self.answer(method, params);
        assert!(
            answer["error"].is_null(),
            "{method} with {params}: {answer}"
        );
        answer["result"].clone()
    }

    pub(crate) fn head(&self) -> u64 {
        quantity(&self.call("eth_blockNumber", &json!([])))
    }

    /// Unix seconds of the newest block.
    pub(crate) fn time(&self) -> u64 {
        let newest = self.call("eth_getBlockByNumber", &json!(["latest", false]));
        quantity(&newest["timestamp"])
    }

    /// Puts transactions into a block of their own, so many seconds after the one before.
    pub(crate) fn mine(&self, payments: &[Payment], later: u64) {
        for payment in payments {
            self.call("eth_sendRawTransaction", &json!([payment.raw]));
        }
        let time = self.time() + later;
        self.call("evm_mine", &json!([{ "timestamp": time, "blocks": 1 }]));
        let block = self.call("eth_getBlockByNumber", &json!(["latest", false]));
        let mined = block["transactions"].as_array().unwrap().len();
        assert_eq!(mined, payments.len(), "{block}");
    }

    /// Takes the newest blocks off the chain, and their transactions with them.
    pub(crate) fn roll_back(&self, depth: u64) {
        self.call("anvil_rollback", &json!([depth]));
    }

    /// Puts as many other blocks where the newest ones were, at once.
    pub(crate) fn reorganise(&self, blocks: &[Vec<Payment>]) {
        let placed: Vec<Value> = (0..)
            .zip(blocks)
            .flat_map(|(place, block)| block.iter().map(move |one| json!([one.raw, place])))
            .collect();
        self.call("anvil_reorg", &json!([blocks.len(), placed]));
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}
