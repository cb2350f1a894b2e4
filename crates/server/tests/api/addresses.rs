//! The signed addresses that a server shows: the issuer's file, byte for byte, and no other.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use serde_json::Value;
use softcap_evm::{AddressList, Addresses, Place, SignedAfterSale};
use softcap_proof::{SigningKey, hex};
use softcap_server::{Config, Issuer, Node};

use crate::test_node::{Call, TestNode};

const PATH: &str = "/.well-known/softcap-addresses.json";

fn issuer(seed: u8) -> SigningKey {
    SigningKey::from_entropy("example.org/issuer", &[seed; 32]).unwrap()
}

/// What the issuer of this seed signed.
fn signed(seed: u8) -> String {
    signed_of("example.org/harbour", seed)
}

fn signed_of(origin: &str, seed: u8) -> String {
    let place = |byte| Address::repeat_byte(byte);
    let addresses = Addresses {
        origin: origin.to_owned(),
        terms_hash: [7; 32],
        chain_id: 1,
        place: Place {
            factory: place(1),
            escrow: place(2),
            token: place(3),
        },
        code_hash: B256::repeat_byte(4),
        after_sale: SignedAfterSale::default(),
    };
    addresses.sign(&issuer(seed)).unwrap().to_string()
}

/// Writes a file that `config` names; issuer 1 is known.
fn configured(config: &mut Config, text: &str) -> PathBuf {
    let data = PathBuf::from(&config.server.data);
    let path = data.with_extension("addresses.json");
    std::fs::write(&path, text).unwrap();
    config.issuers.keys = vec![Issuer(issuer(1).verifier_key().clone())];
    config.evm.addresses_file = Some(path.clone());
    path
}

#[test]
fn the_file_is_served_as_the_issuer_signed_it() {
    let node = TestNode::empty_with(|config| {
        configured(config, &signed(1));
    });
    let answer = node.call(&Call::new("GET", PATH));
    assert_eq!((answer.status, answer.text()), (200, signed(1).as_str()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    // What a watcher does with it.
    let key = issuer(1).verifier_key().clone();
    let read = Addresses::verify(answer.text().as_bytes(), &key).unwrap();
    assert_eq!(read.place.escrow, Address::repeat_byte(2));

    let tag = answer.header("etag").unwrap().to_owned();
    let again = node.call(&Call::new("GET", PATH).header("if-none-match", &tag));
    assert_eq!((again.status, again.text()), (304, ""));
    let other = node.call(&Call::new("GET", PATH).header("if-none-match", "\"0\""));
    assert_eq!(other.status, 200);
}

/// One file for each offering, of two issuers; what is no such file is left alone.
#[test]
fn the_files_of_a_folder_are_served_as_one() {
    let node = TestNode::empty_with(|config| {
        let folder = configured(config, "").with_extension("d");
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in [
            ("pier.json", signed_of("example.org/pier", 2)),
            ("harbour.json", signed(1)),
            ("notes.txt", "not JSON".to_owned()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let known = [1, 2].map(|seed| Issuer(issuer(seed).verifier_key().clone()));
        config.issuers.keys = known.to_vec();
        config.evm.addresses_file = Some(folder);
    });
    let answer = node.call(&Call::new("GET", PATH));
    assert_eq!(answer.status, 200);
    let keys = [1, 2].map(|seed| issuer(seed).verifier_key().clone());
    let list = AddressList::verify(answer.text().as_bytes(), &keys).unwrap();
    let origins: Vec<&str> = list
        .entries()
        .iter()
        .map(|entry| entry.origin.as_str())
        .collect();
    assert_eq!(origins, ["example.org/harbour", "example.org/pier"]);
}

#[test]
fn a_server_without_a_file_has_nothing_there() {
    let node = TestNode::empty();
    let answer = node.call(&Call::new("GET", PATH));
    assert_eq!(answer.refusal(), (404, "H404".to_owned()));
}

#[tokio::test]
async fn a_file_that_no_known_issuer_signed_is_not_served() {
    let changed = |field: &str, value: &str| {
        let mut file: Value = serde_json::from_str(&signed(1)).unwrap();
        file[field] = value.into();
        file.to_string()
    };
    for (text, code) in [
        ("{}".to_owned(), "R221"),
        (signed(2), "R222"),
        (
            changed("escrow", &Address::repeat_byte(9).to_string()),
            "R223",
        ),
        (changed("terms_hash", &hex(&[8; 32])), "R223"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::on_free_port().unwrap();
        config.server.data = folder.path().join("data").display().to_string();
        let path = configured(&mut config, &text);
        let refused = Node::open(&config).await.unwrap_err().to_string();
        for part in ["H918", code, &path.display().to_string()] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        config.issuers.keys.clear();
        let refused = Node::open(&config).await.unwrap_err().to_string();
        assert!(refused.contains("no issuer is known"), "{refused}");
    }
}
