//! Several endpoints of one chain, asked the same and compared.
//!
//! An answer counts when `quorum` endpoints give it. Whoever says something else, fails, or is behind is
//! named and left out of that answer, and asked again with the next question. Where too few answer, those whose answer broke
//! on the way are asked the same again, alone and each time after a longer wait, so that one broken answer does not cost all
//! those before it. With fewer that agree nothing is believed and nothing goes on: the chain is still there later.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bloom, BloomInput, Bytes, U64};
use alloy_rpc_client::RpcClient;
use alloy_transport::{RpcError, TransportError, TransportErrorKind};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::broken_answer::{in_short, is_broken, is_too_many};
use crate::client::ChainClient;
use crate::follower::Header;

/// Headers that are asked for in one request.
const HEADERS_AT_ONCE: usize = 100;
/// Questions to contracts in one request.
const CALLS_AT_ONCE: usize = 100;
/// How long an endpoint rests that says it is asked too often and not for how long.
const REST: Duration = Duration::from_secs(5);
/// How long is waited before a question whose answer broke is asked again.
const WAITS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_600),
];
/// The longest rest that is believed.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is called where it is named: its host, never its path, which may hold a secret.
    pub name: String,
    /// The way to it.
    pub client: RpcClient,
}

/// What is wrong with an endpoint, by its last answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It did not answer.
    Failed(String),
    /// It is so many blocks behind.
    Behind(u64),
    /// It says something else than the others.
    Disagrees {
        /// About what.
        about: String,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(why) => write!(out, "does not answer: {why}"),
            Self::Behind(blocks) => write!(out, "is {blocks} blocks behind"),
            Self::Disagrees { about } => write!(out, "says something else about {about}"),
        }
    }
}

/// Why nothing was learnt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Too few endpoints agree.
    #[error(
        "E653: {agree} of {asked} endpoints agree about {about}, {quorum} must; {faults}. Check the \
         endpoints, or name more of them"
    )]
    NoQuorum {
        /// What was asked.
        about: String,
        /// How many gave the commonest answer.
        agree: usize,
        /// How many were asked.
        asked: usize,
        /// How many are needed.
        quorum: usize,
        /// What the others did.
        faults: String,
    },
    /// The chain went on between two questions.
    #[error("E655: block {block} changed between two questions; they are asked again")]
    Moved {
        /// Its height.
        block: u64,
    },
    /// More logs than an endpoint gives at once.
    #[error("E654: an endpoint gives no more logs at once than are in fewer blocks")]
    TooMany,
}

/// The block that an endpoint has at a height, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockHead {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    logs_bloom: Bloom,
}

impl BlockHead {
    /// What links it.
    #[must_use]
    pub fn header(&self) -> Header {
        Header {
            number: self.number.to(),
            hash: self.hash,
            parent: self.parent_hash,
            timestamp: self.timestamp.to(),
        }
    }

    /// Whether it can hold a log of a contract.
    #[must_use]
    pub fn may_hold(&self, contract: Address) -> bool {
        self.logs_bloom
            .contains_input(BloomInput::Raw(contract.as_slice()))
    }
}

/// A log as an endpoint gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawLog {
    /// Height of its block.
    pub block_number: U64,
    /// Its number in the block.
    pub log_index: U64,
    /// Its block.
    pub block_hash: B256,
    /// Its transaction.
    pub transaction_hash: B256,
    /// Who made it.
    pub address: Address,
    /// What it is and about whom.
    pub topics: Vec<B256>,
    /// The rest.
    pub data: Bytes,
}

/// Which logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// Of one block.
    One(B256),
    /// From a height to another one, both included.
    Range(u64, u64),
}

/// The endpoints of a chain.
#[derive(Clone, Debug)]
pub struct Endpoints {
    all: Arc<[Endpoint]>,
    quorum: usize,
    faults: Arc<Mutex<Vec<Option<Fault>>>>,
    /// Until when each is left alone because it asked for that.
    rests: Arc<Mutex<Vec<Option<Instant>>>>,
    /// Before each time that a question is asked again.
    waits: Arc<[Duration]>,
}

impl Endpoints {
    /// Some endpoints, of which `quorum` must agree; at least one must.
    #[must_use]
    pub fn new(all: Vec<Endpoint>, quorum: usize) -> Self {
        Self::with_waits(all, quorum, WAITS.to_vec())
    }

    /// The same, with other waits before a question whose answer broke is asked again; as often as there are waits.
    #[must_use]
    pub fn with_waits(all: Vec<Endpoint>, quorum: usize, waits: Vec<Duration>) -> Self {
        let (faults, rests) = (vec![None; all.len()], vec![None; all.len()]);
        Self {
            all: all.into(),
            quorum: quorum.max(1),
            faults: Arc::new(Mutex::new(faults)),
            rests: Arc::new(Mutex::new(rests)),
            waits: waits.into(),
        }
    }

    /// Name of each endpoint, and what was wrong with its last answer.
    #[must_use]
    pub fn health(&self) -> Vec<(String, Option<Fault>)> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let names = self.all.iter().map(|endpoint| endpoint.name.clone());
        names.zip(faults.iter().cloned()).collect()
    }

    /// The height that `quorum` endpoints have at least.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn head(&self) -> Result<u64, EndpointError> {
        let about = "the newest block";
        let answers = self.ask_all(|client| async move {
            let number: U64 = client.request("eth_blockNumber", ()).await?;
            Ok(number.to::<u64>())
        });
        let answers = answers.await;
        let mut heights: Vec<u64> = answers.iter().flatten().copied().collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        let Some(head) = heights.get(self.quorum - 1).copied() else {
            let faults = self.note(&answers, |_| None);
            return Err(self.no_quorum(about, heights.len(), &faults));
        };
        // Nodes hear of a block one after the other; a few behind are none to be named.
        const NEAR: u64 = 3;
        self.note(&answers, |height| {
            let behind = head.saturating_sub(*height);
            (behind > NEAR).then_some(Fault::Behind(behind))
        });
        Ok(head)
    }

    /// The number of the chain.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn chain_id(&self) -> Result<u64, EndpointError> {
        let answers = self.ask_all(|client| async move {
            let id: U64 = client.request("eth_chainId", ()).await?;
            Ok(id.to::<u64>())
        });
        self.agreed("the chain's number", answers.await)
    }

    /// The block at a height.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn block(&self, number: u64) -> Result<BlockHead, EndpointError> {
        let found = self.blocks(&[number]).await?;
        let about = format!("block {number}");
        found
            .into_iter()
            .next()
            .ok_or_else(|| self.no_quorum(&about, 0, "an empty answer"))
    }

    /// The blocks at some heights, in the order asked.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn blocks(&self, numbers: &[u64]) -> Result<Vec<BlockHead>, EndpointError> {
        let mut all = Vec::with_capacity(numbers.len());
        for some in numbers.chunks(HEADERS_AT_ONCE) {
            let answers = self.ask_all(|client| async move {
                let mut batch = client.new_batch();
                let mut calls = Vec::with_capacity(some.len());
                for number in some {
                    let params = (format!("{number:#x}"), false);
                    calls.push(batch.add_call("eth_getBlockByNumber", &params)?);
                }
                batch.send().await?;
                let mut found: Vec<BlockHead> = Vec::with_capacity(some.len());
                for call in calls {
                    found.push(call.await?);
                }
                Ok(found)
            });
            let about = match some {
                [one] => format!("block {one}"),
                [first, .., last] => format!("blocks {first} to {last}"),
                [] => continue,
            };
            all.extend(self.agreed(&about, answers.await)?);
        }
        Ok(all)
    }

    /// The logs of contracts, in order.
    ///
    /// # Errors
    /// [`EndpointError::TooMany`] when an endpoint does not give so many at once, else
    /// [`EndpointError::NoQuorum`].
    pub async fn logs(
        &self,
        contracts: &[Address],
        of: Blocks,
    ) -> Result<Vec<RawLog>, EndpointError> {
        let mut filter = json!({ "address": contracts });
        let (last, about) = match of {
            Blocks::One(hash) => {
                filter["blockHash"] = json!(hash);
                (None, format!("the logs of block {hash}"))
            }
            Blocks::Range(from, to) => {
                filter["fromBlock"] = json!(format!("{from:#x}"));
                filter["toBlock"] = json!(format!("{to:#x}"));
                (Some(to), format!("the logs of blocks {from} to {to}"))
            }
        };
        self.logs_by(&filter, last, &about).await
    }

    /// The logs in some blocks, whoever made them, whose topics are these; `None` stands for any.
    ///
    /// # Errors
    /// As [`Endpoints::logs`].
    pub async fn logs_about(
        &self,
        topics: &[Option<B256>],
        (from, to): (u64, u64),
    ) -> Result<Vec<RawLog>, EndpointError> {
        let filter = json!({
            "topics": topics,
            "fromBlock": format!("{from:#x}"),
            "toBlock": format!("{to:#x}"),
        });
        let about = format!("the logs of blocks {from} to {to}");
        self.logs_by(&filter, Some(to), &about).await
    }

    async fn logs_by(
        &self,
        filter: &Value,
        last: Option<u64>,
        about: &str,
    ) -> Result<Vec<RawLog>, EndpointError> {
        let last = last.map(|last| (format!("{last:#x}"), false));
        let (filter, last) = (&(filter,), &last);
        let answers = self.ask_all(|client| async move {
            let mut batch = client.new_batch();
            let logs = batch.add_call("eth_getLogs", filter)?;
            // Nodes leave out what they do not have yet and say nothing of it. In one request the same node
            // answers both, also where several stand behind one address.
            let last = last.as_ref();
            let last = last.map(|last| batch.add_call("eth_getBlockByNumber", last));
            let last = last.transpose()?;
            batch.send().await?;
            if let Some(last) = last {
                let _: BlockHead = last.await?;
            }
            let mut logs: Vec<RawLog> = logs.await?;
            logs.sort_unstable();
            logs.dedup();
            Ok(logs)
        });
        let answers = answers.await;
        let refused = answers
            .iter()
            .any(|answer| matches!(answer, Err(error) if is_too_many(error)));
        // Where enough others gave it, whoever refuses holds nobody up.
        if refused && answers.iter().flatten().count() < self.quorum {
            return Err(EndpointError::TooMany);
        }
        self.agreed(about, answers)
    }

    /// The answers of contracts' functions at a block, in the order asked.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn calls(
        &self,
        calls: &[(Address, Bytes)],
        block: u64,
    ) -> Result<Vec<Bytes>, EndpointError> {
        let block = &format!("{block:#x}");
        let mut all = Vec::with_capacity(calls.len());
        for some in calls.chunks(CALLS_AT_ONCE) {
            let answers = self.ask_all(|client| async move {
                let mut batch = client.new_batch();
                let mut waiting = Vec::with_capacity(some.len());
                for (contract, data) in some {
                    let params = (json!({ "to": contract, "data": data }), block);
                    waiting.push(batch.add_call("eth_call", &params)?);
                }
                batch.send().await?;
                let mut found: Vec<Bytes> = Vec::with_capacity(some.len());
                for call in waiting {
                    found.push(call.await?);
                }
                Ok(found)
            });
            all.extend(self.agreed("answers of contracts", answers.await)?);
        }
        Ok(all)
    }

    /// The answer of a contract's function at a block.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn call(
        &self,
        contract: Address,
        data: Bytes,
        block: u64,
    ) -> Result<Bytes, EndpointError> {
        let call = json!({ "to": contract, "data": data });
        let params: &Value = &json!([call, format!("{block:#x}")]);
        let answers = self.ask_all(|client| async move {
            let answer: Bytes = client.request("eth_call", params).await?;
            Ok(answer)
        });
        self.agreed("an answer of the contract", answers.await)
    }

    /// Something of an account at a block: `eth_getBalance` or `eth_getCode`.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn account<T>(
        &self,
        method: &'static str,
        account: Address,
        block: u64,
    ) -> Result<T, EndpointError>
    where
        T: PartialEq + Clone + alloy_json_rpc::RpcRecv,
    {
        let params: &Value = &json!([account, format!("{block:#x}")]);
        let answers = self.ask_all(|client| async move {
            let answer: T = client.request(method, params).await?;
            Ok(answer)
        });
        self.agreed(method, answers.await)
    }

    pub(crate) async fn ask_all<T, F>(
        &self,
        ask: impl Fn(RpcClient) -> F,
    ) -> Vec<Result<T, TransportError>>
    where
        F: Future<Output = Result<T, TransportError>>,
    {
        let everybody = 0..self.all.len();
        let mut answers = join_all(everybody.map(|place| self.ask_one(place, &ask))).await;
        for wait in self.waits.iter() {
            let broken = answers.iter().enumerate().filter_map(|(place, answer)| {
                let broke = answer.as_ref().err().is_some_and(is_broken);
                (broke && self.rest_of(place).is_none()).then_some(place)
            });
            let broken: Vec<usize> = broken.collect();
            if broken.is_empty() || answers.iter().flatten().count() >= self.quorum {
                break;
            }
            sleep(*wait).await;
            let again = broken.iter().map(|place| self.ask_one(*place, &ask));
            for (place, answer) in broken.iter().zip(join_all(again).await) {
                if let Some(held) = answers.get_mut(*place) {
                    *held = answer;
                }
            }
        }
        answers
    }

    /// One answer of one endpoint, unless it wants to be left alone.
    async fn ask_one<T, F>(
        &self,
        place: usize,
        ask: &impl Fn(RpcClient) -> F,
    ) -> Result<T, TransportError>
    where
        F: Future<Output = Result<T, TransportError>>,
    {
        if let Some(left) = self.rest_of(place) {
            let why = format!("it asked to be left alone for {} s", left.as_secs() + 1);
            return Err(TransportErrorKind::custom_str(&why));
        }
        let Some(endpoint) = self.all.get(place) else {
            return Err(TransportErrorKind::backend_gone());
        };
        let answer = ask(endpoint.client.clone()).await;
        if let Err(error) = &answer {
            self.note_rest(place, error);
        }
        answer
    }

    /// How long an endpoint is still left alone.
    fn rest_of(&self, place: usize) -> Option<Duration> {
        let held = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        let until = held.get(place).copied().flatten()?;
        until.checked_duration_since(Instant::now())
    }

    fn note_rest(&self, place: usize, error: &TransportError) {
        const TOO_MANY_REQUESTS: u16 = 429;
        let RpcError::Transport(error) = error else {
            return;
        };
        let named = error.retry_after();
        let often = matches!(error, TransportErrorKind::HttpError(http) if http.status == TOO_MANY_REQUESTS);
        let Some(rest) = named.or(often.then_some(REST)) else {
            return;
        };
        let mut held = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = held.get_mut(place) {
            *until = Instant::now().checked_add(rest.min(LONGEST_REST));
        }
    }

    /// The answer that enough endpoints give.
    pub(crate) fn agreed<T: PartialEq + Clone>(
        &self,
        about: &str,
        answers: Vec<Result<T, TransportError>>,
    ) -> Result<T, EndpointError> {
        let given: Vec<&T> = answers.iter().flatten().collect();
        let votes = |answer: &T| given.iter().filter(|other| **other == answer).count();
        let best = given
            .iter()
            .copied()
            .max_by_key(|answer| votes(answer))
            .cloned();
        let agree = best.as_ref().map_or(0, votes);
        let faults = self.note(&answers, |answer| {
            (Some(answer) != best.as_ref()).then(|| Fault::Disagrees {
                about: about.to_owned(),
            })
        });
        // As many for another answer: nobody can say who is right.
        let rivals = given
            .iter()
            .any(|other| Some(*other) != best.as_ref() && votes(other) == agree);
        match best {
            Some(best) if agree >= self.quorum && !rivals => Ok(best),
            Some(_) | None => Err(self.no_quorum(about, agree, &faults)),
        }
    }

    /// What any endpoint has; nothing where those that answer have nothing.
    pub(crate) fn any<T>(
        &self,
        about: &str,
        answers: Vec<Result<Option<T>, TransportError>>,
    ) -> Result<Option<T>, EndpointError> {
        let faults = self.note(&answers, |_| None);
        let mut answered = false;
        for found in answers.into_iter().flatten() {
            if found.is_some() {
                return Ok(found);
            }
            answered = true;
        }
        if answered {
            Ok(None)
        } else {
            Err(self.no_quorum(about, 0, &faults))
        }
    }

    /// One endpoint, for what is shown and decides nothing: what a transaction would cost.
    #[must_use]
    pub fn one(&self) -> Option<ChainClient> {
        let all = self.all.iter();
        let mut rested = all
            .enumerate()
            .filter(|(place, _)| self.rest_of(*place).is_none());
        let (_, endpoint) = rested.next()?;
        Some(ChainClient::new(endpoint.client.clone()))
    }

    /// Notes what is wrong with each endpoint; all of it in words.
    fn note<T>(
        &self,
        answers: &[Result<T, TransportError>],
        fault: impl Fn(&T) -> Option<Fault>,
    ) -> String {
        let mut held = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let mut said = Vec::new();
        for ((endpoint, held), answer) in self.all.iter().zip(held.iter_mut()).zip(answers) {
            let fault = match answer {
                Ok(answer) => fault(answer),
                Err(error) => Some(Fault::Failed(in_short(error))),
            };
            if let Some(fault) = &fault {
                if held.as_ref() != Some(fault) {
                    tracing::warn!(endpoint = %endpoint.name, %fault, "an endpoint is left out");
                }
                said.push(format!("{} {fault}", endpoint.name));
            }
            *held = fault;
        }
        said.join("; ")
    }

    fn no_quorum(&self, about: &str, agree: usize, faults: &str) -> EndpointError {
        EndpointError::NoQuorum {
            about: about.to_owned(),
            agree,
            asked: self.all.len(),
            quorum: self.quorum,
            faults: faults.to_owned(),
        }
    }
}
