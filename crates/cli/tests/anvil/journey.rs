//! A sale on anvil from the announcement to the last payment, by the program alone, and a server that follows it.

use serde_json::json;
use softcap_offering::Phase;

use crate::{
    client::OFFERING,
    node::Payment,
    rpc::ACCOUNTS,
    sale::{CLOSES, Following, Sale, TERMS},
};

const ETHER: u128 = 1_000_000_000_000_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_on_anvil_comes_to_its_end_on_chain_and_in_the_record() {
    let sale = Sale::start(&Following {
        confirmations: 3,
        endpoints: 1,
        blocks_at_once: 1_000,
    })
    .await;
    let pay = |account, nonce, wei| Payment::sign(account, nonce, sale.escrow, wei);
    // The third is cut at the investor's 40 ETH, and change goes back.
    sale.anvil
        .mine(&[pay(1, 0, 15 * ETHER), pay(2, 0, ETHER / 3)], 12);
    sale.anvil
        .mine(&[pay(1, 1, 15 * ETHER), pay(1, 2, 15 * ETHER)], 12);
    sale.until("all is seen", |rail| rail["waiting"] == 4).await;
    sale.bury();
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 4);

    let watch = [
        "watch",
        "softcap-addresses.json",
        "--once",
        "--issuer-key",
        &sale.issuer,
    ];
    let agrees = sale.run(&watch);
    assert_eq!(
        (agrees.0, &agrees.1["agrees"]),
        (Some(0), &json!(true)),
        "{agrees:?}"
    );

    sale.anvil.call("evm_setAutomine", &json!([true]));
    let escrow = sale.escrow.to_string();
    let early = sale.run(&["release", "--escrow", &escrow, "--key-file", "key-5"]);
    assert_eq!(early.0, Some(1), "{early:?}");
    assert!(
        early.2.contains("R202") && early.2.contains("StillOpen"),
        "{early:?}"
    );
    let closed = json!([{ "timestamp": CLOSES, "blocks": 1 }]);
    sale.anvil.call("evm_mine", &closed);
    let dry = ["release", "--escrow", &escrow, "--dry-run", "--from"];
    let from = ACCOUNTS[5].address().to_string();
    let dry = sale.run(&[&dry[..], &[&from]].concat());
    assert_eq!((dry.0, &dry.1["sent"]), (Some(0), &json!(false)), "{dry:?}");
    let released = sale.run(&["release", "--escrow", &escrow, "--key-file", "key-5"]);
    assert_eq!(released.0, Some(0), "{released:?}");

    let own = sale.run(&["claim", "--escrow", &escrow, "--key-file", "key-2"]);
    assert_eq!(own.0, Some(0), "{own:?}");
    // 333,333,333,333,333,333 wei at 0.0007 a token: times 10,000 and by 7, which leaves nothing.
    assert_eq!(own.1["paid"][0]["amount"], "476190476190476190000");
    std::fs::write(
        sale.server.path().join("list"),
        ACCOUNTS[1].address().to_string(),
    )
    .unwrap();
    let list = [
        "claim",
        "--escrow",
        &escrow,
        "--key-file",
        "key-5",
        "--list",
        "list",
    ];
    let list = sale.run(&list);
    assert_eq!(list.0, Some(0), "{list:?}");
    assert_eq!(list.1["paid"][0]["amount"], "57142857142857142857142");
    let nothing = sale.run(&["refund", "--escrow", &escrow, "--key-file", "key-1"]);
    assert_eq!(nothing.0, Some(1), "{nothing:?}");
    assert!(nothing.2.contains("NothingDue"), "{nothing:?}");

    sale.anvil.call("evm_setAutomine", &json!([false]));
    sale.bury();
    sale.until_followed().await;
    let (_, offering) = sale.in_record().await;
    assert_eq!(offering.phase(), Phase::Finished);
    let path = format!("{OFFERING}/settlement/table");
    let table = sale.client.get(&path).await.json();
    let tokens = [(1, "57142857142857142857142"), (2, "476190476190476190000")];
    for (row, (account, tokens)) in tokens.into_iter().enumerate() {
        let row = &table["investors"][row];
        let of = ACCOUNTS[account].address().to_string().to_lowercase();
        assert_eq!(
            (&row["investor"], &row["tokens"]["units"]),
            (&json!(of), &json!(tokens))
        );
    }
}

/// What came in before the block that somebody names would be in no record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_escrow_is_followed_from_its_announcement_on() {
    let following = Following {
        confirmations: 1,
        endpoints: 1,
        blocks_at_once: 1_000,
    };
    let sale = Sale::announced(TERMS, &[], &following).await;
    let block = sale.announced["block"].as_u64().unwrap();
    let payment = Payment::sign(1, 0, sale.escrow, ETHER);
    sale.anvil.mine(&[payment], 12);
    for (key, other) in [("before", block - 1), ("after", block + 1)] {
        let refused = sale.name(key, other).await;
        assert_eq!(refused.problem(), (409, "E659".to_owned()), "{key}");
    }
    assert_eq!(sale.name("right", block).await.status, 201);
    sale.bury();
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 1);
}
