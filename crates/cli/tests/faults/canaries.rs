//! Marked secrets in every field that takes one, a server that logs everything it can, and no place where one of them comes out.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::server::{Server, TERMS};

/// The example recipient of age's documentation: nobody here can open what is sealed for it.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const EMAIL: &str = "canary.address@example.org";
const PASSWORD: &str = "canary tidal lantern ochre";
const WRONG_PASSWORD: &str = "canary wrong seven anchors";
const ENDPOINT: &str = "https://rail.invalid/v3/canary0endpoint0secret";
pub(crate) const ORIGIN: &str = "https://sale.example";
const IDEMPOTENCY: &str = "canary-idempotency-key";
/// A mail is written within moments; the bound only ends a broken test.
const TRIES: u32 = 1_200;

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Where it leads to.
    pub(crate) fn location(&self) -> String {
        let (_, rest) = self.head.split_once("location: ").unwrap();
        rest.split("\r\n").next().unwrap().to_owned()
    }

    /// The secret of the session that it began.
    pub(crate) fn session(&self) -> String {
        let (_, rest) = self.head.split_once("__Host-softcap=").unwrap();
        rest.split(';').next().unwrap().to_owned()
    }
}

/// A request by hand, so that nothing of a client's own is between.
pub(crate) fn ask(server: &Server, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = server.url().read().unwrap().clone();
    let address = url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut text = format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let length = body.len();
        text += &format!("content-length: {length}\r\n");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            text += "content-type: application/json\r\n";
        }
    }
    socket
        .write_all(format!("{text}\r\n{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Secrets by what they are, and what was answered to whom did not hold them.
#[derive(Default)]
struct Planted {
    secrets: BTreeMap<String, Vec<u8>>,
    told: String,
}

impl Planted {
    fn add(&mut self, name: &str, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref().to_vec();
        assert!(secret.len() >= 16, "{name}: too short to be found for sure");
        self.secrets.insert(name.to_owned(), secret);
    }

    fn refused(&mut self, answer: &Answer, status: u16) {
        assert_eq!(answer.status, status, "{}", answer.body);
        self.told += &answer.head;
        self.told += &answer.body;
    }
}

/// The code of the mail that was written last.
pub(crate) fn code(folder: &Path) -> String {
    for _ in 0..TRIES {
        let mails = fs::read_dir(folder).into_iter().flatten();
        let mails = mails.map(|mail| fs::read_to_string(mail.unwrap().path()).unwrap());
        let found = mails.into_iter().find_map(|mail| {
            let mut lines = mail.lines().filter_map(|line| line.strip_prefix("    "));
            lines.next().map(str::to_owned)
        });
        if let Some(code) = found {
            return code;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("no mail came");
}

fn people(server: &Server, planted: &mut Planted) {
    let post = |path: &str, headers: &[(&str, &str)], body: &Value| {
        ask(server, &format!("POST {path}"), headers, &body.to_string())
    };
    planted.add("address", EMAIL);
    planted.add("password", PASSWORD);
    planted.add("wrong password", WRONG_PASSWORD);
    assert_eq!(
        post("/v1/sign-up", &[], &json!({ "email": EMAIL })).status,
        202
    );
    let code = code(&server.path().join("mail"));
    planted.add("code of a mail", &code);
    let wrong = json!({ "code": code, "password": PASSWORD, "role": "owner" });
    planted.refused(&post("/v1/sign-up/confirmation", &[], &wrong), 422);
    let body = json!({ "code": code, "password": PASSWORD });
    assert_eq!(post("/v1/sign-up/confirmation", &[], &body).status, 201);
    let wrong = json!({ "email": EMAIL, "password": WRONG_PASSWORD });
    planted.refused(&post("/v1/sessions", &[], &wrong), 401);
    let right = json!({ "email": EMAIL, "password": PASSWORD });
    let first = post("/v1/sessions", &[], &right).session();
    planted.add("session", &first);
    let cookie = format!("__Host-softcap={first}");
    let own = [("cookie", cookie.as_str()), ("origin", ORIGIN)];
    let fresh = post(
        "/v1/sessions/current/step-up",
        &own,
        &json!({ "password": PASSWORD }),
    );
    planted.add("session after a step-up", fresh.session());
    verification(server, planted, &fresh.session());
    // The secret of before is dead, and is not repeated to whoever sends it.
    planted.refused(&ask(server, "GET /v1/me", &own, ""), 401);
    let wrong = json!({ "password": PASSWORD, "x": 1 });
    planted.refused(&post("/v1/sessions/current/step-up", &own, &wrong), 401);
}

/// V14 and V16: what a person says and shows stands in no log, no answer to others, and nowhere in the clear.
fn verification(server: &Server, planted: &mut Planted, session: &str) {
    let cookie = format!("__Host-softcap={session}");
    let own = [("cookie", cookie.as_str()), ("origin", ORIGIN)];
    let begin = json!({ "level": "document" }).to_string();
    let path = "/v1/me/verification";
    assert_eq!(
        ask(server, &format!("POST {path}"), &own, &begin).status,
        201
    );
    let values = [
        ("full_name", "Canary Fullname Lindqvist"),
        ("address", "Canary Quay 4 in Canarytown"),
        ("source_of_funds", "canary wages of a lighthouse keeper"),
    ];
    for (name, value) in values {
        planted.add(name, value);
    }
    let said = json!({ "values": serde_json::Map::from_iter(
        values.map(|(name, value)| (name.to_owned(), json!(value)))) });
    let put = format!("PUT {path}");
    assert_eq!(ask(server, &put, &own, &said.to_string()).status, 200);
    // What is no value is not repeated to whoever sent it.
    for wrong in [
        json!({ "values": { "birth_date": "canary birth 1990-12-31" } }),
        json!({ "values": { "canary-field-of-no-form": "x" } }),
    ] {
        planted.refused(&ask(server, &put, &own, &wrong.to_string()), 422);
    }
    planted.add("birth date", "canary birth 1990-12-31");
    let content = "%PDF-1.7 canary content of a passport";
    planted.add("content of a file", &content[9..]);
    let pdf = [own[0], own[1], ("content-type", "application/pdf")];
    let upload = format!("POST {path}/uploads?kind=identity");
    let kept = ask(server, &upload, &pdf, content);
    assert_eq!(kept.status, 201, "{}", kept.body);
    let png = [own[0], own[1], ("content-type", "image/png")];
    planted.refused(&ask(server, &upload, &png, content), 415);
    planted.refused(
        &ask(server, &format!("POST {path}/submission"), &own, ""),
        409,
    );
    // Everything is given to the person alone.
    let export = ask(server, "GET /v1/me/export", &own, "");
    assert!(export.body.contains("Canary Fullname Lindqvist"));
    planted.refused(&ask(server, "GET /v1/me/export", &[], ""), 401);
}

fn keys(server: &Server, key: &str, planted: &mut Planted) {
    let secret = |key: &str| key[21..53].to_owned();
    planted.add("key", &secret(key));
    planted.add("Idempotency-Key", IDEMPOTENCY);
    let bearer = format!("Bearer {key}");
    let own = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", IDEMPOTENCY),
    ];
    let make = json!({ "label": "canary", "scopes": ["offerings:read:*"] }).to_string();
    let made = ask(server, "POST /v1/keys", &own[..1], &make).json();
    let other = made["secret"].as_str().unwrap().to_owned();
    planted.add("key made by a key", &secret(&other));
    let terms = softcap_offering::terms::Terms::parse(TERMS).unwrap();
    let hash = softcap_proof::hex(&terms.hash().0);
    let announce = json!({ "name": "harbour", "terms": TERMS, "terms_hash": hash }).to_string();
    assert_eq!(
        ask(server, "POST /v1/offerings", &own, &announce).status,
        201
    );
    let hook = json!({ "url": "https://example.org/hook" }).to_string();
    let hook = ask(server, "POST /v1/offerings/harbour/webhooks", &own, &hook);
    let hook = hook.json()["secret"].as_str().unwrap().to_owned();
    planted.add("secret of a webhook", hook.strip_prefix("whsec_").unwrap());
    // A key where none belongs: in the address, twice, without its scheme, in a field, with another scope.
    let query = format!("GET /v1/keys?key={other}");
    planted.refused(&ask(server, &query, &[], ""), 401);
    planted.refused(&ask(server, &query, &own[..1], ""), 400);
    planted.refused(
        &ask(server, "GET /v1/keys", &[("authorization", &other)], ""),
        401,
    );
    let path = format!("GET /v1/keys/{other}");
    planted.refused(&ask(server, &path, &own[..1], ""), 404);
    let field = json!({ "label": "x", "scopes": [other] }).to_string();
    planted.refused(&ask(server, "POST /v1/keys", &own[..1], &field), 422);
    let bearer = format!("Bearer {other}");
    planted.refused(
        &ask(
            server,
            "POST /v1/keys",
            &[("authorization", &bearer)],
            &make,
        ),
        403,
    );
    let mut forged = other.clone();
    forged.replace_range(21..53, &secret(key));
    let bearer = format!("Bearer {forged}");
    planted.refused(
        &ask(server, "GET /v1/keys", &[("authorization", &bearer)], ""),
        401,
    );
    let report = json!([{ "token": other }]).to_string();
    assert_eq!(ask(server, "POST /v1/leaks", &[], &report).status, 200);
}

/// What of a secret's file is secret: a key of a log is `PRIVATE+KEY+NAME+ID+KEY`, whose last part may have a plus too, a
/// pepper is `ID:HEX`, and others are nothing else.
fn secret_in(file: &[u8]) -> &[u8] {
    let secret = match std::str::from_utf8(file).map(str::trim) {
        Ok(text) if text.starts_with("PRIVATE+KEY+") => text.splitn(5, '+').nth(4),
        Ok(text) => text.rsplit(':').next(),
        Err(_) => None,
    };
    secret.map_or(file, str::as_bytes)
}

/// Every file below a folder, but those below one of these names.
fn files(folder: &Path, without: &[&str], found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if without.contains(&name) {
            continue;
        }
        if path.is_dir() {
            files(&path, without, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    memchr::memmem::find(bytes, secret).is_some()
}

#[test]
fn v16_2_5_no_secret_comes_out_anywhere() {
    let mut server = Server::embedded()
        .with_variable("SOFTCAP_LOG", "trace".into())
        .with_variable("SOFTCAP_MAIL_FOLDER", "mail".into())
        .with_variable("SOFTCAP_SITE_ORIGIN", ORIGIN.into())
        .with_variable("SOFTCAP_EVM_ENDPOINTS", ENDPOINT.into())
        .with_variable("RUST_BACKTRACE", "full".into());
    let key = server.client().key().to_owned();
    server.start();
    let mut planted = Planted::default();
    planted.add(
        "secret in the address of a chain's node",
        "canary0endpoint0secret",
    );
    people(&server, &mut planted);
    keys(&server, &key, &mut planted);
    planted.told += &ask(&server, "GET /metrics", &[], "").body;
    planted.told += &ask(&server, "GET /readyz", &[], "").body;
    let backup = [
        "backup",
        "--data",
        "data",
        "--out",
        "backup.age",
        "--recipient",
        RECIPIENT,
    ];
    let backed_up = server.softcap(&backup).output().unwrap();
    assert!(backed_up.status.success(), "{backed_up:?}");
    planted.told += &String::from_utf8_lossy(&backed_up.stdout);
    planted.told += &String::from_utf8_lossy(&backed_up.stderr);
    assert!(server.stop().success());
    for secret in fs::read_dir(server.secrets()).unwrap() {
        let path = secret.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        planted.add(
            path.file_name().unwrap().to_str().unwrap(),
            secret_in(&bytes),
        );
    }

    // Mails hold codes and addresses, and the folder of secrets holds secrets: that is what they are for.
    let mut found = vec![("answers".to_owned(), planted.told.clone().into_bytes())];
    files(server.path(), &["mail", "secrets"], &mut found);
    let log = found.iter().find(|(name, _)| name.ends_with("errors"));
    assert!(
        holds(&log.unwrap().1, b" DEBUG softcap_server"),
        "it does not log everything"
    );
    assert!(found.iter().any(|(name, _)| name.ends_with("service.db")));
    let mut hits = Vec::new();
    for (file, bytes) in &found {
        for (name, secret) in &planted.secrets {
            if holds(bytes, secret) {
                hits.push(format!("{name} in {file}"));
            }
        }
    }
    assert!(hits.is_empty(), "{hits:#?}");
    // Whoever looks finds what is there.
    let mut mails = Vec::new();
    files(&server.path().join("mail"), &[], &mut mails);
    assert!(mails.iter().any(|(_, mail)| holds(mail, EMAIL.as_bytes())));
}
