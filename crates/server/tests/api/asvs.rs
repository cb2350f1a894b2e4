//! Requirements of OWASP ASVS 5.0 that no other file proves, by their numbers; `softcap selftest` lists all.

use serde_json::{Value, json};
use softcap_server::Network;

use crate::test_node::{Answer, Call, TestNode};

/// Some answers of every kind: public, refused, unknown, a page.
fn answers(node: &TestNode, header: (&'static str, &'static str)) -> Vec<Answer> {
    let paths = [
        "/",
        "/docs",
        "/v1/offerings",
        "/v1/keys",
        "/v1/me",
        "/nowhere",
        "/readyz",
    ];
    paths
        .map(|path| node.call(&Call::new("GET", path).header(header.0, header.1)))
        .into()
}

#[test]
fn v3_4_2_another_sites_pages_read_nothing() {
    let node = TestNode::with_offering();
    for origin in ["https://evil.example", "null"] {
        for answer in answers(&node, ("origin", origin)) {
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
        let asked = Call::new("OPTIONS", "/v1/keys")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let asked = node.call(&asked);
        assert_eq!(asked.status, 405);
        assert_eq!(asked.header("access-control-allow-methods"), None);
    }
}

#[test]
fn v3_4_3_and_v3_4_6_a_policy_stands_on_every_answer() {
    let node = TestNode::with_offering();
    for answer in answers(&node, ("accept", "text/html")) {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("object-src") && !policy.contains("base-uri *"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn v4_1_3_a_forged_address_passes_no_list() {
    let made = |node: &TestNode| {
        let body = json!({ "label": "x", "scopes": ["keys:read:*"], "networks": ["192.0.2.7"] });
        let made = node.call(&Call::new("POST", "/v1/keys").key(&node.key).body(&body));
        made.json()["secret"].as_str().unwrap().to_owned()
    };
    let tries = [
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-for", "192.0.2.7, 127.0.0.1"),
        ("forwarded", "for=192.0.2.7"),
        ("x-real-ip", "192.0.2.7"),
        ("x-client-ip", "192.0.2.7"),
    ];
    let node = TestNode::empty();
    let key = made(&node);
    for (name, value) in tries {
        let answer = node.call(&Call::new("GET", "/v1/keys").key(&key).header(name, value));
        assert_eq!(answer.refusal(), (403, "key_address".to_owned()), "{name}");
    }
    // Behind a proxy of the list the same words are believed, and only what the proxy itself adds.
    let proxied = TestNode::empty_with(|config| {
        config.server.proxies = vec!["127.0.0.0/8".parse::<Network>().unwrap()];
    });
    let key = made(&proxied);
    let call = |value: &'static str| {
        let call = Call::new("GET", "/v1/keys").key(&key);
        proxied.call(&call.header("x-forwarded-for", value)).status
    };
    assert_eq!(
        (call("192.0.2.7"), call("192.0.2.7, 198.51.100.1")),
        (200, 403)
    );
}

#[test]
fn v4_2_1_a_request_of_two_lengths_is_refused() {
    let node = TestNode::empty();
    let smuggled = "0\r\n\r\nGET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n";
    let heads = [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n",
            smuggled.len()
        ),
        "Content-Length: 4\r\nContent-Length: 50\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Content-Length: +4\r\n".to_owned(),
    ];
    for head in heads {
        let answers = node.raw(&format!(
            "POST /v1/leaks HTTP/1.1\r\nHost: x\r\n{head}\r\n{smuggled}"
        ));
        // One answer, and the connection is over: what stood behind is no request.
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{head}{answers}");
        assert!(answers.starts_with("HTTP/1.1 4"), "{head}{answers}");
    }
}

#[test]
fn v4_4_2_no_websocket_is_opened_for_anybody() {
    let node = TestNode::with_offering();
    for path in ["/", "/v1/offerings", "/v1/offerings/harbour"] {
        let call = Call::new("GET", path)
            .header("origin", "https://evil.example")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
        let answer = node.call(&call);
        assert_ne!(answer.status, 101, "{path}");
        assert_eq!(answer.header("sec-websocket-accept"), None);
    }
}

#[test]
fn v14_2_1_a_key_in_the_query_counts_for_nothing() {
    let node = TestNode::empty();
    for name in ["key", "api_key", "token", "access_token", "authorization"] {
        let path = format!("/v1/keys?{name}={}", node.key);
        let answer = node.call(&Call::new("GET", &path));
        assert_eq!(answer.status, 401, "{name}");
        assert!(!answer.text().contains(&node.key), "{name}");
    }
}

#[test]
fn v16_4_1_no_name_forges_a_line() {
    let node = TestNode::empty();
    for label in ["a\r\nb", "a\nlevel=ERROR", "a\u{1b}[31m", "a\0b"] {
        let body = json!({ "label": label, "scopes": [] });
        let made = node.call(&Call::new("POST", "/v1/keys").key(&node.key).body(&body));
        assert_eq!(made.refusal(), (422, "K233".to_owned()), "{label:?}");
    }
    let audit = node.call(
        &Call::new("GET", "/v1/audit")
            .key(&node.key)
            .body(&Value::Null),
    );
    assert!(!audit.text().contains("level=ERROR"), "{}", audit.text());
}
