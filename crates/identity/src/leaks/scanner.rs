//! Reads text line by line and says what looks like a key.

use std::collections::VecDeque;

use super::Exchange;
use crate::{Environment, KeyId, KeyText};

/// An exchange may be named so many lines above its key.
const LINES_ABOVE: usize = 3;
/// Characters of a finding that are shown, so that it can be found again and not be used.
const SHOWN: usize = 4;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leak {
    /// A key of Softcap: its checksum is right.
    Softcap {
        /// Its public part.
        id: KeyId,
        /// Live or test.
        environment: Environment,
    },
    /// What looks like the key or secret of an exchange.
    Exchange(Exchange),
    /// The first line of a private key in PEM.
    PrivateKey,
}

/// Something that should not stand here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub leak: Leak,
    /// At which byte of the line, from 1.
    pub column: usize,
    /// Enough of it to find it again.
    pub shown: String,
}

/// Remembers the last lines, because an exchange is often named above its key.
#[derive(Debug, Default)]
pub struct Scanner {
    above: VecDeque<String>,
}

impl Scanner {
    /// What stands in the next line.
    pub fn line(&mut self, line: &[u8]) -> Vec<Finding> {
        let text = String::from_utf8_lossy(line);
        let lower = text.to_ascii_lowercase();
        let mut findings = Vec::new();
        if lower.contains("private key-----") && lower.contains("-----begin") {
            findings.push(Finding {
                leak: Leak::PrivateKey,
                column: 1 + lower.find("-----begin").unwrap_or_default(),
                shown: "-----BEGIN".to_owned(),
            });
        }
        let says_key = lower.contains("key") || lower.contains("secret");
        for (start, token) in tokens(&text) {
            if let Ok(key) = KeyText::parse(token) {
                findings.push(Finding {
                    leak: Leak::Softcap {
                        id: key.id(),
                        environment: key.environment(),
                    },
                    column: start + 1,
                    shown: key.id().as_str().to_owned(),
                });
            } else if let Some(exchange) = self.exchange(token, &lower, says_key) {
                findings.push(Finding {
                    leak: Leak::Exchange(exchange),
                    column: start + 1,
                    shown: token.chars().take(SHOWN).collect(),
                });
            }
        }
        self.above.push_back(lower);
        if self.above.len() > LINES_ABOVE {
            self.above.pop_front();
        }
        findings
    }

    fn exchange(&self, token: &str, line: &str, says_key: bool) -> Option<Exchange> {
        let named = |exchange: Exchange| {
            let mut words = exchange.words().iter();
            let beside = words.any(|word| {
                line.contains(word) || self.above.iter().any(|above| above.contains(word))
            });
            exchange.words().is_empty() || (beside && says_key)
        };
        let mut all = Exchange::ALL.into_iter();
        all.find(|exchange| exchange.matches(token) && named(*exchange))
    }
}

/// The longest pieces of characters that keys are made of, and where each begins.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '+' | '/' | '=')
    };
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let from = at + rest.find(is_part)?;
        let length = text[from..].find(|character| !is_part(character));
        let until = length.map_or(text.len(), |length| from + length);
        at = until;
        // `name=value` is two things; the signs at the end of base64 belong to it.
        let piece = &text[from..until];
        let value = piece.trim_end_matches('=').rfind('=');
        let start = value.map_or(0, |place| place + 1);
        Some((from + start, &piece[start..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Vec<(usize, Leak)> {
        let mut scanner = Scanner::default();
        let mut all = Vec::new();
        for line in lines {
            let findings = scanner.line(line.as_bytes());
            all.extend(
                findings
                    .into_iter()
                    .map(|finding| (finding.column, finding.leak)),
            );
        }
        all
    }

    #[test]
    fn a_key_of_ours_is_found_wherever_it_stands_and_only_if_its_checksum_holds() {
        let key = KeyText::random(Environment::Live).unwrap().reveal();
        let id = KeyText::parse(&key).unwrap().id();
        let leak = Leak::Softcap {
            id,
            environment: Environment::Live,
        };
        for (line, column) in [
            (key.to_string(), 1),
            (format!("KEY={}", *key), 5),
            (format!("  authorization: Bearer {}\r", *key), 25),
            (format!("curl -H 'x: {}' https://a.example", *key), 13),
            (format!("é {}", *key), 4),
        ] {
            assert_eq!(found(&[&line]), [(column, leak)], "{line}");
        }
        let mut wrong = key.to_string();
        let last = wrong.pop().unwrap();
        wrong.push(if last == '0' { '1' } else { '0' });
        assert_eq!(found(&[&wrong]), []);
    }

    /// The key, and below the secret of Kraken, that the exchanges' own documentation shows as examples.
    const BINANCE: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
    const UUID: &str = "0f14d0ab-9605-4a62-a9e4-5ed26688389b";

    #[test]
    fn a_key_of_an_exchange_is_found_beside_its_name() {
        let kraken = format!(
            "{}==",
            "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg"
        );
        let coinbase = format!("organizations/{UUID}/apiKeys/{UUID}");
        let table: [(Vec<String>, Exchange); 5] = [
            (
                vec![format!("binance_api_key = \"{BINANCE}\"")],
                Exchange::Binance,
            ),
            (
                vec![
                    "[binance]".to_owned(),
                    String::new(),
                    format!("secret: {BINANCE}"),
                ],
                Exchange::Binance,
            ),
            (vec![format!("KRAKEN_SECRET={kraken}")], Exchange::Kraken),
            (
                vec![format!("\"name\": \"{coinbase}\"")],
                Exchange::Coinbase,
            ),
            (vec![format!("export OKX_API_KEY={UUID}")], Exchange::Okx),
        ];
        for (lines, exchange) in table {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let leaks: Vec<Leak> = found(&lines).into_iter().map(|(_, leak)| leak).collect();
            assert_eq!(leaks, [Leak::Exchange(exchange)], "{lines:?}");
        }
    }

    #[test]
    fn what_only_looks_random_is_no_finding() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        for lines in [
            &[BINANCE][..],
            &["binance", BINANCE],
            &["binance key", "1", "2", "3", &format!("key {BINANCE}")],
            &[&format!("binance key: sha256 {hash}")],
            &[&format!("gate key {}", "a".repeat(32))],
            &[&format!("request {UUID} of a customer")],
            &[
                "kraken key documentation: https://docs.kraken.com/rest/#section/Authentication/Headers-and-Signature",
            ],
        ] {
            assert_eq!(found(lines), [], "{lines:?}");
        }
    }

    #[test]
    fn a_private_key_is_found_by_its_first_line() {
        let lines = [
            "  -----BEGIN EC PRIVATE KEY-----",
            "-----BEGIN PUBLIC KEY-----",
        ];
        assert_eq!(found(&lines), [(3, Leak::PrivateKey)]);
    }

    #[test]
    fn a_finding_shows_too_little_to_be_used() {
        let mut scanner = Scanner::default();
        let findings = scanner.line(format!("binance key {BINANCE}").as_bytes());
        assert_eq!(findings[0].shown, "vmPU");
    }
}
