//! A stranger compares what a server left behind with the chain that it followed.

use serde_json::json;

use crate::on_chain::{Chain, refused, value};
use crate::workplace::Workplace;

/// Investors of the demo's sales.
const INVESTORS: &str = "60";

#[test]
fn what_a_server_followed_is_verified_on_the_chain_by_anybody() {
    let place = Workplace::empty();
    let demo = [
        "demo",
        "--data",
        "left",
        "--seconds",
        "9",
        "--investors",
        INVESTORS,
    ];
    let options = ["--listen", "127.0.0.1:0", "--exit"];
    let demo = place.run(&[&demo[..], &options].concat()).succeeded();
    demo.says(&[
        "chain-succeeds: ",
        "verified on chain 31337",
        "chain-misses-soft-cap: ",
        "verified on chain 31337",
    ]);
    let chain = Chain::over(place, "left/chain");
    let on_chain = ["--chain", &chain.url, "--confirmations", "0"];
    let mut ends = Vec::new();
    for (sale, verdict) in [
        ("chain-succeeds", "succeeded"),
        ("chain-misses-soft-cap", "failed"),
    ] {
        let result = format!("left/{sale}");
        let verify = ["verify", result.as_str(), "--json"];
        let verified = value(
            &chain
                .place
                .run(&[&verify[..], &on_chain].concat())
                .succeeded(),
        );
        assert_eq!(
            (
                &verified["verified"],
                &verified["verdict"],
                &verified["on_chain"]["agrees"]
            ),
            (&json!(true), &json!(verdict), &json!(true))
        );
        assert_eq!(verified["on_chain"]["findings"], json!([]));
        // A bundle ends with the root of the settlement. What was taken out after it is said and counted; the follower may
        // have entered all of that before the root.
        let said: u64 = verified["on_chain"]["notes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|note| {
                let note = note.as_str().unwrap();
                let (logs, rest) = note.split_once(' ').unwrap();
                assert!(
                    rest.starts_with("log(s) are after the record's end"),
                    "{note}"
                );
                logs.parse::<u64>().unwrap()
            })
            .sum();
        let entries = verified["on_chain"]["entries"].as_u64().unwrap();
        ends.push((sale, entries + said));
    }
    // The record itself goes on to the last claim.
    let record = ["verify", "--data", "left", "--json"];
    let verified = value(
        &chain
            .place
            .run(&[&record[..], &on_chain].concat())
            .succeeded(),
    );
    let sales = verified["on_chain"].as_array().unwrap();
    let compared = |name: &str| {
        let sale = sales.iter().find(|sale| sale["log"] == name).unwrap();
        sale["comparison"].clone()
    };
    assert_eq!(compared("harbour"), json!(null));
    for (sale, entries) in ends {
        assert_eq!(
            compared(sale)["entries"],
            entries,
            "{sale}: no log is missing in both"
        );
        assert_eq!(compared(sale)["agrees"], true, "{verified}");
        assert_eq!(compared(sale)["notes"], json!([]), "{verified}");
    }
    // A sample is asked about, and the text says so.
    let sample = ["verify", "left/chain-succeeds", "--accounts", "5"];
    let sample = chain
        .place
        .run(&[&sample[..], &on_chain].concat())
        .succeeded();
    for said in [
        "note: the contract was asked about 5 of ",
        "\nverified on chain 31337 up to block",
    ] {
        assert!(sample.out.contains(said), "{sample:?}");
    }

    // Another chain of the same number has no such escrow.
    let other = Chain::over(Workplace::empty(), "other");
    let wrong = [
        "verify",
        "left/chain-succeeds",
        "--chain",
        &other.url,
        "--confirmations",
        "0",
    ];
    let wrong = chain.place.run(&wrong);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    for said in [
        "R242: entry 1, the escrow: ",
        "\nnot verified on chain 31337 at block 0: 1 difference(s)",
    ] {
        assert!(wrong.out.contains(said), "{wrong:?}");
    }
    // Endpoints that do not agree are believed in nothing.
    let both = [
        &["verify", "left/chain-succeeds"],
        &on_chain[..],
        &["--chain", &other.url],
    ]
    .concat();
    refused(&chain.place.run(&both), 2, &["error: E653", "2 must"]);
    // Too few blocks on top: nothing is known yet.
    let deep = [
        "verify",
        "left/chain-succeeds",
        "--chain",
        &chain.url,
        "--confirmations",
        "1000000",
    ];
    refused(&chain.place.run(&deep), 2, &["error: R216"]);
}

#[test]
fn what_cannot_be_compared_says_why_and_shows_no_key_of_an_endpoint() {
    let place = Workplace::settled();
    let nothing = [
        "verify",
        "result",
        "--chain",
        "http://127.0.0.1:1/v3/secret",
    ];
    let nothing = place.run(&nothing);
    refused(&nothing, 2, &["error: C315"]);
    let url = place.run(&[
        "verify",
        "result",
        "--chain",
        "ftp://secret@example.org/v3/secret",
    ]);
    refused(&url, 2, &["error: R209", "example.org"]);
    for answer in [nothing, url] {
        assert!(!answer.err.contains("secret"), "{answer:?}");
    }
    let block = place.run(&["verify", "result", "--block", "3"]);
    refused(&block, 2, &["--chain <URL>"]);
}
