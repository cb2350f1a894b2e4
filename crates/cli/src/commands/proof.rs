//! `softcap proof`: the proof that an investor's line is in the settlement.

use std::{fmt::Write as _, process::ExitCode};

use softcap_offering::InvestorId;
use softcap_proof::{TreeFile, bundle::BundleFile, investor_proof::InvestorProof, verify::Trust};

use crate::{
    arguments::ProofArguments, bundle_folder::BundleFolder, commands::verify, console::Console,
    failure::Failure,
};

pub(crate) fn run(arguments: &ProofArguments, console: &Console) -> Result<ExitCode, Failure> {
    let not_there = || Failure::NotThere {
        what: "investor",
        name: arguments.investor.clone(),
        place: arguments.bundle.display().to_string(),
        remedy: "use an id of investors.csv",
    };
    let investor = InvestorId::parse(&arguments.investor).map_err(|_| not_there())?;
    let folder = BundleFolder::open(&arguments.bundle)?;
    // A proof from a bundle that does not hold together would prove nothing.
    let kept = verify::checked(&folder, &Trust::default(), console)?;
    if kept.offering.find_investor(investor).is_none() {
        return Err(not_there());
    }
    let tree = BundleFile::SettlementTree;
    let file = folder
        .file(tree.name())
        .map_err(|source| Failure::Unreadable {
            file: arguments.bundle.join(tree.name()).display().to_string(),
            source,
        })?;
    let mut tree = TreeFile::open(file)?;
    let proof = InvestorProof::new(&kept.offering, investor, &mut tree)?;
    let value = serde_json::from_str(&proof.to_json()).unwrap_or_default();
    console.data(text(&proof, &kept.offering), &value);
    Ok(ExitCode::SUCCESS)
}

/// The leaf with the meaning of each value, then the siblings.
fn text(proof: &InvestorProof, offering: &softcap_offering::Offering) -> String {
    let terms = offering.terms();
    let mut names = vec!["tokens".to_owned()];
    for currency in &terms.currencies {
        names.push(format!("accepted {}", currency.symbol));
        names.push(format!("refunded {}", currency.symbol));
    }
    let mut text = format!(
        "investor         {}\nroot             {}\n",
        proof.investor, proof.root
    );
    for (name, amount) in names.iter().zip(&proof.amounts) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<16} {amount} (smallest units)");
    }
    for (place, sibling) in proof.proof.iter().enumerate() {
        let _ = writeln!(text, "sibling {place:<8} {sibling}");
    }
    let numbers: Vec<String> = proof.contributions.iter().map(u64::to_string).collect();
    let _ = write!(
        text,
        "entries          {}\n\nChecked against the root. Elsewhere: StandardMerkleTree.verify(root, types, \
         values, proof) of @openzeppelin/merkle-tree, with the values of --json.",
        numbers.join(", "),
    );
    text
}
