//! A person whose server is killed in the middle of a file, who is erased, and whose audit is verified after it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    canaries::{ORIGIN, ask, code},
    server::Server,
};

const PASSWORD: &str = "tidal lantern ochre mule";
const EMAIL: &str = "anna.erased@example.org";
/// Long enough to be on the disk before the end of it comes.
const LARGE: usize = 4 * 1024 * 1024;

/// Somebody who has signed up and logged in: their cookie.
pub(crate) fn signed_up(server: &Server, email: &str) -> String {
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
    let mut server = Server::embedded()
        .with_variable("SOFTCAP_MAIL_FOLDER", "mail".into())
        .with_variable("SOFTCAP_SITE_ORIGIN", ORIGIN.into());
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
