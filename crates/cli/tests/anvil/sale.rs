//! An offering on anvil whose escrow a server follows, and what must be true of the two.

use std::{collections::BTreeMap, time::Duration};

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use softcap_evm::ChainClient;
use softcap_offering::{Command, Funding, InvestorId, Offering, Outcome};
use softcap_proof::entry::decode;

use crate::{
    client::{Answer, Client, OFFERING},
    endpoint::Endpoint,
    node::Anvil,
    record::Record,
    rpc::ACCOUNTS,
    server::Server,
};

/// An offering that is open for decades.
pub(crate) const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "ETH"
soft_cap = "1 ETH"
hard_cap = "100_000 ETH"
refund_deadline = "2099-06-01T00:00:00Z"
unsold = "burned"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "200_000_000 HBR"
for_sale = "200_000_000 HBR"
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "0.0007 ETH per HBR"
contribution = { min = "0.1 ETH", max = "20 ETH" }
investor = { max = "40 ETH" }
over_cap = "partial"
over_limit = "partial"
"#;
/// 2098-01-01T00:00:00Z, in unix seconds.
pub(crate) const CLOSES: u64 = 4_039_372_800;
/// Between two questions how far the server is.
const PAUSE: Duration = Duration::from_millis(20);
/// A minute and more.
const TRIES: u32 = 4_000;

/// A contribution, as chain and record must say it alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Contribution {
    pub(crate) transaction: String,
    pub(crate) investor: Address,
    pub(crate) amount: u128,
    pub(crate) accepted: u128,
}

/// A chain with an escrow, endpoints in front of it, and a server that follows them.
pub(crate) struct Sale {
    pub(crate) anvil: Anvil,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) escrow: Address,
    pub(crate) confirmations: u64,
    /// What the announcement said.
    pub(crate) announced: Value,
    /// The key that checks what the issuer signed.
    pub(crate) issuer: String,
}

/// How a server is to follow.
pub(crate) struct Following {
    pub(crate) confirmations: u64,
    pub(crate) endpoints: usize,
    pub(crate) blocks_at_once: u64,
}

impl Sale {
    pub(crate) async fn start(following: &Following) -> Self {
        Self::with_terms(TERMS, &[], following).await
    }

    /// Announces, and has the server follow.
    pub(crate) async fn with_terms(terms: &str, parties: &[&str], following: &Following) -> Self {
        let sale = Self::announced(terms, parties, following).await;
        let named = sale.name("escrow", sale.announced["block"].as_u64().unwrap());
        let named = named.await;
        assert_eq!(named.status, 201, "{}", named.text());
        sale
    }

    /// Announces by the program, on the chain and at the server; blocks are made one by one from then on.
    pub(crate) async fn announced(terms: &str, parties: &[&str], following: &Following) -> Self {
        let anvil = Anvil::start();
        let endpoints: Vec<Endpoint> = (0..following.endpoints)
            .map(|_| Endpoint::start(anvil.address()))
            .collect();
        let urls: Vec<String> = endpoints.iter().map(Endpoint::url).collect();
        let mut server = Server::embedded()
            .with_variable("SOFTCAP_EVM_ENDPOINTS", urls.join(",").into())
            .with_variable(
                "SOFTCAP_EVM_CONFIRMATIONS",
                following.confirmations.to_string().into(),
            )
            .with_variable(
                "SOFTCAP_EVM_BLOCKS_AT_ONCE",
                following.blocks_at_once.to_string().into(),
            )
            .with_variable("SOFTCAP_EVM_POLL_MILLIS", "5".into());
        let issuer = issuer_key(&server);
        let announced = announce(&anvil, &server, terms, parties);
        let client = server.client();
        server.start();
        client.announce(terms).await;
        let escrow = announced["escrow"].as_str().unwrap();
        Self {
            anvil,
            endpoints,
            server,
            client,
            escrow: escrow.parse().unwrap(),
            confirmations: following.confirmations,
            announced,
            issuer,
        }
    }

    /// Tells the server of the escrow and of the block of its announcement.
    pub(crate) async fn name(&self, key: &str, block: u64) -> Answer {
        let body = json!({ "contract": self.escrow, "block": block });
        let path = format!("{OFFERING}/escrow");
        self.client.post(&path, key, &body).await
    }

    /// Runs a command of the program against the node: exit code, what it says for programs, and for people.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, Value, String) {
        let output = self
            .server
            .softcap(arguments)
            .args(["--json", "--rpc", &self.anvil.url()])
            .output()
            .unwrap();
        let said = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said, error)
    }

    /// Asks the server how far it is until it says what is wanted.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..TRIES {
            let path = format!("{OFFERING}/rail");
            if let Ok(answer) = self
                .client
                .send(hyper::Method::GET, &path, None, None)
                .await
                && answer.status == 200
            {
                last = answer.json();
                if is_so(&last) {
                    return last;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("never came: {what}; {last}; {}", self.server.errors())
    }

    /// Waits until the server has seen the newest block of the chain and entered what is deep enough.
    pub(crate) async fn until_followed(&self) -> Value {
        let head = self.anvil.head();
        let deep = head - self.confirmations;
        self.until(&format!("block {head} is seen"), |rail| {
            rail["head"] == head && rail["followed"] == deep && rail["problem"].is_null()
        })
        .await
    }

    /// Waits for the alarm of a rail that stopped.
    pub(crate) async fn until_alarm(&self, code: &str) -> String {
        let rail = self.until(code, |rail| !rail["alarm"].is_null()).await;
        let alarm = rail["alarm"].as_str().unwrap().to_owned();
        assert!(alarm.starts_with(code), "{alarm}");
        alarm
    }

    /// What an operator does who has looked.
    pub(crate) async fn confirm(&self) {
        let path = format!("{OFFERING}/confirmation");
        let answer = self.client.post(&path, "confirm", &Value::Null).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        self.until("the alarm is over", |rail| rail["alarm"].is_null())
            .await;
    }

    /// Puts as many blocks on top as make everything before them deep enough.
    pub(crate) fn bury(&self) {
        for _ in 0..self.confirmations {
            self.anvil.mine(&[], 1);
        }
    }

    /// What the contract accepted, in the order of the chain.
    pub(crate) fn on_chain(&self) -> Vec<Contribution> {
        let filter = json!({
            "address": self.escrow,
            "topics": ["0x".to_owned() + &hex(&contributed())],
            "fromBlock": "0x0",
            "toBlock": "latest",
        });
        let logs = self.anvil.call("eth_getLogs", &json!([filter]));
        let read = |log: &Value| {
            let data = log["data"].as_str().unwrap();
            let word =
                |place: usize| u128::from_str_radix(&data[2 + 64 * place..][..64], 16).unwrap();
            Contribution {
                transaction: log["transactionHash"].as_str().unwrap().to_owned(),
                investor: log["topics"][1].as_str().unwrap()[26..].parse().unwrap(),
                amount: word(1),
                accepted: word(2),
            }
        };
        logs.as_array().unwrap().iter().map(read).collect()
    }

    /// What the record says, computed again from its first entry on, and the offering at its end.
    pub(crate) async fn in_record(&self) -> (Vec<Contribution>, Offering) {
        let record = Record::fetch(&self.client).await;
        let offering = record.check(&self.server.verifier(), &[]).unwrap();
        let mut contributions = Vec::new();
        for leaf in &record.leaves {
            let (entry, outcome) = decode(leaf).unwrap();
            let Command::Contribute(contribute) = &entry.command else {
                assert!(
                    !matches!(outcome, Outcome::Refused(_)),
                    "{entry:?}: {outcome:?}"
                );
                continue;
            };
            let (Outcome::Contributed(taken), Funding::Chain { accepted }) =
                (&outcome, contribute.funding)
            else {
                panic!("{entry:?}: {outcome:?}")
            };
            assert_eq!(accepted, taken.accepted, "{entry:?}");
            let InvestorId::Address(investor) = contribute.investor else {
                panic!("{contribute:?}")
            };
            let source = contribute.source.unwrap();
            contributions.push(Contribution {
                transaction: source.split(':').next().unwrap().to_owned(),
                investor: investor.into(),
                amount: contribute.amount.0,
                accepted: accepted.0,
            });
        }
        (contributions, offering)
    }

    /// Record and contract say the same, of each contribution in its order, of each investor and in all. Gives how many
    /// contributions there are.
    pub(crate) async fn agree_to_the_wei(&self) -> usize {
        let chain = self.on_chain();
        let (record, _) = self.in_record().await;
        assert_eq!(record, chain);
        let mut sums: BTreeMap<Address, u128> = BTreeMap::new();
        for one in &chain {
            *sums.entry(one.investor).or_default() += one.accepted;
        }
        let client = ChainClient::http(&self.anvil.url()).unwrap();
        for account in ACCOUNTS.iter() {
            let of = account.address();
            let held = client.account(self.escrow, of).await.unwrap().accepted;
            let sum = sums.get(&of).copied().unwrap_or_default();
            assert_eq!(held, U256::from(sum), "{of}");
        }
        let balance = client.balance(self.escrow).await.unwrap();
        assert_eq!(balance, U256::from(sums.values().sum::<u128>()));
        chain.len()
    }
}

/// The program announces; `parties` are further arguments.
fn announce(anvil: &Anvil, server: &Server, terms: &str, parties: &[&str]) -> Value {
    anvil.call("evm_setAutomine", &json!([true]));
    let place = server.path();
    std::fs::write(place.join("offering.toml"), terms).unwrap();
    write_keys(server);
    let beneficiary = ACCOUNTS[9].address().to_string();
    let url = anvil.url();
    let output = server
        .softcap(&["offering", "announce", "--rail", "evm", "--json"])
        .arg("--without-rehearsal")
        .args(["--terms", "offering.toml", "--rpc", &url])
        .args(["--beneficiary", &beneficiary, "--key-file", "key-0"])
        .args([
            "--manifest",
            "softcap-addresses.json",
            "--issuer-key",
            "issuer.key",
        ])
        .args(parties)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    anvil.call("evm_setAutomine", &json!([false]));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Makes the issuer's key in `issuer.key`; gives the one that checks what it signs.
fn issuer_key(server: &Server) -> String {
    let output = server
        .softcap(&["key", "--name", "softcap.example/issuer", "--json"])
        .args(["--out", "issuer.key"])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["verifier_key"].as_str().unwrap().to_owned()
}

/// The keys of the accounts in files `key-0`, `key-1`... of the server's folder.
fn write_keys(server: &Server) {
    for (number, account) in ACCOUNTS.iter().enumerate() {
        let key = hex(&account.signer().to_bytes().0);
        std::fs::write(server.path().join(format!("key-{number}")), key).unwrap();
    }
}

/// The first topic of `Contributed`.
fn contributed() -> [u8; 32] {
    alloy_primitives::keccak256("Contributed(address,uint256,uint256,uint256,uint256)").0
}

fn hex(bytes: &[u8]) -> String {
    softcap_proof::hex(bytes)
}
