//! JSON-RPC over HTTP, as any program speaks it: bytes on a socket.

use std::{net::SocketAddr, sync::Arc};

use serde_json::{Value, json};
use softcap_chain::{Control, Node, Origins, Server};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

use crate::fixture::{draft, node, signed, transfer};

/// A chain on a port of its own, until the value is dropped.
struct Served {
    node: Arc<Node>,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Served {
    async fn start(control: Control, origins: Origins) -> Self {
        let node = node();
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(Arc::clone(&node), anywhere, control, origins)
            .await
            .unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server.serve(async {
            let _ = stopped.await;
        }));
        Self {
            node,
            address,
            _stop: stop,
        }
    }

    async fn usual() -> Self {
        Self::start(Control::Withheld, Origins::Listed(Vec::new())).await
    }

    /// Status line with headers, and the body.
    async fn exchange(&self, method: &str, headers: &str, body: &[u8]) -> (String, String) {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{method} / HTTP/1.1\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        // A body that is refused for its length need not be read to its end.
        let _ = socket.write_all(body).await;
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    async fn text(&self, body: &[u8]) -> String {
        let headers = format!(
            "host: {}\r\ncontent-type: application/json\r\n",
            self.address
        );
        let (head, body) = self.exchange("POST", &headers, body).await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        body
    }

    async fn ask(&self, body: &[u8]) -> Value {
        serde_json::from_str(&self.text(body).await).unwrap()
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.ask(request.to_string().as_bytes()).await
    }

    async fn code(&self, method: &str, params: Value) -> i64 {
        let answer = self.call(method, params).await;
        answer["error"]["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("{answer}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_gets_what_it_asks_for() {
    let served = Served::usual().await;
    let sender = served.node.accounts()[0].address().to_string();
    let transaction = signed(&served.node, 0, draft(0)).to_string();
    let sent = served
        .call("eth_sendRawTransaction", json!([transaction]))
        .await;
    let hash = sent["result"].as_str().unwrap().to_owned();
    let block = served
        .call("eth_getBlockByNumber", json!(["0x1", false]))
        .await;
    let block = &block["result"];
    assert_eq!(block["transactions"], json!([hash]));
    for (method, params, expected) in [
        ("eth_chainId", json!([]), json!("0x7a69")),
        ("net_version", json!([]), json!("31337")),
        ("eth_accounts", json!([]), json!([])),
        ("eth_syncing", json!([]), json!(false)),
        ("eth_blockNumber", json!([]), json!("0x1")),
        (
            "eth_getTransactionCount",
            json!([sender, "latest"]),
            json!("0x1"),
        ),
        ("eth_getCode", json!([sender, "latest"]), json!("0x")),
        (
            "eth_getStorageAt",
            json!([sender, "0x0", "latest"]),
            json!(format!("0x{}", "0".repeat(64))),
        ),
        (
            "eth_getBalance",
            json!([sender, "0x0"]),
            json!("0x21e19e0c9bab2400000"),
        ),
        ("eth_call", json!([{ "to": sender }, "latest"]), json!("0x")),
        (
            "eth_estimateGas",
            json!([{ "from": sender, "to": sender }]),
            json!("0x5208"),
        ),
        (
            "eth_getTransactionReceipt",
            json!([format!("0x{}", "9".repeat(64))]),
            Value::Null,
        ),
        (
            "eth_getBlockByHash",
            json!([block["hash"], false]),
            block.clone(),
        ),
        ("eth_getLogs", json!([{ "fromBlock": "0x0" }]), json!([])),
    ] {
        assert_eq!(
            served.call(method, params).await["result"],
            expected,
            "{method}"
        );
    }
    let version = served.call("web3_clientVersion", json!([])).await;
    assert!(
        version["result"]
            .as_str()
            .unwrap()
            .starts_with("softcap-chain/")
    );
    let receipt = served
        .call("eth_getTransactionReceipt", json!([hash]))
        .await;
    assert_eq!(receipt["result"]["status"], "0x1");
    let receipts = served.call("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(receipts["result"], json!([receipt["result"]]));
    let found = served.call("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(found["result"]["nonce"], "0x0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_its_code() {
    let served = Served::usual().await;
    transfer(&served.node, 0, 0);
    for (body, code) in [
        (&b""[..], -32_700),
        (b"nonsense", -32_700),
        (b"{\"jsonrpc\":\"2.0\"", -32_700),
        (b"\xff\xfe", -32_700),
        (b"7", -32_600),
        (b"{}", -32_600),
        (b"[]", -32_600),
        (
            b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"eth_chainId\"}",
            -32_600,
        ),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32_600),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"eth_chainId\"}",
            -32_600,
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":{\"a\":1}}",
            -32_600,
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sign\"}",
            -32_601,
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_newFilter\"}",
            -32_601,
        ),
    ] {
        let answer = served.ask(body).await;
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    let deep = "[".repeat(200_000);
    assert_eq!(served.ask(deep.as_bytes()).await["error"]["code"], -32_700);
    for (method, params) in [
        ("eth_getBalance", json!([])),
        ("eth_getBalance", json!(["0x12"])),
        ("eth_getBalance", json!([7])),
        ("eth_getBlockByNumber", json!(["youngest"])),
        (
            "eth_getStorageAt",
            json!([format!("0x{}", "7".repeat(40)), "zero"]),
        ),
        ("eth_call", json!(["0x"])),
        ("eth_call", json!([{ "to": "0x" }])),
        ("eth_call", json!([{}, "latest", { "0x": {} }])),
        (
            "eth_getLogs",
            json!([{ "fromBlock": "0x5", "toBlock": "0x1" }]),
        ),
        ("eth_getLogs", json!([{ "address": "nobody" }])),
        ("eth_feeHistory", json!(["0x1", "latest", [101.0]])),
        ("eth_sendRawTransaction", json!(["0xzz"])),
        ("eth_sendRawTransaction", json!([])),
    ] {
        assert_eq!(
            served.code(method, params.clone()).await,
            -32_602,
            "{method} {params}"
        );
    }
    for (method, params) in [
        ("eth_sendRawTransaction", json!(["0x"])),
        (
            "eth_sendRawTransaction",
            json!([signed(&served.node, 0, draft(5))]),
        ),
        (
            "eth_getBalance",
            json!([format!("0x{}", "7".repeat(40)), "0x99"]),
        ),
        (
            "eth_getLogs",
            json!([{ "blockHash": format!("0x{}", "9".repeat(64)) }]),
        ),
    ] {
        assert_eq!(
            served.code(method, params.clone()).await,
            -32_000,
            "{method} {params}"
        );
    }
    assert_eq!(served.node.height(), 1);
    transfer(&served.node, 0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_in_its_order() {
    let served = Served::usual().await;
    let one = |id: Value, method: &str| json!({ "jsonrpc": "2.0", "id": id, "method": method });
    let notification = json!({ "jsonrpc": "2.0", "method": "eth_chainId" });
    let batch = json!([
        one(json!(1), "eth_chainId"),
        7,
        notification,
        one(json!("b"), "no"),
        one(Value::Null, "eth_accounts")
    ]);
    let answers = served.ask(batch.to_string().as_bytes()).await;
    assert_eq!(
        answers[0],
        json!({ "jsonrpc": "2.0", "id": 1, "result": "0x7a69" })
    );
    assert_eq!(answers[1]["error"]["code"], -32_600);
    assert_eq!(
        (&answers[2]["id"], &answers[2]["error"]["code"]),
        (&json!("b"), &json!(-32_601))
    );
    assert_eq!(
        answers[3],
        json!({ "jsonrpc": "2.0", "id": null, "result": [] })
    );
    assert_eq!(answers.as_array().unwrap().len(), 4);
    let large = |count: usize| json!(vec![one(json!(1), "eth_chainId"); count]).to_string();
    assert_eq!(
        served
            .ask(large(1_000).as_bytes())
            .await
            .as_array()
            .unwrap()
            .len(),
        1_000
    );
    assert_eq!(
        served.ask(large(1_001).as_bytes()).await["error"]["code"],
        -32_600
    );
    let headers = format!(
        "host: {}\r\ncontent-type: application/json\r\n",
        served.address
    );
    let (head, body) = served
        .exchange("POST", &headers, notification.to_string().as_bytes())
        .await;
    assert!(head.starts_with("http/1.1 204"), "{head}");
    assert_eq!(body, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_pages_and_too_much_are_kept_out() {
    let served = Served::usual().await;
    let json = "content-type: application/json\r\n";
    for (method, headers, body, status) in [
        (
            "POST",
            format!("host: evil.example\r\n{json}"),
            vec![],
            "403",
        ),
        (
            "POST",
            format!("host: evil.example:8545\r\n{json}"),
            vec![],
            "403",
        ),
        (
            "POST",
            format!("host: localhost:1\r\n{json}"),
            b"{}".to_vec(),
            "200",
        ),
        (
            "POST",
            format!("host: [::1]:1\r\n{json}"),
            b"{}".to_vec(),
            "200",
        ),
        (
            "POST",
            "host: localhost\r\ncontent-type: text/plain\r\n".to_owned(),
            b"{}".to_vec(),
            "415",
        ),
        ("GET", format!("host: localhost\r\n{json}"), vec![], "405"),
        (
            "POST",
            format!("host: localhost\r\n{json}"),
            vec![b' '; (5 << 20) + 1],
            "413",
        ),
    ] {
        let (head, _) = served.exchange(method, &headers, &body).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{headers}: {head}"
        );
    }
    assert_eq!(
        served.call("eth_blockNumber", json!([])).await["result"],
        "0x0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_asks_first_and_only_listed_pages_may() {
    let ours = "http://localhost:5173";
    let listed = Served::start(
        Control::Withheld,
        Origins::Listed(vec![ours.parse().unwrap()]),
    )
    .await;
    let any = Served::start(Control::Withheld, Origins::Any).await;
    let nobody = Served::usual().await;
    for (served, origin, allowed) in [
        (&listed, ours, Some(ours)),
        (&listed, "http://evil.example", None),
        (&any, "http://evil.example", Some("*")),
        (&nobody, ours, None),
    ] {
        let headers = format!(
            "host: localhost\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: content-type\r\n"
        );
        let (head, _) = served.exchange("OPTIONS", &headers, b"").await;
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix("access-control-allow-origin: "));
        assert_eq!(line, allowed, "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_moved_only_where_it_was_offered() {
    let withheld = Served::usual().await;
    let offered = Served::start(Control::Offered, Origins::Listed(Vec::new())).await;
    for (method, params) in [
        ("evm_increaseTime", json!([60])),
        ("evm_setNextBlockTimestamp", json!(["0x70dc0000"])),
        ("evm_mine", json!([])),
        ("evm_snapshot", json!([])),
        ("anvil_reorg", json!([1, []])),
        ("evm_revert", json!(["0x1"])),
    ] {
        assert_eq!(withheld.code(method, params.clone()).await, -32_601);
        let answer = offered.call(method, params).await;
        assert_eq!(answer["error"], Value::Null, "{method}: {answer}");
    }
    assert_eq!(withheld.node.height(), 0);
    assert_eq!(
        offered.call("evm_revert", json!(["0x7"])).await["result"],
        false
    );
    for (method, params) in [
        ("evm_setNextBlockTimestamp", json!([1])),
        ("evm_increaseTime", json!(["0xffffffffffffffff"])),
        ("evm_increaseTime", json!([-5])),
        ("anvil_reorg", json!([99])),
    ] {
        assert_eq!(offered.code(method, params).await, -32_602, "{method}");
    }
}
