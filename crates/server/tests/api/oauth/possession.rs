//! Tokens that are bound to a key (RFC 9449), at the endpoint that gives them and where they are used.

use serde_json::json;
use softcap_identity::Role;

use super::application::{Application, Possessor, ath, error};
use crate::{
    people::browser::Site,
    roles::somebody,
    test_node::{Answer, Call},
};

const TOKEN: (&str, &str) = ("POST", "/oauth/token");
const INVESTORS: (&str, &str) = ("GET", "/v1/offerings/harbour/investors");

fn nonce(answer: &Answer) -> String {
    answer.header("dpop-nonce").unwrap().to_owned()
}

#[test]
fn v10_3_5_a_bound_token_is_worth_nothing_without_a_proof_for_this_request() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let key = Possessor::new(1);
    let code = app.code(&mut carla, "investors:read:*");
    let first = app.redeem(&code, Some(&key.proof("t-1", TOKEN, &json!({}))));
    assert_eq!(error(&first), (400, "use_dpop_nonce".to_owned()));
    let known = nonce(&first);
    let proof = key.proof("t-2", TOKEN, &json!({ "nonce": known }));
    let given = app.redeem(&code, Some(&proof));
    assert_eq!(given.status, 200, "{}", given.text());
    let tokens = given.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();

    let (method, path) = INVESTORS;
    let get = |scheme: &str, proof: Option<&str>| {
        let call = Call::new("GET", path).header("authorization", &format!("{scheme} {token}"));
        let call = proof.map_or_else(
            || Call::new("GET", path).header("authorization", &format!("{scheme} {token}")),
            |proof| call.header("dpop", proof),
        );
        site.node.call(&call)
    };
    let about = json!({ "nonce": known, "ath": ath(token) });
    let good = key.proof("r-1", INVESTORS, &about);
    assert_eq!(get("DPoP", Some(&good)).status, 200);
    let refused = |answer: Answer, code: &str| {
        assert_eq!(answer.refusal(), (401, code.to_owned()));
        let challenge = answer.header("www-authenticate").unwrap().to_owned();
        assert!(challenge.contains("error=\""), "{challenge}");
    };
    refused(get("DPoP", Some(&good)), "A817");
    refused(get("Bearer", None), "A814");
    refused(get("DPoP", None), "A817");
    refused(
        get("Bearer", Some(&key.proof("r-2", INVESTORS, &about))),
        "A814",
    );
    refused(
        get(
            "DPoP",
            Some(&Possessor::new(2).proof("r-3", INVESTORS, &about)),
        ),
        "A814",
    );
    refused(
        get("DPoP", Some(&key.proof("r-4", ("POST", path), &about))),
        "A817",
    );
    refused(
        get(
            "DPoP",
            Some(&key.proof("r-5", (method, "/v1/audit"), &about)),
        ),
        "A817",
    );
    let other = json!({ "nonce": known, "ath": ath("another") });
    refused(
        get("DPoP", Some(&key.proof("r-6", INVESTORS, &other))),
        "A817",
    );
    let old = json!({ "nonce": "old", "ath": ath(token) });
    let answer = get("DPoP", Some(&key.proof("r-7", INVESTORS, &old)));
    assert_eq!(nonce(&answer), known);
    refused(answer, "A818");
}
