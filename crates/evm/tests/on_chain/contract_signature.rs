//! Wallets that are contracts: what they accept, and everything that is no yes.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, TxKind, hex};
use softcap_chain::InProcess;
use softcap_evm::{Endpoint, Endpoints, RpcClient};

use crate::fixture::Chain;

const MAGIC: &str = "1626ba7e";

impl Chain {
    /// A contract of this code.
    async fn contract(&self, code: &str) -> Address {
        let code = hex::decode(code).unwrap();
        // PUSH1 size, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN: nine bytes, and then what is returned.
        let size = u8::try_from(code.len()).unwrap();
        let mut all = vec![0x60, size, 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3];
        all.extend_from_slice(&code);
        self.strange(TxKind::Create, all.into()).await
    }

    fn endpoints(&self) -> Endpoints {
        let node = InProcess::new(Arc::clone(&self.node));
        let endpoint = Endpoint {
            name: "own".to_owned(),
            client: RpcClient::new(node, true),
        };
        Endpoints::with_waits(vec![endpoint], 1, Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_accepts_by_the_word_of_the_standard_and_by_no_other() {
    let chain = Chain::new();
    let endpoints = chain.endpoints();
    let hash = B256::repeat_byte(0x77);
    let asked = async |wallet: Address, hash: B256| {
        let signature = Bytes::from_static(b"whatever it takes");
        endpoints.accepts_signature(wallet, hash, signature).await
    };
    // MSTORE of a word that is left-aligned, RETURN of 32 bytes.
    let answers = |word: &str| format!("63{word}60e01b5f5260205ff3");
    let yes = chain.contract(&answers(MAGIC)).await;
    assert!(asked(yes, hash).await.unwrap());

    // Only of this hash: CALLDATALOAD(4) == hash.
    let only = format!(
        "600435{}1460{}5763ffffffff60e01b5f5260205ff35b{}",
        push32(hash),
        "36",
        answers(MAGIC)
    );
    let only = chain.contract(&only).await;
    assert!(asked(only, hash).await.unwrap());
    assert!(!asked(only, B256::ZERO).await.unwrap());

    for (what, code) in [
        ("another word", answers("1626ba7f")),
        ("a refusal", "5f5ffd".to_owned()),
        ("an invalid operation", "fe".to_owned()),
        ("nothing", "00".to_owned()),
        ("a short word", format!("63{MAGIC}60e01b5f5260045ff3")),
        ("a right-aligned word", format!("63{MAGIC}5f5260205ff3")),
        ("a loop without end", "5b5f56".to_owned()),
    ] {
        let wallet = chain.contract(&code).await;
        assert!(!asked(wallet, hash).await.unwrap(), "{what}");
    }
    let nobody = Address::repeat_byte(0x55);
    assert!(!asked(nobody, hash).await.unwrap(), "no contract");
}

fn push32(word: B256) -> String {
    format!("7f{}", hex::encode(word))
}
