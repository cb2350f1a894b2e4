//! Paying into an escrow with the program alone: in coin, in an ERC-20, and with a limit price.

use serde_json::{Value, json};

use crate::on_chain::{CLOSES, Chain, OPENS, refused, value};
use crate::root;
use crate::workplace::Answer;

fn coins(milli: u64) -> String {
    format!("{milli}000000000000000")
}

/// A permit for 8 coins, in a file of its own.
pub(crate) fn permit(chain: &Chain, escrow: &str, account: usize) -> String {
    let options = [
        "--escrow",
        escrow,
        "--investor",
        &chain.accounts[account],
        "--max",
        "8000000000000000000",
        // Beyond the window of the terms, which the chain has not reached yet.
        "--valid",
        "3000000000",
        "--key-file",
        "key-1",
    ];
    let signed = chain.run(&["permit"], &options).succeeded();
    let file = format!("permit-{account}.json");
    chain.place.write(&file, signed.out);
    file
}

pub(crate) fn pay(
    chain: &Chain,
    escrow: &str,
    (milli, key): (u64, &str),
    options: &[&str],
) -> Answer {
    let amount = coins(milli);
    let payment = ["--escrow", escrow, "--amount", &amount, "--key-file", key];
    chain.run(&["contribute"], &[&payment, options].concat())
}

fn steps(answer: &Value) -> Vec<&str> {
    let steps = answer["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| step["what"].as_str().unwrap())
        .collect()
}

#[test]
fn coin_is_paid_with_a_permit_and_change_comes_back() {
    let chain = Chain::start();
    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    let file = permit(&chain, escrow, 4);
    let shown = ["--permit", file.as_str(), "--terms", "offering.toml"];
    let early = pay(&chain, escrow, (9_000, "key-4"), &shown);
    refused(&early, 1, &["error: R202", "NotOpenYet"]);
    chain.at(OPENS);
    let none = pay(&chain, escrow, (9_000, "key-4"), &[]);
    refused(&none, 1, &["error: R202", "NotAdmitted"]);
    let paid = value(&pay(&chain, escrow, (9_000, "key-4"), &shown).succeeded());
    assert_eq!(
        (&paid["offered"], &paid["accepted"], &paid["change"]),
        (
            &json!(coins(9_000)),
            &json!(coins(8_000)),
            &json!(coins(1_000))
        )
    );
    // The permit is remembered, and its limit is reached.
    let more = pay(&chain, escrow, (1_000, "key-4"), &[]);
    refused(&more, 1, &["error: R202"]);

    let other = pay(&chain, escrow, (1_000, "key-5"), &["--permit", &file]);
    refused(
        &other,
        2,
        &["error: C301: --permit", "it is for the wallet"],
    );
    let no_permit = pay(&chain, escrow, (1_000, "key-5"), &["--permit", "key-5"]);
    refused(
        &no_permit,
        2,
        &["error: C301: --permit", "it holds no permit"],
    );
    let limit = pay(&chain, escrow, (1_000, "key-5"), &["--limit", "1"]);
    refused(&limit, 2, &["error: C301: --limit"]);
    chain
        .place
        .replace("offering.toml", "name = \"public\"", "name = \"open\"");
    let terms = pay(
        &chain,
        escrow,
        (1_000, "key-5"),
        &["--terms", "offering.toml"],
    );
    refused(&terms, 2, &["error: C301: --terms"]);
    // No money goes to what only says that it is an escrow.
    let wallet = &chain.accounts[7];
    refused(
        &pay(&chain, wallet, (1_000, "key-5"), &[]),
        1,
        &["error: R206"],
    );
    let here = ["--escrow", escrow, "--investor", &chain.accounts[4]];
    let shown = value(&chain.run(&["escrow", "show"], &here).succeeded());
    assert_eq!(
        (&shown["raised"], &shown["investor"]["money"]),
        (&json!(coins(8_000)), &json!(coins(8_000)))
    );
}

/// The token of a first sale is the currency of a second one: its team has 100,000 of it.
#[test]
fn an_erc20_is_paid_with_a_signed_allowance_or_an_allowance_before() {
    let chain = Chain::start();
    let first = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let (currency, factory) = (&first["token"], &first["factory"]);
    let options = [
        "--key-file",
        "key-0",
        "--factory",
        factory.as_str().unwrap(),
        "--currency",
        currency.as_str().unwrap(),
    ];
    let made = value(&chain.announce(&options).succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    let file = permit(&chain, escrow, 3);
    let shown = ["--permit", file.as_str()];
    let early = pay(&chain, escrow, (3_000, "key-3"), &shown);
    refused(&early, 1, &["error: R202", "NotOpenYet"]);
    chain.at(OPENS);
    let amount = coins(3_000);
    let dry = [
        "--escrow",
        escrow,
        "--amount",
        &amount,
        "--permit",
        &file,
        "--from",
        &chain.accounts[3],
        "--dry-run",
    ];
    let dry = value(&chain.run(&["contribute"], &dry).succeeded());
    assert_eq!(steps(&dry), ["the allowance to take the tokens"]);
    assert_eq!(
        (&dry["sent"], &dry["accepted"]),
        (&json!(false), &Value::Null)
    );

    let signed = value(&pay(&chain, escrow, (3_000, "key-3"), &shown).succeeded());
    assert_eq!(steps(&signed), ["the contribution"]);
    assert_eq!(signed["accepted"], coins(3_000));
    let again = value(&pay(&chain, escrow, (2_000, "key-3"), &[]).succeeded());
    assert_eq!(
        steps(&again),
        ["the allowance to take the tokens", "the contribution"]
    );
    // Only what is accepted is taken, and the allowance for the rest is used by the next payment.
    let cut = value(&pay(&chain, escrow, (5_000, "key-3"), &[]).succeeded());
    assert_eq!(
        (&cut["accepted"], &cut["change"]),
        (&json!(coins(3_000)), &json!(coins(2_000)))
    );
    let poor = pay(&chain, escrow, (1, "key-4"), &[]);
    refused(&poor, 2, &["error: R226"]);
    let here = ["--escrow", escrow, "--investor", &chain.accounts[3]];
    let shown = value(&chain.run(&["escrow", "show"], &here).succeeded());
    assert_eq!(shown["investor"]["money"], coins(8_000));

    chain.at(CLOSES);
    let late = pay(&chain, escrow, (1_000, "key-3"), &[]);
    refused(&late, 1, &["error: R202", "Closed"]);
    // Below the soft cap: the money comes back to where it came from.
    let own = ["--escrow", escrow, "--key-file", "key-3"];
    let back = value(&chain.run(&["refund"], &own).succeeded());
    assert_eq!(back["paid"][0]["amount"], coins(8_000));
}

#[test]
fn a_bid_is_paid_with_its_limit() {
    let chain = Chain::start();
    chain.place.write("offering.toml", root::terms());
    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    let file = permit(&chain, escrow, 4);
    chain.at(OPENS);
    let shown = ["--permit", file.as_str()];
    let none = pay(&chain, escrow, (2_000, "key-4"), &shown);
    refused(&none, 2, &["error: C301: --limit"]);
    let limit = coins(1);
    let high = coins(11);
    let outside = [&shown[..], &["--limit", &high]].concat();
    let outside = pay(&chain, escrow, (2_000, "key-4"), &outside);
    refused(&outside, 1, &["error: R202", "LimitOutside"]);
    let bid = [&shown[..], &["--limit", &limit]].concat();
    let bid = value(&pay(&chain, escrow, (2_000, "key-4"), &bid).succeeded());
    assert_eq!(
        (&bid["accepted"], &bid["change"]),
        (&json!(coins(2_000)), &json!("0"))
    );
    let shown = value(
        &chain
            .run(&["root", "show"], &["--escrow", escrow])
            .succeeded(),
    );
    assert_eq!(shown["contributed"], coins(2_000));
}
