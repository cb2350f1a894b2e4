//! Endpoints that give little at once, or want to be left alone.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use alloy_json_rpc::{ErrorPayload, RequestPacket, Response, ResponsePacket, ResponsePayload};
use alloy_rpc_client::RpcClient;
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use serde_json::Value;
use softcap_chain::InProcess;
use softcap_evm::{Endpoint, Endpoints, HttpTransport};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tower::Service;

use crate::source::{Chain, drain};

/// The chain in process, but for questions about the logs of more than two blocks, which it refuses as public nodes do.
#[derive(Clone)]
struct Stingy {
    inner: InProcess,
    asked: Arc<Mutex<Vec<(u64, u64)>>>,
}

const MOST_BLOCKS: u64 = 2;

fn quantity(value: &Value) -> u64 {
    let digits = value.as_str().unwrap().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap()
}

impl Service<RequestPacket> for Stingy {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        // Asked together with the last block of the range.
        let mut requests = packet.requests().iter();
        if let Some(request) = requests.find(|request| request.method() == "eth_getLogs") {
            let params: Value = serde_json::from_str(request.params().unwrap().get()).unwrap();
            let range = (
                quantity(&params[0]["fromBlock"]),
                quantity(&params[0]["toBlock"]),
            );
            self.asked.lock().unwrap().push(range);
            if range.1 - range.0 + 1 > MOST_BLOCKS {
                let refused = packet.requests().iter().map(|request| Response {
                    id: request.id().clone(),
                    payload: ResponsePayload::Failure(ErrorPayload {
                        code: -32_005,
                        message: "query returned more than 10000 results".into(),
                        data: None,
                    }),
                });
                let refused = ResponsePacket::Batch(refused.collect());
                return Box::pin(async move { Ok(refused) });
            }
        }
        self.inner.call(packet)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_with_too_many_logs_is_asked_for_in_halves() {
    let mut chain = Chain::new();
    for amount in 1..=9 {
        chain.contribute(amount);
    }
    let asked = Arc::new(Mutex::new(Vec::new()));
    let stingy = Stingy {
        inner: InProcess::new(Arc::clone(&chain.node)),
        asked: Arc::clone(&asked),
    };
    let endpoint = Endpoint {
        name: "stingy".to_owned(),
        client: RpcClient::new(stingy, true),
    };
    let mut source = chain.source(Endpoints::new(vec![endpoint], 1), 0, 8).await;
    let amounts = drain(&mut source).await.unwrap();
    assert_eq!(amounts, [1, 2, 3, 4, 5, 6, 7, 8, 9], "each once, in order");
    // Blocks 1 to 8 are too many, and 1 to 4; 1 and 2 are given, and then four are tried again.
    let asked = asked.lock().unwrap();
    assert_eq!(asked[..4], [(1, 8), (1, 4), (1, 2), (3, 6)], "{asked:?}");
}

/// Answers every request with 429, and counts them.
async fn busy(listener: TcpListener, asked: Arc<AtomicUsize>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        asked.fetch_add(1, Ordering::SeqCst);
        let _ = stream.read(&mut [0; 2_048]).await.unwrap();
        let answer = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 500\r\ncontent-length: 4\r\n\
                      connection: close\r\n\r\nslow";
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_asks_to_be_left_alone_is_not_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let answering = tokio::spawn(busy(listener, Arc::clone(&asked)));
    let chain = Chain::new();
    let busy = Endpoint {
        name: "busy".to_owned(),
        client: RpcClient::new(HttpTransport::new(&url).unwrap(), false),
    };
    let endpoints = Endpoints::new(vec![busy, chain.endpoint("free")], 1);
    let fault = || endpoints.health()[0].1.as_ref().unwrap().to_string();
    assert_eq!(endpoints.head().await.unwrap(), 1);
    assert_eq!(fault(), "does not answer: status 429");
    for _ in 0..3 {
        assert_eq!(endpoints.head().await.unwrap(), 1, "the other one answers");
        let fault = fault();
        let seconds = fault.strip_prefix("does not answer: it asked to be left alone for ");
        let seconds: u64 = seconds.unwrap().trim_end_matches(" s").parse().unwrap();
        assert!((400..=500).contains(&seconds), "{fault}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    answering.abort();
}

/// The chain in process, but for the first answers, which are these.
#[derive(Clone)]
struct Breaking {
    inner: InProcess,
    broken: Arc<Mutex<Vec<Break>>>,
    asked: Arc<AtomicUsize>,
}

/// What a node does instead of answering.
#[derive(Clone, Copy)]
enum Break {
    /// The connection breaks.
    Connection,
    /// A gateway answers.
    Status(u16),
    /// It wants to be left alone for so many seconds.
    Alone(u64),
    /// It says an error of this protocol.
    Says(i64, &'static str),
}

impl Break {
    fn answer(self, packet: &RequestPacket) -> Result<ResponsePacket, TransportError> {
        match self {
            Self::Connection => Err(TransportErrorKind::custom_str("it broke")),
            Self::Status(status) => Err(TransportErrorKind::http_error(status, String::new())),
            Self::Alone(seconds) => Err(TransportErrorKind::http_error_with_retry_after(
                429,
                String::new(),
                Some(Duration::from_secs(seconds)),
            )),
            Self::Says(code, message) => {
                let said = packet.requests().iter().map(|request| Response {
                    id: request.id().clone(),
                    payload: ResponsePayload::Failure(ErrorPayload {
                        code,
                        message: message.into(),
                        data: None,
                    }),
                });
                let said: Vec<Response> = said.collect();
                match <[Response; 1]>::try_from(said) {
                    Ok([one]) => Ok(ResponsePacket::Single(one)),
                    Err(all) => Ok(ResponsePacket::Batch(all)),
                }
            }
        }
    }
}

impl Service<RequestPacket> for Breaking {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut broken = self.broken.lock().unwrap();
        if broken.is_empty() {
            return self.inner.call(packet);
        }
        let answer = broken.remove(0).answer(&packet);
        Box::pin(async move { answer })
    }
}

/// An endpoint that breaks first, and how often it is asked.
fn breaking(chain: &Chain, broken: &[Break]) -> (Endpoint, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let breaking = Breaking {
        inner: InProcess::new(Arc::clone(&chain.node)),
        broken: Arc::new(Mutex::new(broken.to_vec())),
        asked: Arc::clone(&asked),
    };
    let endpoint = Endpoint {
        name: "breaking".to_owned(),
        client: RpcClient::new(breaking, true),
    };
    (endpoint, asked)
}

/// As often again as usual, without waiting.
fn at_once(all: Vec<Endpoint>, quorum: usize) -> Endpoints {
    Endpoints::with_waits(all, quorum, vec![Duration::ZERO; 3])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_answer_broke_is_asked_again_alone() {
    let three = [
        Break::Connection,
        Break::Status(502),
        Break::Says(-32_603, "internal error"),
    ];
    for count in 0..=three.len() {
        let mut chain = Chain::new();
        chain.contribute(1);
        let (endpoint, asked) = breaking(&chain, &three[..count]);
        let endpoints = at_once(vec![endpoint], 1);
        assert_eq!(endpoints.head().await.unwrap(), 2);
        assert_eq!(asked.load(Ordering::SeqCst), 1 + count);
        // The next question begins anew.
        assert_eq!(endpoints.block(2).await.unwrap().header().number, 2);
        assert_eq!(asked.load(Ordering::SeqCst), 2 + count);
        assert_eq!(endpoints.health()[0].1, None);
    }
    // Four in a row are too many; the question after that is answered.
    let chain = Chain::new();
    let (endpoint, asked) = breaking(&chain, &[Break::Status(503); 4]);
    let endpoints = at_once(vec![endpoint], 1);
    let error = endpoints.head().await.unwrap_err();
    assert!(error.to_string().starts_with("E653: "), "{error}");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    assert_eq!(endpoints.head().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_again_where_others_answer_or_the_answer_is_no() {
    let chain = Chain::new();
    // Enough others answered.
    let (endpoint, asked) = breaking(&chain, &[Break::Connection]);
    let endpoints = at_once(vec![endpoint, chain.endpoint("well")], 1);
    assert_eq!(endpoints.head().await.unwrap(), 1);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // Of two that must agree the one that broke alone.
    let (endpoint, asked) = breaking(&chain, &[Break::Connection]);
    let (well, of_well) = breaking(&chain, &[]);
    let endpoints = at_once(vec![endpoint, well], 2);
    assert_eq!(endpoints.head().await.unwrap(), 1);
    let counts = (asked.load(Ordering::SeqCst), of_well.load(Ordering::SeqCst));
    assert_eq!(counts, (2, 1));
    // A refusal, a wrong address, and who wants to be left alone.
    for no in [
        Break::Says(3, "execution reverted"),
        Break::Status(404),
        Break::Alone(500),
    ] {
        let (endpoint, asked) = breaking(&chain, &[no]);
        let endpoints = at_once(vec![endpoint], 1);
        assert!(endpoints.head().await.is_err());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
    // A rest that is over counts no more.
    let (endpoint, asked) = breaking(&chain, &[Break::Alone(0)]);
    let endpoints = at_once(vec![endpoint], 1);
    assert!(endpoints.head().await.is_err());
    assert_eq!(endpoints.head().await.unwrap(), 1);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// Some answers of a long back-fill break; every log comes out once, in order.
#[tokio::test(flavor = "multi_thread")]
async fn broken_answers_in_a_back_fill_lose_and_double_nothing() {
    let mut chain = Chain::new();
    for amount in 1..=9 {
        chain.contribute(amount);
    }
    let broken = [
        Break::Connection,
        Break::Status(500),
        Break::Says(-32_000, "header not found"),
    ];
    let (endpoint, asked) = breaking(&chain, &broken);
    let mut source = chain.source(at_once(vec![endpoint], 1), 0, 2).await;
    let amounts = drain(&mut source).await.unwrap();
    assert_eq!(amounts, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(asked.load(Ordering::SeqCst) > 3);
}
