//! Prepares `contracts/abi/` for `sol!`.
//!
//! The struct of an escrow's terms has more members than `sol!` has tuples for. All of them are single words, so an
//! array of words is encoded in the same way; it stands in their place here. The selector of a function follows from
//! its real arguments, so the real signatures of those that take the terms are kept beside the prepared ABI.

use std::{env, error::Error, fs, path::Path};

use serde_json::{Value, json};

const CONTRACTS: [&str; 15] = [
    "EscrowFactory",
    "IEscrow",
    "IRootEscrow",
    "IRounds",
    "IWithdrawal",
    "Milestones",
    "OfferingFactory",
    "RootEscrowFactory",
    "RoundsEscrowFactory",
    "RoundsOfferingFactory",
    "SaleToken",
    "TokenClone",
    "Vesting",
    "WithdrawableEscrowFactory",
    "WithdrawableRoundsEscrowFactory",
];
/// Functions that take the terms: contract, and name.
const TAKES_TERMS: [(&str, &str); 4] = [
    ("EscrowFactory", "announce"),
    ("OfferingFactory", "announceWithAfterSale"),
    ("RoundsEscrowFactory", "announceRounds"),
    ("RoundsOfferingFactory", "announceRoundsWithAfterSale"),
];
const TERMS: &str = "struct IEscrow.Terms";

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../contracts/abi");
    for contract in CONTRACTS {
        let file = folder.join(format!("{contract}.json"));
        println!("cargo::rerun-if-changed={}", file.display());
        let mut artifact: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        for (_, function) in TAKES_TERMS.iter().filter(|(of, _)| *of == contract) {
            let signature = signature(&artifact["abi"], function).ok_or("no such function")?;
            let file = format!("{function}.signature");
            fs::write(Path::new(&out).join(file), signature)?;
        }
        terms_as_words(&mut artifact);
        let prepared = Path::new(&out).join(format!("{contract}.json"));
        fs::write(prepared, artifact.to_string())?;
    }
    Ok(())
}

fn terms_as_words(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(terms_as_words),
        Value::Object(members) => {
            let is_terms = members.get("internalType").and_then(Value::as_str) == Some(TERMS);
            if is_terms && let Some(Value::Array(components)) = members.remove("components") {
                let words = format!("bytes32[{}]", components.len());
                members.insert("type".to_owned(), json!(words));
                members.insert("internalType".to_owned(), json!(words));
            }
            members.values_mut().for_each(terms_as_words);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `name(type,...)` as selectors are computed from.
fn signature(abi: &Value, name: &str) -> Option<String> {
    let entries = abi.as_array()?;
    let function = entries
        .iter()
        .find(|entry| entry["type"] == "function" && entry["name"] == name)?;
    Some(format!("{name}{}", types(&function["inputs"])?))
}

fn types(inputs: &Value) -> Option<String> {
    let names: Option<Vec<String>> = inputs.as_array()?.iter().map(canonical).collect();
    Some(format!("({})", names?.join(",")))
}

fn canonical(input: &Value) -> Option<String> {
    let kind = input["type"].as_str()?;
    match kind.strip_prefix("tuple") {
        Some(array) => Some(format!("{}{array}", types(&input["components"])?)),
        None => Some(kind.to_owned()),
    }
}
