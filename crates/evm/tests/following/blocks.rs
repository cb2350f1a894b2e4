//! Which blocks come out of a chain that goes back and forth.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use proptest::prelude::*;
use softcap_evm::{Block, Follower, Header, Stop};

/// A block of a tree: where it hangs, and a mark so that brothers differ.
fn child(parent: Header, mark: u8) -> Header {
    let mut bytes = parent.hash.to_vec();
    bytes.push(mark);
    Header {
        number: parent.number + 1,
        hash: keccak256(&bytes),
        parent: parent.hash,
        timestamp: parent.timestamp + 12,
    }
}

fn genesis() -> Header {
    Header {
        number: 100,
        hash: keccak256(b"genesis"),
        parent: B256::ZERO,
        timestamp: 1_000,
    }
}

/// What happened in a block: its hash, so that an entry of a dropped block can be told.
fn block(header: Header) -> Block<B256> {
    Block {
        header,
        logs: vec![header.hash],
    }
}

/// The chain as a node has it, oldest first from the genesis on.
struct Chain(Vec<Header>);

impl Chain {
    fn head(&self) -> u64 {
        self.0.last().unwrap().number
    }

    fn at(&self, number: u64) -> Option<Header> {
        self.0
            .iter()
            .find(|header| header.number == number)
            .copied()
    }

    fn grow(&mut self, count: u8, mark: u8) {
        for _ in 0..count {
            self.0.push(child(*self.0.last().unwrap(), mark));
        }
    }

    fn drop_newest(&mut self, count: u8) {
        let left = self.0.len().saturating_sub(count.into()).max(1);
        self.0.truncate(left);
    }
}

/// Asks as the program does: the newest known block again, then what is wanted next, as often as asked.
fn poll(
    follower: &mut Follower<B256>,
    chain: &Chain,
    steps: u8,
    out: &mut Vec<B256>,
) -> Result<(), Stop> {
    for _ in 0..steps {
        let tip = follower.tip().number.min(chain.head());
        if let Some(header) = chain.at(tip) {
            follower.take(block(header))?;
        }
        if let Some(header) = chain.at(follower.next()) {
            follower.take(block(header))?;
        }
        out.extend(
            follower
                .confirmed()
                .into_iter()
                .flat_map(|block| block.logs),
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Random trees and any order of polls: what comes out is the final chain, each block once, as long as
    /// no reorganisation goes deeper than what is waited for.
    #[test]
    fn what_comes_out_is_the_final_chain(
        confirmations in 0_u64..6,
        moves in prop::collection::vec((0_u8..6, 1_u8..9, any::<u8>(), 0_u8..12), 1..40),
    ) {
        let mut chain = Chain(vec![genesis()]);
        let mut follower = Follower::new(genesis(), confirmations);
        let mut out = Vec::new();
        for (dropped, grown, mark, polls) in moves {
            // Shallower than what is waited for, and always made longer than it was.
            let dropped = dropped.min(u8::try_from(confirmations).unwrap());
            chain.drop_newest(dropped);
            chain.grow(dropped + grown, mark);
            prop_assert_eq!(poll(&mut follower, &chain, polls, &mut out), Ok(()));
        }
        prop_assert_eq!(poll(&mut follower, &chain, u8::MAX, &mut out), Ok(()));
        prop_assert_eq!(poll(&mut follower, &chain, u8::MAX, &mut out), Ok(()));
        let deep = chain.head().saturating_sub(confirmations);
        let expected: Vec<B256> = chain.0[1..]
            .iter()
            .filter(|header| header.number <= deep)
            .map(|header| header.hash)
            .collect();
        prop_assert_eq!(out, expected);
    }

    /// Whatever is fetched, also of chains that nobody has any more: no block comes out twice, heights have
    /// no gaps, and each follows on the one before it.
    #[test]
    fn noise_never_gives_a_block_twice(
        confirmations in 0_u64..4,
        tree in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3), 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
    ) {
        let mut blocks = vec![genesis()];
        for (parent, mark) in tree {
            blocks.push(child(blocks[parent.index(blocks.len())], mark));
        }
        let by_hash: BTreeMap<B256, Header> =
            blocks.iter().map(|header| (header.hash, *header)).collect();
        let mut follower = Follower::new(genesis(), confirmations);
        let mut last = genesis();
        for place in order {
            if follower.take(block(blocks[place.index(blocks.len())])).is_err() {
                break;
            }
            for deep in follower.confirmed() {
                prop_assert_eq!(deep.header.parent, last.hash);
                prop_assert_eq!(by_hash[&deep.header.hash], deep.header);
                last = deep.header;
            }
        }
    }
}

#[test]
fn a_reorganisation_deeper_than_what_is_waited_for_stops() {
    for (depth, stops) in [(1, false), (3, false), (4, true), (30, true)] {
        let mut chain = Chain(vec![genesis()]);
        chain.grow(40, 1);
        let mut follower = Follower::new(genesis(), 3);
        let mut out = Vec::new();
        assert_eq!(poll(&mut follower, &chain, u8::MAX, &mut out), Ok(()));
        assert_eq!(out.len(), 37);
        let known = follower.anchor();
        chain.drop_newest(depth);
        chain.grow(depth + 1, 2);
        let result = poll(&mut follower, &chain, u8::MAX, &mut out);
        if stops {
            let now = match &result {
                Err(Stop::Deeper {
                    number,
                    known: was,
                    now,
                }) => {
                    assert_eq!((*number, *was), (known.number, known.hash));
                    *now
                }
                Ok(()) => panic!("{depth} deep did not stop"),
            };
            assert_ne!(now, known.hash);
            assert_eq!(out.len(), 37, "nothing comes out of a chain that went back");
        } else {
            assert_eq!(result, Ok(()), "{depth}");
            assert_eq!(out.len(), 38);
        }
    }
}

#[test]
fn a_chain_that_became_shorter_is_noticed_when_it_differs() {
    let mut chain = Chain(vec![genesis()]);
    chain.grow(10, 1);
    let mut follower = Follower::new(genesis(), 5);
    let mut out = Vec::new();
    poll(&mut follower, &chain, 40, &mut out).unwrap();
    assert_eq!(follower.tip().number, 110);
    // A node that lags has the same blocks, only fewer: nothing is dropped.
    let lagging = Chain(chain.0[..8].to_vec());
    poll(&mut follower, &lagging, 3, &mut out).unwrap();
    assert_eq!(follower.tip().number, 110);
    // One that has another block lower down: everything from there on is.
    chain.drop_newest(4);
    chain.grow(1, 2);
    poll(&mut follower, &chain, 1, &mut out).unwrap();
    assert_eq!(follower.tip(), chain.at(107).unwrap());
    assert_eq!(out.len(), 5);
}

#[test]
fn a_jump_takes_only_what_is_deep_enough() {
    let mut follower: Follower<B256> = Follower::new(genesis(), 4);
    assert_eq!(follower.deep_enough_up_to(103), None);
    assert_eq!(follower.deep_enough_up_to(104), None, "that is the anchor");
    assert_eq!(follower.deep_enough_up_to(200), Some(196));
    let mut chain = Chain(vec![genesis()]);
    chain.grow(100, 1);
    follower.jump(chain.at(196).unwrap());
    assert_eq!(follower.next(), 197);
    follower.take(block(chain.at(197).unwrap())).unwrap();
    assert_eq!(follower.deep_enough_up_to(200), None, "one waits");
}
