//! Checks a receipt without asking the server, with `softcap-proof`. The key is the one that the site shows and the issuer
//! publishes elsewhere: `NAME+ID+BASE64`.

use softcap_proof::{ProofError, VerifierKey, receipt::Receipt};

pub(crate) fn check(receipt: &str, key: &str) -> Result<String, ProofError> {
    let receipt = Receipt::parse(receipt.as_bytes())?;
    let proved = receipt.verify(&VerifierKey::parse(key)?)?;
    let (index, size) = (proved.entry.sequence.0, proved.checkpoint.size());
    Ok(format!("entry {index} stands in the log of {size} entries"))
}
