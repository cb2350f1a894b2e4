//! The proofs that investors get, checked by the npm package `@openzeppelin/merkle-tree` as they are
//! printed: what a claim page does. Needs Node.js and npm and fails without them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

#[path = "support/npm.rs"]
mod npm;

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use softcap_offering::terms::Terms;
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Position, Stamp,
};
use softcap_proof::TreeFile;
use softcap_proof::bundle::{BundleFile, BundleSink, BundleWriter};
use softcap_proof::investor_proof::InvestorProof;

const STARTER: &str = include_str!("../../../examples/starter/offering.toml");
/// 2026-03-10T00:00:00Z, within the starter's public round.
const DURING: u64 = 1_773_100_800_000;
/// 2026-05-01T00:00:00Z, after the last right of withdrawal.
const AFTER: u64 = 1_777_593_600_000;

#[derive(Default)]
struct Folder(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl BundleSink for Folder {
    type File = Vec<u8>;

    fn create(&self, _: BundleFile) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn close(&self, file: BundleFile, open: Vec<u8>) -> io::Result<()> {
        self.0
            .lock()
            .expect("no other test")
            .insert(file.name(), open);
        Ok(())
    }
}

/// The proofs of a sale with these investors, in JSON.
fn proofs(investors: &[String]) -> Vec<Value> {
    let sink = Folder::default();
    let terms = Arc::new(Terms::parse(STARTER).expect("valid terms"));
    let at = |position| Stamp {
        line: LineIndex(0),
        position: Position(position),
    };
    let mut bundle =
        BundleWriter::new(STARTER.as_bytes(), terms, at(0), &sink).expect("a folder in memory");
    for (place, investor) in (1..).zip(investors) {
        let contribute = Contribute {
            investor: InvestorId::parse(investor).expect("an id"),
            currency: CurrencyIndex(0),
            amount: Amount(40_000 * place),
            limit: None,
            reference: investor,
            source: None,
            funding: Funding::Arrived,
        };
        bundle
            .record(at(DURING), &Command::Contribute(contribute))
            .expect("an entry");
    }
    let settled = bundle.settle(at(AFTER), None).expect("a settlement");
    let files = sink.0.lock().expect("no other test");
    let mut tree = TreeFile::open(Cursor::new(&files["settlement.tree"])).expect("a tree");
    investors
        .iter()
        .map(|investor| {
            let id = InvestorId::parse(investor).expect("an id");
            let proof = InvestorProof::new(settled.offering(), id, &mut tree).expect("a proof");
            serde_json::from_str(&proof.to_json()).expect("JSON")
        })
        .collect()
}

#[test]
fn the_npm_package_accepts_every_proof_and_no_changed_one() {
    let opaque: Vec<String> = (0..7).map(|n| format!("person-{n}")).collect();
    let addresses: Vec<String> = (0..7)
        .map(|n| format!("0x{:040x}", 0xabc_u64 + n))
        .collect();
    let mut mixed = addresses[..3].to_vec();
    mixed.extend_from_slice(&opaque[..2]);

    let mut questions = Vec::new();
    for investors in [&opaque, &addresses, &mixed, &opaque[..1].to_vec()] {
        questions.extend(proofs(investors));
    }
    let honest = questions.len();
    for place in 0..honest {
        let mut changed = questions[place].clone();
        changed["values"][1] = json!("1");
        questions.push(changed);
    }
    let folder = npm::install("investor-proof-npm");
    let answers = npm::run(&folder, "verify_proof.mjs", &json!(questions));
    let expected: Vec<bool> = (0..questions.len()).map(|place| place < honest).collect();
    assert_eq!(answers, json!(expected));
}
