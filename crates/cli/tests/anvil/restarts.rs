//! Node and server are killed at any moment while people pay: exactly once, and no hand is needed.

use std::fs;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::Value;

use crate::{
    count,
    node::Payment,
    sale::{Following, Sale},
};

/// 0.1 of a coin.
const LEAST: u128 = 100_000_000_000_000_000;
/// Blocks that a killed node may have made since it last wrote its state.
const UNWRITTEN: u64 = 6;

/// A sale in which payments of four accounts go on, whatever a killed node forgot of them.
struct Payers {
    sale: Sale,
    random: ChaCha8Rng,
    paid: u64,
}

impl Payers {
    fn nonce(&self, account: usize) -> u64 {
        let address = self.sale.anvil.url();
        let address = address.strip_prefix("http://").unwrap();
        crate::rpc::next_nonce(address, account).unwrap()
    }

    /// One block with a payment; each is another transaction than all before.
    fn pay(&mut self) {
        let account = 1 + self.random.next_u32() as usize % 4;
        self.paid += 1;
        let wei = LEAST + u128::from(self.paid);
        let payment = Payment::sign(account, self.nonce(account), self.sale.escrow, wei);
        self.sale.anvil.mine(&[payment], 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_nothing_is_lost_or_doubled() {
    let sale = Sale::start(&Following {
        confirmations: 2 * UNWRITTEN,
        endpoints: 2,
        blocks_at_once: 5,
    })
    .await;
    let mut payers = Payers {
        sale,
        random: ChaCha8Rng::seed_from_u64(0x50F7_CA96),
        paid: 0,
    };
    // What the node is killed with must be in its file.
    payers.sale.anvil.stop();
    payers.sale.anvil.start_again();
    let mut unwritten = 0;
    for _ in 0..count(24, 100) {
        for _ in 0..payers.random.next_u32() % 3 {
            payers.pay();
            unwritten += 1;
        }
        match payers.random.next_u32() % 4 {
            0 => {
                payers.sale.server.kill();
                payers.pay();
                unwritten += 1;
                payers.sale.server.start();
            }
            1 if unwritten <= UNWRITTEN => {
                payers.sale.anvil.kill();
                payers.sale.anvil.start_again();
                unwritten = 0;
            }
            2 => {
                payers.sale.anvil.stop();
                payers.sale.server.kill();
                payers.sale.server.start();
                payers.sale.anvil.start_again();
                unwritten = 0;
            }
            _ => {
                payers.sale.anvil.stop();
                payers.sale.anvil.start_again();
                unwritten = 0;
            }
        }
    }
    payers.sale.bury();
    let rail = payers.sale.until_followed().await;
    assert_eq!(rail["alarm"], Value::Null, "{rail}");
    assert!(payers.sale.agree_to_the_wei().await > 10);
}

/// The place in the chain is a shortcut: whatever happens to its file, the record comes out the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_or_damaged_place_in_the_chain_is_found_again() {
    let sale = Sale::start(&Following {
        confirmations: 2,
        endpoints: 1,
        blocks_at_once: 5,
    })
    .await;
    let mut payers = Payers {
        sale,
        random: ChaCha8Rng::seed_from_u64(0x50F7_CA97),
        paid: 0,
    };
    let place = payers.sale.server.data().join("evm/harbour.json");
    let damages: [fn(&str) -> Option<String>; 5] = [
        |_| None,
        |_| Some(String::new()),
        |whole| Some(whole[..whole.len() / 2].to_owned()),
        // Far ahead, where the server would wait for ever; and further back than it is.
        |whole| Some(whole.replacen("\"number\":", "\"number\":9", 1)),
        |whole| Some(whole.replacen("\"number\":", "\"number\":0,\"was\":", 1)),
    ];
    for damage in damages {
        for _ in 0..6 {
            payers.pay();
        }
        payers.sale.bury();
        payers.sale.until_followed().await;
        payers.sale.server.kill();
        for _ in 0..3 {
            payers.pay();
        }
        let whole = fs::read_to_string(&place).unwrap();
        match damage(&whole) {
            Some(damaged) => fs::write(&place, damaged).unwrap(),
            None => fs::remove_file(&place).unwrap(),
        }
        payers.sale.server.start();
        payers.sale.bury();
        let rail = payers.sale.until_followed().await;
        assert_eq!(rail["alarm"], Value::Null, "{rail}");
        payers.sale.agree_to_the_wei().await;
    }
    assert_eq!(payers.sale.on_chain().len(), 45);
}
