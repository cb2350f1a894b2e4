//! Registering endpoints, publishing messages, and the task that delivers them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use softcap_database::{Database, DatabaseError, Migrations};
use softcap_identity::UnixMillis;
use tokio::{sync::Notify, task::JoinSet};

use super::{
    address::AddressRules,
    client::{Call, Caller},
    cursor::NewMessage,
    endpoint::{Attempt, Delivery, DeliveryState, Endpoint, EndpointState, NewEndpoint},
    schedule::next_due,
    secret::{EndpointSecret, WebhookKey},
    store::{Due, Store},
};
use crate::{config::WebhooksSection, stop::Stopping};

/// How often the database is asked for what is due, when nobody on this node published anything.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const DAY_MS: i64 = 86_400_000;

/// The service's webhooks. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Webhooks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    key: WebhookKey,
    caller: Caller,
    rules: AddressRules,
    concurrency: usize,
    disable_after_ms: i64,
    /// How long messages are kept that wait for nothing.
    kept_ms: i64,
    published: Notify,
    /// Deliveries that wait, as of the last look.
    waiting: AtomicI64,
}

impl Webhooks {
    /// The steps of its tables, which are in the service's database.
    #[must_use]
    pub fn migrations() -> Migrations {
        Store::migrations()
    }

    /// Opens the tables of the service database, and makes them if they are not there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(
        database: Database,
        key: WebhookKey,
        section: &WebhooksSection,
    ) -> Result<Self, DatabaseError> {
        let rules = AddressRules {
            ports: section.ports.clone(),
            allow_loopback: section.allow_loopback,
        };
        Ok(Self(Arc::new(Inner {
            store: Store::open(database).await?,
            key,
            caller: Caller::new(rules.clone()),
            rules,
            concurrency: usize::from(section.concurrency),
            disable_after_ms: i64::from(section.disable_days) * DAY_MS,
            kept_ms: i64::from(section.retention_days) * DAY_MS,
            published: Notify::new(),
            waiting: AtomicI64::new(0),
        })))
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.0.caller
    }

    pub(super) fn secret_of(&self, endpoint: &Endpoint) -> EndpointSecret {
        self.0.key.secret(&endpoint.id, endpoint.secret_number)
    }

    pub(super) fn kept_ms(&self) -> i64 {
        self.0.kept_ms
    }

    /// What addresses may be: for [`super::EndpointUrl::parse`].
    #[must_use]
    pub fn rules(&self) -> &AddressRules {
        &self.0.rules
    }

    /// Registers an endpoint. Its secret is shown now and never again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn register(
        &self,
        new: NewEndpoint,
        now_ms: i64,
    ) -> Result<(Endpoint, EndpointSecret), DatabaseError> {
        let id = format!("ep_{}", uuid::Uuid::new_v4().simple());
        self.add(id, new, now_ms).await
    }

    /// As [`Webhooks::register`] under an id that follows from the request, so that repeating the
    /// request shows the same endpoint and secret again. `None`: the id has another endpoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn register_as(
        &self,
        id: &str,
        new: NewEndpoint,
        now_ms: i64,
    ) -> Result<Option<(Endpoint, EndpointSecret)>, DatabaseError> {
        let Some(found) = self.0.store.endpoint(id).await? else {
            return self.add(id.to_owned(), new, now_ms).await.map(Some);
        };
        let is_same = found.offering == new.offering
            && found.url == new.url.as_str()
            && found.kinds == new.kinds;
        let secret = self.secret_of(&found);
        Ok(is_same.then_some((found, secret)))
    }

    async fn add(
        &self,
        id: String,
        new: NewEndpoint,
        now_ms: i64,
    ) -> Result<(Endpoint, EndpointSecret), DatabaseError> {
        let endpoint = Endpoint {
            id,
            offering: new.offering,
            owner: new.owner,
            url: new.url.as_str().to_owned(),
            kinds: new.kinds,
            secret_number: 1,
            state: EndpointState::Active,
            failing_since_ms: None,
            created_ms: now_ms,
        };
        self.0.store.add_endpoint(&endpoint).await?;
        let secret = self.secret_of(&endpoint);
        Ok((endpoint, secret))
    }

    /// A new secret for an endpoint, from the next call on; `None`: there is no such endpoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn renew_secret(&self, id: &str) -> Result<Option<EndpointSecret>, DatabaseError> {
        let number = self.0.store.next_secret(id).await?;
        Ok(number.map(|number| self.0.key.secret(id, number)))
    }

    /// An endpoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn endpoint(&self, id: &str) -> Result<Option<Endpoint>, DatabaseError> {
        self.0.store.endpoint(id).await
    }

    /// The endpoints of an offering, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn endpoints(&self, offering: &str) -> Result<Vec<Endpoint>, DatabaseError> {
        self.0.store.endpoints(offering).await
    }

    /// Switches an endpoint on or off; false: there is none. What waits for one that is switched off
    /// is given up and can be replayed later.
    ///
    /// # Errors
    /// What the database says.
    pub async fn switch(&self, id: &str, on: bool) -> Result<bool, DatabaseError> {
        let state = if on {
            EndpointState::Active
        } else {
            EndpointState::SwitchedOff
        };
        self.0.store.set_state(id, state).await
    }

    /// Forgets an endpoint with all its deliveries; false: there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn remove(&self, id: &str) -> Result<bool, DatabaseError> {
        self.0.store.remove(id).await
    }

    /// The entry of an offering's log that is told next.
    ///
    /// # Errors
    /// What the database says.
    pub async fn cursor(&self, offering: &str) -> Result<u64, DatabaseError> {
        self.0.store.cursor(offering).await
    }

    /// Tells the messages of the entries before `next`, and moves the cursor there, at once. Done
    /// twice, or by two nodes, it sends nothing twice.
    ///
    /// # Errors
    /// What the database says; then do it again.
    pub async fn publish_entries(
        &self,
        offering: &str,
        messages: &[NewMessage],
        next: u64,
        now_ms: i64,
    ) -> Result<(), DatabaseError> {
        let store = &self.0.store;
        store.add_entries(offering, messages, next, now_ms).await?;
        if !messages.is_empty() {
            self.0.published.notify_one();
        }
        Ok(())
    }

    /// Tells the phase that an offering is in after `size` entries, if it is not the one that was
    /// told last, and no node has told a later one.
    ///
    /// # Errors
    /// What the database says; then do it again.
    pub async fn publish_phase(
        &self,
        offering: &str,
        phase: &str,
        size: u64,
        message: &NewMessage,
        now_ms: i64,
    ) -> Result<(), DatabaseError> {
        let store = &self.0.store;
        let change = store.add_phase(offering, phase, size, message, now_ms);
        if change.await? {
            self.0.published.notify_one();
        }
        Ok(())
    }

    /// Tells the offering's endpoints something. `message` names it for ever, for example by the
    /// number of its entry: publishing it again sends nothing again. `body` is JSON.
    ///
    /// # Errors
    /// What the database says; then publish it again.
    pub async fn publish(
        &self,
        message: &str,
        offering: &str,
        kind: &str,
        body: String,
        now_ms: i64,
    ) -> Result<(), DatabaseError> {
        let call = Call {
            url: String::new(),
            message: message.to_owned(),
            body,
            now_ms,
        };
        self.0.store.add_message(&call, offering, kind).await?;
        self.0.published.notify_one();
        Ok(())
    }

    /// The newest deliveries to an endpoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn deliveries(
        &self,
        endpoint: &str,
        most: u16,
    ) -> Result<Vec<Delivery>, DatabaseError> {
        self.0.store.deliveries(endpoint, i64::from(most)).await
    }

    /// The calls of one delivery, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn attempts(
        &self,
        endpoint: &str,
        message: &str,
    ) -> Result<Vec<Attempt>, DatabaseError> {
        self.0.store.attempts(endpoint, message).await
    }

    /// Delivers a message again, with all attempts; false: there is no such delivery, or the
    /// endpoint is not called.
    ///
    /// # Errors
    /// What the database says.
    pub async fn replay(
        &self,
        endpoint: &str,
        message: &str,
        now_ms: i64,
    ) -> Result<bool, DatabaseError> {
        let found = self.0.store.replay(endpoint, message, now_ms).await?;
        self.0.published.notify_one();
        Ok(found)
    }

    /// Deliveries that wait for their first or next attempt, counted every two seconds.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        self.0.waiting.load(Ordering::Relaxed)
    }

    async fn count_waiting(&self) {
        match self.0.store.waiting().await {
            Ok(waiting) => self.0.waiting.store(waiting, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "waiting webhooks were not counted"),
        }
    }

    /// Delivers until the service stops, then finishes the calls under way.
    pub async fn run(self, mut stopping: Stopping) {
        let mut calls = JoinSet::new();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stopping.is_stopping() {
            if let Err(error) = self.start_due(&mut calls, UnixMillis::now().get()).await {
                tracing::warn!(%error, "webhooks wait for the database");
            }
            tokio::select! {
                () = stopping.wait() => break,
                () = self.0.published.notified() => {}
                Some(_) = calls.join_next() => {}
                _ = looks.tick() => self.count_waiting().await,
            }
        }
        while calls.join_next().await.is_some() {}
    }

    /// Makes every call that is due at `now_ms` and waits for all; how many there were.
    ///
    /// # Errors
    /// What the database says when it is asked what is due.
    pub async fn deliver_due(&self, now_ms: i64) -> Result<usize, DatabaseError> {
        let mut calls = JoinSet::new();
        let mut count = 0;
        loop {
            let started = self.start_due(&mut calls, now_ms).await?;
            count += started;
            if calls.join_next().await.is_none() && started == 0 {
                return Ok(count);
            }
        }
    }

    /// Starts what is due, as far as there are places for calls.
    async fn start_due(
        &self,
        calls: &mut JoinSet<()>,
        now_ms: i64,
    ) -> Result<usize, DatabaseError> {
        let places = self.0.concurrency.saturating_sub(calls.len());
        if places == 0 {
            return Ok(0);
        }
        let most = i64::try_from(places).unwrap_or(i64::MAX);
        let mut started = 0;
        for due in self.0.store.due(now_ms, most).await? {
            if self.0.store.claim(&due).await? {
                let inner = Arc::clone(&self.0);
                calls.spawn(async move { inner.deliver(due).await });
                started += 1;
            }
        }
        Ok(started)
    }
}

impl Inner {
    async fn deliver(&self, due: Due) {
        let secret = self.key.secret(&due.endpoint, due.secret_number);
        let attempt = self.caller.call(&due.call, &secret).await;
        // What is not written here is tried again after the lease, and the receiver sees its id twice.
        if let Err(error) = self.record(&due, &attempt).await {
            tracing::warn!(%error, endpoint = due.endpoint, "a webhook's answer was not recorded");
        }
    }

    async fn record(&self, due: &Due, attempt: &Attempt) -> Result<(), DatabaseError> {
        let now_ms = due.call.now_ms;
        if attempt.is_success() {
            let delivered = DeliveryState::Delivered;
            self.store
                .add_attempt(due, attempt, delivered, now_ms)
                .await?;
            return self.store.succeeded(&due.endpoint).await;
        }
        let (state, next) = match next_due(now_ms, due.attempts + 1) {
            Some(next) => (DeliveryState::Waiting, next),
            None => (DeliveryState::GivenUp, now_ms),
        };
        self.store.add_attempt(due, attempt, state, next).await?;
        let limit = now_ms - self.disable_after_ms;
        if self.store.failed(&due.endpoint, now_ms, limit).await? {
            tracing::warn!(
                endpoint = due.endpoint,
                "a webhook endpoint failed for too long and is switched off"
            );
        }
        Ok(())
    }
}
