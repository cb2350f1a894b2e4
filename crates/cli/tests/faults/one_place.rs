//! Many at once for one thing: one Idempotency-Key, the last unit on sale.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    client::{Answer, Client},
    record::{Held, Record},
    server::{Server, TERMS},
};

/// Sends all requests at once; gives the answers in the order of the requests.
async fn at_once(client: &Client, requests: Vec<(String, String, u64)>) -> Vec<Answer> {
    let gate = std::sync::Arc::new(tokio::sync::Barrier::new(requests.len()));
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|(key, investor, cents)| {
            let (client, gate) = (client.clone(), std::sync::Arc::clone(&gate));
            tokio::spawn(async move {
                gate.wait().await;
                client.contribute(&key, &investor, cents).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_with_one_key_are_one_contribution() {
    let mut server = Server::embedded();
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let request = || ("one".to_owned(), "p-1".to_owned(), 500);
    let answers = at_once(&client, (0..1000).map(|_| request()).collect()).await;
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let held = Held {
        key: "one".to_owned(),
        sequence: answers[0].sequence(),
        body: answers[0].body.clone(),
    };
    let other = client.contribute("one", "p-1", 501).await;
    assert_eq!(other.problem(), (422, "H423".to_owned()));

    let record = Record::fetch(&client).await;
    let offering = record.check(&server.verifier(), &[held]).unwrap();
    assert_eq!(offering.contribution_count(), 1);
    assert_eq!(offering.raised().0, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_requests_with_one_key_the_first_counts() {
    let mut server = Server::embedded();
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let mut held = Vec::new();
    let mut raised = 0;
    for round in 0..20 {
        let key = format!("two-{round}");
        let request = |cents| (key.clone(), "p-2".to_owned(), cents);
        let answers = at_once(&client, vec![request(100), request(200), request(100)]).await;
        let (done, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 201);
        for answer in &refused {
            assert_eq!(answer.problem(), (422, "H423".to_owned()));
        }
        let winner = if answers[1].status == 201 { 200 } else { 100 };
        assert_eq!(done.len(), if winner == 200 { 1 } else { 2 }, "{answers:?}");
        assert!(done.iter().all(|answer| *answer == done[0]), "{done:?}");
        raised += winner;
        held.push(Held {
            key,
            sequence: done[0].sequence(),
            body: done[0].body.clone(),
        });
    }
    let record = Record::fetch(&client).await;
    let offering = record.check(&server.verifier(), &held).unwrap();
    assert_eq!(offering.contribution_count(), 20);
    assert_eq!(offering.raised().0, raised);
}

fn units(outcome: &Value, field: &str) -> u128 {
    outcome[field]["units"].as_str().unwrap().parse().unwrap()
}

/// 9.95 of 10 euros are sold; 200 people want what is left, and some of them more than that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_is_sold_once() {
    for wanted in [5, 7] {
        let mut server = Server::embedded();
        let client = server.client();
        server.start();
        let terms = TERMS.replace("hard_cap = \"1_000_000 EUR\"", "hard_cap = \"10 EUR\"");
        client.announce(&terms).await;
        let first = client.contribute("early", "p-0", 995).await;
        assert_eq!(units(&first.json()["outcome"], "accepted"), 995);

        let requests = (0..200).map(|buyer| (format!("b-{buyer}"), format!("p-{buyer}"), wanted));
        let answers = at_once(&client, requests.collect()).await;
        let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
        let mut held = Vec::new();
        for (buyer, answer) in answers.iter().enumerate() {
            let outcome = &answer.json()["outcome"];
            let kind = outcome["kind"].as_str().unwrap().to_owned();
            if kind == "contributed" {
                assert_eq!(units(outcome, "accepted"), 5);
                assert_eq!(units(outcome, "refunded"), u128::from(wanted) - 5);
                assert_eq!(units(outcome, "tokens"), 50);
            }
            *kinds.entry(kind).or_default() += 1;
            held.push(Held {
                key: format!("b-{buyer}"),
                sequence: answer.sequence(),
                body: answer.body.clone(),
            });
        }
        assert_eq!(
            kinds,
            BTreeMap::from([("contributed".to_owned(), 1), ("refused".to_owned(), 199)])
        );
        let record = Record::fetch(&client).await;
        let offering = record.check(&server.verifier(), &held).unwrap();
        assert_eq!(offering.raised().0, 1000, "all of it, and not more");
    }
}
