//! The program as a site where people log in with another one: with the program itself as the issuer, and with an issuer by
//! others that signs with RSA.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Serving, Site, ask, exchange, free_origin, serve_with};

const SECRET: &str = "a secret of the other site, and of nobody else";

/// A site where people log in with another one.
struct Relying {
    origin: String,
    _folder: TempDir,
    _serving: Serving,
}

impl Relying {
    fn start(id: &str, issuer: &str, client: &str, secret: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut about = json!({
            "id": id, "name": "Another one", "issuer": issuer, "client_id": client,
        });
        if let Some(secret) = secret {
            let path = folder.path().join("client.secret");
            fs::write(&path, secret).unwrap();
            about["client_secret_file"] = json!(path);
        }
        let origin = free_origin();
        let sites = json!([about]).to_string();
        let variables = [
            ("SOFTCAP_SIGN_IN", sites.as_str()),
            ("SOFTCAP_WEBHOOK_ALLOW_LOOPBACK", "true"),
        ];
        Self {
            _serving: Serving(serve_with(folder.path(), &origin, &variables)),
            _folder: folder,
            origin,
        }
    }
}

fn all_done(said: &Value) {
    for part in ["signedUp", "loggedIn", "refused", "shown"] {
        assert_eq!(said[part], "done", "{part}: {said}");
    }
}

#[test]
fn people_log_in_to_one_program_with_another() {
    let issuer = Site::start();
    let client = json!({
        "client_name": "Sale",
        "redirect_uris": ["http://127.0.0.1/log-in/with/ours/answer"],
        "grant_types": ["authorization_code"],
    })
    .to_string();
    let request = format!(
        "POST /v1/oauth/clients HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{client}",
        issuer.key,
        client.len()
    );
    let (status, registered) = exchange(&issuer.origin, &request).unwrap();
    assert_eq!(status, 201, "{registered}");
    let client = registered["client_id"].as_str().unwrap();
    let relying = Relying::start("ours", &issuer.origin, client, None);
    let mut question = issuer.question();
    question["issuer"] = json!("ours");
    question["site"] = json!(relying.origin);
    all_done(&ask("sign_in.mjs", &question));
}

#[test]
fn people_log_in_with_an_issuer_by_others() {
    let issuer = free_origin();
    let relying = Relying::start("theirs", &issuer, "sale", Some(SECRET));
    let packages = std::env::var("SOFTCAP_OAUTH").expect(super::MISSING);
    let question = json!({
        "packages": packages, "issuer": "theirs", "other": issuer, "secret": SECRET, "site": relying.origin,
    });
    all_done(&ask("sign_in.mjs", &question));
}
