//! Mails about contributions whose server is killed at any moment: each is told, and told once.

use std::{fs, thread, time::Duration};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::{Value, json};

use crate::{
    canaries::{ORIGIN, ask},
    client::Client,
    count,
    privacy::signed_up,
    server::{Server, TERMS},
};

const EMAIL: &str = "told@example.org";
/// A mail is written within moments; the bound only ends a broken test.
const TRIES: u32 = 2_400;

/// The numbers of contributions that mails tell of, as often as they do.
fn told(server: &Server) -> Vec<u64> {
    let mails = fs::read_dir(server.path().join("mail"))
        .into_iter()
        .flatten();
    let mails = mails
        .map(|mail| mail.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    let numbers = mails.filter_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once("It is number ")?;
        rest.split(' ').next()?.parse().ok()
    });
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

/// A hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    bytes.collect()
}

/// Contributes once by the forms of the pages; the number of the entry.
fn contribute(server: &Server, own: &[(&str, &str)]) -> u64 {
    let check = "GET /offerings/harbour/contribute/check?currency=EUR&amount=1";
    let page = ask(server, check, own, "").body;
    let fields = ["currency", "amount", "once", "seen"].map(|name| (name, hidden(&page, name)));
    let fields = fields.map(|(name, value)| format!("{name}={}", encoded(&value)));
    let body = fields.join("&");
    let form = [
        own,
        &[("content-type", "application/x-www-form-urlencoded")],
    ]
    .concat();
    let answer = ask(
        server,
        "POST /offerings/harbour/contributions",
        &form,
        &body,
    );
    assert_eq!(answer.status, 303, "{}", answer.body);
    let place = answer.location();
    let (_, number) = place
        .split_once("/contributions/harbour/")
        .unwrap_or_else(|| panic!("{place}"));
    number.split('?').next().unwrap().parse().unwrap()
}

async fn give(client: &Client, person: &str) {
    let currency = json!({ "symbol": "EUR", "decimals": 2 });
    client
        .post("/v1/platform/currencies", "EUR", &currency)
        .await;
    let deposit = json!({ "currency": "EUR", "amount": "100000" });
    let path = format!("/v1/people/{person}/deposits");
    client.post(&path, "deposit", &deposit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_tells_of_each_contribution_once() {
    let mut server = Server::embedded()
        .with_variable("SOFTCAP_MAIL_FOLDER", "mail".into())
        .with_variable("SOFTCAP_SITE_ORIGIN", ORIGIN.into());
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let cookie = signed_up(&server, EMAIL);
    let own = [("cookie", cookie.as_str()), ("origin", ORIGIN)];
    let me: Value = ask(&server, "GET /v1/me", &own, "").json();
    give(&client, me["person"].as_str().unwrap()).await;

    let mut random = ChaCha8Rng::seed_from_u64(0x7E11);
    let mut made = Vec::new();
    for _ in 0..count(8, 100) {
        for _ in 0..1 + random.next_u32() % 3 {
            made.push(contribute(&server, &own));
        }
        // Anywhere between the answer and some while after the mail.
        let moment = Duration::from_millis(u64::from(random.next_u32() % 1_600));
        tokio::time::sleep(moment).await;
        server.kill();
        server.start();
    }
    // What is told last is told after all others.
    let last = contribute(&server, &own);
    made.push(last);
    for _ in 0..TRIES {
        if told(&server).contains(&last) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(told(&server), made);
}
