//! How the parts of a leaf are read: strictly, so that each value has one spelling.

use softcap_offering::{InvestorId, LimitPrice, Ratio, RequestId};

use super::{is_entry_text, write};

/// A position in a leaf or a batch body. After an error it stands where the part that is wrong begins or ends.
#[derive(Debug)]
pub struct Reader<'a> {
    leaf: &'a [u8],
    offset: usize,
}

const ENDS_EARLY: &str = "it ends within a field";

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    pub fn new(leaf: &'a [u8]) -> Self {
        Self { leaf, offset: 0 }
    }

    /// How many bytes were read.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// How many bytes follow.
    pub fn rest_len(&self) -> usize {
        self.leaf.len() - self.offset
    }

    /// So many bytes, borrowed.
    ///
    /// # Errors
    /// When they are not there.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let rest = self.leaf.get(self.offset..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(ENDS_EARLY)?;
        self.offset += length;
        Ok(taken)
    }

    /// So many bytes.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let rest = self.leaf.get(self.offset..).unwrap_or_default();
        let array = rest.first_chunk::<N>().ok_or(ENDS_EARLY)?;
        self.offset += N;
        Ok(*array)
    }

    /// One byte.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn byte(&mut self) -> Result<u8, &'static str> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Two bytes, big endian.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn u16(&mut self) -> Result<u16, &'static str> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, &'static str> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, big endian.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn u64(&mut self) -> Result<u64, &'static str> {
        self.array().map(u64::from_be_bytes)
    }

    /// The 16 bytes of a request, which are not all zero.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn request(&mut self) -> Result<RequestId, &'static str> {
        let id = self.array()?;
        if id == [0; 16] {
            Err(write::REQUEST_IS_ZERO)
        } else {
            Ok(RequestId(id))
        }
    }

    /// An amount in its one spelling.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn amount(&mut self) -> Result<u128, &'static str> {
        let length = usize::from(self.byte()?);
        if length > 16 {
            return Err("an amount has more than 16 bytes");
        }
        let digits = self.take(length)?;
        if digits.first() == Some(&0) {
            return Err("an amount begins with a zero byte");
        }
        let mut bytes = [0; 16];
        bytes[16 - length..].copy_from_slice(digits);
        Ok(u128::from_be_bytes(bytes))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], &'static str> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    /// A reference or source.
    ///
    /// # Errors
    /// When they are not there or not that.
    pub fn text(&mut self) -> Result<&'a str, &'static str> {
        let text = std::str::from_utf8(self.bytes()?).map_err(|_| write::TEXT_RULE)?;
        if is_entry_text(text) {
            Ok(text)
        } else {
            Err(write::TEXT_RULE)
        }
    }

    /// `0`, or `1` and the value.
    ///
    /// # Errors
    /// When the tag is another, and those of the value.
    pub fn option<T>(
        &mut self,
        value: impl FnOnce(&mut Self) -> Result<T, &'static str>,
    ) -> Result<Option<T>, &'static str> {
        match self.byte()? {
            0 => Ok(None),
            1 => value(self).map(Some),
            _ => Err("the tag of an optional field is neither 0 nor 1"),
        }
    }

    pub(super) fn investor(&mut self) -> Result<InvestorId<'a>, &'static str> {
        match self.byte()? {
            0 => self.array().map(InvestorId::Address),
            1 => {
                const NOT_ONE: &str = "an opaque investor id is not one";
                let text = std::str::from_utf8(self.bytes()?).map_err(|_| NOT_ONE)?;
                match InvestorId::parse(text) {
                    Ok(id @ InvestorId::Opaque(_)) => Ok(id),
                    Ok(InvestorId::Address(_)) => Err("an address is spelled as an opaque id"),
                    Err(_) => Err(NOT_ONE),
                }
            }
            _ => Err("the kind of an investor id is neither 0 nor 1"),
        }
    }

    pub(super) fn ratio(&mut self) -> Result<Ratio, &'static str> {
        let (num, den) = (self.amount()?, self.amount()?);
        let ratio = Ratio::new(num, den).ok_or("a ratio has the denominator zero")?;
        if (ratio.num(), ratio.den()) == (num, den) {
            Ok(ratio)
        } else {
            Err("a ratio is not in lowest terms")
        }
    }

    pub(super) fn limit(&mut self) -> Result<LimitPrice, &'static str> {
        let (money, tokens) = (self.amount()?, self.amount()?);
        if tokens == 0 {
            Err(write::NO_TOKENS)
        } else {
            Ok(LimitPrice { money, tokens })
        }
    }
}
