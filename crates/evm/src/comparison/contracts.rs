//! Whether the contract is the escrow of the record's terms, and what was made with it too.

use alloy_primitives::{Address, B256, keccak256};
use softcap_offering::Offering;

use super::{
    after_sale_contracts::compare_after_sale,
    evidence::{Announced, ContractEvidence},
    finding::{Finding, FindingCode},
    record::NamedEscrow,
};
use crate::{
    after_sale_place::AfterSalePlace,
    numbers::share_names,
    own_code::{AfterSaleCode, OwnCode, clone_code, token_code},
    parties::{PaidIn, Parties},
    sale_terms::SaleTerms,
    told::{Told, told},
};

/// The code that this program's contracts for some terms have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnContracts {
    /// Of escrow and token.
    pub sale: OwnCode,
    /// Of what comes after the sale, where the terms promise something.
    pub after_sale: Option<AfterSaleCode>,
}

/// What a comparison of contracts found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComparedContracts {
    /// Differences; none where the contracts are those of the terms.
    pub findings: Vec<Finding>,
    /// What was made together with the escrow, as far as nothing differs.
    pub after_sale: AfterSalePlace,
}

/// Compares announcement, terms and code with the terms of a record. Nothing that a contract says is worth anything where
/// this finds something.
#[must_use]
pub fn compare_contracts(
    named: &NamedEscrow,
    offering: &Offering,
    evidence: &ContractEvidence,
    own: OwnContracts,
) -> ComparedContracts {
    let mut compared = ComparedContracts::default();
    if evidence.chain_id != named.at.chain_id {
        let code = FindingCode::OtherChain;
        let (record, chain) = (named.at.chain_id, evidence.chain_id);
        let finding = Finding::new(code, "chain id", record, chain);
        compared.findings.push(finding.in_entry(named.entry));
        return compared;
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
        compared.findings.push(finding.in_entry(named.entry));
        return compared;
    };
    compared.findings = hashes(offering, announced);
    match told(offering.terms(), &parties(offering, &announced.terms)) {
        Ok(told) => {
            compared.findings.extend(terms(&*told, announced));
            compared.findings.extend(code(&*told, announced, own.sale));
            if let (Some(told), Some(own)) = (told.by_formula(), own.after_sale) {
                let (place, found) = compare_after_sale((escrow, told), announced, evidence, own);
                compared.after_sale = place;
                compared.findings.extend(found);
            }
        }
        Err(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            compared.findings.push(Finding::new(
                FindingCode::OtherTerms,
                "terms",
                format!("terms that no contract keeps ({})", reasons.join("; ")),
                "that one was announced",
            ));
        }
    }
    compared
}

fn hashes(offering: &Offering, announced: &Announced) -> Vec<Finding> {
    let record = B256::from(offering.terms_hash());
    let said = [
        ("the announcement's terms hash", announced.terms_hash),
        ("the factory's terms hash", announced.remembered),
        ("the contract's terms hash", announced.terms.terms_hash()),
    ];
    let other = said.into_iter().filter(|(_, hash)| *hash != record);
    other
        .map(|(about, hash)| Finding::new(FindingCode::OtherTermsHash, about, record, hash))
        .collect()
}

/// Who takes part is on the chain alone, so that is believed.
fn parties(offering: &Offering, there: &SaleTerms) -> Parties {
    let (issuer, treasury) = match there {
        SaleTerms::Formula(terms) => (terms.issuer, terms.treasury),
        SaleTerms::Root(terms) => (terms.issuer, terms.treasury),
    };
    let somebody = |address: Address| (address != Address::ZERO).then_some(address);
    Parties {
        issuer,
        beneficiary: there.beneficiary(),
        verifier: somebody(there.verifier()),
        paid_in: somebody(there.currency()).map_or(PaidIn::Coin, PaidIn::Token),
        treasury: somebody(treasury),
        // Who holds a share is in no term of the escrow; how much of it there is shows in the supply.
        holders: share_names(offering.terms())
            .into_iter()
            .map(|name| (name.to_owned(), issuer))
            .collect(),
    }
}

fn terms(told: &dyn Told, announced: &Announced) -> Vec<Finding> {
    // Where the money is released in steps, the escrow pays the contract that does it, whichever that is.
    let told = told.members(announced.token, Some(announced.terms.beneficiary()));
    let there = announced.terms.members();
    if told.len() != there.len() {
        let kind = |words: usize| format!("an escrow with {words} words of terms");
        let (record, chain) = (kind(told.len()), kind(there.len()));
        let about = "kind of escrow";
        return vec![Finding::new(FindingCode::OtherTerms, about, record, chain)];
    }
    let pairs = told.into_iter().zip(there);
    pairs
        .filter(|((name, told), (_, there))| *name != "termsHash" && told != there)
        .map(|((name, told), (_, there))| Finding::new(FindingCode::OtherTerms, name, told, there))
        .collect()
}

fn code(told: &dyn Told, announced: &Announced, own: OwnCode) -> Vec<Finding> {
    let (escrow, token) = announced.implementations;
    let arguments = told.arguments(announced.token, Some(announced.terms.beneficiary()));
    let expected = [
        (
            "the hash of the escrow's code",
            keccak256(clone_code(escrow, &arguments)),
            keccak256(&announced.escrow_code),
        ),
        (
            "the hash of the token's code",
            keccak256(token_code(token)),
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
