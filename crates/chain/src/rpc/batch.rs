//! The text of a request, or of several, and the text of the answers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{Rpc, WireError};
use crate::error::ChainError;

/// More requests at once are refused.
const MOST_REQUESTS: usize = 1_000;

/// A request. Members of other names are ignored, as other nodes do.
#[derive(Debug, Deserialize)]
struct Request<'a> {
    #[serde(default)]
    jsonrpc: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    #[serde(default)]
    method: Option<Value>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct Response {
    jsonrpc: &'static str,
    id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<WireError>,
}

/// `null` is an id; no id at all asks for no answer.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Response {
    fn new(id: Value, answer: Result<Box<RawValue>, ChainError>) -> Self {
        let (result, error) = match answer {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error.into())),
        };
        Self {
            jsonrpc: "2.0",
            id,
            result,
            error,
        }
    }
}

impl Rpc {
    /// The answer to a body: one or a list, as the body is. `None` where nobody wants one.
    pub(crate) fn answer_body(&self, body: &[u8]) -> Option<Vec<u8>> {
        let whole: &RawValue = match serde_json::from_slice(body) {
            Ok(whole) => whole,
            Err(error) => {
                let problem = error.to_string();
                return text(&Response::new(
                    Value::Null,
                    Err(ChainError::Json { problem }),
                ));
            }
        };
        if !whole.get().starts_with('[') {
            return self.answer_one(whole).as_ref().and_then(text);
        }
        let requests: Vec<&RawValue> = serde_json::from_str(whole.get()).unwrap_or_default();
        let refused = if requests.is_empty() {
            Some(ChainError::Request {
                problem: "an empty batch".to_owned(),
            })
        } else if requests.len() > MOST_REQUESTS {
            Some(ChainError::Batch {
                limit: MOST_REQUESTS,
            })
        } else {
            None
        };
        if let Some(error) = refused {
            return text(&Response::new(Value::Null, Err(error)));
        }
        let answers: Vec<Response> = requests
            .into_iter()
            .filter_map(|request| self.answer_one(request))
            .collect();
        if answers.is_empty() {
            return None;
        }
        text(&answers)
    }

    fn answer_one(&self, request: &RawValue) -> Option<Response> {
        let refused = |problem: &str| {
            let problem = problem.to_owned();
            Some(Response::new(
                Value::Null,
                Err(ChainError::Request { problem }),
            ))
        };
        let Ok(request) = serde_json::from_str::<Request<'_>>(request.get()) else {
            return refused("a request is an object");
        };
        let id = match &request.id {
            Some(Value::Null | Value::Number(_) | Value::String(_)) | None => request.id.clone(),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                return refused("an id is a number, text or null");
            }
        };
        let answer = match (&request.jsonrpc, &request.method) {
            (Some(Value::String(version)), Some(Value::String(method))) if version == "2.0" => {
                self.answer(method, request.params)
            }
            _ => Err(ChainError::Request {
                problem: "it has jsonrpc \"2.0\" and a method".to_owned(),
            }),
        };
        match (id, &answer) {
            (Some(id), _) => Some(Response::new(id, answer)),
            // What is no request at all is answered also without an id.
            (None, Err(ChainError::Request { .. })) => Some(Response::new(Value::Null, answer)),
            (None, Ok(_) | Err(_)) => None,
        }
    }
}

fn text<T: Serialize>(answer: &T) -> Option<Vec<u8>> {
    serde_json::to_vec(answer).ok()
}
