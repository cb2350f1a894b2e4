//! How much somebody pays, from what is left on the chain when it happens.

use alloy_primitives::U256;
use softcap_evm::bindings::escrow::IEscrow;

use crate::acts::{Pay, Size};
use crate::chain::{Chain, investor};
use crate::sale::Sale;
use crate::script::part;

/// What one investor's counter holds at most, and one more.
const LARGEST: U256 = U256::from_limbs([0, 1 << 16, 0, 0]);

/// The amount of a contribution, at most what the investor has.
pub(crate) fn amount(sale: &Sale, chain: &mut Chain, pay: &Pay) -> u128 {
    let terms = &sale.terms_at(chain.now);
    let (room, near) = match pay.size {
        Size::Units(units) => (U256::from(units), 0),
        Size::Part(parts) => (U256::from(part(clamped(terms.hard_cap), parts)), 0),
        Size::Minimum(near) => (terms.contribution_min, near),
        Size::Maximum(near) => (terms.contribution_max, near),
        Size::InvestorMinimum(near) => (
            terms.investor_min - terms.investor_min.min(held(chain, pay)),
            near,
        ),
        Size::InvestorRoom(near) => (
            terms.investor_max - terms.investor_max.min(held(chain, pay)),
            near,
        ),
        Size::PermitRoom(near) => {
            let shown = pay.permit.map_or(0, |permit| permit.max);
            let most = U256::from(chain.account(pay.who).cap).max(U256::from(shown));
            (most - most.min(held(chain, pay)), near)
        }
        Size::HardCapRoom(near) => (terms.hard_cap - raised(chain).min(terms.hard_cap), near),
        Size::SoftCap(near) => (terms.soft_cap - raised(chain).min(terms.soft_cap), near),
        Size::SaleRoom(near) => {
            let counted = U256::from(chain.totals().counted);
            (for_tokens(chain, terms.for_sale - counted), near)
        }
        Size::OneToken(near) => (for_tokens(chain, U256::from(1)), near),
    };
    // What is more, or buys more than 2^127 tokens, only the engine refuses as too large to count.
    let countable = for_tokens(chain, U256::from(1) << 127) - U256::from(1);
    let most = chain.money(investor(pay.who)).min(countable).min(LARGEST);
    clamped(room)
        .saturating_add_signed(near.into())
        .min(clamped(most))
}

/// Least money for so many tokens at the price of now.
fn for_tokens(chain: &mut Chain, tokens: U256) -> U256 {
    let position = U256::from(chain.now);
    let price = chain.look(&IEscrow::priceAtCall { position });
    tokens
        .saturating_mul(price.denominator)
        .div_ceil(price.numerator)
}

fn held(chain: &mut Chain, pay: &Pay) -> U256 {
    U256::from(chain.account(pay.who).accepted)
}

fn raised(chain: &mut Chain) -> U256 {
    U256::from(chain.totals().raised)
}

fn clamped(number: U256) -> u128 {
    number.saturating_to()
}
