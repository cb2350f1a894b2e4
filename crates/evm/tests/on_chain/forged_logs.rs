//! Contracts that only say that they belong to a sale: a stranger logs what the factory logs, and nobody believes it.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::{SolCall as _, SolEvent};
use softcap_chain::InProcess;
use softcap_evm::{
    AfterSalePlace, Draft, Endpoint, Endpoints, EscrowKind, announcement,
    bindings::{offering_factory::OfferingFactory, vesting::Vesting},
    find_after_sale,
};
use softcap_offering::{CurrencyIndex, EscrowAddress};

use crate::announcing_after_sale::{AFTER_SALE, announced};
use crate::fixture::{Chain, terms};

/// The account of somebody who has nothing to do with the sale.
const STRANGER: usize = 9;

impl Chain {
    /// Code that runs once, and what it leaves at its address.
    pub(crate) async fn strange(&self, to: TxKind, data: Bytes) -> Address {
        let draft = Draft {
            what: "a stranger's transaction",
            from: self.address(STRANGER),
            to,
            value: U256::ZERO,
            data,
        };
        let cost = self.client.try_out(&draft).await.unwrap();
        let signer = self.signer(STRANGER);
        let receipt = self.client.send(&draft, &cost, signer).await.unwrap();
        receipt.contract_address.unwrap_or_default()
    }

    /// A log of the factory, from somebody else. `LOG3` takes place, size and topics from the stack.
    async fn forge(&self, log: &impl SolEvent) {
        let log = log.encode_log_data();
        let mut code = Vec::new();
        for (place, word) in log.data.chunks(32).enumerate() {
            push(&mut code, word);
            push(&mut code, &[u8::try_from(place * 32).unwrap()]);
            code.push(0x52); // MSTORE
        }
        for topic in log.topics().iter().rev() {
            push(&mut code, topic.as_slice());
        }
        push(&mut code, &[u8::try_from(log.data.len()).unwrap()]);
        push(&mut code, &[0]);
        code.push(0xA0 + u8::try_from(log.topics().len()).unwrap());
        self.strange(TxKind::Create, code.into()).await;
    }

    /// The same code as that of another contract, which has no escrow yet.
    async fn copy_of(&self, contract: Address) -> Address {
        let code = self.client.code(contract).await.unwrap();
        let size = u16::try_from(code.len()).unwrap().to_be_bytes();
        // PUSH2 size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: ten bytes, and then what is returned.
        let mut all = vec![
            0x61, size[0], size[1], 0x80, 0x60, 10, 0x5F, 0x39, 0x5F, 0xF3,
        ];
        all.extend_from_slice(&code);
        self.strange(TxKind::Create, all.into()).await
    }

    async fn newest_block(&self) -> u64 {
        self.client.head().await.unwrap().number
    }

    /// What a server finds beside an escrow that was announced in these blocks.
    async fn found(&self, escrow: Address, blocks: (u64, u64)) -> Result<AfterSalePlace, String> {
        let node = InProcess::new(Arc::clone(&self.node));
        let endpoint = Endpoint {
            name: "own".to_owned(),
            client: RpcClient::new(node, true),
        };
        let endpoints = Endpoints::new(vec![endpoint], 1);
        let escrow = EscrowAddress {
            chain_id: 31_337,
            contract: escrow.into(),
            currency: CurrencyIndex(0),
        };
        let terms = terms(&AFTER_SALE);
        let found = find_after_sale(&endpoints, escrow, &terms, blocks).await;
        found.map_err(|error| error.to_string())
    }
}

/// `PUSHn` of bytes.
fn push(code: &mut Vec<u8>, bytes: &[u8]) {
    code.push(0x5F + u8::try_from(bytes.len()).unwrap());
    code.extend_from_slice(bytes);
}

fn made(escrow: Address, vesting: Address) -> OfferingFactory::VestingMade {
    OfferingFactory::VestingMade {
        escrow,
        vesting,
        share: U256::ZERO,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_vests_in_no_contract_that_only_says_so() {
    let chain = Chain::new();
    let (place, after_sale, told) = announced(&chain).await;
    let vesting = after_sale.vestings[&0];
    let (_, of_other) = chain.announce_at(place.factory, &told).await;
    let last = chain.newest_block().await;

    // Our code, the plan of the terms, this escrow, and no tokens.
    let copy = chain.copy_of(vesting).await;
    let bind = Vesting::bindCall {
        escrow_: place.escrow,
    };
    chain
        .strange(TxKind::Call(copy), bind.abi_encode().into())
        .await;
    let forgeries = [
        chain.address(STRANGER),
        copy,
        of_other.vestings[&0],
        place.token,
    ];
    for forgery in forgeries {
        let first = chain.newest_block().await + 1;
        chain.forge(&made(place.escrow, forgery)).await;
        let newest = chain.newest_block().await;
        let refused = chain.found(place.escrow, (first, newest)).await;
        let refused = refused.unwrap_err();
        assert!(
            refused.starts_with("E660: the vesting of `team`"),
            "{refused}"
        );
        assert!(refused.contains("no contract holds the share"), "{refused}");
    }
    // With the factory's own log among them, its contract is found.
    assert!(chain.newest_block().await > last);
    let all = (0, chain.newest_block().await);
    assert_eq!(chain.found(place.escrow, all).await, Ok(after_sale));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_came_before_the_announcement_hides_nothing() {
    // The same transactions make the same addresses, so a stranger knows them before.
    let (place, ..) = announced(&Chain::new()).await;
    let chain = Chain::new();
    chain
        .forge(&made(place.escrow, chain.address(STRANGER)))
        .await;
    let (there, after_sale, _) = announced(&chain).await;
    assert_eq!(there.escrow, place.escrow);
    let all = (0, chain.newest_block().await);
    assert_eq!(chain.found(there.escrow, all).await, Ok(after_sale));
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_released_by_the_contract_that_the_escrow_pays() {
    let chain = Chain::new();
    let (_, of_other, _) = announced(&chain).await;
    let milestones = of_other.milestones.unwrap();
    let factory = chain.factory(EscrowKind::Plain).await;
    let mut parties = chain.parties();
    for (beneficiary, problem) in [
        (parties.beneficiary, "the escrow pays somebody else"),
        (milestones, "it belongs to another escrow"),
    ] {
        parties.beneficiary = beneficiary;
        let told = announcement(&terms(&[]), &parties).unwrap();
        let (place, _) = chain.announce_at(factory, &told).await;
        let log = OfferingFactory::MilestonesMade {
            escrow: place.escrow,
            milestones,
        };
        chain.forge(&log).await;
        let all = (0, chain.newest_block().await);
        let refused = chain.found(place.escrow, all).await.unwrap_err();
        assert!(
            refused.starts_with("E660: the release by milestones"),
            "{refused}"
        );
        assert!(refused.contains(problem), "{refused}");
    }
}
