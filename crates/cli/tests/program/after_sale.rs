//! What comes after a sale on a chain with the program alone: milestones that are stopped, a share that vests.

use serde_json::{Value, json};

use crate::on_chain::{CLOSES, Chain, OPENS, TERMS, refused, value};

const DAY: u64 = 86_400;

fn terms() -> String {
    let share = "amount = \"100_000 HBR\"";
    let vests = "vesting = { cliff = \"10 days\", duration = \"100 days\" }";
    let steps = "[[milestone]]\nname = \"first\"\npart = \"25 %\"\n[[milestone]]\nname = \"second\"\npart = \"75 %\"\n\
                 [objections]\nshare = \"50 %\"\nspan = \"7 days\"\ndeadline = \"90 days\"\n[[round]]";
    TERMS
        .replace(share, &format!("{share}\n{vests}"))
        .replace("[[round]]", steps)
}

/// An offering whose window is over, with 8 and 4 ETH.
struct Over {
    chain: Chain,
    escrow: String,
    factory: String,
    milestones: String,
    vesting: String,
}

impl Over {
    fn new() -> Self {
        let chain = Chain::start();
        chain.place.write("offering.toml", terms());
        let dry = chain.announce(&["--from", &chain.accounts[0], "--dry-run"]);
        let dry = value(&dry.succeeded());
        assert_eq!(dry["announced"], json!(false));
        let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
        let gas =
            |said: &Value, of: &str| said[of]["gas"].as_str().unwrap().parse::<u64>().unwrap();
        for of in ["factory_cost", "cost"] {
            let (dry, made) = (gas(&dry, of), gas(&made, of));
            assert!(
                made <= dry + dry / 20 && dry <= made + made / 20,
                "{of}: {dry} and {made}"
            );
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(made["vesting"][0]["share"], 0);
        let over = Self {
            escrow: text(&made["escrow"]),
            factory: text(&made["factory"]),
            milestones: text(&made["milestones"]),
            vesting: text(&made["vesting"][0]["contract"]),
            chain,
        };
        over.chain.at(OPENS);
        over.chain.contribute(&over.escrow, 4, 8_000);
        over.chain.contribute(&over.escrow, 5, 4_000);
        over.chain.at(CLOSES);
        over
    }

    fn release(&self, options: &[&str]) -> crate::workplace::Answer {
        let escrow = ["--escrow", &self.escrow];
        self.chain
            .run(&["release"], &[&escrow[..], options].concat())
    }

    fn milestone(&self, what: &str, options: &[&str]) -> crate::workplace::Answer {
        let at = ["--milestones", &self.milestones];
        let command = ["milestone", what];
        self.chain.run(&command, &[&at[..], options].concat())
    }

    fn vest(&self) -> crate::workplace::Answer {
        let at = ["--vesting", &self.vesting, "--key-file", "key-9"];
        self.chain.run(&["vest"], &at)
    }
}

#[test]
fn milestones_are_announced_released_stopped_and_given_back() {
    let over = Over::new();
    let early = over.milestone("announce", &["--key-file", "key-0"]);
    refused(&early, 1, &["error: R202", "NotBegun"]);
    let all = [
        "--factory",
        &over.factory,
        "--vesting",
        &over.vesting,
        "--key-file",
        "key-9",
    ];
    let released = value(&over.release(&all).succeeded());
    let steps = released["steps"].as_array().unwrap().len();
    assert_eq!(steps, 1, "settled and begun at once: {released}");
    let again = value(&over.release(&all).succeeded());
    assert_eq!(again["steps"], json!([]), "nothing is left to do");

    let other = over.milestone("announce", &["--key-file", "key-4"]);
    refused(&other, 1, &["error: R202", "NotIssuer"]);
    let said = value(
        &over
            .milestone("announce", &["--key-file", "key-0"])
            .succeeded(),
    );
    assert_eq!(
        (&said["released"], &said["stopped"]),
        (&json!(0), &json!(false))
    );
    let until = said["objections_until"].as_u64().unwrap();
    let soon = over.milestone("release", &["--key-file", "key-9"]);
    refused(&soon, 1, &["error: R202", "ObjectionsOpen"]);
    over.chain.at(until);
    let said = value(
        &over
            .milestone("release", &["--key-file", "key-9"])
            .succeeded(),
    );
    assert_eq!(
        (&said["released"], &said["objections_until"]),
        (&json!(1), &Value::Null)
    );

    over.milestone("announce", &["--key-file", "key-0"])
        .succeeded();
    let unclaimed = over.milestone("object", &["--key-file", "key-4"]);
    refused(&unclaimed, 1, &["error: R202", "NotAContributor"]);
    let closed = over.milestone("refund", &["--key-file", "key-4"]);
    refused(&closed, 1, &["error: R202", "RefundsNotOpen"]);
    let escrow = ["--escrow", &over.escrow, "--key-file", "key-4"];
    over.chain.run(&["claim"], &escrow).succeeded();
    let dry = ["--from", &over.chain.accounts[4], "--dry-run"];
    let dry = value(&over.milestone("object", &dry).succeeded());
    assert_eq!(
        (&dry["sent"], &dry["stopped"]),
        (&json!(false), &json!(false))
    );
    let said = value(
        &over
            .milestone("object", &["--key-file", "key-4"])
            .succeeded(),
    );
    assert_eq!(said["stopped"], json!(true));
    assert_eq!(said["objections"], "8000000000000000000");

    let back = value(
        &over
            .milestone("refund", &["--key-file", "key-4"])
            .succeeded(),
    );
    assert_eq!(back["steps"].as_array().unwrap().len(), 2);
    let twice = over.milestone("refund", &["--key-file", "key-4"]);
    refused(&twice, 1, &["error: R202", "NothingDue"]);
    let token = ["--milestones", &over.escrow, "--key-file", "key-4"];
    let wrong = over.chain.run(&["milestone", "refund"], &token);
    refused(&wrong, 1, &["error: R206", "no milestone contract"]);
}

#[test]
fn a_share_vests_from_the_second_of_the_settlement() {
    let over = Over::new();
    // The contract of the milestones settles by itself; the share begins when it is named, later.
    let alone = value(&over.release(&["--key-file", "key-9"]).succeeded());
    assert_eq!(alone["steps"].as_array().unwrap().len(), 1);
    refused(&over.vest(), 1, &["error: R202", "NotBegun"]);
    let named = [
        "--factory",
        &over.factory,
        "--vesting",
        &over.vesting,
        "--key-file",
        "key-9",
    ];
    let named = value(&over.release(&named).succeeded());
    assert_eq!(named["steps"].as_array().unwrap().len(), 1);
    refused(&over.vest(), 1, &["error: R202", "NothingFree"]);
    over.chain.at(CLOSES + 200 * DAY);
    let whole = "100000000000000000000000";
    let vested = value(&over.vest().succeeded());
    assert_eq!(
        (&vested["tokens"], &vested["in_all"]),
        (&json!(whole), &json!(whole))
    );
}
