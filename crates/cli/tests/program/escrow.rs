//! What an issuer may do with an escrow, with the program alone: nothing of it takes money from anybody.

use serde_json::{Value, json};

use crate::on_chain::{Chain, OPENS, TERMS, refused, value};
use crate::workplace::Answer;

const DAY: u64 = 86_400;

/// An escrow that may be paused twice, in its window.
struct Sale {
    chain: Chain,
    escrow: String,
}

impl Sale {
    fn open() -> Self {
        let chain = Chain::start();
        let pause = "[pause]\nlongest = \"1 day\"\ncount = 2\nend = \"fixed\"\n[currency.ETH]";
        let terms = TERMS.replacen("[currency.ETH]", pause, 1);
        chain.place.write("offering.toml", terms);
        let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
        let escrow = made["escrow"].as_str().unwrap().to_owned();
        chain.at(OPENS);
        Self { chain, escrow }
    }

    fn run(&self, act: &str, options: &[&str]) -> Answer {
        let here = ["--escrow", &self.escrow];
        self.chain
            .run(&["escrow", act], &[&here[..], options].concat())
    }

    /// By the issuer.
    fn act(&self, act: &str, options: &[&str]) -> Answer {
        self.run(act, &[options, &["--key-file", "key-0"]].concat())
    }

    fn shown(&self, options: &[&str]) -> Value {
        value(&self.run("show", options).succeeded())
    }
}

fn coins(milli: u64) -> Value {
    json!(format!("{milli}000000000000000"))
}

#[test]
fn a_pause_ends_by_itself_or_earlier_and_there_are_so_many() {
    let sale = Sale::open();
    let dry = ["--from", &sale.chain.accounts[0], "--dry-run"];
    let dry = value(&sale.run("pause", &dry).succeeded());
    assert_eq!(
        (&dry["sent"], &dry["paused_until"]),
        (&json!(false), &Value::Null)
    );
    refused(
        &sale.run("pause", &["--key-file", "key-4"]),
        1,
        &["error: R202", "NotIssuer"],
    );
    let paused = value(&sale.act("pause", &[]).succeeded());
    let until = paused["paused_until"].as_u64().unwrap();
    assert!(
        (OPENS + DAY..OPENS + DAY + 100).contains(&until),
        "{paused}"
    );
    refused(&sale.act("pause", &[]), 1, &["error: R202", "Paused"]);
    let resumed = value(&sale.act("resume", &[]).succeeded());
    assert!(resumed["paused_until"].as_u64().unwrap() < until);
    sale.act("pause", &[]).succeeded();
    sale.act("resume", &[]).succeeded();
    refused(&sale.act("pause", &[]), 1, &["error: R202", "NoPauseLeft"]);
}

#[test]
fn money_is_returned_to_whom_it_came_from_and_no_more_comes_of_them() {
    let sale = Sale::open();
    sale.chain.contribute(&sale.escrow, 4, 8_000);
    sale.chain.contribute(&sale.escrow, 5, 4_000);
    let (four, five) = (&sale.chain.accounts[4], &sale.chain.accounts[5]);
    let of = |wallet| sale.shown(&["--investor", wallet])["investor"].clone();
    assert_eq!(
        (&of(four)["standing"], &of(four)["money"]),
        (&json!("admitted"), &coins(8_000))
    );

    let revoked = value(&sale.act("revoke", &["--investor", four]).succeeded());
    // What is in the sale stays.
    assert_eq!(
        (
            &revoked["investor"]["standing"],
            &revoked["investor"]["money"],
            &revoked["investor"]["money_due"],
            &revoked["raised"]
        ),
        (
            &json!("revoked"),
            &coins(8_000),
            &json!("0"),
            &coins(12_000)
        )
    );
    refused(
        &sale.act("revoke", &["--investor", four]),
        1,
        &["error: R202", "NotAllowed"],
    );

    let five_back = ["--investor", five, "--reason", "sanctions"];
    let back = value(&sale.act("return", &five_back).succeeded());
    assert_eq!(
        (
            &back["investor"]["standing"],
            &back["investor"]["money_due"],
            &back["raised"]
        ),
        (&json!("returned"), &coins(4_000), &coins(8_000))
    );
    refused(
        &sale.act("return", &five_back),
        1,
        &["error: R202", "NotAllowed"],
    );
    let stranger = ["--investor", &sale.chain.accounts[6], "--reason", "order"];
    refused(
        &sale.act("return", &stranger),
        1,
        &["error: R202", "NothingDue"],
    );
    let reason = ["--investor", four, "--reason", "whim"];
    refused(&sale.act("return", &reason), 2, &["--reason", "discretion"]);

    let own = ["--escrow", &sale.escrow, "--key-file", "key-5"];
    let taken = value(&sale.chain.run(&["refund"], &own).succeeded());
    assert_eq!(
        (&taken["paid"][0]["investor"], &taken["paid"][0]["amount"]),
        (&json!(five.to_lowercase()), &coins(4_000))
    );
    assert_eq!(of(five)["standing"], "refunded");
}

#[test]
fn a_sale_that_is_given_up_gives_everything_back() {
    let sale = Sale::open();
    sale.chain.contribute(&sale.escrow, 4, 8_000);
    let other = sale.run("cancel", &["--key-file", "key-4"]);
    refused(&other, 1, &["error: R202", "NotIssuer"]);
    let cancelled = value(&sale.act("cancel", &[]).succeeded());
    assert_eq!(
        (&cancelled["phase"], &cancelled["refunds_open"]),
        (&json!("cancelled"), &json!(true))
    );
    let four = sale.shown(&["--investor", &sale.chain.accounts[4]]);
    assert_eq!(four["investor"]["money_due"], coins(8_000));
    refused(&sale.act("cancel", &[]), 1, &["error: R202", "WrongPhase"]);
    let nothing = ["--escrow", &sale.chain.accounts[9], "--key-file", "key-0"];
    let nothing = sale.chain.run(&["escrow", "cancel"], &nothing);
    refused(&nothing, 1, &["error: R206"]);
}
