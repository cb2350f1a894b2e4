//! A life after the sale: three milestones of which contributors stop the second, a share that vests, and a record that
//! follows all of it.

use std::sync::Arc;

use alloy_primitives::{Address, U256};
use alloy_rpc_client::RpcClient;
use softcap_chain::InProcess;
use softcap_evm::{
    AfterSaleAct, AfterSalePlace, ChainEntries, ChainSource, Endpoint, Endpoints, Exit, Place,
    Releases, ReturnableTokens, Stopped, allow_draft, begun_at, find_after_sale, settle_all_draft,
};
use softcap_offering::{
    Command, CurrencyIndex, EscrowAddress, LineIndex, Offering, Outcome, Phase, Position, Stamp,
};

use crate::announcing_after_sale::{AFTER_SALE, announced};
use crate::fixture::{BEFORE, Chain, OPEN, ether, terms};
use crate::sale::{payment, permit, refusal, tokens};

const DAY: u64 = 86_400;

/// An offering on a chain, and the contracts after it.
struct Life {
    chain: Chain,
    place: Place,
    after_sale: AfterSalePlace,
}

impl Life {
    /// 7, 4 and 1.000000000000000001 ETH, settled and begun in one second.
    async fn settled() -> Self {
        let chain = Chain::new();
        let (place, after_sale, _) = announced(&chain).await;
        chain.later(BEFORE);
        let one = ether(1_000) + U256::from(1);
        for (account, amount) in [(4, ether(7_000)), (5, ether(4_000)), (6, one)] {
            let permit = permit(&chain, place, account, ether(8_000)).await;
            let draft = payment(&chain, place, account, amount, Some(&permit));
            chain.run(account, &draft).await.unwrap();
        }
        chain.later(OPEN);
        let life = Self {
            chain,
            place,
            after_sale,
        };
        let (factory, escrow) = (place.factory, place.escrow);
        let list = life.after_sale.all();
        let from = life.chain.address(9);
        let settle = settle_all_draft(factory, escrow, list, from);
        life.chain.run(9, &settle).await.unwrap();
        life
    }

    fn milestones(&self) -> Address {
        self.after_sale.milestones.unwrap()
    }

    fn vesting(&self) -> Address {
        self.after_sale.vestings[&0]
    }

    async fn act(&self, account: usize, act: AfterSaleAct) -> Result<U256, String> {
        let contract = match act {
            AfterSaleAct::Vest => self.vesting(),
            AfterSaleAct::Begin
            | AfterSaleAct::Announce
            | AfterSaleAct::Object
            | AfterSaleAct::Release
            | AfterSaleAct::GiveBack(_) => self.milestones(),
        };
        let draft = act.draft(contract, self.chain.address(account));
        let done = self.chain.run(account, &draft).await;
        done.map_err(refusal)
    }

    /// Gives everything back; what came for it, gas aside.
    async fn give_back(&self, account: usize) -> U256 {
        let who = self.chain.address(account);
        let contracts = (self.milestones(), self.place.token);
        let all = ReturnableTokens::read(&self.chain.client, contracts, who)
            .await
            .unwrap()
            .most;
        let before = self.chain.client.balance(who).await.unwrap();
        let allow = allow_draft(self.place.token, self.milestones(), all, who);
        let mut gas = self.chain.run(account, &allow).await.unwrap();
        gas += self
            .act(account, AfterSaleAct::GiveBack(all))
            .await
            .unwrap();
        self.chain.client.balance(who).await.unwrap() + gas - before
    }

    /// Tokens of the share that are free at the newest block, as docs/terms.md says it.
    async fn free(&self) -> U256 {
        let begun = begun_at(&self.chain.client, self.vesting()).await.unwrap();
        let now = self.chain.client.head().await.unwrap().timestamp;
        let whole = ether(100_000_000);
        whole * U256::from(now - begun.unwrap()) / U256::from(365 * DAY)
    }

    /// What a record makes of the chain, every entry compared with it.
    async fn record(&self) -> Offering {
        let node = InProcess::new(Arc::clone(&self.chain.node));
        let endpoint = Endpoint {
            name: "own".to_owned(),
            client: RpcClient::new(node, true),
        };
        let endpoints = Endpoints::new(vec![endpoint], 1);
        let genesis = endpoints.block(0).await.unwrap().header();
        let terms = Arc::new(terms(&AFTER_SALE));
        let escrow = EscrowAddress {
            chain_id: 31_337,
            contract: self.place.escrow.into(),
            currency: CurrencyIndex(0),
        };
        let head = endpoints.head().await.unwrap();
        let found = find_after_sale(&endpoints, escrow, &terms, (0, head)).await;
        assert_eq!(found.unwrap(), self.after_sale);
        let mut source = ChainSource::new(endpoints, self.place.escrow, genesis, 0, 1_000)
            .with_after_sale(self.after_sale.clone());
        let mut offering = Offering::new(terms);
        let terms_hash = offering.terms_hash();
        let stamp = Stamp {
            line: LineIndex(0),
            position: Position(genesis.timestamp * 1_000),
        };
        offering.apply(stamp, &Command::Announce { terms_hash });
        offering.apply(stamp, &Command::Escrow(escrow));
        let mut entries = ChainEntries::new(escrow);
        loop {
            let polled = source.poll().await.unwrap();
            for log in &polled.logs {
                for entry in entries.of(log, &offering) {
                    let (stamp, request) = (entry.stamp(), Some(entry.request));
                    let outcome = offering.apply_request(stamp, request, &entry.command());
                    entry.check(&outcome, &offering).unwrap();
                    // Whoever begins again makes the same entries, and none counts twice.
                    let again = offering.apply_request(stamp, request, &entry.command());
                    assert!(matches!(again, Outcome::RepeatOf(_)), "{again:?}");
                }
            }
            if !polled.more {
                return offering;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_three_milestones_is_stopped_and_the_rest_goes_back() {
    let life = Life::settled().await;
    let chain = &life.chain;
    let raised = ether(12_000) + U256::from(1);
    // All of it is in the contract, and nothing with the beneficiary.
    let held = chain.client.balance(life.milestones()).await.unwrap();
    assert_eq!(held, raised);
    assert_eq!(life.record().await.released().0, 0);

    let early = life.act(0, AfterSaleAct::Release).await.unwrap_err();
    assert_eq!(early, "NotAnnounced");
    let other = life.act(4, AfterSaleAct::Announce).await.unwrap_err();
    assert_eq!(other, "NotIssuer");
    life.act(0, AfterSaleAct::Announce).await.unwrap();
    chain.later(7 * DAY);
    life.act(9, AfterSaleAct::Release).await.unwrap();
    // floor(12.000000000000000001 x 30 %) ETH, beside what the account had.
    let beneficiary = chain.client.balance(chain.address(2)).await.unwrap();
    assert_eq!(beneficiary, ether(10_000_000) + ether(3_600));

    let before_time = life.act(0, AfterSaleAct::Announce).await.unwrap_err();
    assert!(before_time.starts_with("TooEarly"), "{before_time}");
    chain.later(23 * DAY);
    life.act(0, AfterSaleAct::Announce).await.unwrap();
    let list = [4, 5, 6].map(|account| chain.address(account)).to_vec();
    let list = Exit::Distribute(list).draft(life.place.escrow, chain.address(9));
    chain.run(9, &list).await.unwrap();
    life.act(6, AfterSaleAct::Object).await.unwrap();
    let running = Releases::read_from(&chain.client, life.milestones()).await;
    assert_eq!(running.unwrap().stopped, Stopped::No);
    life.act(4, AfterSaleAct::Object).await.unwrap();
    let stopped = Releases::read_from(&chain.client, life.milestones()).await;
    let stopped = stopped.unwrap();
    assert_eq!((stopped.released, stopped.stopped), (1, Stopped::Yes));
    assert_eq!(U256::from(stopped.total), raised);
    chain.later(7 * DAY);
    let off = life.act(0, AfterSaleAct::Release).await.unwrap_err();
    assert_eq!(off, "RefundsOpen");

    // Of 8.400000000000000001 ETH: 7 and 4 parts of 12.000000000000000001, rounded down.
    let left = raised - ether(3_600);
    assert_eq!(life.give_back(4).await, left * ether(7_000) / raised);
    assert_eq!(life.give_back(5).await, left * ether(4_000) / raised);
    assert_eq!(tokens(chain, life.place, 4).await, U256::ZERO);

    let record = life.record().await;
    assert_eq!(record.released().0, 3_000);
    assert_eq!(record.phase(), Phase::Distributing);
    let settled = record.settlement().unwrap().settled;
    assert_eq!(U256::from(settled.raised.0), raised);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_vests_for_the_record_as_on_the_chain() {
    let life = Life::settled().await;
    let chain = &life.chain;
    let none = life.act(9, AfterSaleAct::Vest).await.unwrap_err();
    assert_eq!(none, "NothingFree");
    chain.later(90 * DAY);
    life.act(9, AfterSaleAct::Vest).await.unwrap();
    let quarter = tokens(chain, life.place, 3).await;
    assert_eq!(quarter, life.free().await);
    chain.later(100 * DAY);
    life.act(9, AfterSaleAct::Vest).await.unwrap();
    assert_eq!(tokens(chain, life.place, 3).await, life.free().await);
    life.record().await;
    chain.later(365 * DAY);
    life.act(9, AfterSaleAct::Vest).await.unwrap();
    assert_eq!(tokens(chain, life.place, 3).await, ether(100_000_000));
    life.record().await;
}

/// Settlement and what counts from it are one second for the chain and for the record.
#[tokio::test(flavor = "multi_thread")]
async fn everything_counts_from_the_second_of_the_settlement() {
    let life = Life::settled().await;
    let record = life.record().await;
    let settled = record.settlement().unwrap().at.position.0;
    for contract in life.after_sale.all() {
        let begun = begun_at(&life.chain.client, contract).await.unwrap();
        assert_eq!(begun.map(|second| second * 1_000), Some(settled));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_milestones_released_leave_nothing_behind() {
    let life = Life::settled().await;
    let chain = &life.chain;
    for wait in [0, 23, 23] {
        chain.later(wait * DAY);
        life.act(0, AfterSaleAct::Announce).await.unwrap();
        chain.later(7 * DAY);
        life.act(9, AfterSaleAct::Release).await.unwrap();
    }
    let left = chain.client.balance(life.milestones()).await.unwrap();
    assert_eq!(left, U256::ZERO);
    let record = life.record().await;
    assert_eq!(record.released().0, 10_000);
}
