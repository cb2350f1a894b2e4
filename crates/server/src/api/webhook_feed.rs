//! Tells webhooks what the record says: one follower per offering.
//!
//! A follower goes through the record itself, not through what passes by, so that a node that was
//! down goes on where it stopped. Several nodes may follow one offering: messages have ids that
//! follow from the record, and each is stored once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use softcap_database::DatabaseError;
use softcap_identity::UnixMillis;
use softcap_journal::{JournalError, OfferingLog, SealedBatch, bundle_leaves};
use softcap_offering::Phase;
use softcap_proof::ProofError;
use tokio::{sync::watch, task::JoinSet};

use super::{
    Service,
    entry_view::position_text,
    offerings::phase_name,
    webhook_message::{of_leaf, of_phase},
};
use crate::{
    stop::Stopping,
    webhooks::{NewMessage, Webhooks},
};

/// Level of the tiles that hold entries, and how many a full one holds (C2SP tlog-tiles).
const BUNDLES: i64 = -1;
const BUNDLE: u64 = 256;
/// How often offerings are looked for that have no follower yet.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rest of a follower that told everything: entries that arrive meanwhile are told together.
const REST: Duration = Duration::from_millis(200);
/// How often the record is looked at without a sign that it grew: other nodes may write it too.
const PATIENCE: Duration = Duration::from_secs(5);

/// Follows every offering until the service stops.
pub(crate) async fn feed_webhooks(service: Arc<Service>, mut stopping: Stopping) {
    let mut followers = JoinSet::new();
    let mut known = BTreeSet::new();
    while !stopping.is_stopping() {
        for log in service.journal().offerings() {
            if known.insert(log.row.name.clone()) {
                let follower = Follower {
                    newest: log.sequencer.newest(),
                    log,
                    webhooks: service.webhooks().clone(),
                    next: None,
                    phase: String::new(),
                    stopping: stopping.clone(),
                };
                followers.spawn(follower.run());
            }
        }
        tokio::select! {
            () = stopping.wait() => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    while followers.join_next().await.is_some() {}
}

struct Follower {
    log: Arc<OfferingLog>,
    webhooks: Webhooks,
    /// The entry that is told next; `None` before the cursor was read.
    next: Option<u64>,
    /// The phase that this follower saw last.
    phase: String,
    newest: watch::Receiver<Option<Arc<SealedBatch>>>,
    stopping: Stopping,
}

#[derive(Debug, thiserror::Error)]
enum FeedError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Follower {
    async fn run(mut self) {
        while !self.stopping.is_stopping() {
            if let Err(error) = self.catch_up().await {
                tracing::warn!(log = %self.log.row.name, %error, "webhooks wait; trying again");
            }
            tokio::select! {
                () = self.stopping.wait() => return,
                () = tokio::time::sleep(REST) => {}
            }
            tokio::select! {
                () = self.stopping.wait() => return,
                grown = self.newest.changed() => if grown.is_err() { return },
                () = tokio::time::sleep(PATIENCE) => {}
            }
        }
    }

    /// Tells all entries that are there now, then the phase.
    async fn catch_up(&mut self) -> Result<(), FeedError> {
        let name = self.log.row.name.as_str();
        let mut next = match self.next {
            Some(next) => next,
            None => self.webhooks.cursor(name).await?,
        };
        // The size first: an endpoint that is registered after the question has missed nothing.
        let size = self.log.reader.size();
        let endpoints = self.webhooks.endpoints(name).await?;
        let wanted = |kind: &str| endpoints.iter().any(|endpoint| endpoint.wants(kind));
        if !super::webhook_message::KINDS.into_iter().any(wanted) {
            if next < size {
                let none: &[NewMessage] = &[];
                self.webhooks
                    .publish_entries(name, none, size, UnixMillis::now().get())
                    .await?;
            }
            next = next.max(size);
        }
        while next < size && !self.stopping.is_stopping() {
            let bundle = self.log.reader.tile(BUNDLES, next / BUNDLE).await?;
            let told = usize::try_from(next % BUNDLE).unwrap_or(0);
            let mut messages = Vec::new();
            let before = next;
            for leaf in bundle_leaves(&bundle).skip(told) {
                let message = of_leaf(&self.log.row.name, &self.log.terms, leaf)?;
                messages.extend(message.filter(|message| wanted(message.kind)));
                next += 1;
            }
            if next == before {
                return Ok(());
            }
            self.webhooks
                .publish_entries(name, &messages, next, UnixMillis::now().get())
                .await?;
            self.next = Some(next);
        }
        self.next = Some(next);
        self.tell_phase().await
    }

    /// The phase as it is now; one that began and ended since the last look is not told.
    async fn tell_phase(&mut self) -> Result<(), FeedError> {
        let (name, terms) = (&self.log.row.name, &self.log.terms);
        let (size, phase, position) = {
            let state = self.log.sequencer.read();
            let offering = state.machine().offering();
            let position = offering.now_stamp().position.0;
            (state.size(), offering.phase(), position)
        };
        let round = if let Phase::Open(round) = phase {
            let open = terms.rounds.get(round.index());
            open.map(|round| round.name.as_str())
        } else {
            None
        };
        let named = (phase_name(phase), round);
        let state = format!("{}/{}", named.0, round.unwrap_or_default());
        if state != self.phase {
            let position = position_text(terms, position);
            let message = of_phase(name, terms, size, &position, named);
            self.webhooks
                .publish_phase(
                    name.as_str(),
                    &state,
                    size,
                    &message,
                    UnixMillis::now().get(),
                )
                .await?;
            self.phase = state;
        }
        Ok(())
    }
}
