//! The same over HTTP, and what a node can do wrong.

use std::sync::Arc;

use softcap_chain::{Control, Origins, Server};
use softcap_evm::{ChainClient, EvmError, HttpTransport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::fixture::Chain;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_over_http_says_the_same() {
    let chain = Chain::new();
    let listen = "127.0.0.1:0".parse().unwrap();
    let origins = Origins::Listed(Vec::new());
    let server = Server::bind(Arc::clone(&chain.node), listen, Control::Withheld, origins);
    let server = server.await.unwrap();
    let url = format!("http://{}", server.address());
    let serving = tokio::spawn(server.serve(std::future::pending()));
    let client = ChainClient::http(&url).unwrap();
    assert_eq!(client.chain_id().await.unwrap(), 31_337);
    assert_eq!(
        client.head().await.unwrap(),
        chain.client.head().await.unwrap()
    );
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_an_error_with_the_method() {
    for answer in [
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\ncontent-length: 4\r\n\r\nslow",
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n",
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1_024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let error = ChainClient::http(&url).unwrap().chain_id().await;
        let error = error.unwrap_err();
        assert!(
            matches!(
                error,
                EvmError::Node {
                    method: "eth_chainId",
                    ..
                }
            ),
            "{error}"
        );
        answering.await.unwrap();
    }
}

#[test]
fn only_http_and_https_are_addresses_of_nodes() {
    for url in ["ftp://example.org", "example.org", "http//x", ""] {
        let error = HttpTransport::new(url).unwrap_err();
        assert!(matches!(error, EvmError::Address { .. }), "{url}");
    }
}

/// Providers put the key of an account into the address.
#[test]
fn no_error_and_no_debug_output_shows_what_may_be_a_key() {
    for url in [
        "ftp://me:secret@example.org/v3/secret",
        "example.org/v3/secret?secret",
    ] {
        let shown = HttpTransport::new(url).unwrap_err().to_string();
        assert!(shown.contains("example.org"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let transport = HttpTransport::new("https://example.org/v3/secret").unwrap();
    let shown = format!("{transport:?}");
    assert!(!shown.contains("secret"), "{shown}");
}
