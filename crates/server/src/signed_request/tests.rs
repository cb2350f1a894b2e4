//! Fields and bases of the standard, and what is refused before any key is asked.

use axum::{
    body::{Body, Bytes},
    http::Method,
};
use http_body_util::BodyExt as _;

use super::*;

const ORIGIN: &str = "https://sale.example";
const SIGNATURE_OF_64: &str = "sig=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:";
/// The body of RFC 9421, appendix B.2, and its digests.
const HELLO: &str = "{\"hello\": \"world\"}";
const HELLO_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
const HELLO_512: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

fn request(input: &str, more: &[(&str, &str)], uri: &str) -> Parts {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header("signature-input", input)
        .header("signature", SIGNATURE_OF_64);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let (mut parts, _) = request.body(Body::empty()).unwrap().into_parts();
    parts.extensions.insert(Guarded);
    parts
}

fn code(input: &str, more: &[(&str, &str)], uri: &str) -> String {
    match SignedRequest::read(&request(input, more, uri), ORIGIN) {
        Ok(_) => "read".to_owned(),
        Err(error) => error.problem().code,
    }
}

#[test]
fn what_is_signed_is_the_text_of_the_standard() {
    // RFC 9421, appendix B.2.6.
    let uri = "/foo?param=Value&Pet=dog".parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-length", "18"),
        ("x-two", " one"),
        ("x-two", "two\t"),
    ] {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    let message = Message {
        method: &Method::POST,
        origin: "https://example.com",
        uri: &uri,
        headers: &headers,
    };
    let base = |names: &[&str], params: &str| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        signature_base(&message, &names, params)
    };
    let params = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \
        \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
    let names = [
        "date",
        "@method",
        "@path",
        "@authority",
        "content-type",
        "content-length",
    ];
    let expected = format!(
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
         \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
         \"@signature-params\": {params}"
    );
    assert_eq!(base(&names, params).unwrap(), expected);
    let derived = base(&["@target-uri", "@query", "x-two"], "()").unwrap();
    let expected = "\"@target-uri\": https://example.com/foo?param=Value&Pet=dog\n\
        \"@query\": ?param=Value&Pet=dog\n\"x-two\": one, two\n\"@signature-params\": ()";
    assert_eq!(derived, expected);
    for wrong in ["@status", "@request-target", "Date", "x-three", "", "da te"] {
        assert!(base(&[wrong], "()").is_err(), "{wrong}");
    }
}

#[test]
fn parameters_are_signed_as_they_came_and_in_their_order() {
    let input = "sig=( \"@method\"  \"@target-uri\" );keyid=\"0123456789AB\";created=1;nonce=\"a\\\"b\";tag=\"x\"";
    let read = SignedRequest::read(&request(input, &[], "/v1/keys"), ORIGIN).unwrap();
    let expected = "\"@method\": POST\n\"@target-uri\": https://sale.example/v1/keys\n\
        \"@signature-params\": (\"@method\" \"@target-uri\");keyid=\"0123456789AB\";created=1;nonce=\"a\\\"b\";tag=\"x\"";
    assert_eq!(read.base, expected);
    assert_eq!(read.created, UnixMillis::new(1_000));
}

#[test]
fn a_signature_that_cannot_be_read_is_malformed() {
    let all = "(\"@method\" \"@target-uri\")";
    let good = format!("sig={all};created=1;keyid=\"0123456789AB\"");
    assert_eq!(code(&good, &[], "/v1/keys"), "read");
    for input in [
        String::new(),
        "sig".to_owned(),
        "sig=1".to_owned(),
        "sig=(".to_owned(),
        format!("other={all};created=1;keyid=\"0123456789AB\""),
        format!("{good}, two={all};created=1;keyid=\"0123456789AB\""),
        format!("sig={all};created=1"),
        format!("sig={all};created=1;keyid=\"short\""),
        format!("sig={all};created=1;keyid=token0123456"),
        format!("sig={all};keyid=\"0123456789AB\""),
        format!("sig={all};created=\"1\";keyid=\"0123456789AB\""),
        format!("sig={all};created=1;expires=2.5;keyid=\"0123456789AB\""),
        format!("{good};alg=\"hmac-sha256\""),
        format!("{good};alg=ed25519"),
        "sig=(\"@method\" \"@method\" \"@target-uri\");created=1;keyid=\"0123456789AB\"".to_owned(),
        "sig=(\"@method\" \"@target-uri\";req);created=1;keyid=\"0123456789AB\"".to_owned(),
        "sig=(\"@method\" \"@target-uri\" \"x-missing\");created=1;keyid=\"0123456789AB\""
            .to_owned(),
        format!("{good};x=\"{}\"", "a".repeat(5_000)),
    ] {
        assert_eq!(
            code(&input, &[], "/v1/keys"),
            "signature_malformed",
            "{input}"
        );
    }
    assert_eq!(code(&format!("{good};alg=\"ed25519\""), &[], "/"), "read");
    let mut twice = request(&good, &[], "/");
    let more = "more=:AAAA:".parse().unwrap();
    twice.headers.append("signature", more);
    assert!(SignedRequest::read(&twice, ORIGIN).is_err());
    let mut bare = request(&good, &[], "/");
    bare.extensions.remove::<Guarded>();
    assert!(SignedRequest::read(&bare, ORIGIN).is_err());
}

#[test]
fn what_decides_what_is_done_must_be_signed() {
    let input = |names: &str| format!("sig=({names});created=1;keyid=\"0123456789AB\"");
    let body = [("content-length", "2"), ("content-digest", HELLO_256)];
    let once = [("idempotency-key", "x")];
    let none: [(&str, &str); 0] = [];
    for (names, more, uri, expected) in [
        ("\"@method\" \"@target-uri\"", &none[..], "/a?b", "read"),
        (
            "\"@method\" \"@authority\" \"@path\" \"@query\"",
            &none,
            "/a?b",
            "read",
        ),
        ("\"@method\" \"@authority\" \"@path\"", &none, "/a", "read"),
        (
            "\"@method\" \"@authority\" \"@path\"",
            &none,
            "/a?b",
            "signature_incomplete",
        ),
        ("\"@method\" \"@path\"", &none, "/a", "signature_incomplete"),
        ("\"@target-uri\"", &none, "/a", "signature_incomplete"),
        ("", &none, "/a", "signature_incomplete"),
        (
            "\"@method\" \"@target-uri\"",
            &body,
            "/a",
            "signature_incomplete",
        ),
        (
            "\"@method\" \"@target-uri\" \"content-digest\"",
            &body,
            "/a",
            "read",
        ),
        (
            "\"@method\" \"@target-uri\"",
            &once,
            "/a",
            "signature_incomplete",
        ),
        (
            "\"@method\" \"@target-uri\" \"idempotency-key\"",
            &once,
            "/a",
            "read",
        ),
    ] {
        assert_eq!(code(&input(names), more, uri), expected, "{names} {uri}");
    }
}

async fn read_to_its_end(digest: Option<&str>, body: &'static str) -> Option<Bytes> {
    let mut request = Request::builder().uri("/");
    if let Some(digest) = digest {
        request = request.header("content-digest", digest);
    }
    let request = guard(request.body(Body::from(body)).unwrap());
    match request.into_body().collect().await {
        Ok(body) => Some(body.to_bytes()),
        Err(error) => {
            assert!(caused(&error));
            None
        }
    }
}

#[tokio::test]
async fn a_body_is_read_to_its_end_only_if_it_is_the_one_that_was_signed() {
    let both = format!("{HELLO_512}, {HELLO_256}");
    let unknown = "md5=:AAAA:";
    let other = HELLO_256.replace("X4", "Y4");
    for (digest, body, expected) in [
        (Some(HELLO_256), HELLO, true),
        (Some(HELLO_512), HELLO, true),
        (Some(both.as_str()), HELLO, true),
        (Some(HELLO_256), "{\"hello\": \"World\"}", false),
        (Some(HELLO_256), "", false),
        (Some(other.as_str()), HELLO, false),
        (Some(unknown), HELLO, false),
        (Some("sha-256=1"), HELLO, false),
        (Some("("), HELLO, false),
        (None, HELLO, true),
        (None, "", true),
    ] {
        let read = read_to_its_end(digest, body).await;
        let expected = expected.then(|| Bytes::from_static(body.as_bytes()));
        assert_eq!(read, expected, "{digest:?} {body}");
    }
}
