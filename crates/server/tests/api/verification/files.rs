//! Files over the interface: who may see them, and how a browser gets them.

use serde_json::json;
use softcap_identity::Role;

use super::officer;
use crate::{
    people::browser::{Browser, Site},
    roles::{person_of, somebody},
    test_node::{Answer, Call},
};

fn upload(anna: &mut Browser<'_>, kind: &str, media: &str, content: &[u8]) -> Answer {
    let path = format!("/v1/me/verification/uploads?kind={kind}");
    anna.send_file(&path, media, content)
}

fn begun<'a>(site: &'a Site, email: &str) -> (Browser<'a>, String) {
    let mut anna = somebody(site, email, None);
    let begun = anna.post("/v1/me/verification", &json!({ "level": "document" }));
    assert_eq!(begun.status, 201, "{}", begun.text());
    let person = person_of(&mut anna).to_string();
    (anna, person)
}

#[test]
fn a_file_is_kept_by_a_browser_and_never_opened() {
    let site = Site::with_offering();
    let (mut anna, person) = begun(&site, "anna@example.org");
    let content = [b"%PDF-1.7\n".as_slice(), &[7; 300_000]].concat();
    let kept = upload(&mut anna, "identity", "application/pdf", &content);
    assert_eq!(kept.status, 201, "{}", kept.text());
    let id = kept.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/verifications/{person}/uploads/{id}");
    let mut rita = officer(&site, "rita@example.org");
    let shown = rita.get(&path);
    assert_eq!(shown.status, 200);
    assert_eq!(shown.body, content);
    for (name, expected) in [
        ("content-type", "application/pdf"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
    ] {
        assert_eq!(shown.header(name), Some(expected), "{name}");
    }
    let disposition = format!("attachment; filename=\"{id}.pdf\"");
    assert_eq!(shown.header("content-disposition"), Some(&*disposition));
    // Not the person, not an owner, not an auditor, not somebody else, and not under another person's name.
    assert_eq!(anna.get(&path).refusal(), (403, "H403".to_owned()));
    for role in [Role::Owner, Role::Auditor, Role::Support] {
        let mut other = somebody(&site, &format!("{role}@example.org"), Some(role));
        assert_eq!(
            other.get(&path).refusal(),
            (403, "H403".to_owned()),
            "{role}"
        );
    }
    let (_, bela) = begun(&site, "bela@example.org");
    let foreign = rita.get(&format!("/v1/verifications/{bela}/uploads/{id}"));
    assert_eq!(foreign.refusal(), (404, "A917".to_owned()));
    let deleted = anna.delete(&format!("/v1/me/verification/uploads/{id}"));
    assert_eq!(deleted.status, 204);
    assert_eq!(rita.get(&path).refusal(), (404, "A917".to_owned()));
}

/// What it is said to prove, its kind, its bytes, and the refusal.
type Refused<'a> = (&'a str, &'a str, &'a [u8], (u16, &'a str));

#[test]
fn what_is_no_file_of_these_kinds_is_not_taken() {
    let site = Site::with_offering();
    let (mut anna, _) = begun(&site, "anna@example.org");
    let html = b"<!DOCTYPE html><script>alert(document.cookie)</script>";
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
    large.resize(10 * 1024 * 1024 + 1, 0);
    let table: [Refused<'_>; 7] = [
        ("identity", "text/html", html, (415, "A915")),
        ("identity", "image/png", html, (415, "A915")),
        ("identity", "image/svg+xml", svg, (415, "A915")),
        ("identity", "application/json", b"{}", (415, "A915")),
        ("identity", "image/png", &large, (413, "A914")),
        ("identity", "image/png", b"", (415, "A915")),
        ("passport", "image/png", &large[..100], (422, "H422")),
    ];
    for (kind, media, content, (status, code)) in table {
        let refused = upload(&mut anna, kind, media, content);
        assert_eq!(
            refused.refusal(),
            (status, code.to_owned()),
            "{kind} {media}"
        );
    }
    let folder = site.node.folder().join("data/uploads");
    let left = std::fs::read_dir(folder).map_or(0, Iterator::count);
    assert_eq!(left, 0);
    let whole = upload(&mut anna, "identity", "image/png; q=1", &large[..100]);
    assert_eq!(whole.status, 201);
    assert_eq!(
        anna.get("/v1/me/verification").json()["missing"],
        json!([{
            "what": "full_name",
            "why": "The name as it stands in the passport or identity card.",
        }, {
            "what": "birth_date",
            "why": "The date of birth, which tells people of one name apart.",
        }, {
            "what": "address",
            "why": "Where you live: the law asks for it.",
        }, {
            "what": "country",
            "why": "The country where you live, which decides what the law allows.",
        }, {
            "what": "upload_proof_of_life",
            "why": "A picture of you with the document in your hand.",
        }])
    );
}

#[test]
fn half_a_file_is_none() {
    let site = Site::with_offering();
    let (mut anna, _) = begun(&site, "anna@example.org");
    let cookie = format!("__Host-softcap={}", anna.secret().unwrap());
    let call = Call::new("POST", "/v1/me/verification/uploads?kind=identity")
        .header("cookie", &cookie)
        .header("origin", crate::people::browser::ORIGIN)
        .raw(
            "image/png",
            &[b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 200_000]].concat(),
        );
    let whole = call.bytes();
    let mut socket = site.node.connect();
    std::io::Write::write_all(&mut socket, &whole[..whole.len() - 1000]).unwrap();
    drop(socket);
    let kept = upload(
        &mut anna,
        "identity",
        "image/png",
        b"\x89PNG\r\n\x1a\n whole",
    );
    assert_eq!(kept.status, 201);
    let uploads = anna.get("/v1/me/verification").json()["uploads"].clone();
    assert_eq!(uploads.as_array().map(Vec::len), Some(1), "{uploads}");
}
