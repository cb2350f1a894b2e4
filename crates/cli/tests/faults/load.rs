//! Clients that contribute as fast as they are answered, retry what was lost, and keep every receipt.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    client::{Client, OFFERING, contribution},
    record::Held,
};

/// Every so many contributions a client sends an old one again.
const AGAIN: usize = 7;

/// A crowd at work.
pub(crate) struct Load {
    workers: Vec<JoinHandle<()>>,
    held: Arc<Mutex<Vec<Held>>>,
    stop: Arc<AtomicBool>,
    acknowledged: watch::Receiver<u32>,
}

impl Load {
    /// Starts some workers on each client. Keys begin with `name`.
    pub(crate) fn start(clients: &[Client], name: &str, workers: u32) -> Self {
        let held = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (counter, acknowledged) = watch::channel(0);
        let counter = Arc::new(counter);
        let mut running = Vec::new();
        for (place, client) in clients.iter().enumerate() {
            for worker in 0..workers {
                let work = Worker {
                    client: client.clone(),
                    name: format!("{name}-{place}-{worker}"),
                    held: Arc::clone(&held),
                    stop: Arc::clone(&stop),
                    counter: Arc::clone(&counter),
                };
                running.push(tokio::spawn(work.run()));
            }
        }
        Self {
            workers: running,
            held,
            stop,
            acknowledged,
        }
    }

    /// Waits until so many more contributions are acknowledged.
    pub(crate) async fn more(&mut self, count: u32) {
        let goal = *self.acknowledged.borrow() + count;
        let reached = self.acknowledged.wait_for(|now| *now >= goal);
        reached.await.expect("a worker failed");
    }

    /// Ends the work when each worker has the answer that it waits for; gives what they hold.
    pub(crate) async fn finish(self) -> Vec<Held> {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await.unwrap();
        }
        let held = self.held.lock().unwrap();
        held.clone()
    }
}

struct Worker {
    client: Client,
    name: String,
    held: Arc<Mutex<Vec<Held>>>,
    stop: Arc<AtomicBool>,
    counter: Arc<watch::Sender<u32>>,
}

impl Worker {
    async fn run(self) {
        let path = format!("{OFFERING}/contributions");
        let mut own: Vec<Held> = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let number = own.len();
            let key = format!("{}-{number}", self.name);
            // Some are below the minimum: a refusal has its receipt too.
            let body = self.body(&key, number);
            let answer = self.client.post_until_answered(&path, &key, &body).await;
            let one = Held {
                key,
                sequence: answer.sequence(),
                body: answer.body,
            };
            own.push(one.clone());
            self.held.lock().unwrap().push(one);
            self.counter.send_modify(|count| *count += 1);
            if own.len().is_multiple_of(AGAIN) {
                // An old one, to be sure in another life of the server now and then.
                let old = &own[own.len() / 2];
                let body = self.body(&old.key, own.len() / 2);
                let answer = self.client.post_until_answered(&path, &old.key, &body);
                assert_eq!(answer.await.body, old.body, "{}", old.key);
            }
        }
    }

    fn body(&self, key: &str, number: usize) -> serde_json::Value {
        let investor = format!("i-{}", number % 50);
        contribution(key, &investor, 3 + number as u64 % 40)
    }
}
