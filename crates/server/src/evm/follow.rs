//! One task per escrow: looks at the chain, enters what is deep enough, and waits.

use std::{collections::BTreeSet, sync::Arc};

use softcap_evm::{
    AfterSalePlace, ChainEntries, ChainSource, Endpoints, Header, LogPlace, Releases, RootStanding,
    SourceError, block_before, find_after_sale, promises_after_sale,
};
use softcap_journal::{Intake, JournalError, OfferingLog, Submission};
use softcap_offering::{Command, EscrowAddress, LineIndex, Position, Sequence, Stamp};
use softcap_proof::entry::{Entry, decode, encode_command};
use tokio::{task::JoinSet, time::sleep};

use super::{
    enter::{NotEntered, enter},
    place::{self, Place},
};
use crate::{
    api::{self, Service},
    node::boundary_lies_before,
    stop::Stopping,
};

/// Follows the escrow of every offering that has one, until the node stops.
pub(crate) async fn follow_chains(service: Arc<Service>, mut stopping: Stopping) {
    if service.rails().chain().is_none() {
        return;
    }
    let mut followed = BTreeSet::new();
    let mut tasks = JoinSet::new();
    loop {
        for log in service.journal().offerings() {
            let escrow = log.sequencer.read().machine().offering().escrow();
            // An offering may get its escrow long after its announcement.
            if let Some(escrow) = escrow
                && followed.insert(log.row.name.clone())
            {
                let task = Followed {
                    service: Arc::clone(&service),
                    log,
                    escrow,
                };
                tasks.spawn(task.run(stopping.clone()));
            }
        }
        tokio::select! {
            () = stopping.wait() => break,
            () = sleep(service.rails().poll) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Why following broke off.
enum Broken {
    /// It is tried again.
    Passing(String),
    /// The chain went back on what is in the record.
    WentBack(String),
    /// The record and the contract differ at a log.
    Differs(String, LogPlace),
    /// The log says nothing that this program knows.
    Foreign(String),
}

impl From<SourceError> for Broken {
    fn from(error: SourceError) -> Self {
        let text = error.to_string();
        match error {
            SourceError::Endpoints(_) => Self::Passing(text),
            SourceError::Stop(_) => Self::WentBack(text),
            SourceError::Foreign(_) => Self::Foreign(text),
        }
    }
}

impl From<NotEntered> for Broken {
    fn from(error: NotEntered) -> Self {
        match error {
            NotEntered::Record(error) => error.into(),
            NotEntered::Differs(difference) => {
                Self::Differs(difference.to_string(), difference.place)
            }
        }
    }
}

impl From<JournalError> for Broken {
    fn from(error: JournalError) -> Self {
        Self::Passing(error.to_string())
    }
}

struct Followed {
    service: Arc<Service>,
    log: Arc<OfferingLog>,
    escrow: EscrowAddress,
}

impl Followed {
    async fn run(self, mut stopping: Stopping) {
        tracing::info!(log = %self.log.row.name, "the escrow is followed");
        // Beginning again is always safe, so that a stop may come anywhere.
        tokio::select! {
            () = stopping.wait() => {}
            () = self.for_ever() => {}
        }
    }

    async fn for_ever(&self) {
        let rails = self.service.rails();
        let name = &self.log.row.name;
        let mut looked_at = None;
        loop {
            let Err(broken) = self.follow(looked_at).await;
            let alarm = match broken {
                Broken::Passing(problem) => {
                    rails.note(name, |status| status.problem = Some(problem));
                    sleep(rails.poll).await;
                    continue;
                }
                Broken::WentBack(text) => {
                    self.wait_for_a_person(text).await;
                    // Not before: a restart is no confirmation. Nobody knows from where on the chain is another
                    // one, so that all of it is read again.
                    place::remove(&rails.places, name);
                    looked_at = None;
                    continue;
                }
                Broken::Differs(text, at) => {
                    looked_at = Some(at);
                    text
                }
                Broken::Foreign(text) => text,
            };
            self.wait_for_a_person(alarm).await;
        }
    }

    async fn wait_for_a_person(&self, alarm: String) {
        let rails = self.service.rails();
        let name = &self.log.row.name;
        tracing::error!(log = %name, %alarm, "the rail is stopped");
        self.log.sequencer.stop_contributions(&alarm);
        rails.note(name, |status| status.alarm = Some(alarm));
        while self.log.sequencer.stopped().is_some() {
            self.note_root().await;
            sleep(rails.poll).await;
        }
        rails.note(name, |status| status.alarm = None);
    }

    /// What the contract does with the result, while the record stands still: who paid takes the money of a root that is void,
    /// however long a person looks at why.
    async fn note_root(&self) {
        let rails = self.service.rails();
        let Some(endpoints) = rails.chain().filter(|_| self.log.terms.root.is_some()) else {
            return;
        };
        let Ok(head) = endpoints.head().await else {
            return;
        };
        if let Ok(root) = self.root(endpoints, head).await {
            rails.note(&self.log.row.name, |status| status.root = root);
        }
    }

    /// Follows as long as nothing breaks.
    async fn follow(
        &self,
        looked_at: Option<LogPlace>,
    ) -> Result<std::convert::Infallible, Broken> {
        let rails = self.service.rails();
        let name = &self.log.row.name;
        let endpoints = rails.chain().ok_or_else(|| {
            Broken::Passing("no endpoint is configured: name some in [evm]".to_owned())
        })?;
        let chain = endpoints.chain_id().await.map_err(SourceError::from)?;
        if chain != self.escrow.chain_id {
            let expected = self.escrow.chain_id;
            let text =
                format!("E657: the endpoints are of chain {chain}, the escrow of {expected}");
            return Err(Broken::Passing(text));
        }
        let behind = self.place_in_chain().await?;
        let after_sale = self.after_sale(endpoints).await?;
        let mut entries = ChainEntries::new(self.escrow);
        let mut source = ChainSource::new(
            endpoints.clone(),
            self.escrow.contract.into(),
            behind,
            rails.confirmations,
            rails.blocks_at_once,
        )
        .with_after_sale(after_sale.clone());
        let mut kept = behind;
        loop {
            let polled = source.poll().await?;
            enter(&self.log, &mut entries, &polled.logs, looked_at).await?;
            let anchor = source.anchor();
            if anchor != kept {
                self.reach(anchor).await?;
                kept = anchor;
            }
            let releases = self.releases(endpoints, &after_sale, source.head()).await?;
            let root = self.root(endpoints, source.head()).await?;
            rails.note(name, |status| {
                status.head = source.head();
                status.followed = anchor.number;
                status.waiting = source.waiting().count() as u64;
                status.milestones = after_sale.milestones;
                status.releases = releases;
                status.root = root;
                status.problem = None;
            });
            if !polled.more {
                sleep(rails.poll).await;
            }
        }
    }

    /// The contracts that were made together with the escrow: in the block whose time is that of the entry
    /// that named it, or another one of the same second.
    async fn after_sale(&self, endpoints: &Endpoints) -> Result<AfterSalePlace, Broken> {
        if !promises_after_sale(&self.log.terms) {
            return Ok(AfterSalePlace::default());
        }
        let second = self.announced_at().await?.0 / 1_000;
        let before = block_before(endpoints, second, 0).await;
        let last = block_before(endpoints, second + 1, 0).await;
        let before = before.map_err(SourceError::from)?;
        // The first block of a chain has none before it.
        let first = before.number + u64::from(before.timestamp < second);
        let last = last.map_err(SourceError::from)?.number;
        let blocks = (first, last);
        let found = find_after_sale(endpoints, self.escrow, &self.log.terms, blocks).await;
        found.map_err(|error| {
            let text = error.to_string();
            if error.is_passing() {
                Broken::Passing(text)
            } else {
                Broken::Foreign(text)
            }
        })
    }

    /// Where the releases stand on the chain now; the record knows only those that happened.
    async fn releases(
        &self,
        endpoints: &Endpoints,
        after_sale: &AfterSalePlace,
        head: u64,
    ) -> Result<Option<Releases>, Broken> {
        let Some(milestones) = after_sale.milestones else {
            return Ok(None);
        };
        let read = Releases::read(endpoints, milestones, head).await;
        Ok(read.map_err(SourceError::from)?)
    }

    /// Where the settlement by root stands on the chain now; the record has no objections and no void root.
    async fn root(&self, endpoints: &Endpoints, head: u64) -> Result<Option<RootStanding>, Broken> {
        if self.log.terms.root.is_none() {
            return Ok(None);
        }
        let escrow = self.escrow.contract.into();
        let read = RootStanding::read(endpoints, escrow, head).await;
        Ok(read.map_err(SourceError::from)?)
    }

    /// The block up to which everything is in the record.
    async fn place_in_chain(&self) -> Result<Header, Broken> {
        let rails = self.service.rails();
        let kept = place::read(&rails.places, &self.log.row.name);
        // A record with fewer entries is an older copy, and does not have everything up to there.
        if let Some(kept) = kept.filter(|kept| kept.entries <= self.log.reader.size()) {
            return Ok(kept.block);
        }
        let Some(endpoints) = rails.chain() else {
            return Err(Broken::Passing("no endpoint is configured".to_owned()));
        };
        let announced = self.announced_at().await?;
        let found = block_before(endpoints, announced.0 / 1_000, rails.confirmations);
        Ok(found.await.map_err(SourceError::from)?)
    }

    /// When the escrow was announced on its chain: the position of the entry that names it.
    async fn announced_at(&self) -> Result<Position, JournalError> {
        let named = {
            let state = self.log.sequencer.read();
            state.machine().offering().follows_chain_since()
        };
        let leaf = self.log.reader.leaf(named.unwrap_or_default().0).await?;
        Ok(decode(&leaf)?.0.stamp.position)
    }

    /// Everything up to a block is in the record: what follows from its time alone happens, and the place
    /// is kept.
    async fn reach(&self, anchor: Header) -> Result<(), Broken> {
        let now = Position(anchor.timestamp.saturating_mul(1_000));
        if boundary_lies_before(&self.log, now) {
            let tick = submission(now, Command::Tick)?;
            self.log.sequencer.submit(tick).await?;
        }
        let published = api::publish_settlement(&self.service, &self.log).await;
        published.map_err(Broken::Passing)?;
        let (folder, name) = (
            self.service.rails().places.clone(),
            self.log.row.name.clone(),
        );
        let place = Place {
            block: anchor,
            entries: self.log.reader.size(),
        };
        let written = tokio::task::spawn_blocking(move || place::write(&folder, &name, place));
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Broken::Passing(error.to_string())),
            Err(error) => Err(Broken::Passing(error.to_string())),
        }
    }
}

fn submission(position: Position, command: Command<'_>) -> Result<Submission, JournalError> {
    let stamp = Stamp {
        line: LineIndex(0),
        position,
    };
    let entry = Entry {
        sequence: Sequence(0),
        stamp,
        request: None,
        command,
    };
    let mut body = Vec::new();
    encode_command(&entry, &mut body)?;
    Ok(Submission {
        intake: Intake::Other,
        request: None,
        body,
    })
}
