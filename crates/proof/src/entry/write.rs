//! How the parts of a leaf are written. Each has its mirror in `read.rs`.

use softcap_offering::{InvestorId, LimitPrice, Ratio, RequestId};

use super::is_entry_text;

/// The 16 bytes of a request, nothing where there is none.
///
/// # Errors
/// For a request of zeros.
pub fn request(request: Option<RequestId>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let Some(RequestId(id)) = request else {
        return Ok(());
    };
    if id == [0; 16] {
        return Err(REQUEST_IS_ZERO);
    }
    out.extend_from_slice(&id);
    Ok(())
}

pub(super) const REQUEST_IS_ZERO: &str = "a request is zero";

/// One length byte (0 to 16), then that many bytes, big endian, without leading zeros.
pub fn amount(value: u128, leaf: &mut Vec<u8>) {
    let zeros = value.leading_zeros() / 8;
    let bytes = value.to_be_bytes();
    // At most 16, so that it fits.
    leaf.push((16 - zeros) as u8);
    leaf.extend_from_slice(&bytes[zeros as usize..]);
}

/// Two bytes of length, then the bytes.
pub(super) fn bytes(bytes: &[u8], leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    let length = u16::try_from(bytes.len()).map_err(|_| "a field is longer than 65,535 bytes")?;
    leaf.extend_from_slice(&length.to_be_bytes());
    leaf.extend_from_slice(bytes);
    Ok(())
}

/// A reference or source: two bytes of length, then its characters.
///
/// # Errors
/// For what is no [entry text](is_entry_text).
pub fn text(text: &str, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    if is_entry_text(text) {
        bytes(text.as_bytes(), leaf)
    } else {
        Err(TEXT_RULE)
    }
}

pub(super) const TEXT_RULE: &str = "a reference or source may hold only printable ASCII characters \
     without comma and quotation mark, at most 255";

/// `0` and 20 bytes of an address, `1` and the bytes of an opaque id.
pub(super) fn investor(id: InvestorId<'_>, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    match id {
        InvestorId::Address(address) => {
            leaf.push(0);
            leaf.extend_from_slice(&address);
            Ok(())
        }
        InvestorId::Opaque(text) => {
            if InvestorId::parse(text) != Ok(id) {
                return Err("an opaque investor id is not one");
            }
            leaf.push(1);
            bytes(text.as_bytes(), leaf)
        }
    }
}

/// Numerator and denominator, in lowest terms.
pub(super) fn ratio(ratio: Ratio, leaf: &mut Vec<u8>) {
    amount(ratio.num(), leaf);
    amount(ratio.den(), leaf);
}

/// Money, then tokens, which are not zero.
pub(super) fn limit(limit: LimitPrice, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    if limit.tokens == 0 {
        return Err(NO_TOKENS);
    }
    amount(limit.money, leaf);
    amount(limit.tokens, leaf);
    Ok(())
}

pub(super) const NO_TOKENS: &str = "a limit price is for no tokens";
