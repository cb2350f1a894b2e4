//! A chain over a restart: what was answered is there, byte for byte.

use std::{fs::OpenOptions, io::Write as _, path::Path, sync::Arc};

use alloy_primitives::{Address, B256, U256};
use alloy_provider::Provider;
use proptest::prelude::*;
use softcap_chain::{Blocks, Clock, Node, Settings};

use crate::fixture::{BEGINNING, open, provider, settings, transfer};

/// All that can be seen of a chain.
#[derive(Debug, PartialEq)]
struct Seen {
    hashes: Vec<B256>,
    state_roots: Vec<B256>,
    received: Vec<U256>,
    nonces: Vec<u64>,
}

fn seen(node: &Arc<Node>) -> Seen {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let provider = provider(node);
        let mut all = Seen {
            hashes: Vec::new(),
            state_roots: Vec::new(),
            received: Vec::new(),
            nonces: Vec::new(),
        };
        for number in 0..=node.height() {
            let block = provider
                .get_block_by_number(number.into())
                .await
                .unwrap()
                .unwrap();
            all.hashes.push(block.header.hash);
            all.state_roots.push(block.header.state_root);
            let receiver = Address::repeat_byte(0x77);
            all.received
                .push(provider.get_balance(receiver).number(number).await.unwrap());
        }
        for account in node.accounts() {
            let count = provider.get_transaction_count(account.address());
            all.nonces.push(count.pending().await.unwrap());
        }
        all
    })
}

/// One thing that somebody does to a chain.
#[derive(Clone, Debug)]
enum Step {
    Transfer(usize),
    Mine,
    Wait(u64),
    Timestamp(u64),
    Reorganise(u64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize).prop_map(Step::Transfer),
        2 => Just(Step::Mine),
        1 => (0..10_000_u64).prop_map(Step::Wait),
        1 => (0..10_000_u64).prop_map(Step::Timestamp),
        1 => (0..4_u64).prop_map(Step::Reorganise),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..30)
}

fn next_nonce(node: &Arc<Node>, account: usize) -> u64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = node.accounts()[account].address();
    runtime
        .block_on(async {
            provider(node)
                .get_transaction_count(address)
                .pending()
                .await
        })
        .unwrap()
}

/// Does the steps in a folder; a restart must show the same as before it.
fn walk(folder: &Path, settings: &Settings, steps: &[Step]) -> Result<(), TestCaseError> {
    let again = || Arc::new(Node::open(folder, settings).unwrap());
    let mut node = again();
    for step in steps {
        match step {
            Step::Transfer(account) => {
                transfer(&node, *account, next_nonce(&node, *account));
            }
            Step::Mine => node.mine().unwrap(),
            Step::Wait(seconds) => {
                node.increase_time(*seconds).unwrap();
            }
            // It may lie before the newest block, and is refused then.
            Step::Timestamp(after) => {
                let _ = node.set_next_timestamp(BEGINNING + after);
            }
            Step::Reorganise(depth) => {
                let possible = *depth <= node.height();
                prop_assert_eq!(node.reorganise(*depth).is_ok(), possible);
            }
            Step::Restart => {
                let before = seen(&node);
                drop(node);
                node = again();
                prop_assert_eq!(seen(&node), before);
            }
        }
    }
    let before = seen(&node);
    // What comes next is the same as well: the time and what waits were kept.
    let twin = tempfile::tempdir().unwrap();
    let file = std::fs::read(folder.join("chain.log")).unwrap();
    std::fs::write(twin.path().join("chain.log"), file).unwrap();
    let other = Arc::new(Node::open(twin.path(), settings).unwrap());
    prop_assert_eq!(&seen(&other), &before);
    node.mine().unwrap();
    other.mine().unwrap();
    prop_assert_eq!(seen(&other), seen(&node));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_restart_changes_nothing(steps in steps(), waits in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let blocks = if waits { Blocks::WhenTold } else { Blocks::WithTransactions };
        walk(folder.path(), &Settings { blocks, ..settings() }, &steps)?;
    }
}

#[test]
fn a_block_that_was_half_written_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    transfer(&node, 0, 0);
    let before = seen(&node);
    let file = folder.path().join("chain.log");
    let whole = std::fs::metadata(&file).unwrap().len();
    transfer(&node, 0, 1);
    drop(node);
    let bytes = std::fs::read(&file).unwrap();
    let whole = usize::try_from(whole).unwrap();
    // Wherever the writing ended.
    for end in [whole, whole + 1, whole + 11, whole + 12, bytes.len() - 1] {
        std::fs::write(&file, &bytes[..end]).unwrap();
        let node = open(folder.path());
        assert_eq!(seen(&node), before);
        assert_eq!(std::fs::metadata(&file).unwrap().len(), whole as u64);
        transfer(&node, 0, 1);
        assert_eq!(node.height(), 2);
    }
}

fn code(settings: &Settings, folder: &Path) -> String {
    Node::open(folder, settings).unwrap_err().to_string()[..4].to_owned()
}

#[test]
fn damage_is_named_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    for nonce in 0..3 {
        transfer(&node, 0, nonce);
    }
    assert_eq!(code(&settings(), folder.path()), "E102");
    drop(node);
    let file = folder.path().join("chain.log");
    let bytes = std::fs::read(&file).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(&file, &flipped).unwrap();
    assert_eq!(code(&settings(), folder.path()), "E103");
    assert_eq!(std::fs::read(&file).unwrap(), flipped);
}

/// A file from another chain behind this one's blocks: whole records, and none of them fits.
#[test]
fn blocks_that_come_out_differently_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    transfer(&open(folder.path()), 0, 0);
    let later = Settings {
        clock: Clock::Still(BEGINNING + 1),
        ..settings()
    };
    transfer(&Node::open(other.path(), &later).unwrap(), 0, 0);
    let bytes = std::fs::read(other.path().join("chain.log")).unwrap();
    let begin = bytes
        .windows(4)
        .rposition(|window| window == b"SCB1")
        .unwrap();
    let mut file = OpenOptions::new()
        .append(true)
        .open(folder.path().join("chain.log"))
        .unwrap();
    file.write_all(&bytes[begin..]).unwrap();
    drop(file);
    assert_eq!(code(&settings(), folder.path()), "E104");
}

#[test]
fn a_chain_keeps_its_number_and_its_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let first = Settings {
        chain_id: Some(7),
        accounts: Some(3),
        ..settings()
    };
    drop(Node::open(folder.path(), &first).unwrap());
    let node = Node::open(folder.path(), &settings()).unwrap();
    assert_eq!((node.chain_id(), node.accounts().len()), (7, 3));
    drop(node);
    let other_number = Settings {
        chain_id: Some(8),
        ..settings()
    };
    let other_accounts = Settings {
        accounts: Some(4),
        ..settings()
    };
    for other in [other_number, other_accounts] {
        assert_eq!(code(&other, folder.path()), "E105");
    }
}
