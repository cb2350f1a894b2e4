//! The examples of the developers' pages, as they are shown there, against a server of the same program.

#[path = "../../../../examples/developer/call.rs"]
mod call;
#[path = "../../../../examples/developer/contribute.rs"]
mod contribute;
#[path = "../../../../examples/developer/read.rs"]
mod read;
#[path = "../../../../examples/developer/receipt.rs"]
mod receipt;
#[path = "../../../../examples/developer/webhook.rs"]
mod webhook;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{balance_import::Running, workplace::Workplace};

const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");

/// A language in which an example is run as a program.
#[derive(Clone, Copy, Debug)]
enum Language {
    Shell,
    TypeScript,
    Python,
}

impl Language {
    const ALL: [Self; 3] = [Self::Shell, Self::TypeScript, Self::Python];

    fn command(self, place: &Path, name: &str) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/developer");
        let (program, ending) = match self {
            Self::Shell => ("sh", "sh"),
            Self::TypeScript => ("node", "ts"),
            Self::Python => ("python3", "py"),
        };
        let mut file = folder.join(format!("{name}.{ending}"));
        if let Self::TypeScript = self {
            // Node.js 20 knows no types, and these files have none: under this name it reads them as they are.
            let copy = place.join(format!("{name}.mjs"));
            std::fs::copy(&file, &copy).unwrap();
            file = copy;
        }
        let mut command = Command::new(program);
        command.arg(file);
        command
    }
}

/// What a program said, and whether it was content.
fn said(mut command: Command, input: &str) -> (bool, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn();
    let child = child
        .as_mut()
        .expect("sh, Node.js 20 and Python 3.11, with curl, openssl 3 and xxd");
    // An example that reads nothing may be over before this is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let mut out = String::new();
    let mut error = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut out).unwrap();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut error).unwrap();
    let is_content = child.wait().unwrap().success();
    (is_content, format!("{out}{error}"))
}

/// A running sale, whose public round is open for an hour now.
fn sale() -> Running {
    sale_of(Running::start())
}

fn sale_of(running: Running) -> Running {
    let now = jiff::Timestamp::now().as_second();
    let at = |minutes: i64| {
        let time = jiff::Timestamp::from_second(now + minutes * 60).unwrap();
        time.to_string()
    };
    let terms = STARTER
        .replace("2026-03-02T12:00:00Z", &at(-90))
        .replace("2026-03-09T12:00:00Z", &at(-30))
        .replace("2026-03-23T12:00:00Z", &at(60))
        .replace("2026-06-01T00:00:00Z", &at(60 * 24 * 60));
    let checked = running.call(
        "POST /v1/offerings/check",
        &json!({ "terms": terms }).to_string(),
    );
    let hash = &checked["terms_hash"];
    let body = json!({ "name": "harbour", "terms": terms, "terms_hash": hash });
    running.call("POST /v1/offerings", &body.to_string());
    let funding = json!({ "transfer": "a".repeat(32), "currency": "EUR", "amount": "900000" });
    let funding = funding.to_string();
    running.call(
        "POST /v1/offerings/harbour/accounts/10001/fundings",
        &funding,
    );
    running
}

/// The key of the logs, as the site shows it.
fn log_key(running: &Running) -> String {
    let page = running.page("/verification");
    let (_, rest) = page.split_once("id=\"log-key\">").unwrap();
    rest.split('<')
        .next()
        .unwrap()
        .replace("&#43;", "+")
        .replace("&#x2B;", "+")
}

/// A key of the same name and id whose bytes are others.
fn another_key(key: &str) -> String {
    let mut parts = key.splitn(3, '+');
    let (name, id) = (parts.next().unwrap(), parts.next().unwrap());
    let mut bytes = Base64::decode_vec(parts.next().unwrap()).unwrap();
    bytes[9] ^= 1;
    format!("{name}+{id}+{}", Base64::encode_string(&bytes))
}

/// The same receipt for the entry before.
fn about_another_entry(receipt: &str) -> String {
    let (before, rest) = receipt.split_once("\nindex ").unwrap();
    let (index, after) = rest.split_once('\n').unwrap();
    let index: u64 = index.parse().unwrap();
    format!("{before}\nindex {}\n{after}", index - 1)
}

#[test]
fn examples_read_contribute_and_check_the_receipt_in_every_language() {
    let running = sale();
    let key = running.place.text("operator.key");
    let key = key.lines().next().unwrap().to_owned();
    let log_key = log_key(&running);
    let mut receipts: Vec<PathBuf> = Vec::new();
    let at = |language: Language, name: &str, arguments: &[&str]| {
        let mut command = language.command(running.place.path(), name);
        command.args(arguments);
        command
            .env("SOFTCAP_URL", &running.url)
            .env("SOFTCAP_KEY", &key);
        command
    };
    for language in Language::ALL {
        let (is_content, out) = said(at(language, "read", &[]), "");
        assert!(is_content && out.contains("harbour"), "{language:?}: {out}");
        let name = format!("{language:?}");
        let wish = ["harbour", "10001", "EUR", "10000", name.as_str()];
        let (is_content, out) = said(at(language, "contribute", &wish), "");
        assert!(is_content, "{language:?}: {out}");
        let receipt = match serde_json::from_str::<Value>(&out) {
            Ok(entry) => entry["receipt"].as_str().unwrap().to_owned(),
            Err(_) => out[out.find("c2sp.org").unwrap()..]
                .split("number ")
                .next()
                .unwrap()
                .to_owned(),
        };
        let file = format!("{name}.receipt");
        running.place.write(&file, receipt.as_str());
        receipts.push(running.place.path().join(&file));
        // The money is not there: a problem, which says what to do.
        let wish = ["harbour", "nobody", "XXX", "1", "wrong"];
        let (is_content, out) = said(at(language, "contribute", &wish), "");
        assert!(!is_content && out.contains("H422"), "{language:?}: {out}");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lines = runtime.block_on(read::read(&running.url)).unwrap();
    assert!(lines.starts_with("harbour "), "{lines}");
    let wish = json!({ "investor": "10001", "currency": "EUR", "amount": "10000" });
    let made = contribute::contribute((&running.url, &key), "harbour", &wish, "Rust");
    let receipt = runtime.block_on(made).unwrap();
    running.place.write("Rust.receipt", receipt.as_str());
    receipts.push(running.place.path().join("Rust.receipt"));
    // Each language checks the receipts of all, and none believes another key or a changed entry.
    let false_receipt = running.place.path().join("false.receipt");
    let changed = about_another_entry(&receipt);
    running.place.write("false.receipt", changed.as_str());
    for language in Language::ALL {
        for receipt in &receipts {
            let words = [receipt.to_str().unwrap(), log_key.as_str()];
            let (is_content, out) = said(at(language, "receipt", &words), "");
            assert!(
                is_content && out.contains("stands in the log of"),
                "{language:?}: {out}"
            );
        }
        let other = another_key(&log_key);
        for words in [
            [false_receipt.to_str().unwrap(), log_key.as_str()],
            [receipts[0].to_str().unwrap(), other.as_str()],
        ] {
            let (is_content, out) = said(at(language, "receipt", &words), "");
            assert!(!is_content, "{language:?}: {out}");
        }
    }
    for file in &receipts {
        let text = std::fs::read_to_string(file).unwrap();
        receipt::check(&text, &log_key).unwrap();
    }
    assert!(receipt::check(&changed, &log_key).is_err());
}

#[test]
fn examples_sign_requests_with_a_key_that_the_server_does_not_have() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let running = sale_of(Running::start_at(&address));
    let private = running.place.path().join("key.pem");
    let private = private.to_str().unwrap();
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(arguments);
        said(command, "")
    };
    let (is_made, out) = openssl(&["genpkey", "-algorithm", "ed25519", "-out", private]);
    assert!(is_made, "{out}");
    let (is_shown, public) = openssl(&["pkey", "-in", private, "-pubout"]);
    assert!(is_shown, "{public}");
    let body = json!({
        "label": "till",
        "scopes": ["contributions:write:harbour", "keys:read:*"],
        "public_key": public,
    });
    let made = running.call("POST /v1/keys", &body.to_string());
    let id = made["key"]["id"].as_str().unwrap();
    assert_eq!(made.get("secret"), None, "{made}");
    let at = |language: Language, arguments: &[&str]| {
        let mut command = language.command(running.place.path(), "sign");
        command.args(arguments);
        command
            .env("SOFTCAP_URL", &running.url)
            .env("SOFTCAP_KEYID", id)
            .env("SOFTCAP_PRIVATE_KEY", private);
        said(command, "")
    };
    let wish = ["harbour", "10001", "EUR", "10000", "signed"];
    let (is_content, out) = at(Language::TypeScript, &wish);
    assert!(is_content && out.contains("c2sp.org"), "{out}");
    // A repeat is signed anew, and counts once.
    let (is_content, again) = at(Language::TypeScript, &wish);
    assert!(is_content, "{again}");
    assert_eq!(out, again);
    let (is_content, out) = at(Language::Shell, &[]);
    assert!(is_content && out.contains(id), "{out}");
}

/// The headers of a call, as this program signs one.
fn call_of(secret: &[u8], sent: i64, body: &str) -> [(&'static str, String); 3] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("msg_1.{sent}.{body}").as_bytes());
    let signature = Base64::encode_string(&mac.finalize().into_bytes());
    [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", sent.to_string()),
        ("webhook-signature", format!("v1,b3RoZXI= v1,{signature}")),
    ]
}

#[test]
fn examples_believe_a_call_that_is_signed_now_and_no_other() {
    let place = Workplace::empty();
    let secret = [7; 32];
    let text = format!("whsec_{}", Base64::encode_string(&secret));
    let body = "{\"type\":\"webhook.test\",\"data\":{\"offering\":\"h\u{e4}fen\"}}";
    let now = jiff::Timestamp::now().as_second();
    for (key, sent, expected) in [
        ([7; 32], now, true),
        ([8; 32], now, false),
        ([7; 32], now - 3_600, false),
        ([7; 32], now + 3_600, false),
    ] {
        let headers = call_of(&key, sent, body);
        for language in Language::ALL {
            let mut command = language.command(place.path(), "webhook");
            command.env("WEBHOOK_SECRET", &text);
            for (name, value) in &headers {
                command.env(name.to_uppercase().replace('-', "_"), value);
            }
            let (is_content, out) = said(command, body);
            assert_eq!(is_content, expected, "{language:?}: {out}");
            assert_eq!(out.trim() == "genuine", expected, "{language:?}: {out}");
        }
        let mut map = hyper::HeaderMap::new();
        for (name, value) in &headers {
            map.insert(*name, value.parse().unwrap());
        }
        let believed = webhook::is_genuine(&text, &map, body.as_bytes());
        assert_eq!(believed.is_ok(), expected, "{believed:?}");
    }
}
