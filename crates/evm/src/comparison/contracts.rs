//! Whether the contract is the escrow of the record's terms.

use alloy_primitives::{Address, B256, keccak256};
use softcap_offering::Offering;

use super::{
    evidence::{Announced, ContractEvidence},
    finding::{Finding, FindingCode},
    record::NamedEscrow,
};
use crate::{
    announcement::{Announcement, announcement},
    escrow_terms::EscrowTerms,
    numbers::share_names,
    own_code::{OwnCode, clone_code},
    parties::{PaidIn, Parties},
};

/// Compares announcement, terms and code with the terms of a record. Nothing that a contract says is worth anything where
/// this finds something.
#[must_use]
pub fn compare_contracts(
    named: &NamedEscrow,
    offering: &Offering,
    evidence: &ContractEvidence,
    own: OwnCode,
) -> Vec<Finding> {
    if evidence.chain_id != named.at.chain_id {
        let code = FindingCode::OtherChain;
        let (record, chain) = (named.at.chain_id, evidence.chain_id);
        return vec![Finding::new(code, "chain id", record, chain).in_entry(named.entry)];
    }
    let escrow = Address::from(named.at.contract);
    let Some(announced) = &evidence.announced else {
        let record = format!("{escrow}, announced at unix second {}", named.second);
        let finding = Finding::new(
            FindingCode::NotAnnounced,
            "the escrow",
            record,
            "that no factory announced it in a block of that second",
        );
        return vec![finding.in_entry(named.entry)];
    };
    let mut findings = hashes(offering, announced);
    match told(offering, announced) {
        Ok(told) => {
            findings.extend(terms(&told.terms, announced));
            findings.extend(code(&told, announced, own));
        }
        Err(reasons) => findings.push(Finding::new(
            FindingCode::OtherTerms,
            "terms",
            format!("terms that no contract keeps ({reasons})"),
            "that one was announced",
        )),
    }
    findings
}

fn hashes(offering: &Offering, announced: &Announced) -> Vec<Finding> {
    let record = B256::from(offering.terms_hash());
    let said = [
        ("the announcement's terms hash", announced.terms_hash),
        ("the factory's terms hash", announced.remembered),
        ("the contract's terms hash", announced.terms.terms_hash),
    ];
    let other = said.into_iter().filter(|(_, hash)| *hash != record);
    other
        .map(|(about, hash)| Finding::new(FindingCode::OtherTermsHash, about, record, hash))
        .collect()
}

/// What the factory must have been told. Who takes part is on the chain alone, so that is believed.
fn told(offering: &Offering, announced: &Announced) -> Result<Announcement, String> {
    let there = &announced.terms;
    let somebody = |address: Address| (address != Address::ZERO).then_some(address);
    let parties = Parties {
        issuer: there.issuer,
        beneficiary: there.beneficiary,
        verifier: somebody(there.verifier),
        paid_in: somebody(there.currency).map_or(PaidIn::Coin, PaidIn::Token),
        treasury: somebody(there.treasury),
        // Who holds a share is in no term of the escrow; how much of it there is shows in the supply.
        holders: share_names(offering.terms())
            .into_iter()
            .map(|name| (name.to_owned(), there.issuer))
            .collect(),
    };
    announcement(offering.terms(), &parties).map_err(|reasons| {
        let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        reasons.join("; ")
    })
}

fn terms(told: &EscrowTerms, announced: &Announced) -> Vec<Finding> {
    let told = EscrowTerms {
        token: announced.token,
        ..told.clone()
    };
    let pairs = told.members().into_iter().zip(announced.terms.members());
    pairs
        .filter(|((name, told), (_, there))| *name != "termsHash" && told != there)
        .map(|((name, told), (_, there))| Finding::new(FindingCode::OtherTerms, name, told, there))
        .collect()
}

fn code(told: &Announcement, announced: &Announced, own: OwnCode) -> Vec<Finding> {
    let (escrow, token) = announced.implementations;
    let arguments = told.code_arguments(announced.token);
    let expected = [
        (
            "the hash of the escrow's code",
            keccak256(clone_code(escrow, &arguments)),
            keccak256(&announced.escrow_code),
        ),
        (
            "the hash of the token's code",
            keccak256(clone_code(token, &[])),
            keccak256(&announced.token_code),
        ),
        (
            "the hash of the code behind the escrow",
            own.escrow,
            announced.behind.escrow,
        ),
        (
            "the hash of the code behind the token",
            own.token,
            announced.behind.token,
        ),
    ];
    let other = expected.into_iter().filter(|(_, own, there)| own != there);
    other
        .map(|(about, own, there)| Finding::new(FindingCode::OtherCode, about, own, there))
        .collect()
}
