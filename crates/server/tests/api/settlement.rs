//! From the last contribution to the proof of each investor.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use softcap_offering::Verdict;
use softcap_proof::{
    LeafId, SettlementLeaf, SettlementNode, SettlementRoot, SignedTerms, SigningKey, from_hex, hex,
    settlement_tree,
    verify::{BundleSource, IssuerTrust, SignatureTrust, Trust, verify},
};

use crate::test_node::{Answer, Call, NAME, SETTLEABLE, TestNode, money, terms, terms_hash};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}/settlement{rest}")
}

fn units(money: &Value) -> u128 {
    money["units"].as_str().unwrap().parse().unwrap()
}

fn hash_of(text: &Value) -> [u8; 32] {
    from_hex(text.as_str().unwrap())
        .unwrap()
        .try_into()
        .unwrap()
}

fn sold() -> TestNode {
    let node = TestNode::with_offering();
    for (place, who) in ["p-1", "p-2", "p-3"].into_iter().enumerate() {
        let place = u32::try_from(place).unwrap();
        node.fund(who, place + 1, 600_000);
        node.contribute(who, who, 400_000 + place);
    }
    node
}

#[test]
fn before_its_time_there_is_no_settlement() {
    let node = sold();
    let early = node.post(&path(""), "early", &Value::Null);
    let outcome = &early.entry(&node.verifier())["outcome"];
    assert_eq!(outcome["refusal"]["code"], json!(705));
    for (answer, expected) in [
        (node.get(&path("")), (404, "H404")),
        (node.get(&path("/proofs/p-1")), (404, "H404")),
        (node.get(&path("/preview")), (409, "H409")),
    ] {
        let (status, code) = answer.refusal();
        assert_eq!((status, code.as_str()), expected);
    }
}

#[test]
fn a_settled_offering_proves_to_each_investor_what_they_get() {
    let node = sold();
    node.set_clock(SETTLEABLE);
    let tick = json!({ "kind": "tick" });
    node.post(&format!("/v1/offerings/{NAME}/operations"), "t", &tick);
    let preview = node.get(&path("/preview")).json();
    let settled = node.post(&path(""), "settle", &Value::Null);
    let outcome = json!({
        "kind": "settled",
        "verdict": "succeeded",
        "raised": money("1200003", "12000.03 EUR"),
        "sold": money("120000300000", "120000.3 HBR"),
    });
    assert_eq!(settled.entry(&node.verifier())["outcome"], outcome);
    let again = node.post(&path(""), "settle", &Value::Null);
    assert_eq!(again.body, settled.body);
    let other = node.post(&path(""), "other", &Value::Null);
    let other = other.entry(&node.verifier());
    assert_eq!(other["outcome"]["refusal"]["code"], json!(107));

    let answer = node.call(&Call::new("GET", &path("")));
    let mut view = answer.json();
    let root = view.as_object_mut().unwrap().remove("root").unwrap();
    assert_eq!(view, preview);
    assert_eq!(view["verdict"], json!("succeeded"));
    let tag = format!("\"{}\"", root.as_str().unwrap());
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    let known = Call::new("GET", &path("")).header("if-none-match", &tag);
    assert_eq!(node.call(&known).status, 304);

    let mut tokens = 0;
    for who in ["p-1", "p-2", "p-3"] {
        let proof = node.call(&Call::new("GET", &path(&format!("/proofs/{who}"))));
        let proof = proof.json();
        assert_eq!(proof["root"], root);
        tokens += units(&proof["tokens"]);
        let mut amounts = vec![units(&proof["tokens"])];
        for currency in proof["currencies"].as_array().unwrap() {
            amounts.extend([&currency["accepted"], &currency["refunded"]].map(units));
        }
        let leaf = SettlementLeaf::new(&LeafId::opaque(who), &amounts);
        let siblings = proof["proof"].as_array().unwrap().iter();
        let siblings: Vec<_> = siblings.map(|node| SettlementNode(hash_of(node))).collect();
        settlement_tree::verify(&SettlementRoot(hash_of(&root)), &leaf, &siblings).unwrap();
    }
    assert_eq!(tokens, units(&view["sold"]));
    let nobody = node.call(&Call::new("GET", &path("/proofs/p-9")));
    assert_eq!(nobody.refusal(), (404, "H404".to_owned()));
    // The root is in the log itself, under the signature of its checkpoint.
    let published = settled.sequence() + 1;
    let entry = format!("/v1/offerings/{NAME}/log/entries/{published}");
    let entry = node.call(&Call::new("GET", &entry)).json();
    assert_eq!(entry["outcome"], json!({ "kind": "done" }));
}

/// The files of a bundle, by name.
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn of(archive: &[u8]) -> Self {
        let mut archive = tar::Archive::new(archive);
        let files = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let name = path.strip_prefix(&format!("{NAME}/")).unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (name, content)
        });
        Self(files.collect())
    }
}

impl BundleSource for Files {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let content = self.0.get(name);
        let content = content.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(content.as_slice()))
    }
}

fn bundle(node: &TestNode) -> Answer {
    node.call(&Call::new("GET", &format!("/v1/offerings/{NAME}/bundle")))
}

fn settle(node: &TestNode) -> u64 {
    node.set_clock(SETTLEABLE);
    let settled = node.post(&path(""), "settle", &Value::Null);
    let entry = settled.entry(&node.verifier());
    assert_eq!(entry["outcome"]["kind"], json!("settled"), "{entry}");
    settled.sequence()
}

#[test]
fn the_audit_bundle_is_verified_and_stays_the_same() {
    let mut node = sold();
    assert_eq!(bundle(&node).refusal(), (404, "H404".to_owned()));
    let settled = settle(&node);
    let first = bundle(&node);
    assert_eq!(first.status, 200);
    assert_eq!(first.header("content-type"), Some("application/x-tar"));
    let length = first.body.len().to_string();
    assert_eq!(first.header("content-length"), Some(length.as_str()));
    let tag = format!("\"{}\"", hex(&Sha256::digest(&first.body)));
    assert_eq!(first.header("etag"), Some(tag.as_str()));
    let known = Call::new("GET", &format!("/v1/offerings/{NAME}/bundle"));
    let known = node.call(&known.header("if-none-match", &tag));
    assert_eq!((known.status, known.body.len()), (304, 0));

    let files = Files::of(&first.body);
    let hash = from_hex(&terms_hash(&terms())).unwrap();
    let trust = Trust {
        issuer_key: None,
        key: Some(node.verifier()),
        terms_hash: Some(hash.try_into().unwrap()),
    };
    let verified = verify(&files, &trust, &mut |_| {}).unwrap();
    assert_eq!(verified.verdict, Verdict::Succeeded);
    assert_eq!(verified.signature, SignatureTrust::Given(node.verifier()));
    // The last entry is the one after the settlement, which publishes the root.
    assert_eq!(verified.entries, settled + 2);
    assert_eq!((verified.contributions, verified.investors), (3, 3));
    let root = node.get(&path("")).json()["root"].clone();
    assert_eq!(verified.settlement_root.unwrap().0, hash_of(&root));
    assert_eq!(files.0["offering.toml"], terms().as_bytes());

    // What is handed over afterwards is in the log, and not in the bundle.
    let handed = json!({ "kind": "distribute", "investor": "p-1", "tokens": "1" });
    let operations = format!("/v1/offerings/{NAME}/operations");
    let handed = node.post(&operations, "d", &handed);
    assert_eq!(handed.sequence(), settled + 2);
    assert_eq!(bundle(&node).body, first.body);
    node.restart();
    let again = bundle(&node);
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    assert_eq!(again.body, first.body);
}

#[test]
fn a_download_that_broke_off_goes_on() {
    let node = sold();
    settle(&node);
    let whole = bundle(&node);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let (tag, size) = (whole.header("etag").unwrap(), whole.body.len());
    let part = |range: &str, known: &str| {
        let call = Call::new("GET", &format!("/v1/offerings/{NAME}/bundle"));
        node.call(&call.header("range", range).header("if-range", known))
    };
    let first = part("bytes=0-999", tag);
    assert_eq!(first.status, 206);
    let range = format!("bytes 0-999/{size}");
    assert_eq!(first.header("content-range"), Some(range.as_str()));
    assert_eq!(first.header("content-length"), Some("1000"));
    let rest = part("bytes=1000-", tag);
    let range = format!("bytes 1000-{}/{size}", size - 1);
    assert_eq!(rest.header("content-range"), Some(range.as_str()));
    assert_eq!(rest.header("etag"), Some(tag));
    assert_eq!([first.body, rest.body].concat(), whole.body);
    // Of another version nothing fits: all of it comes.
    assert_eq!(part("bytes=1000-", "\"other\"").body, whole.body);
    let beyond = part(&format!("bytes={size}-"), tag);
    assert_eq!(beyond.refusal(), (416, "H416".to_owned()));
    let range = format!("bytes */{size}");
    assert_eq!(beyond.header("content-range"), Some(range.as_str()));
}

#[test]
fn the_bundle_carries_the_signature_of_the_issuer() {
    let node = TestNode::empty();
    let issuer = SigningKey::from_entropy("example.org/issuer", &[5; 32]).unwrap();
    let hash: [u8; 32] = from_hex(&terms_hash(&terms())).unwrap().try_into().unwrap();
    let signed = SignedTerms::sign("softcap.example/harbour", hash, &issuer).unwrap();
    let body = json!({
        "name": NAME,
        "terms": terms(),
        "terms_hash": terms_hash(&terms()),
        "signature": signed.to_string(),
        "issuer_key": issuer.verifier_key().to_string(),
    });
    assert_eq!(node.post("/v1/offerings", "-", &body).status, 201);
    settle(&node);
    let files = Files::of(&bundle(&node).body);
    assert_eq!(files.0["offering.sig"], signed.to_string().into_bytes());
    let trust = Trust {
        issuer_key: Some(issuer.verifier_key().clone()),
        ..Trust::default()
    };
    let verified = verify(&files, &trust, &mut |_| {}).unwrap();
    let given = IssuerTrust::Given(issuer.verifier_key().clone());
    assert_eq!(verified.issuer, given);
    let trust = Trust {
        issuer_key: Some(node.verifier()),
        ..Trust::default()
    };
    let refused = verify(&files, &trust, &mut |_| {}).unwrap_err();
    assert_eq!(refused.code(), "V114");
}

#[test]
fn the_bundle_of_an_offering_without_anybody_has_no_tree() {
    let node = TestNode::with_offering();
    let settled = settle(&node);
    let files = Files::of(&bundle(&node).body);
    assert!(!files.0.contains_key("settlement.tree"));
    let verified = verify(&files, &Trust::default(), &mut |_| {}).unwrap();
    assert_eq!(verified.verdict, Verdict::Failed);
    assert_eq!(verified.settlement_root, None);
    assert_eq!(verified.entries, settled + 1);
}

#[test]
fn all_who_ask_for_a_bundle_at_once_get_the_same_one() {
    let node = sold();
    settle(&node);
    let bundles: Vec<Answer> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| bundle(&node))).collect();
        asking
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    });
    for answer in &bundles {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, bundles[0].body);
    }
    verify(&Files::of(&bundles[0].body), &Trust::default(), &mut |_| {}).unwrap();
}
