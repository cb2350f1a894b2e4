//! Reading an escrow's logs from nodes: the chain in process, and one that lies.

use std::sync::Arc;

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_network::TxSignerSync as _;
use alloy_primitives::{Address, Bytes, TxKind, U256, bytes};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::SolEvent as _;
use softcap_chain::{Clock, InProcess, Node, Settings};
use softcap_evm::{
    ChainSource, Endpoint, EndpointError, Endpoints, EscrowEvent, EscrowLog, Fault, Header,
    SourceError, bindings::escrow::IEscrow::Contributed,
};
use softcap_offering::{Amount, Value};

/// 2030-01-01T00:00:00Z.
const BEGINNING: u64 = 1_893_456_000;

/// A contract that says what it is told to: two words are the topics of its log, the rest is the data.
///
/// `6040360380 6040 5f 37` copies the rest, `6020 35 5f 35` loads the topics, `82 5f a2 00` logs.
const SPEAKER: Bytes = bytes!("6012600a5f3960125ff3" "604036038060405f376020355f35825fa200");

/// A chain with a speaker on it.
pub(crate) struct Chain {
    pub(crate) node: Arc<Node>,
    speaker: Address,
    nonce: u64,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            clock: Clock::Still(BEGINNING),
            ..Settings::default()
        };
        let node = Arc::new(Node::in_memory(&settings).unwrap());
        let speaker = node.accounts()[0].address().create(0);
        let mut chain = Self {
            node,
            speaker,
            nonce: 0,
        };
        chain.send(TxKind::Create, SPEAKER);
        chain
    }

    fn send(&mut self, to: TxKind, input: Bytes) {
        let signer = self.node.accounts()[0].signer();
        let mut transaction = TxEip1559 {
            chain_id: 31_337,
            nonce: self.nonce,
            gas_limit: 300_000,
            max_fee_per_gas: 100_000_000_000,
            max_priority_fee_per_gas: 1,
            to,
            value: U256::ZERO,
            input,
            ..TxEip1559::default()
        };
        let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        self.node.submit(&envelope.encoded_2718()).unwrap();
        self.nonce += 1;
    }

    /// A contribution of so much, in a block of its own.
    pub(crate) fn contribute(&mut self, amount: u64) {
        let event = Contributed {
            investor: Address::repeat_byte(7),
            cap: U256::from(1_000_000),
            amount: U256::from(amount),
            accepted: U256::from(amount),
            tokens: U256::from(amount),
        };
        let mut input = Vec::new();
        for topic in event.encode_topics() {
            input.extend_from_slice(topic.0.as_slice());
        }
        input.extend(event.encode_data());
        self.send(TxKind::Call(self.speaker), input.into());
    }

    pub(crate) fn endpoint(&self, name: &str) -> Endpoint {
        Endpoint {
            name: name.to_owned(),
            client: RpcClient::new(InProcess::new(Arc::clone(&self.node)), true),
        }
    }

    /// From the first block on.
    pub(crate) async fn source(
        &self,
        endpoints: Endpoints,
        confirmations: u64,
        range: u64,
    ) -> ChainSource {
        let genesis: Header = Endpoints::new(vec![self.endpoint("own")], 1)
            .block(0)
            .await
            .unwrap()
            .header();
        ChainSource::new(endpoints, self.speaker, genesis, confirmations, range)
    }
}

/// Polls until nothing more comes at once; the amounts that came out.
pub(crate) async fn drain(source: &mut ChainSource) -> Result<Vec<u128>, SourceError> {
    let mut amounts = Vec::new();
    loop {
        let polled = source.poll().await?;
        amounts.extend(polled.logs.iter().map(amount));
        if !polled.more {
            return Ok(amounts);
        }
    }
}

fn amount(log: &EscrowLog) -> u128 {
    let EscrowEvent::Contributed {
        cap,
        amount: Amount(amount),
        ..
    } = log.event
    else {
        panic!("{log:?}")
    };
    assert_eq!(cap, Value(1_000_000));
    amount
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_come_out_when_they_are_deep_enough_and_each_once() {
    for range in [1, 2, 1_000] {
        let mut chain = Chain::new();
        for amount in 1..=9 {
            chain.contribute(amount);
        }
        let endpoints = Endpoints::new(vec![chain.endpoint("a"), chain.endpoint("b")], 2);
        let mut source = chain.source(endpoints, 3, range).await;
        assert_eq!(drain(&mut source).await.unwrap(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(source.waiting().map(amount).collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(drain(&mut source).await.unwrap(), [0_u128; 0]);
        // Two waiting blocks go, and their transactions with them.
        chain.node.reorganise(2).unwrap();
        chain.nonce -= 2;
        chain.contribute(80);
        assert_eq!(drain(&mut source).await.unwrap(), [7], "range {range}");
        assert_eq!(source.waiting().map(amount).collect::<Vec<_>>(), [80]);
        for amount in 11..=13 {
            chain.contribute(amount);
        }
        assert_eq!(drain(&mut source).await.unwrap(), [80]);
        let deep = source.anchor();
        chain.node.reorganise(4).unwrap();
        let stopped = drain(&mut source).await.unwrap_err();
        assert!(!stopped.is_passing(), "{stopped}");
        let text = stopped.to_string();
        assert!(
            text.starts_with(&format!("E650: block {}", deep.number)),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_says_something_else_is_named_and_left_out() {
    let (mut right, mut wrong) = (Chain::new(), Chain::new());
    for amount in 1..=5 {
        right.contribute(amount);
        wrong.contribute(amount + u64::from(amount == 3));
    }
    let all = || {
        let (one, two) = (right.endpoint("one"), right.endpoint("two"));
        vec![one, wrong.endpoint("liar"), two]
    };
    let endpoints = Endpoints::new(all(), 2);
    let mut source = right.source(endpoints.clone(), 1, 1_000).await;
    assert_eq!(drain(&mut source).await.unwrap(), [1, 2, 3, 4]);
    let liars: Vec<String> = endpoints
        .health()
        .into_iter()
        .filter_map(|(name, fault)| fault.map(|_| name))
        .collect();
    assert_eq!(liars, ["liar"]);

    // All must agree: nothing is believed, and nothing is lost.
    let mut strict = right.source(Endpoints::new(all(), 3), 1, 1_000).await;
    let error = drain(&mut strict).await.unwrap_err();
    assert!(error.is_passing());
    assert!(
        error.to_string().contains("liar says something else"),
        "{error}"
    );
    // One against one: nobody can say who is right.
    let two = vec![right.endpoint("one"), wrong.endpoint("other")];
    let mut even = right.source(Endpoints::new(two, 1), 1, 1_000).await;
    let error = drain(&mut even).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::Endpoints(EndpointError::NoQuorum { agree: 1, .. })
        ),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_behind_holds_nobody_up() {
    let (mut ahead, mut behind) = (Chain::new(), Chain::new());
    for amount in 1..=9 {
        ahead.contribute(amount);
        if amount < 4 {
            behind.contribute(amount);
        }
    }
    let all = vec![
        ahead.endpoint("one"),
        behind.endpoint("slow"),
        ahead.endpoint("two"),
    ];
    let endpoints = Endpoints::new(all, 2);
    assert_eq!(endpoints.head().await.unwrap(), 10);
    assert_eq!(endpoints.health()[1].1, Some(Fault::Behind(6)));
    let mut source = ahead.source(endpoints, 2, 1_000).await;
    assert_eq!(drain(&mut source).await.unwrap(), [1, 2, 3, 4, 5, 6, 7]);
}
