//! Connections to PostgreSQL that append.
//!
//! A pool asks a connection whether it is there before it lends it, and once more when it gets it back: three round
//! trips for an append, which is one. These stay lent by the pool, so that its bound holds for them too; they are asked
//! only when nobody used them for a while, and one that failed goes back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use softcap_database::DatabaseError;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::JournalError;

/// How many logs append at the same time; the pool has some more, for all else.
const CONNECTIONS: usize = 10;
/// A connection that was used this long ago may have lost its server since: no restart is as short.
const FRESH: Duration = Duration::from_millis(100);

/// The connections that nobody uses now. Cloning is cheap.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pool: PgPool,
    free: Arc<FreeList>,
    places: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct FreeList(Mutex<Vec<Free>>);

impl Drop for FreeList {
    /// A connection that goes back to its pool needs a runtime, and the thread of a writer, which may drop the last
    /// clone, has none.
    fn drop(&mut self) {
        let free = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for one in free.drain(..) {
            drop(one.connection.detach());
        }
    }
}

/// A connection, and when it was used.
#[derive(Debug)]
struct Free {
    connection: PoolConnection<Postgres>,
    used: Instant,
}

/// A connection with the place that it takes.
#[derive(Debug)]
pub(super) struct Taken {
    connection: PoolConnection<Postgres>,
    _place: OwnedSemaphorePermit,
}

impl Taken {
    pub(super) fn get(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Connections {
    /// None yet.
    pub(super) fn of(pool: PgPool) -> Self {
        Self {
            pool,
            free: Arc::default(),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }

    /// A connection that was there a moment ago. Who fails with it drops it.
    pub(super) async fn take(&self) -> Result<Taken, JournalError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| DatabaseError::Gone("it is closed".to_owned()))?;
        while let Some(Free {
            mut connection,
            used,
        }) = self.pop()
        {
            if used.elapsed() < FRESH || connection.ping().await.is_ok() {
                return Ok(Taken {
                    connection,
                    _place: place,
                });
            }
        }
        let connection = self.pool.acquire().await.map_err(DatabaseError::from)?;
        Ok(Taken {
            connection,
            _place: place,
        })
    }

    /// Takes back one that did what it was asked.
    pub(super) fn put_back(&self, taken: Taken) {
        if !self.places.is_closed() {
            self.free().push(Free {
                connection: taken.connection,
                used: Instant::now(),
            });
        }
    }

    /// Lends no more, and closes those that are free.
    pub(super) async fn close(&self) {
        self.places.close();
        while let Some(free) = self.pop() {
            // Nothing is under way on it.
            let _ = free.connection.close().await;
        }
    }

    fn pop(&self) -> Option<Free> {
        self.free().pop()
    }

    fn free(&self) -> MutexGuard<'_, Vec<Free>> {
        let free = self.free.0.lock();
        free.unwrap_or_else(PoisonError::into_inner)
    }
}
