//! The forms of exchanges' keys.

/// An exchange whose keys have a form that can be recognised beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exchange {
    /// Keys and secrets of 64 letters and digits.
    Binance,
    /// Keys of 43 characters of base64url.
    Bitfinex,
    /// Keys of 24 and secrets of 48 characters of base64url.
    Bitmex,
    /// Keys of 18 and secrets of 36 letters and digits.
    Bybit,
    /// `organizations/UUID/apiKeys/UUID`, which needs no name beside it.
    Coinbase,
    /// Keys of 32 and secrets of 64 hexadecimal digits.
    Gate,
    /// Keys of 56 and secrets of 88 characters of base64.
    Kraken,
    /// Keys of 24 hexadecimal digits, secrets that are UUIDs.
    Kucoin,
    /// Keys that are UUIDs, secrets of 32 upper-case hexadecimal digits.
    Okx,
}

impl Exchange {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Binance,
        Self::Bitfinex,
        Self::Bitmex,
        Self::Bybit,
        Self::Coinbase,
        Self::Gate,
        Self::Kraken,
        Self::Kucoin,
        Self::Okx,
    ];

    /// As people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binance => "Binance",
            Self::Bitfinex => "Bitfinex",
            Self::Bitmex => "BitMEX",
            Self::Bybit => "Bybit",
            Self::Coinbase => "Coinbase",
            Self::Gate => "Gate",
            Self::Kraken => "Kraken",
            Self::Kucoin => "KuCoin",
            Self::Okx => "OKX",
        }
    }

    /// Words that name it, in small letters; none for the one whose form says it all.
    pub(super) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Binance => &["binance"],
            Self::Bitfinex => &["bitfinex"],
            Self::Bitmex => &["bitmex"],
            Self::Bybit => &["bybit"],
            Self::Coinbase => &[],
            Self::Gate => &["gate.io", "gateio", "gate_io", "gate_api", "gateapi"],
            Self::Kraken => &["kraken"],
            Self::Kucoin => &["kucoin"],
            Self::Okx => &["okx", "okex"],
        }
    }

    /// Whether a text has the form of one of its keys or secrets.
    pub(super) fn matches(self, text: &str) -> bool {
        let length = text.len();
        match self {
            Self::Binance => length == 64 && is_mixed(text, is_alphanumeric),
            Self::Bitfinex => length == 43 && is_mixed(text, is_base64url),
            Self::Bitmex => matches!(length, 24 | 48) && is_mixed(text, is_base64url),
            Self::Bybit => matches!(length, 18 | 36) && is_mixed(text, is_alphanumeric),
            Self::Coinbase => is_coinbase(text),
            Self::Gate => matches!(length, 32 | 64) && is_hex(text) && has_digit_and_letter(text),
            Self::Kraken => {
                matches!(length, 56 | 88)
                    && is_mixed(text.trim_end_matches('='), is_base64)
                    && text.trim_end_matches('=').len() + 2 >= length
            }
            Self::Kucoin => (length == 24 && is_hex(text)) || is_uuid(text),
            Self::Okx => {
                let is_secret = length == 32
                    && is_hex(text)
                    && has_digit_and_letter(text)
                    && !text.bytes().any(|byte| byte.is_ascii_lowercase());
                is_secret || is_uuid(text)
            }
        }
    }
}

const fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Random text of so many letters has small and capital ones, and digits; words and hashes do not.
fn is_mixed(text: &str, allowed: fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn has_digit_and_letter(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    let lengths = [8, 4, 4, 4, 12];
    lengths.iter().all(|length| {
        parts
            .next()
            .is_some_and(|part| part.len() == *length && is_hex(part))
    }) && parts.next().is_none()
}

fn is_coinbase(text: &str) -> bool {
    let rest = text.strip_prefix("organizations/");
    let parts = rest.and_then(|rest| rest.split_once("/apiKeys/"));
    parts.is_some_and(|(organization, key)| is_uuid(organization) && is_uuid(key))
}
