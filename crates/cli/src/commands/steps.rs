//! Transactions one after the other, and what was done.

use serde_json::{Value, json};
use softcap_evm::{ChainClient, Draft, Receipt};

use super::on_chain::{Done, Sender, run as send, sender};
use crate::{arguments::SenderArguments, console::Console, failure::Failure};

/// A node, who sends to it, and what was sent so far.
pub(super) struct Steps<'a> {
    pub(super) client: ChainClient,
    pub(super) sender: Sender,
    pub(super) console: &'a Console,
    done: Vec<(&'static str, Done)>,
}

impl<'a> Steps<'a> {
    pub(super) fn begin(
        arguments: &SenderArguments,
        console: &'a Console,
    ) -> Result<Self, Failure> {
        Ok(Self {
            sender: sender(arguments)?,
            client: ChainClient::http(&arguments.rpc)?,
            console,
            done: Vec::new(),
        })
    }

    /// Tries a transaction, and sends it unless nothing is sent; its receipt.
    pub(super) async fn take(&mut self, draft: Draft) -> Result<Option<&Receipt>, Failure> {
        let done = send(&self.client, &draft, &self.sender, self.console).await?;
        self.done.push((draft.what, done));
        Ok(match self.done.last() {
            Some((_, Done::Sent { receipt })) => Some(receipt),
            Some((_, Done::Tried(_))) | None => None,
        })
    }

    /// Whether what is taken changes the chain, so that something else can follow on it.
    pub(super) fn sends(&self) -> bool {
        match self.sender {
            Sender::Signing(_) => true,
            Sender::DryRun(_) => false,
        }
    }

    /// Whether nothing was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// A line for each.
    pub(super) fn text(&self) -> Vec<String> {
        let done = self.done.iter();
        done.map(|(what, done)| format!("{what}: {}", done.cost()))
            .collect()
    }

    /// An object for each.
    pub(super) fn json(&self) -> Vec<Value> {
        let step = |(what, done): &(&str, Done)| json!({ "what": what, "transaction": done.transaction(), "cost": done.cost().json() });
        self.done.iter().map(step).collect()
    }
}
