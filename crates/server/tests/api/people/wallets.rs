//! Wallets over a socket.

use alloy_primitives::B256;
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};

use super::{
    MINUTE,
    browser::{Browser, Site, code_in},
};
use crate::test_node::IN_PUBLIC_ROUND;

const EMAIL: &str = "anna@example.org";

fn wallet(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).unwrap()
}

/// What the wallet answers to the message that this address gives for this.
fn signed(browser: &mut Browser<'_>, path: &str, wallet: &PrivateKeySigner, what: &str) -> Value {
    let body = json!({
        "address": wallet.address().to_string(),
        "chain_id": 1,
        "purpose": what,
    });
    let asked = browser.post(path, &body);
    assert_eq!(asked.status, 201, "{}", asked.text());
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    let message = asked.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("sale.example wants you to sign in with your Ethereum account:\n"),
        "{message}"
    );
    let signature = wallet.sign_message_sync(message.as_bytes()).unwrap();
    json!({ "message": message, "signature": signature.to_string() })
}

const ENTRANCE: &str = "/v1/wallet-messages";
const OWN: &str = "/v1/me/wallets/messages";

#[test]
fn somebody_signs_up_with_a_wallet_logs_in_and_adds_another() {
    let site = Site::start();
    let mut anna = site.browser("192.0.2.1");
    let asked = anna.post("/v1/sign-up", &json!({ "email": EMAIL }));
    assert_eq!(asked.status, 202);
    let code = site.first_code();
    let mut body = signed(&mut anna, ENTRANCE, &wallet(1), "sign_up");
    body["code"] = code.into();
    let confirmed = anna.post("/v1/sign-up/confirmation/wallet", &body);
    assert_eq!(confirmed.status, 201, "{}", confirmed.text());
    assert_eq!(anna.get("/v1/me").refusal(), (401, "A408".to_owned()));

    let body = signed(&mut anna, ENTRANCE, &wallet(1), "log_in");
    let logged_in = anna.post("/v1/sessions/wallet", &body);
    assert_eq!(logged_in.status, 201, "{}", logged_in.text());
    assert_eq!(logged_in.json()["person"], confirmed.json()["person"]);
    let again = anna.post("/v1/sessions/wallet", &body);
    assert_eq!(again.refusal(), (409, "A553".to_owned()));
    let me = anna.get("/v1/me").json();
    assert_eq!((&me["email"], &me["level"]), (&json!(EMAIL), &json!("one")));
    assert_eq!(me["password_at"], Value::Null);

    site.node.set_clock(IN_PUBLIC_ROUND + 1);
    let body = signed(&mut anna, OWN, &wallet(2), "add");
    let added = anna.post("/v1/me/wallets", &body);
    assert_eq!(added.status, 201, "{}", added.text());
    let list = anna.get("/v1/me/wallets").json()["wallets"].clone();
    for (place, number) in [(0, 1), (1, 2)] {
        let address = wallet(number).address().to_string();
        assert_eq!(list[place]["address"], address);
    }

    // After ten minutes a wallet makes the session fresh again.
    site.node.set_clock(IN_PUBLIC_ROUND + 11 * MINUTE);
    let path = format!("/v1/me/wallets/{}", list[0]["id"].as_str().unwrap());
    assert_eq!(anna.delete(&path).refusal(), (403, "A409".to_owned()));
    let before = anna.secret().unwrap();
    let body = signed(&mut anna, OWN, &wallet(2), "step_up");
    let shown = anna.post("/v1/sessions/current/step-up/wallet", &body);
    assert_eq!(shown.status, 204, "{}", shown.text());
    assert_ne!(anna.secret().unwrap(), before);
    assert_eq!(anna.delete(&path).status, 204);
    assert_eq!(anna.delete(&path).refusal(), (404, "A558".to_owned()));
    let body = signed(&mut anna, ENTRANCE, &wallet(1), "log_in");
    let gone = anna.post("/v1/sessions/wallet", &body);
    assert_eq!(gone.refusal(), (401, "A556".to_owned()));
    let mails = site.mails_after(3);
    assert!(mails.iter().any(|mail| mail.contains("a wallet was added")));
    assert!(
        code_in(&mails[1]).len() > 20,
        "the code to say it was not me"
    );
}

#[test]
fn nonsense_and_other_pages_get_no_session_by_a_wallet() {
    let site = Site::start();
    let mut eve = site.browser("192.0.2.66");
    for (address, chain, code) in [
        ("0x12", 1, "A551"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", 1, "A551"),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", 0, "A552"),
    ] {
        let body = json!({ "address": address, "chain_id": chain, "purpose": "log_in" });
        assert_eq!(eve.post(ENTRANCE, &body).refusal(), (422, code.to_owned()));
    }
    // A wallet of nobody; a signature of another; none; one that is no hexadecimal.
    let body = signed(&mut eve, ENTRANCE, &wallet(3), "log_in");
    let answer = eve.post("/v1/sessions/wallet", &body);
    assert_eq!(answer.refusal(), (401, "A556".to_owned()));
    let mut body = signed(&mut eve, ENTRANCE, &wallet(3), "log_in");
    body["signature"] = signed(&mut eve, ENTRANCE, &wallet(4), "log_in")["signature"].clone();
    let answer = eve.post("/v1/sessions/wallet", &body);
    assert_eq!(answer.refusal(), (401, "A554".to_owned()));
    let mut body = signed(&mut eve, ENTRANCE, &wallet(3), "log_in");
    body["signature"] = "0x".into();
    let answer = eve.post("/v1/sessions/wallet", &body);
    assert_eq!(answer.refusal(), (401, "A554".to_owned()));
    body["signature"] = "signed".into();
    assert_eq!(eve.post("/v1/sessions/wallet", &body).status, 422);
    // A form of another site.
    let body = signed(&mut eve, ENTRANCE, &wallet(3), "log_in");
    eve.says = Some(("origin", "https://evil.example"));
    assert_eq!(eve.post("/v1/sessions/wallet", &body).status, 403);
    // Nobody's wallets without a session.
    eve.says = None;
    assert_eq!(eve.get("/v1/me/wallets").status, 401);
}
