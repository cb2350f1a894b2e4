//! The methods of development tools that move time and blocks, with their names and forms.

use alloy_primitives::U64;
use serde::de::IgnoredAny;

use super::{
    Answer,
    arguments::{Arguments, Quantity},
    json,
    method::Command,
};
use crate::{control::Snapshot, error::ChainError, node::Node};

pub(super) fn answer(node: &Node, command: Command, arguments: &Arguments<'_>) -> Answer {
    match command {
        Command::IncreaseTime => {
            let Quantity(seconds) = arguments.required(0, "seconds")?;
            json(&U64::from(node.increase_time(seconds)?))
        }
        Command::SetNextBlockTimestamp => {
            let Quantity(timestamp) = arguments.required(0, "timestamp")?;
            node.set_next_timestamp(timestamp)?;
            json(&())
        }
        Command::Mine => {
            if let Some(Quantity(timestamp)) = arguments.optional(0, "timestamp")? {
                node.set_next_timestamp(timestamp)?;
            }
            node.mine()?;
            json("0x0")
        }
        Command::Snapshot => json(&U64::from(node.snapshot().0)),
        Command::Revert => {
            let Quantity(id) = arguments.required(0, "snapshot")?;
            match node.revert(Snapshot(id)) {
                Ok(()) => json(&true),
                Err(ChainError::Snapshot { .. }) => json(&false),
                Err(other) => Err(other),
            }
        }
        Command::Reorganise => {
            let Quantity(depth) = arguments.required(0, "depth")?;
            let others: Option<Vec<IgnoredAny>> = arguments.optional(1, "transactions")?;
            if others.is_some_and(|others| !others.is_empty()) {
                return Err(ChainError::Argument {
                    index: 1,
                    name: "transactions",
                    problem: "blocks that replace others are empty; send transactions afterwards"
                        .to_owned(),
                });
            }
            json(&node.reorganise(depth)?)
        }
    }
}
