//! The arguments of a request, by their position.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::error::ChainError;

/// Arguments that are not read yet.
#[derive(Debug)]
pub(super) struct Arguments<'a>(Vec<&'a RawValue>);

impl<'a> Arguments<'a> {
    /// # Errors
    /// [`ChainError::Request`] when they are not in a list.
    pub(super) fn parse(params: Option<&'a RawValue>) -> Result<Self, ChainError> {
        let list =
            params.map(|params| serde_json::from_str::<Option<Vec<&RawValue>>>(params.get()));
        match list.transpose() {
            Ok(list) => Ok(Self(list.flatten().unwrap_or_default())),
            Err(_) => Err(ChainError::Request {
                problem: "params are a list".to_owned(),
            }),
        }
    }

    /// # Errors
    /// [`ChainError::Argument`] when it is missing or of another kind.
    pub(super) fn required<T: DeserializeOwned>(
        &self,
        index: usize,
        name: &'static str,
    ) -> Result<T, ChainError> {
        self.optional(index, name)?
            .ok_or_else(|| ChainError::Argument {
                index,
                name,
                problem: "it is missing".to_owned(),
            })
    }

    /// # Errors
    /// [`ChainError::Argument`] when it is of another kind.
    pub(super) fn optional<T: DeserializeOwned>(
        &self,
        index: usize,
        name: &'static str,
    ) -> Result<Option<T>, ChainError> {
        let Some(raw) = self.0.get(index) else {
            return Ok(None);
        };
        serde_json::from_str(raw.get()).map_err(|error| ChainError::Argument {
            index,
            name,
            problem: error.to_string(),
        })
    }

    /// Refuses what would otherwise be ignored.
    ///
    /// # Errors
    /// [`ChainError::Argument`] when it is given.
    pub(super) fn refuse(&self, index: usize, name: &'static str) -> Result<(), ChainError> {
        match self.optional::<serde_json::Value>(index, name)? {
            None => Ok(()),
            Some(_) => Err(ChainError::Argument {
                index,
                name,
                problem: "this chain does not know them".to_owned(),
            }),
        }
    }
}

/// A number as hexadecimal text, or as a plain number: tools send both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantity(pub(super) u64);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Number(number) => return Ok(Self(number)),
            Form::Text(text) => text,
        };
        let digits = text
            .strip_prefix("0x")
            .filter(|digits| !digits.starts_with('+'));
        digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a number below 2^64, as 0x..."))
    }
}
