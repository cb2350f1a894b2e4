//! A thousand invented investors: early and late ones, some with too little, some who send twice, some
//! who think better of it. Drawn from a fixed seed, so that each demo has the same people.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use indicatif::ProgressBar;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{NAME, http::Client, now, terms::Schedule};
use crate::failure::Failure;

/// Requests that are under way at the same time.
const AT_ONCE: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Was admitted by name, and comes first.
    Early,
    /// Comes in the public round.
    Usual,
    /// Sends the same request twice.
    Repeats,
    /// Offers less than the minimum.
    TooSmall,
    /// Takes it back at once.
    Withdraws,
    /// Comes when it is over.
    Late,
}

/// An investor of the demo.
#[derive(Clone, Copy, Debug)]
struct Person {
    number: u32,
    habit: Habit,
    /// Cents.
    amount: u64,
    /// Unix milliseconds.
    at: u64,
}

/// What the crowd saw.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    accepted: u32,
    refused: u32,
    withdrawn: u32,
    repeated: u32,
}

impl fmt::Display for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            refused,
            withdrawn,
            repeated,
        } = self;
        write!(
            out,
            "{accepted} contributions taken, {refused} refused by the rules (each with a receipt), \
             {withdrawn} withdrawn, {repeated} repeated requests answered with the same receipt"
        )
    }
}

/// Lets everybody do what they do, at their time.
pub(super) async fn run(
    client: &Client,
    schedule: &Schedule,
    investors: u32,
    bar: &ProgressBar,
) -> Result<Seen, Failure> {
    let people = people(schedule, investors);
    for person in people.iter().filter(|person| person.habit == Habit::Early) {
        admit(client, person).await?;
    }
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut seen = Seen::default();
    let mut turns = FuturesUnordered::new();
    for person in people {
        let places = Arc::clone(&places);
        turns.push(async move {
            tokio::time::sleep(Duration::from_millis(person.at.saturating_sub(now()))).await;
            let _place = places.acquire().await;
            turn(client, &person).await
        });
    }
    while let Some(done) = turns.next().await {
        let one = done?;
        seen.accepted += one.accepted;
        seen.refused += one.refused;
        seen.withdrawn += one.withdrawn;
        seen.repeated += one.repeated;
        bar.inc(1);
    }
    Ok(seen)
}

fn people(schedule: &Schedule, investors: u32) -> Vec<Person> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut below = move |most: u64| random.next_u64() % most.max(1);
    (0..investors)
        .map(|number| {
            let habit = match below(100) {
                0..15 => Habit::Early,
                15..75 => Habit::Usual,
                75..83 => Habit::Repeats,
                83..90 => Habit::TooSmall,
                90..96 => Habit::Withdraws,
                _ => Habit::Late,
            };
            let public = schedule.end - schedule.public;
            let at = match habit {
                Habit::Early => schedule.early + below(schedule.public - schedule.early),
                Habit::Late => schedule.end + below(1_000),
                Habit::Usual | Habit::Repeats | Habit::TooSmall | Habit::Withdraws => {
                    schedule.public + below(public.saturating_sub(500))
                }
            };
            // A small crowd pays more each, so that the soft cap is in reach of any crowd.
            let times = u64::from((1_000 / investors.max(1)).clamp(1, 40));
            let amount = match habit {
                Habit::TooSmall => 100 + below(800),
                Habit::Early => times * (10_000 + 100 * below(100)),
                Habit::Usual | Habit::Repeats | Habit::Withdraws | Habit::Late => {
                    times * (1_000 + 100 * below(30))
                }
            };
            Person {
                number,
                habit,
                amount,
                at,
            }
        })
        .collect()
}

async fn admit(client: &Client, person: &Person) -> Result<(), Failure> {
    let path = format!("/v1/offerings/{NAME}/operations");
    let body = json!({ "kind": "admit", "round": "early bird", "investor": investor(person) });
    let key = format!("admit {}", person.number);
    client.post(&path, &key, &body).await.map(|_| ())
}

fn investor(person: &Person) -> String {
    format!("{}", 10_000 + person.number)
}

async fn turn(client: &Client, person: &Person) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let funding = format!(
        "/v1/offerings/{NAME}/accounts/{}/fundings",
        investor(person)
    );
    let transfer = json!({
        "transfer": format!("{:032x}", u128::from(person.number) + 1),
        "currency": "EUR",
        "amount": person.amount.to_string(),
    });
    if person.habit != Habit::Late {
        client
            .post(&funding, &format!("fund {}", person.number), &transfer)
            .await?;
    }
    let path = format!("/v1/offerings/{NAME}/contributions");
    let body = json!({
        "investor": investor(person),
        "currency": "EUR",
        "amount": person.amount.to_string(),
        "reference": format!("d-{}", person.number),
    });
    let key = format!("contribute {}", person.number);
    let first = client.post(&path, &key, &body).await?;
    if first["outcome"]["kind"] == "contributed" {
        seen.accepted += 1;
    } else {
        seen.refused += 1;
    }
    match person.habit {
        Habit::Repeats => {
            let again = client.post(&path, &key, &body).await?;
            seen.repeated += u32::from(again == first);
        }
        Habit::Withdraws => seen.withdrawn += withdraw(client, person, &first).await?,
        Habit::Early | Habit::Usual | Habit::TooSmall | Habit::Late => {}
    }
    Ok(seen)
}

async fn withdraw(client: &Client, person: &Person, first: &Value) -> Result<u32, Failure> {
    let path = format!(
        "/v1/offerings/{NAME}/contributions/{}/withdrawal",
        first["sequence"]
    );
    let key = format!("withdraw {}", person.number);
    let answer = client.post(&path, &key, &Value::Null).await?;
    Ok(u32::from(answer["outcome"]["kind"] == "refunded"))
}
