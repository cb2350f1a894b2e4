//! viem, an EVM client that is not ours, beside the program: it checks what the issuer signed, shows a permit and pays,
//! takes the tokens, and checks the proof of the settlement.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use alloy_primitives::{B256, U256};
use serde_json::{Value, json};
use softcap_evm::{Permit, PermitDomain};

use crate::{
    client::OFFERING,
    node::tools,
    rpc::ACCOUNTS,
    sale::{CLOSES, Following, Sale, TERMS},
};

/// Asks the script; what it answers.
fn ask(sale: &Sale, action: &str, more: &Value) -> Value {
    let abi: Value =
        serde_json::from_str(include_str!("../../../../contracts/abi/IEscrow.json")).unwrap();
    let mut question = json!({
        "action": action,
        "packages": tools(),
        "rpc": sale.anvil.url(),
        "chainId": 31_337,
        "abi": abi["abi"],
    });
    let fields = question.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/anvil/wallet.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("Node.js 20 or later with npm");
    let mut input = node.stdin.take().unwrap();
    // The script reads everything before it writes anything: no reader can wait for the other.
    input.write_all(question.to_string().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{action} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The keys of these accounts are public.
fn key(account: usize) -> String {
    ACCOUNTS[account].signer().to_bytes().to_string()
}

/// The program's permit for an account, of two coins.
fn permit(sale: &Sale, account: usize) -> Value {
    let investor = ACCOUNTS[account].address().to_string();
    let escrow = sale.escrow.to_string();
    let of = ["permit", "--escrow", &escrow, "--investor", &investor];
    let more = ["--max", "2000000000000000000", "--key-file", "key-1"];
    let (code, permit, error) = sale.run(&[&of[..], &more].concat());
    assert_eq!(code, Some(0), "{error}");
    permit
}

/// The hash of a permit as the program computes it.
fn hash(sale: &Sale, permit: &Value) -> B256 {
    let number = |name: &str| -> U256 { permit[name].as_str().unwrap().parse().unwrap() };
    let domain = PermitDomain {
        chain_id: 31_337,
        escrow: sale.escrow,
        round: U256::ZERO,
        terms_hash: sale.announced["terms_hash"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
    };
    let permit = Permit {
        investor: permit["investor"].as_str().unwrap().parse().unwrap(),
        max: number("max"),
        expiry: number("expiry"),
    };
    permit.hash(&domain)
}

/// The bundle of the server, unpacked in a folder.
async fn bundle(sale: &Sale) -> String {
    let archive = sale.client.get(&format!("{OFFERING}/bundle")).await;
    assert_eq!(archive.status, 200);
    let place = sale.server.path();
    std::fs::write(place.join("bundle.tar"), &archive.body).unwrap();
    let unpacked = Command::new("tar")
        .args(["-xvf", "bundle.tar"])
        .current_dir(place)
        .output()
        .unwrap();
    assert!(unpacked.status.success(), "{unpacked:?}");
    let names = String::from_utf8(unpacked.stdout).unwrap();
    names.split('/').next().unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_of_others_contributes_claims_and_checks_its_proof() {
    let verifier = ACCOUNTS[1].address().to_string();
    let terms = TERMS.replace("[[round]]\n", "[[round]]\naccess = \"admitted\"\n");
    let following = Following {
        confirmations: 2,
        endpoints: 1,
        blocks_at_once: 1_000,
    };
    let sale = Sale::with_terms(&terms, &["--verifier", &verifier], &following).await;
    let manifest = std::fs::read(sale.server.path().join("softcap-addresses.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let said = ask(
        &sale,
        "manifest",
        &json!({ "manifest": manifest, "verifierKey": sale.issuer }),
    );
    assert_eq!(
        (&said["signed"], &said["forged"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(said["lines"][0], "softcap addresses/v1");
    assert_eq!(said["lines"][4], manifest["escrow"]);
    assert_eq!(said["codeHash"], manifest["code_hash"]);
    assert_eq!(said["termsHash"], sale.announced["terms_hash"]);

    sale.anvil.call("evm_setAutomine", &json!([true]));
    for (account, wei) in [
        (4, 1_400_000_000_000_000_000_u128),
        (5, 700_000_000_000_000_000),
    ] {
        let shown = permit(&sale, account);
        let question = json!({
            "escrow": sale.escrow,
            "termsHash": sale.announced["terms_hash"],
            "permit": shown,
            "verifier": verifier,
        });
        let said = ask(&sale, "permit", &question);
        let ours = json!(hash(&sale, &shown));
        assert_eq!(
            (&said["viem"], &said["contract"], &said["signed"]),
            (&ours, &ours, &json!(true))
        );
        let question = json!({
            "escrow": sale.escrow,
            "key": key(account),
            "value": wei.to_string(),
            "permit": shown,
        });
        assert_eq!(ask(&sale, "contribute", &question)["status"], "success");
    }
    sale.bury();
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 2);

    sale.anvil
        .call("evm_mine", &json!([{ "timestamp": CLOSES, "blocks": 1 }]));
    let escrow = sale.escrow.to_string();
    let released = sale.run(&["release", "--escrow", &escrow, "--key-file", "key-8"]);
    assert_eq!(released.0, Some(0), "{released:?}");
    for (account, tokens) in [(4, "2000000000000000000000"), (5, "1000000000000000000000")] {
        let question = json!({
            "escrow": sale.escrow,
            "token": sale.announced["token"],
            "key": key(account),
        });
        let said = ask(&sale, "claim", &question);
        assert_eq!(said, json!({ "status": "success", "tokens": tokens }));
    }
    sale.bury();
    sale.until_followed().await;
    check_proofs(&sale).await;
}

/// What `softcap proof` gives of the server's bundle is what the package takes, and what it does not take when changed.
async fn check_proofs(sale: &Sale) {
    let folder = bundle(sale).await;
    let mut proofs = Vec::new();
    for account in [4, 5] {
        let investor = ACCOUNTS[account].address().to_string().to_lowercase();
        let proof = sale
            .server
            .softcap(&["proof", &folder, "--investor", &investor, "--json"])
            .output()
            .unwrap();
        assert!(proof.status.success(), "{proof:?}");
        let proof: Value = serde_json::from_slice(&proof.stdout).unwrap();
        let path = format!("{OFFERING}/settlement/proofs/{investor}");
        let served = sale.client.get(&path).await.json();
        let prefixed = |hash: &Value| json!(format!("0x{}", hash.as_str().unwrap()));
        let path = served["proof"].as_array().unwrap().iter().map(prefixed);
        assert_eq!(
            (prefixed(&served["root"]), Value::Array(path.collect())),
            (proof["root"].clone(), proof["proof"].clone())
        );
        let mut other = proof.clone();
        other["values"][1] = json!("1");
        proofs.extend([proof, other]);
    }
    let said = ask(sale, "proofs", &json!({ "proofs": proofs }));
    assert_eq!(said, json!([true, false, true, false]));
}
