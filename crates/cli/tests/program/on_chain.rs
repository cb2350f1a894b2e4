//! An offering on a chain with the program alone: announced, permitted, settled, claimed, refunded.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Child, Stdio},
};

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use softcap_evm::{ChainClient, PaidIn, Permit, ShownPermit, contribution_draft, read_wallet};

use crate::chain::ask_with;
use crate::workplace::{Answer, Workplace};

pub(crate) const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "example.org/harbour"
numeraire = "ETH"
soft_cap = "10 ETH"
hard_cap = "100 ETH"
refund_deadline = "2091-03-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "300_000 HBR"
for_sale = "200_000 HBR"
[[token.share]]
name = "the team"
holder = "team"
amount = "100_000 HBR"
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[[round]]
name = "public"
from = "2091-01-01T00:00:00Z"
until = "2091-01-02T00:00:00Z"
end = "exclusive"
access = "admitted"
price = "0.0007 ETH per HBR"
allocation = "first_come"
"#;
/// The window of these terms, in unix seconds.
pub(crate) const OPENS: u64 = 3_818_448_000;
pub(crate) const CLOSES: u64 = OPENS + 86_400;

/// A chain of the program, killed at the end, and the keys of its accounts in files `key-0`, `key-1`...
pub(crate) struct Chain {
    pub(crate) place: Workplace,
    child: Child,
    pub(crate) url: String,
    pub(crate) accounts: Vec<String>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        // It holds nothing that anybody needs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Chain {
    pub(crate) fn start() -> Self {
        let place = Workplace::empty();
        place.write("offering.toml", TERMS);
        Self::over(place, "kept")
    }

    /// The chain of a folder, which may be there already.
    pub(crate) fn over(place: Workplace, data: &str) -> Self {
        let arguments = ["chain", "--data", data, "--listen", "127.0.0.1:0"];
        let options = ["--json", "--time-control"];
        let mut child = place
            .softcap(&[&arguments[..], &options].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        let mut said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        let said = said.next().unwrap().unwrap();
        let mut accounts = Vec::new();
        for (number, account) in said["accounts"].as_array().unwrap().iter().enumerate() {
            place.write(
                &format!("key-{number}"),
                account["key"].as_str().unwrap().trim_start_matches("0x"),
            );
            accounts.push(account["address"].as_str().unwrap().to_owned());
        }
        Self {
            place,
            child,
            url: said["url"].as_str().unwrap().to_owned(),
            accounts,
        }
    }

    pub(crate) fn run(&self, command: &[&str], options: &[&str]) -> Answer {
        let node = ["--json", "--rpc", &self.url];
        self.place.run(&[command, &node, options].concat())
    }

    pub(crate) fn announce(&self, options: &[&str]) -> Answer {
        let holder = format!("the team={}", self.accounts[3]);
        let parties = [
            "--without-rehearsal",
            "--rail",
            "evm",
            "--terms",
            "offering.toml",
            "--beneficiary",
            &self.accounts[2],
            "--verifier",
            &self.accounts[1],
            "--holder",
            &holder,
        ];
        self.run(&["offering", "announce"], &[&parties, options].concat())
    }

    pub(crate) fn at(&self, second: u64) {
        ask_with(&self.url, "evm_setNextBlockTimestamp", &json!([second]));
        ask_with(&self.url, "evm_mine", &json!([]));
    }

    fn block(&self) -> Value {
        ask_with(&self.url, "eth_blockNumber", &json!([]))["result"].clone()
    }

    /// What an investor's own wallet does.
    pub(crate) fn contribute(&self, escrow: &str, account: usize, milli: u64) {
        let max = "8000000000000000000";
        let wallet = &self.accounts[account];
        let permit = [
            "--escrow",
            escrow,
            "--investor",
            wallet,
            "--max",
            max,
            "--key-file",
            "key-1",
        ];
        let permit = value(&self.run(&["permit"], &permit).succeeded());
        let shown = ShownPermit {
            permit: Permit {
                investor: wallet.parse().unwrap(),
                max: max.parse().unwrap(),
                expiry: permit["expiry"].as_str().unwrap().parse().unwrap(),
            },
            signature: permit["signature"].as_str().unwrap().parse().unwrap(),
        };
        let key = self.place.path().join(format!("key-{account}"));
        let signer = read_wallet(Some(&key)).unwrap();
        let amount = U256::from(milli) * U256::from(1_000_000_000_000_000_u64);
        let escrow: Address = escrow.parse().unwrap();
        let from = signer.address();
        let draft = contribution_draft(escrow, from, PaidIn::Coin, amount, Some(&shown));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = ChainClient::http(&self.url).unwrap();
            let cost = client.try_out(&draft).await.unwrap();
            client.send(&draft, &cost, &signer).await.unwrap();
        });
    }
}

pub(crate) fn value(answer: &Answer) -> Value {
    serde_json::from_str(&answer.out).unwrap()
}

pub(crate) fn refused(answer: &Answer, code: i32, says: &[&str]) {
    assert_eq!(answer.code, Some(code), "{answer:?}");
    answer.says(says);
}

#[test]
fn a_sale_from_the_announcement_to_the_last_claim() {
    let chain = Chain::start();
    let dry = value(
        &chain
            .announce(&["--from", &chain.accounts[0], "--dry-run"])
            .succeeded(),
    );
    assert_eq!(
        (&dry["announced"], &dry["escrow"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(chain.block(), "0x0", "a dry run sends nothing");

    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    assert_eq!(made["chain_id"], 31_337);
    // What was rehearsed in the program is what the chain takes, and a little for gas that is kept back in calls.
    let gas = |said: &Value, of: &str| said[of]["gas"].as_str().unwrap().parse::<u64>().unwrap();
    for of in ["factory_cost", "cost"] {
        let (dry, made) = (gas(&dry, of), gas(&made, of));
        assert!(
            made <= dry && dry <= made + made / 20,
            "{of}: {dry} and {made}"
        );
    }
    let escrow = made["escrow"].as_str().unwrap();
    let here = ["--escrow", escrow];

    chain.at(OPENS);
    chain.contribute(escrow, 4, 8_000);
    chain.contribute(escrow, 5, 4_000);
    let early = chain.run(
        &["release"],
        &[&here[..], &["--key-file", "key-9"]].concat(),
    );
    refused(
        &early,
        1,
        &["error: R202", "StillOpen { closes: 3818534400 }"],
    );
    chain.at(CLOSES);
    let from = ["--from", &chain.accounts[9], "--dry-run"];
    let tried = value(
        &chain
            .run(&["release"], &[&here[..], &from].concat())
            .succeeded(),
    );
    assert_eq!(
        (&tried["sent"], tried["steps"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    let released = chain.run(
        &["release"],
        &[&here[..], &["--key-file", "key-9"]].concat(),
    );
    let released = value(&released.succeeded());
    assert_eq!(released["steps"].as_array().unwrap().len(), 2);
    let again = chain.run(
        &["release"],
        &[&here[..], &["--key-file", "key-9"]].concat(),
    );
    refused(&again, 1, &["error: R202", "WrongPhase { phase: 3 }"]);

    let own = chain.run(&["claim"], &[&here[..], &["--key-file", "key-4"]].concat());
    // 8 ETH at 0.0007 ETH, rounded down.
    let bought = "11428571428571428571428";
    assert_eq!(
        value(&own.succeeded())["paid"],
        json!([{ "investor": chain.accounts[4].to_lowercase(), "what": "tokens", "amount": bought }])
    );
    chain.place.write(
        "wallets.txt",
        format!("{}\n\n{}\n", chain.accounts[4], chain.accounts[5]),
    );
    let list = ["--list", "wallets.txt", "--key-file", "key-9"];
    let list = chain.run(&["claim"], &[&here[..], &list].concat());
    assert_eq!(list.code, Some(1), "one was paid already: {list:?}");
    let list = value(&list);
    assert_eq!(list["skipped"], json!([chain.accounts[4].to_lowercase()]));
    assert_eq!(list["paid"][0]["amount"], "5714285714285714285714");
    let refund = chain.run(&["refund"], &[&here[..], &["--key-file", "key-5"]].concat());
    refused(&refund, 1, &["error: R202", "NothingDue"]);
}

#[test]
fn a_sale_that_fails_gives_the_money_back() {
    let chain = Chain::start();
    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    // A second offering on the same factory.
    let factory = [
        "--key-file",
        "key-0",
        "--factory",
        made["factory"].as_str().unwrap(),
    ];
    let other = value(&chain.announce(&factory).succeeded());
    assert_eq!(other["factory_cost"], Value::Null);
    assert_ne!(other["escrow"], made["escrow"]);
    chain.at(OPENS);
    chain.contribute(escrow, 4, 2_000);
    chain.contribute(escrow, 5, 1_000);
    chain.at(CLOSES);
    let here = ["--escrow", escrow];
    let release = chain.run(
        &["release"],
        &[&here[..], &["--key-file", "key-9"]].concat(),
    );
    refused(&release, 1, &["error: R202", "SoftCapMissed"]);
    chain.place.write(
        "wallets.txt",
        format!("{}\n{}", chain.accounts[4], chain.accounts[5]),
    );
    let list = ["--list", "wallets.txt", "--key-file", "key-9"];
    let paid = value(
        &chain
            .run(&["refund"], &[&here[..], &list].concat())
            .succeeded(),
    );
    assert_eq!(
        (&paid["paid"][0]["amount"], &paid["paid"][1]["amount"]),
        (&json!("2000000000000000000"), &json!("1000000000000000000"))
    );
}

/// Terms with a withdrawal right get the escrow that keeps it, and the command takes back; from another escrow
/// there is nothing to take.
#[test]
fn a_contribution_is_taken_back_within_the_right() {
    let chain = Chain::start();
    let plain = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let right =
        "[withdrawal]\nuntil = \"2091-01-10T00:00:00Z\"\nwho = \"everyone\"\n[currency.ETH]";
    let terms = TERMS.replacen("[currency.ETH]", right, 1);
    chain.place.write("offering.toml", &terms);
    let factory = [
        "--key-file",
        "key-0",
        "--factory",
        plain["factory"].as_str().unwrap(),
    ];
    refused(
        &chain.announce(&factory),
        1,
        &["error: R206", "withdrawal right"],
    );
    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    chain.at(OPENS);
    chain.contribute(escrow, 4, 2_000);
    chain.contribute(escrow, 4, 1_000);
    let own = ["--escrow", escrow, "--key-file", "key-4"];
    let back = value(&chain.run(&["withdraw"], &own).succeeded());
    let wallet = chain.accounts[4].to_lowercase();
    assert_eq!(
        back["paid"],
        json!([{ "investor": wallet, "what": "money", "amount": "3000000000000000000" }])
    );
    refused(
        &chain.run(&["withdraw"], &own),
        1,
        &["error: R202", "NothingDue"],
    );
    let other = [
        "--escrow",
        plain["escrow"].as_str().unwrap(),
        "--key-file",
        "key-4",
    ];
    refused(&chain.run(&["withdraw"], &other), 1, &["error: R217"]);
}

#[test]
fn what_cannot_be_announced_says_why_and_sends_nothing() {
    let chain = Chain::start();
    let key = ["--key-file", "key-0"];
    chain.place.replace(
        "offering.toml",
        "per = \"investor\"",
        "per = \"contribution\"",
    );
    let check = chain
        .place
        .run(&["offering", "check", "offering.toml", "--json"]);
    assert_eq!(check.code, Some(1));
    let contract = &value(&check)["contract"];
    assert_eq!(
        (&contract["keeps"], &contract["reasons"][0]["code"]),
        (&json!(false), &json!("R111"))
    );
    let unkept = chain.announce(&key);
    refused(
        &unkept,
        2,
        &[
            "offering.toml: R111 at `currency.ETH.rounding`",
            "error: C314",
        ],
    );
    assert_eq!(value(&unkept)["error"]["reasons"][0]["code"], "R111");
    chain.place.write("offering.toml", TERMS);

    let terms = [
        "--rail",
        "evm",
        "--terms",
        "offering.toml",
        "--beneficiary",
        &chain.accounts[2],
    ];
    let missing = chain.run(&["offering", "announce"], &[&terms[..], &key].concat());
    refused(
        &missing,
        2,
        &[
            "R152 at `--verifier`",
            "R156 at `--holder the team=ADDRESS`",
        ],
    );
    let token = [&key[..], &["--factory", &chain.accounts[5]]].concat();
    refused(
        &chain.announce(&token),
        1,
        &["error: R206", "there is no contract"],
    );
    let nobody = chain.announce(&[]);
    refused(&nobody, 2, &["error: R207", "SOFTCAP_EVM_KEY"]);
    chain.place.write("wrong", "not a key");
    let wrong = chain.announce(&["--key-file", "wrong"]);
    refused(&wrong, 2, &["error: R207: wrong"]);
    assert!(!wrong.err.contains("not a key"), "{wrong:?}");
    chain.place.write("poor", "11".repeat(32));
    refused(
        &chain.announce(&["--key-file", "poor"]),
        2,
        &["error: R211"],
    );
    chain.at(CLOSES);
    refused(&chain.announce(&key), 2, &["error: R214"]);
    assert_eq!(chain.block(), "0x1", "the block that moved the time");

    let escrow = ["--escrow", &chain.accounts[5], "--key-file", "key-4"];
    refused(&chain.run(&["claim"], &escrow), 1, &["error: R206"]);
    let nobody = chain.place.run(&[
        "claim",
        "--rpc",
        "http://127.0.0.1:1",
        "--escrow",
        &chain.accounts[5],
        "--key-file",
        "key-4",
    ]);
    refused(&nobody, 2, &["error: R201"]);
}

/// Answers every request with a page, until the test ends.
fn serve(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 2_048]).unwrap();
            let length = page.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}"
            );
            // A client that went away is no failure of the page.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn a_watch_finds_every_difference_between_page_signature_and_chain() {
    let chain = Chain::start();
    let key = [
        "key",
        "--name",
        "example.org/issuer",
        "--out",
        "issuer.key",
        "--json",
    ];
    let public = value(&chain.place.run(&key).succeeded());
    let public = public["verifier_key"].as_str().unwrap();
    let signed = [
        "--manifest",
        "softcap-addresses.json",
        "--issuer-key",
        "issuer.key",
    ];
    let made = chain.announce(&[&["--key-file", "key-0"], &signed[..]].concat());
    let made = value(&made.succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    let watch = |source: &str, options: &[&str]| {
        chain.run(
            &["watch"],
            &[&[source, "--once", "--issuer-key", public], options].concat(),
        )
    };
    let file = "softcap-addresses.json";
    let agrees = value(&watch(file, &["--terms", "offering.toml"]).succeeded());
    assert_eq!(
        (&agrees["agrees"], &agrees["escrow"]),
        (&json!(true), &json!(escrow))
    );

    // Served by the page, and the page shows the right address and another one.
    let text = chain.place.text(file);
    let served = format!("{}/softcap-addresses.json", serve(text.clone()));
    let right = serve(format!("<p>Send to {escrow}</p>"));
    watch(&served, &["--page", &right]).succeeded();
    let other = &chain.accounts[7];
    let wrong = serve(format!("<p>Send to {other}</p>"));
    let alarm = watch(file, &["--page", &wrong]);
    assert_eq!(alarm.code, Some(1), "{alarm:?}");
    let alarms = value(&alarm)["alarms"].as_array().unwrap().len();
    assert_eq!(
        alarms, 2,
        "a strange address, and the right one missing: {alarm:?}"
    );
    refused(&watch("nowhere.json", &[]), 2, &["error: "]);

    // The same in the list of a server with many offerings: the origin that was named must be in it.
    chain
        .place
        .write("list.json", format!("{{\"offerings\": [{text}]}}"));
    let origin: Value = serde_json::from_str(&text).unwrap();
    let origin = origin["origin"].as_str().unwrap();
    let listed = value(&watch("list.json", &["--origin", origin]).succeeded());
    assert_eq!(listed["offerings"][0]["escrow"], json!(escrow));
    let missing = watch("list.json", &["--origin", "example.org/pier"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.out.contains("example.org/pier"), "{missing:?}");
    chain
        .place
        .write("twice.json", format!("{{\"offerings\": [{text}, {text}]}}"));

    let alarm = |name: &str, says: &str| {
        let answer = watch(name, &[]);
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(answer.out.contains(says), "{answer:?}");
    };
    let mut forged: Value = serde_json::from_str(&text).unwrap();
    forged["escrow"] = json!(other);
    chain.place.write("field.json", forged.to_string());
    alarm("field.json", "R223");
    chain.place.write("other.json", "{}");
    alarm("other.json", "R221");
    alarm("twice.json", "R227");
    let stranger = [
        "key",
        "--name",
        "example.org/issuer",
        "--out",
        "other.key",
        "--json",
    ];
    let stranger = value(&chain.place.run(&stranger).succeeded());
    let stranger = stranger["verifier_key"].as_str().unwrap();
    let unsigned = chain.run(&["watch"], &[file, "--once", "--issuer-key", stranger]);
    assert_eq!(unsigned.code, Some(1), "{unsigned:?}");
    assert!(unsigned.out.contains("R222"), "{unsigned:?}");

    chain.place.replace(
        "offering.toml",
        "soft_cap = \"10 ETH\"",
        "soft_cap = \"9 ETH\"",
    );
    let terms = watch(file, &["--terms", "offering.toml"]);
    assert_eq!(terms.code, Some(1), "{terms:?}");
    // The same addresses on a chain where nothing stands.
    let empty = Chain::start();
    let nothing = empty.place.path().join(file);
    std::fs::write(&nothing, &text).unwrap();
    let nothing = empty.run(&["watch"], &[file, "--once", "--issuer-key", public]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(
        nothing.out.contains("the hash of the escrow's code"),
        "{nothing:?}"
    );
}
