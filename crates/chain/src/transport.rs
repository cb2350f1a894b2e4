//! The chain behind an alloy provider in the same process, without HTTP.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use alloy_json_rpc::{
    ErrorPayload, RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest,
};
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use serde_json::value::to_raw_value;
use tower::Service;

use crate::{
    node::Node,
    rpc::{Control, Rpc, WireError},
};

/// A transport: give it to `alloy_rpc_client::RpcClient::new(transport, true)`. It runs on tokio. Whoever has it
/// may also move the time, because whoever has the process may do anything.
#[derive(Clone, Debug)]
pub struct InProcess {
    rpc: Rpc,
}

impl InProcess {
    /// Requests go to this chain.
    #[must_use]
    pub fn new(node: Arc<Node>) -> Self {
        Self {
            rpc: Rpc::new(node, Control::Offered),
        }
    }

    fn answer(&self, request: &SerializedRequest) -> Response {
        let payload = match self.rpc.answer(request.method(), request.params()) {
            Ok(result) => ResponsePayload::Success(result),
            Err(error) => {
                let WireError {
                    code,
                    message,
                    data,
                } = error.into();
                ResponsePayload::Failure(ErrorPayload {
                    code,
                    message: message.into(),
                    data: data.and_then(|data| to_raw_value(&data).ok()),
                })
            }
        };
        Response {
            id: request.id().clone(),
            payload,
        }
    }
}

impl Service<RequestPacket> for InProcess {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            // Execution and the disk take their time: not on a thread that others wait for.
            let work = tokio::task::spawn_blocking(move || match packet {
                RequestPacket::Single(request) => {
                    ResponsePacket::Single(transport.answer(&request))
                }
                RequestPacket::Batch(requests) => ResponsePacket::Batch(
                    requests
                        .iter()
                        .map(|request| transport.answer(request))
                        .collect(),
                ),
            });
            work.await
                .map_err(|error| TransportErrorKind::custom_str(&error.to_string()))
        })
    }
}
