//! A person whose server is killed in the middle of a file, who is erased, and whose audit is verified after it; and what a
//! backup brings back of files.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};

use age::secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::{
    canaries::{Answer, ORIGIN, ask, code},
    server::Server,
};

const PASSWORD: &str = "tidal lantern ochre mule";
const EMAIL: &str = "anna.erased@example.org";
/// Long enough to be on the disk before the end of it comes.
const LARGE: usize = 4 * 1024 * 1024;
/// How often, and after which time each, it is looked whether a file is gone.
const TRIES: u32 = 1_500;
const PAUSE: Duration = Duration::from_millis(20);

const STAYS: &str = "ben.stays@example.org";

/// Somebody who has signed up and logged in: their cookie.
pub(crate) fn signed_up(server: &Server, email: &str) -> String {
    // The code is the one of the only mail.
    for mail in fs::read_dir(server.path().join("mail"))
        .into_iter()
        .flatten()
    {
        fs::remove_file(mail.unwrap().path()).unwrap();
    }
    let post = |path: &str, body: &Value| {
        let answer = ask(server, &format!("POST {path}"), &[], &body.to_string());
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer
    };
    post("/v1/sign-up", &json!({ "email": email }));
    let code = code(&server.path().join("mail"));
    let confirm = json!({ "code": code, "password": PASSWORD });
    post("/v1/sign-up/confirmation", &confirm);
    let session = post(
        "/v1/sessions",
        &json!({ "email": email, "password": PASSWORD }),
    );
    format!("__Host-softcap={}", session.session())
}

/// Sends most of a file, and waits until a part of it is on the disk.
fn send_half(server: &Server, cookie: &str) -> TcpStream {
    let url = server.url().read().unwrap().clone();
    let address = url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/me/verification/uploads?kind=identity HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\
         origin: {ORIGIN}\r\ncontent-type: application/pdf\r\ncontent-length: {LARGE}\r\n\r\n%PDF-1.7"
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(&vec![b'x'; LARGE / 2]).unwrap();
    while uploads(server).is_empty() {
        std::thread::yield_now();
    }
    socket
}

/// Names of the files in the folder of uploads.
fn uploads(server: &Server) -> Vec<String> {
    let folder = server.data().join("uploads");
    let entries = fs::read_dir(folder).into_iter().flatten();
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.map(|entry| name(entry.unwrap())).collect()
}

#[test]
fn the_audit_of_an_erased_person_still_verifies() {
    let mut server = with_people();
    server.start();
    let cookie = signed_up(&server, EMAIL);
    let own = [("cookie", cookie.as_str()), ("origin", ORIGIN)];
    let begin = json!({ "level": "document" }).to_string();
    let begun = ask(&server, "POST /v1/me/verification", &own, &begin);
    assert_eq!(begun.status, 201, "{}", begun.body);
    let said = json!({ "values": { "full_name": "Anna Planted-Lindqvist" } }).to_string();
    let filled = ask(&server, "PUT /v1/me/verification", &own, &said);
    assert_eq!(filled.status, 200);

    // kill -9 in the middle of a file leaves no file and no row.
    let mut socket = send_half(&server, &cookie);
    server.kill();
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest);
    server.start();
    assert_eq!(uploads(&server), Vec::<String>::new());
    let read = ask(&server, "GET /v1/me/verification", &own, "");
    assert_eq!(read.json()["uploads"], json!([]), "{}", read.body);
    let pdf = [own[0], own[1], ("content-type", "application/pdf")];
    let upload = "POST /v1/me/verification/uploads?kind=identity";
    assert_eq!(ask(&server, upload, &pdf, "%PDF-1.7 whole").status, 201);
    assert_eq!(uploads(&server).len(), 1);

    let erased = ask(&server, "POST /v1/me/erasure", &own, "");
    assert_eq!(erased.status, 200, "{}", erased.body);
    let kept: Vec<_> = erased.json()["kept"].as_array().unwrap().clone();
    let kept: Vec<_> = kept.iter().map(|kept| kept["what"].as_str()).collect();
    assert_eq!(kept, [Some("audit"), Some("records")]);
    assert_eq!(uploads(&server), Vec::<String>::new());
    assert_eq!(ask(&server, "GET /v1/me", &own, "").status, 401);
    let again = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    assert_eq!(ask(&server, "POST /v1/sessions", &[], &again).status, 401);
    assert!(server.stop().success());

    let verify = ["verify", "--data", server.data_argument(), "--json"];
    let verified = server.softcap(&verify).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let said: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let audit = &said["audit"];
    assert_eq!(
        (&audit["waiting"], &audit["differences"]),
        (&json!(0), &json!(0))
    );
    assert!(audit["rows"].as_u64().unwrap() >= 7, "{audit}");
}

/// Somebody whose verification is open: begins it.
pub(crate) fn begin_case(server: &Server, cookie: &str) {
    let own = [("cookie", cookie), ("origin", ORIGIN)];
    let body = json!({ "level": "document" }).to_string();
    let begun = ask(server, "POST /v1/me/verification", &own, &body);
    assert_eq!(begun.status, 201, "{}", begun.body);
}

pub(crate) fn show_file(server: &Server, cookie: &str, content: &str) -> Answer {
    let upload = "POST /v1/me/verification/uploads?kind=identity";
    let pdf = ("content-type", "application/pdf");
    let own = [("cookie", cookie), ("origin", ORIGIN), pdf];
    ask(server, upload, &own, content)
}

/// The files of a person as an export has them: base64, or nothing where they do not open.
pub(crate) fn exported(server: &Server, cookie: &str) -> Vec<Value> {
    let own = [("cookie", cookie), ("origin", ORIGIN)];
    let export = ask(server, "GET /v1/me/export", &own, "");
    assert_eq!(export.status, 200, "{}", export.body);
    let export: Value = serde_json::from_str(&whole(&export.body)).unwrap();
    let files = export["files"].as_array().unwrap().iter();
    files.map(|file| file["content"].clone()).collect()
}

/// A body that came in chunks.
fn whole(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        whole += &rest[..size];
        body = &rest[size + 2..];
    }
    whole
}

fn with_people() -> Server {
    Server::embedded()
        .with_variable("SOFTCAP_MAIL_FOLDER", "mail".into())
        .with_variable("SOFTCAP_SITE_ORIGIN", ORIGIN.into())
}

/// Runs a command of the program that must succeed.
fn run(server: &Server, arguments: &[&str]) {
    let output = server.softcap(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

#[test]
fn a_backup_brings_files_back_and_nothing_of_who_was_erased_after_it() {
    let mut server = with_people();
    server.start();
    let anna = signed_up(&server, EMAIL);
    let ben = signed_up(&server, STAYS);
    for (cookie, content) in [(&anna, "%PDF-1.7 of Anna"), (&ben, "%PDF-1.7 of Ben")] {
        begin_case(&server, cookie);
        assert_eq!(show_file(&server, cookie, content).status, 201);
    }
    let identity = age::x25519::Identity::generate();
    let secret = identity.to_string();
    fs::write(server.path().join("operator.txt"), secret.expose_secret()).unwrap();
    let recipient = identity.to_public().to_string();
    let data = server.data_argument().to_owned();
    let out = ["--out", "softcap.age", "--recipient", &recipient];
    run(
        &server,
        &[&["backup", "--data", &data][..], &out[..]].concat(),
    );
    let own = [("cookie", anna.as_str()), ("origin", ORIGIN)];
    assert_eq!(ask(&server, "POST /v1/me/erasure", &own, "").status, 200);
    let kept = uploads(&server);
    assert_eq!(kept.len(), 1, "Ben's");
    assert!(server.stop().success());

    let mut other = with_people();
    let target = other.data().display().to_string();
    let from = [
        "restore",
        "--from",
        "softcap.age",
        "--identity",
        "operator.txt",
    ];
    let to = ["--data", &target, "--complete"];
    run(&server, &[&from[..], &to[..]].concat());
    assert_eq!(
        uploads(&other).len(),
        2,
        "the backup is from before the erasure"
    );
    // Without the keys of people nothing that anybody showed opens.
    other.start();
    assert_eq!(exported(&other, &ben), [Value::Null]);
    assert_eq!(exported(&other, &anna), [Value::Null]);
    assert!(other.stop().success());
    // With the newest ones what Ben showed is back, and Anna is erased again.
    let keys = |node: &Server| node.data().join("person_keys.db");
    fs::copy(keys(&server), keys(&other)).unwrap();
    for rest in ["person_keys.db-wal", "person_keys.db-shm"] {
        let _ = fs::remove_file(other.data().join(rest));
    }
    other.start();
    assert_eq!(exported(&other, &ben), ["JVBERi0xLjcgb2YgQmVu"]);
    assert_eq!(ask(&other, "GET /v1/me", &own, "").status, 401);
    // The key of her file is gone; the file itself goes with the first round of the clock.
    for _ in 0..TRIES {
        if uploads(&other) == kept {
            break;
        }
        thread::sleep(PAUSE);
    }
    assert_eq!(uploads(&other), kept);
}
