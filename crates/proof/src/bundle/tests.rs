//! Bundles in memory, for the tests of writing and of verifying.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use softcap_offering::terms::Terms;
use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Position,
    ReturnReason, RoundIndex, Sequence, Stamp, Value, WithdrawalMark,
};

use super::{BundleFile, BundleSink, BundleWriter, OpaqueFile};
use crate::ProofError;
use crate::checkpoint::CheckpointNote;
use crate::hex::hex;
use crate::note_key::SigningKey;
use crate::settlement_file::TreeFile;
use crate::signed_terms::SignedTerms;

/// Files by name.
pub(crate) type Folder = BTreeMap<String, Vec<u8>>;

/// A folder in memory.
#[derive(Debug, Default)]
pub(crate) struct MemorySink(pub(crate) Mutex<Folder>);

impl BundleSink for MemorySink {
    type File = Vec<u8>;

    fn create(&self, _: BundleFile) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn close(&self, file: BundleFile, open: Vec<u8>) -> io::Result<()> {
        let before = self.0.lock().unwrap().insert(file.name().to_owned(), open);
        assert!(before.is_none(), "{file} was written twice");
        Ok(())
    }
}

pub(crate) const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "EUR"
soft_cap = "1_000 EUR"
hard_cap = "5_000 EUR"
# a comment that changes nothing

[clock]
kind = "time"

[token]
name = "Harbour"
symbol = "HBR"
decimals = 6

[token.supply]
kind = "fixed"
total = "1_000_000 HBR"
for_sale = "600_000 HBR"

[[token.share]]
holder = "team"
amount = "400_000 HBR"
vesting = { cliff = "365 days", duration = "1461 days" }

[currency.EUR]
decimals = 2
rail = "balance"

[currency.ETH]
decimals = 18
rail = "balance"
rate = "2_500 EUR per ETH"

[[round]]
name = "public"
from = "2026-03-09T12:00:00Z"
until = "2026-03-23T12:00:00Z"
end = "exclusive"
price = "0.10 EUR per HBR"
allocation = "first_come"
contribution = { min = "10 EUR" }
"#;

const OPEN: u64 = 1_773_057_600_000;
pub(crate) const CLOSE: u64 = 1_774_267_200_000;

pub(crate) fn at(position: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(position),
    }
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_entropy("softcap.example/harbour", &[9; 32]).unwrap()
}

pub(crate) fn terms() -> Arc<Terms> {
    Arc::new(Terms::parse(TERMS).unwrap())
}

/// The issuer's signature of the terms of all these bundles.
fn signed_terms() -> SignedTerms {
    let issuer = SigningKey::from_entropy("softcap.example/issuer", &[8; 32]).unwrap();
    SignedTerms::sign(&terms().origin, terms().hash().0, &issuer).unwrap()
}

/// A small sale: accepted, partly accepted, refused and returned contributions in two currencies.
/// With `annotations` it has every file that a bundle can have.
pub(crate) fn small_bundle(key: Option<&SigningKey>, annotations: bool, addresses: bool) -> Folder {
    let sink = MemorySink::default();
    let mut bundle = BundleWriter::new(TERMS.as_bytes(), terms(), at(OPEN - 5), &sink).unwrap();
    let ids: Vec<String> = (0..5_u8)
        .map(|n| {
            if addresses {
                format!("0x{:040x}", 77 + u32::from(n))
            } else {
                format!("p{n}")
            }
        })
        .collect();
    let ether = 1_000_000_000_000_000_000;
    // investor, currency, amount: the third is below the minimum, the last but one fills the cap.
    let rows = [
        (0, 0, 50_000),
        (1, 1, ether / 2),
        (2, 0, 999),
        (0, 1, ether / 3),
        (3, 0, 900_000),
        (4, 0, 5),
    ];
    for (place, (investor, currency, amount)) in rows.into_iter().enumerate() {
        let reference = format!("c-{place}");
        let source = (place % 2 == 1).then(|| format!("tx {place}"));
        let command = Command::Contribute(Contribute {
            investor: InvestorId::parse(&ids[investor]).unwrap(),
            currency: CurrencyIndex(currency),
            amount: Amount(amount),
            limit: None,
            reference: &reference,
            source: source.as_deref(),
            funding: Funding::Arrived,
        });
        bundle
            .record(at(OPEN + 1000 * place as u64), &command)
            .unwrap();
    }
    let admit = Admit {
        round: RoundIndex(0),
        investor: InvestorId::parse(&ids[1]).unwrap(),
        limit: Some(Value(100)),
        expires: None,
        guaranteed: Value(0),
        withdrawal: WithdrawalMark::Unmarked,
    };
    bundle
        .record(at(OPEN + 9000), &Command::Admit(admit))
        .unwrap();
    let (contribution, reason) = (Sequence(1), ReturnReason::Discretion);
    let command = Command::Return {
        contribution,
        amount: Amount(10_001),
        reason,
    };
    bundle.record(at(OPEN + 9500), &command).unwrap();
    if annotations {
        bundle.add_signature(&signed_terms()).unwrap();
    }
    let mut settled = bundle.settle(at(CLOSE), key).unwrap();
    let page = b"<!doctype html>\n<title>Harbour</title>\n";
    settled
        .add_opaque(OpaqueFile::Report, |out| io::Write::write_all(out, page))
        .unwrap();
    if annotations {
        let table = b"contribution_id,x_note\nc-0,hello\n";
        settled
            .add_opaque(OpaqueFile::Annotations, |out| {
                io::Write::write_all(out, table)
            })
            .unwrap();
    }
    settled.finish().unwrap();
    sink.0.into_inner().unwrap()
}

fn text(folder: &Folder, file: BundleFile) -> &str {
    std::str::from_utf8(&folder[file.name()]).unwrap()
}

#[test]
fn the_tables_of_a_small_sale() {
    let folder = small_bundle(None, true, false);
    let names: Vec<&str> = folder.keys().map(String::as_str).collect();
    let mut expected = BundleFile::ALL.map(BundleFile::name);
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(
        text(&folder, BundleFile::SettlementTable),
        "contribution_id,investor,currency,contributed,accepted,refunded,kept,tokens,reason\n\
         c-0,p0,EUR,500,399.99,100.01,0,3999.9,returned_discretion\n\
         c-1,p1,ETH,0.5,0.5,0,0,12500,\n\
         c-2,p2,EUR,9.99,0,9.99,0,0,below_minimum\n\
         c-3,p0,ETH,0.333333333333333333,0.333333333333333333,0,0,8333.333333,\n\
         c-4,p3,EUR,9000,2416.67,6583.33,0,24166.7,hard_cap_reached\n\
         c-5,p4,EUR,0.05,0,0.05,0,0,below_minimum\n"
    );
    assert_eq!(
        text(&folder, BundleFile::InvestorsTable),
        "investor,tokens,contributed_EUR,accepted_EUR,refunded_EUR,kept_EUR,\
         contributed_ETH,accepted_ETH,refunded_ETH,kept_ETH\n\
         p0,12333.233333,500,399.99,100.01,0,0.333333333333333333,0.333333333333333333,0,0\n\
         p1,12500,0,0,0,0,0.5,0.5,0,0\n\
         p2,0,9.99,0,9.99,0,0,0,0,0\n\
         p3,24166.7,9000,2416.67,6583.33,0,0,0,0,0\n\
         p4,0,0.05,0,0.05,0,0,0,0,0\n"
    );
}

#[test]
fn the_summary_repeats_roots_and_totals() {
    let folder = small_bundle(Some(&key()), false, true);
    let summary: serde_json::Value =
        serde_json::from_str(text(&folder, BundleFile::Summary)).unwrap();
    assert_eq!(summary["outcome"], "succeeded");
    assert_eq!(summary["currencies"][0]["accepted"]["units"], "281666");
    assert_eq!(
        summary["currencies"][0]["accepted"]["display"],
        "2816.66 EUR"
    );
    assert_eq!(summary["sold"]["display"], "48999.933333 HBR");
    assert_eq!(summary["shares"][0]["tokens"]["units"], "400000000000");
    assert_eq!(summary["journal"]["size"], 11);
    let types = summary["settlement_tree"]["leaf_encoding"]
        .as_array()
        .unwrap();
    assert_eq!((types.len(), &types[0]), (6, &"address".into()));

    let note = CheckpointNote::parse(&folder["checkpoint"]).unwrap();
    let checkpoint = note.verify(key().verifier_key()).unwrap();
    assert_eq!(summary["journal"]["root"], hex(&checkpoint.root().0));
    let tree = TreeFile::open(io::Cursor::new(&folder["settlement.tree"])).unwrap();
    assert_eq!(
        summary["settlement_tree"]["root"],
        format!("0x{}", hex(&tree.root().0))
    );
}

/// A sale in which nobody took part.
pub(crate) fn empty_bundle() -> Folder {
    let sink = MemorySink::default();
    let bundle = BundleWriter::new(TERMS.as_bytes(), terms(), at(OPEN - 5), &sink).unwrap();
    bundle.settle(at(CLOSE), None).unwrap().finish().unwrap();
    sink.0.into_inner().unwrap()
}

#[test]
fn a_sale_without_investors_has_no_tree() {
    let folder = empty_bundle();
    assert!(!folder.contains_key("settlement.tree"));
    assert_eq!(
        text(&folder, BundleFile::SettlementTable).lines().count(),
        1
    );
    let summary: serde_json::Value =
        serde_json::from_str(text(&folder, BundleFile::Summary)).unwrap();
    assert_eq!(summary["outcome"], "failed");
    assert!(summary["settlement_tree"].is_null());
}

#[test]
fn settling_too_early_is_refused_with_the_reason() {
    let sink = MemorySink::default();
    let bundle = BundleWriter::new(TERMS.as_bytes(), terms(), at(OPEN - 5), &sink).unwrap();
    let error = bundle.settle(at(OPEN), None).unwrap_err();
    assert_eq!(error.code(), "P504", "{error}");
}

#[test]
fn a_sink_that_is_full_names_the_file() {
    struct FullSink(BundleFile);
    impl BundleSink for FullSink {
        type File = Vec<u8>;
        fn create(&self, file: BundleFile) -> io::Result<Vec<u8>> {
            if file == self.0 {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(Vec::new())
            }
        }
        fn close(&self, _: BundleFile, _: Vec<u8>) -> io::Result<()> {
            Ok(())
        }
    }
    for file in BundleFile::ALL {
        if matches!(
            file,
            BundleFile::Report | BundleFile::Annotations | BundleFile::SettlementTree
        ) {
            continue;
        }
        let sink = FullSink(file);
        let written = BundleWriter::new(TERMS.as_bytes(), terms(), at(OPEN - 5), &sink)
            .and_then(|mut bundle| {
                bundle.add_signature(&signed_terms())?;
                bundle.settle(at(CLOSE), None)
            })
            .and_then(super::SettledBundle::finish);
        let error = written.unwrap_err();
        let ProofError::BundleIo { file: named, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(named, file);
    }
}
