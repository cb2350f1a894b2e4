//! A chain, terms that fit its time, and an offering announced on it.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, U256};
use alloy_rpc_client::RpcClient;
use alloy_signer_local::PrivateKeySigner;
use softcap_chain::{Clock, InProcess, Node, Settings};
use softcap_evm::{
    AfterSalePlace, Announcement, ChainClient, Draft, EscrowKind, EvmError, FactoryKind, PaidIn,
    Parties, Place, Receipt, Told, announce_draft, announcement, factory_draft, place_of,
};
use softcap_offering::terms::Terms;

/// 1 January 2030.
const BEGINNING: u64 = 1_893_456_000;
/// Seconds from the beginning to the opening, and from there to the end.
pub(crate) const BEFORE: u64 = 3_600;
pub(crate) const OPEN: u64 = 86_400;

const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "example.org/harbour"
numeraire = "ETH"
soft_cap = "10 ETH"
hard_cap = "100 ETH"
refund_deadline = "2030-02-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "300_000 HBR"
for_sale = "200_000 HBR"
[[token.share]]
name = "team"
holder = "team"
amount = "100_000 HBR"
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[[round]]
name = "public"
from = "2030-01-01T01:00:00Z"
until = "2030-01-02T01:00:00Z"
end = "exclusive"
access = "admitted"
price = "0.0007 ETH per HBR"
allocation = "first_come"
"#;

/// A right of a day, as a change of the terms.
pub(crate) const WITHDRAWAL_RIGHT: (&str, &str) = (
    "[currency.ETH]",
    "[withdrawal]\nspan = \"1 day\"\nwho = \"everyone\"\n[currency.ETH]",
);

pub(crate) fn terms(changes: &[(&str, &str)]) -> Terms {
    let mut text = TERMS.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    Terms::parse(&text).unwrap()
}

pub(crate) fn ether(milli: u64) -> U256 {
    U256::from(milli) * U256::from(1_000_000_000_000_000_u64)
}

/// A chain and who is on it: account 0 is the issuer, 1 the verifier, 2 the beneficiary, 3 the team, the others invest.
pub(crate) struct Chain {
    pub(crate) node: Arc<Node>,
    pub(crate) client: ChainClient,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            clock: Clock::Still(BEGINNING),
            ..Settings::default()
        };
        let node = Arc::new(Node::in_memory(&settings).unwrap());
        let rpc = RpcClient::new(InProcess::new(Arc::clone(&node)), true);
        Self {
            client: ChainClient::new(rpc),
            node,
        }
    }

    pub(crate) fn signer(&self, account: usize) -> &PrivateKeySigner {
        self.node.accounts()[account].signer()
    }

    pub(crate) fn address(&self, account: usize) -> Address {
        self.node.accounts()[account].address()
    }

    pub(crate) fn parties(&self) -> Parties {
        Parties {
            issuer: self.address(0),
            beneficiary: self.address(2),
            verifier: Some(self.address(1)),
            paid_in: PaidIn::Coin,
            treasury: None,
            holders: BTreeMap::from([("team".to_owned(), self.address(3))]),
        }
    }

    /// Tries a transaction, and sends it where it would go through.
    pub(crate) async fn run(&self, account: usize, draft: &Draft) -> Result<U256, EvmError> {
        let cost = self.client.try_out(draft).await?;
        let receipt = self.client.send(draft, &cost, self.signer(account)).await?;
        // The estimate is of the same state, so nothing is guessed.
        assert!(receipt.gas_used <= cost.gas, "{}", draft.what);
        Ok(U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price))
    }

    async fn issue(&self, draft: &Draft) -> Receipt {
        let cost = self.client.try_out(draft).await.unwrap();
        let receipt = self.client.send(draft, &cost, self.signer(0)).await;
        receipt.unwrap()
    }

    async fn deploy(&self, draft: &Draft) -> Address {
        self.issue(draft).await.contract_address.unwrap()
    }

    pub(crate) async fn factory(&self, kind: EscrowKind) -> Address {
        self.deploy(&factory_draft(self.address(0), kind)).await
    }

    /// A factory, with whatever it makes clones of.
    pub(crate) async fn factory_for(&self, kind: FactoryKind) -> Address {
        let mut made = Vec::new();
        for _ in 0..kind.creations() {
            let draft = kind.creation(self.address(0), &made);
            made.push(self.deploy(&draft).await);
        }
        made.pop().unwrap()
    }

    pub(crate) async fn announce(&self, terms: &Terms) -> (Place, Announcement) {
        let announcement = announcement(terms, &self.parties()).unwrap();
        let factory = FactoryKind::needed(&announcement);
        let factory = self.factory_for(factory).await;
        let (place, _) = self.announce_at(factory, &announcement).await;
        (place, announcement)
    }

    pub(crate) async fn announce_at(
        &self,
        factory: Address,
        announcement: &impl Told,
    ) -> (Place, AfterSalePlace) {
        let receipt = self.issue(&announce_draft(factory, announcement)).await;
        let place = place_of(factory, &receipt).unwrap();
        (place, AfterSalePlace::of(place, &receipt))
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.node.increase_time(seconds).unwrap();
        self.node.mine().unwrap();
    }
}
