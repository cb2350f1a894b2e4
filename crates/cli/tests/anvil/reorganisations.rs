//! A chain that goes back: with less than the confirmations nothing wrong enters, with more the rail stops.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use crate::{
    node::{Anvil, Payment},
    sale::{Contribution, Following, Sale},
};

/// Accounts that pay.
const PAYERS: usize = 5;
/// 0.1 of a coin.
const LEAST: u128 = 100_000_000_000_000_000;

/// The newest blocks of a chain, and what is in them.
struct Tail {
    escrow: Address,
    random: ChaCha8Rng,
    blocks: Vec<Vec<Payment>>,
}

impl Tail {
    fn new(escrow: Address, seed: u64) -> Self {
        Self {
            escrow,
            random: ChaCha8Rng::seed_from_u64(seed),
            blocks: Vec::new(),
        }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random.next_u32() as usize % below
    }

    fn payment(&mut self, account: usize, nonce: u64) -> Payment {
        // No two payments are the same transaction.
        let wei = LEAST + u128::from(self.random.next_u32());
        Payment::sign(account, nonce, self.escrow, wei)
    }

    fn next_nonce(&self, account: usize) -> u64 {
        let mut nonces = self.blocks.iter().flatten();
        nonces.by_ref().filter(|one| one.account == account).count() as u64
    }

    /// A new block with up to two payments.
    fn grow(&mut self, anvil: &Anvil) {
        let mut block: Vec<Payment> = Vec::new();
        for _ in 0..self.draw(3) {
            let account = 1 + self.draw(PAYERS);
            let here = block.iter().filter(|one| one.account == account).count() as u64;
            let nonce = self.next_nonce(account) + here;
            let payment = self.payment(account, nonce);
            block.push(payment);
        }
        anvil.mine(&block, 12);
        self.blocks.push(block);
    }

    /// Other blocks in place of the newest: of each account's transactions some are replaced by others with the same
    /// nonce, some are dropped with all that follow, and the others come in other blocks and in another order.
    fn other_blocks(&mut self, depth: usize) -> Vec<Vec<Payment>> {
        let mut accounts: BTreeMap<usize, Vec<Payment>> = BTreeMap::new();
        for one in self.blocks.split_off(self.blocks.len() - depth).concat() {
            accounts.entry(one.account).or_default().push(one);
        }
        let mut order: Vec<usize> = accounts.keys().copied().collect();
        for place in (1..order.len()).rev() {
            let other = self.draw(place + 1);
            order.swap(place, other);
        }
        let mut blocks = vec![Vec::new(); depth];
        for account in order {
            let mut block = 0;
            for one in &accounts[&account] {
                block += self.draw(depth - block);
                match self.draw(8) {
                    0 => break,
                    1 | 2 => {
                        let other = self.payment(account, one.nonce);
                        blocks[block].push(other);
                    }
                    _ => blocks[block].push(one.clone()),
                }
            }
        }
        self.blocks.extend(blocks.iter().cloned());
        blocks
    }
}

/// Puts blocks on the chain one after the other, sooner after one another than those that they replace.
fn mine_all(anvil: &Anvil, blocks: &[Vec<Payment>]) {
    for block in blocks {
        anvil.mine(block, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reorganisation_within_the_confirmations_enters_anything_wrong() {
    let mut sale = Sale::start(&Following {
        confirmations: 30,
        endpoints: 1,
        blocks_at_once: 1_000,
    })
    .await;
    let mut tail = Tail::new(sale.escrow, 0x50F7_CA93);
    for _ in 0..30 {
        tail.grow(&sale.anvil);
    }
    for depth in 1..=30 {
        tail.grow(&sale.anvil);
        sale.until_followed().await;
        let blocks = tail.other_blocks(depth);
        // Every other one at once, as a node tells it, and the others while the server looks on.
        if depth % 2 == 0 {
            sale.anvil.reorganise(&blocks);
        } else {
            sale.anvil.roll_back(depth as u64);
            if depth % 5 == 0 {
                sale.server.kill();
                sale.server.start();
            }
            mine_all(&sale.anvil, &blocks);
        }
    }
    sale.bury();
    let rail = sale.until_followed().await;
    assert!(rail["alarm"].is_null(), "{rail}");
    let contributions = sale.agree_to_the_wei().await;
    assert!(contributions > 20, "{contributions}");
}

/// A reorganisation deeper than the confirmations: what was entered stands, the rail waits for a person through a restart
/// too, and then enters what the chain has now; what is there already is not entered again, wherever it stands now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deeper_reorganisation_waits_for_a_person_and_doubles_nothing() {
    const CONFIRMATIONS: u64 = 2;
    let mut sale = Sale::start(&Following {
        confirmations: CONFIRMATIONS,
        endpoints: 1,
        blocks_at_once: 7,
    })
    .await;
    let mut tail = Tail::new(sale.escrow, 0x50F7_CA94);
    for _ in 0..31 {
        tail.grow(&sale.anvil);
    }
    let mut entered: BTreeSet<Contribution> = BTreeSet::new();
    for depth in 3..=30 {
        tail.grow(&sale.anvil);
        sale.until_followed().await;
        let before = sale.in_record().await.0;
        entered.extend(before.iter().cloned());
        let blocks = tail.other_blocks(depth);
        sale.anvil.roll_back(depth as u64);
        mine_all(&sale.anvil, &blocks);
        sale.until_alarm("E650").await;
        if depth % 6 == 0 {
            sale.server.kill();
            sale.server.start();
            sale.until_alarm("E650").await;
        }
        let stopped = sale.in_record().await.0;
        assert_eq!(
            stopped, before,
            "{depth} deep: what was entered stands, and nothing else"
        );
        sale.confirm().await;
        sale.bury();
        for _ in 0..CONFIRMATIONS {
            tail.blocks.push(Vec::new());
        }
        sale.until_followed().await;
        entered.extend(sale.on_chain());
        let record = sale.in_record().await.0;
        let once: BTreeSet<Contribution> = record.iter().cloned().collect();
        assert_eq!(
            once.len(),
            record.len(),
            "{depth} deep: something is there twice"
        );
        assert_eq!(once, entered, "{depth} deep");
    }
}
