//! What a factory is told of an offering, whichever contract keeps it.

use alloy_primitives::{Address, B256, Bytes, U256};
use softcap_offering::terms::Terms;

use crate::announcement::{Announcement, announcement};
use crate::bindings::factory::EscrowFactory::TokenPlan;
use crate::escrow_terms::EscrowTerms;
use crate::own_code::FactoryKind;
use crate::parties::Parties;
use crate::root_announcement::{RootAnnouncement, root_announcement};
use crate::root_terms::{root_members, with_token};
use crate::unkept::Unkept;

/// An offering as a factory takes it.
pub trait Told: Sync {
    /// Which factory takes it.
    fn factory(&self) -> FactoryKind;
    /// Calldata for the factory.
    fn calldata(&self) -> Bytes;
    /// What everybody is told of it.
    fn facts(&self) -> Facts<'_>;
    /// The members of the terms that the escrow must hold, by name, for this token.
    fn members(&self, token: Address, milestones: Option<Address>) -> Vec<(&'static str, B256)>;
    /// What stands in the code of the escrow behind the 45 bytes of the clone.
    fn arguments(&self, token: Address, milestones: Option<Address>) -> Vec<u8>;
    /// Where something may come after the sale: the announcement that says what.
    fn by_formula(&self) -> Option<&Announcement>;
}

/// What every announcement says.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// SHA-256 of the terms' canonical JSON.
    pub terms_hash: B256,
    /// Who announces.
    pub issuer: Address,
    /// The ERC-20 people pay with; zero for the coin.
    pub currency: Address,
    /// First second after the window.
    pub closes: U256,
    /// Tokens that the escrow holds at first.
    pub for_sale: U256,
    /// The token.
    pub token: &'a TokenPlan,
}

impl Told for Announcement {
    fn factory(&self) -> FactoryKind {
        let kind = self.terms.kind();
        if self.after_sale.is_empty() {
            FactoryKind::of(kind)
        } else {
            FactoryKind::with_after_sale(kind)
        }
    }

    fn calldata(&self) -> Bytes {
        Self::calldata(self)
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            terms_hash: self.terms.terms_hash,
            issuer: self.terms.issuer,
            currency: self.terms.currency,
            closes: self.terms.closes,
            for_sale: self.terms.for_sale,
            token: &self.token,
        }
    }

    fn members(&self, token: Address, milestones: Option<Address>) -> Vec<(&'static str, B256)> {
        let terms = EscrowTerms {
            token,
            ..self.held(milestones).terms
        };
        terms.members().to_vec()
    }

    fn arguments(&self, token: Address, milestones: Option<Address>) -> Vec<u8> {
        self.held(milestones).code_arguments(token)
    }

    fn by_formula(&self) -> Option<&Announcement> {
        Some(self)
    }
}

impl Announcement {
    /// Where the money is released in steps, the escrow pays the contract that does it.
    fn held(&self, milestones: Option<Address>) -> Self {
        let mut held = self.clone();
        if self.after_sale.release.is_some() {
            held.terms.beneficiary = milestones.unwrap_or_default();
        }
        held
    }
}

impl Told for RootAnnouncement {
    fn factory(&self) -> FactoryKind {
        FactoryKind::Root
    }

    fn calldata(&self) -> Bytes {
        Self::calldata(self)
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            terms_hash: self.terms.termsHash,
            issuer: self.terms.issuer,
            currency: self.terms.currency,
            closes: self.terms.closes,
            for_sale: self.terms.forSale,
            token: &self.token,
        }
    }

    fn members(&self, token: Address, _: Option<Address>) -> Vec<(&'static str, B256)> {
        root_members(&with_token(&self.terms, token)).to_vec()
    }

    fn arguments(&self, token: Address, _: Option<Address>) -> Vec<u8> {
        self.code_arguments(token)
    }

    fn by_formula(&self) -> Option<&Announcement> {
        None
    }
}

/// What the factory is told about these terms, of the contract that keeps them.
///
/// # Errors
/// Every reason why that contract cannot keep them.
pub fn told(terms: &Terms, parties: &Parties) -> Result<Box<dyn Told>, Vec<Unkept>> {
    Ok(match terms.root {
        Some(root) => Box::new(root_announcement(terms, root, parties)?),
        None => Box::new(announcement(terms, parties)?),
    })
}
