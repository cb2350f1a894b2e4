//! Applications contribute for their people out of their balance, within what they allow.

use serde_json::{Value, json};

use super::application::{Application, encoded, param, sent_back};
use crate::{
    pages::investor::{available, with_money},
    people::browser::{Browser, Site},
    roles::somebody,
    test_node::{Answer, Call, NAME},
};

const SCOPE: &str = "offline_access contributions:write:harbour";

/// Sends the form of a decision, with amounts.
fn decide(
    app: &Application<'_>,
    browser: &mut Browser<'_>,
    amounts: &[(&str, &str)],
) -> (String, Answer) {
    let page = app.page(browser, &app.params(SCOPE));
    let (_, request) = page.split_once('=').unwrap();
    let mut form = vec![("request", request), ("decision", "allow"), ("days", "30")];
    form.extend(SCOPE.split(' ').map(|one| ("scope", one)));
    form.extend(amounts);
    let answer = browser.send_form("/oauth/consent", &encoded(&form));
    (request.to_owned(), answer)
}

/// Tokens that somebody grants with these limits.
fn tokens(app: &Application<'_>, browser: &mut Browser<'_>, amounts: &[(&str, &str)]) -> Value {
    let (_, answer) = decide(app, browser, amounts);
    let params = sent_back(&answer);
    let redeemed = app.redeem(param(&params, "code"), None);
    assert_eq!(redeemed.status, 200, "{}", redeemed.text());
    redeemed.json()
}

fn contribute(app: &Application<'_>, token: &str, name: &str, cents: &str) -> Answer {
    let body = json!({ "offering": NAME, "currency": "EUR", "amount": cents });
    let call = Call::new("POST", "/v1/me/contributions").key(token);
    app.site.node.call(&call.idempotency(name).body(&body))
}

fn refusal(code: &str) -> (u16, String) {
    (403, code.to_owned())
}

#[test]
fn an_application_contributes_within_what_its_person_allows() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut anna = with_money(&site, "anna@example.org");
    let limits = [("each-EUR/2", "200.00"), ("total-EUR/2", "250")];
    let given = tokens(&app, &mut anna, &limits);
    let token = given["access_token"].as_str().unwrap();

    let first = contribute(&app, token, "one", "15000");
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.json()["outcome"]["kind"], "contributed");
    assert_eq!(available(&mut anna, &site.node), "85000");
    let granted = anna.get("/v1/me/apps").json();
    let acts = granted["grants"][0]["id"].as_str().unwrap();
    let acts = anna.get(&format!("/v1/me/apps/{acts}/acts")).json();
    let code = acts["acts"][0]["code"].as_str().unwrap();
    assert!(
        code.starts_with("POST /v1/me/contributions /v1/offerings/harbour/"),
        "{code}"
    );
    // Once more is the same, and counts once; another content under its name is none.
    let again = contribute(&app, token, "one", "15000");
    assert_eq!(again.json()["receipt"], first.json()["receipt"]);
    let other = contribute(&app, token, "one", "10000");
    assert_eq!(other.refusal(), (422, "H423".to_owned()));
    assert_eq!(
        contribute(&app, token, "two", "20001").refusal(),
        refusal("A847")
    );
    assert_eq!(
        contribute(&app, token, "two", "10001").refusal(),
        refusal("A848")
    );
    assert_eq!(available(&mut anna, &site.node), "85000");

    // It counts over new tokens.
    let params = [
        ("grant_type", "refresh_token"),
        ("client_id", app.id.as_str()),
        ("refresh_token", given["refresh_token"].as_str().unwrap()),
    ];
    let next = app.send("/oauth/token", &params, None).json();
    let next = next["access_token"].as_str().unwrap();
    assert_eq!(
        contribute(&app, next, "two", "10001").refusal(),
        refusal("A848")
    );
    assert_eq!(contribute(&app, next, "three", "10000").status, 201);
    let listed = anna.get("/v1/me/apps").json();
    assert_eq!(
        listed["grants"][0]["limits"],
        json!([{
            "currency": "EUR", "decimals": 2, "each": "20000", "total": "25000", "used": "25000",
        }])
    );
    let page = anna.get("/apps");
    assert!(page.text().contains("250.00\u{a0}EUR"), "{}", page.text());

    // What comes back does not count.
    let sequence = first.json()["sequence"].to_string();
    let node = &site.node;
    let back = format!("/v1/offerings/{NAME}/contributions/{sequence}/withdrawal");
    assert_eq!(node.post(&back, "back", &Value::Null).status, 201);
    let listed = anna.get("/v1/me/apps").json();
    assert_eq!(listed["grants"][0]["limits"][0]["used"], "10000");

    // Less at any time, more never.
    let id = listed["grants"][0]["id"].as_str().unwrap();
    let path = format!("/v1/me/apps/{id}");
    let limit = |each: &str, total: &str| json!({ "limits": [{ "currency": "EUR", "decimals": 2, "each": each, "total": total }] });
    let more = anna.send("PATCH", &path, &limit("20001", "25000"));
    assert_eq!(more.refusal(), (422, "A845".to_owned()));
    let none = anna.send("PATCH", &path, &json!({ "limits": [] }));
    assert_eq!(none.refusal(), (422, "A845".to_owned()));
    let less = anna.send("PATCH", &path, &limit("5000", "25000"));
    assert_eq!(less.status, 204, "{}", less.text());
    assert_eq!(
        contribute(&app, next, "four", "5001").refusal(),
        refusal("A847")
    );
}

#[test]
fn an_amount_that_cannot_be_read_is_asked_for_again_and_nothing_else_is_lost() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut anna = with_money(&site, "anna@example.org");
    let typed = [("each-EUR/2", "many"), ("total-EUR/2", "250")];
    let (_, again) = decide(&app, &mut anna, &typed);
    assert_eq!(again.status, 422);
    for part in ["role=\"alert\"", "value=\"many\"", "value=\"250\""] {
        assert!(again.text().contains(part), "{part}");
    }
    // Nothing typed: without limits.
    let given = tokens(&app, &mut anna, &[("each-EUR/2", ""), ("total-EUR/2", "")]);
    let token = given["access_token"].as_str().unwrap();
    assert_eq!(contribute(&app, token, "one", "90000").status, 201);
    let listed = anna.get("/v1/me/apps").json();
    assert_eq!(listed["grants"][0].get("limits"), None);
}

#[test]
fn nobody_contributes_so_without_the_scope_or_without_being_an_application() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut anna = with_money(&site, "anna@example.org");
    let token = app.token(&mut anna, "contributions:read:harbour");
    let answer = contribute(&app, &token, "one", "10000");
    assert_eq!(answer.refusal(), (403, "A815".to_owned()));
    let key = site.node.key.clone();
    let answer = contribute(&app, &key, "one", "10000");
    assert_eq!(answer.refusal(), (403, "H403".to_owned()));
    let mut ivan = somebody(&site, "ivan@example.org", None);
    let body = json!({ "offering": NAME, "currency": "EUR", "amount": "1" });
    let answer = ivan.post("/v1/me/contributions", &body);
    assert_eq!(answer.refusal().0, 400, "a page sends no Idempotency-Key");
}
