//! What a log sends to a witness to have a checkpoint cosigned
//! ([C2SP tlog-witness](https://c2sp.org/tlog-witness), `add-checkpoint`):
//!
//! ```text
//! old 20852014                  size of the checkpoint that the witness cosigned last
//! BASE64(hash)                  proof that the log continues it, as many lines as it has
//!
//! example.org/harbour           the checkpoint
//! ...
//! ```

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::checkpoint::CheckpointNote;
use crate::error::ProofError;
use crate::journal_tree::NodeHash;

/// Most hashes of a consistency proof.
const PROOF_MAX: usize = 63;

/// A checkpoint to be cosigned. Nothing is checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRequest {
    /// Entries under the checkpoint that the witness cosigned last, as the sender believes.
    pub old: u64,
    /// Proof that the new tree continues that one (RFC 6962, 2.1.2).
    pub proof: Vec<NodeHash>,
    /// The new checkpoint.
    pub note: CheckpointNote,
}

impl WitnessRequest {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`ProofError::WitnessRequestMalformed`]; those of [`CheckpointNote::parse`].
    pub fn parse(body: &[u8]) -> Result<Self, ProofError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        let (head, note) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed("no empty line ends the proof"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(size);
        let old = old.ok_or_else(|| malformed("the first line is not `old` and a size"))?;
        let hash = |line: &str| {
            let mut bytes = [0; 32];
            match Base64::decode(line, &mut bytes) {
                Ok(decoded) if decoded.len() == 32 => Ok(NodeHash(bytes)),
                Ok(_) | Err(_) => Err(malformed("a line of the proof is not a hash in base64")),
            }
        };
        // One more than are allowed shows that there are too many.
        let proof: Vec<_> = lines
            .take(PROOF_MAX + 1)
            .map(hash)
            .collect::<Result<_, _>>()?;
        if proof.len() > PROOF_MAX {
            return Err(malformed("the proof has more than 63 hashes"));
        }
        Ok(Self {
            old,
            proof,
            note: CheckpointNote::parse(note.as_bytes())?,
        })
    }
}

/// A size without leading zeros.
fn size(text: &str) -> Option<u64> {
    let size: u64 = text.parse().ok()?;
    (size.to_string() == text).then_some(size)
}

/// The body of a request.
impl fmt::Display for WitnessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{}", Base64::encode_string(&hash.0))?;
        }
        write!(f, "\n{}", self.note)
    }
}

fn malformed(problem: &'static str) -> ProofError {
    ProofError::WitnessRequestMalformed { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard.
    const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

    #[test]
    fn the_example_of_the_standard_is_read_and_written() {
        let request = WitnessRequest::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
        assert_eq!(request.note.unverified().size(), 20_852_163);
        assert_eq!(request.to_string(), EXAMPLE);
        let first = EXAMPLE.replacen("old 20852014", "old 0", 1);
        assert_eq!(WitnessRequest::parse(first.as_bytes()).unwrap().old, 0);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
        let with = |from: &str, to: &str| EXAMPLE.replacen(from, to, 1);
        let table = [
            String::new(),
            with("old 20852014\n", ""),
            with("old 20852014", "old 020852014"),
            with("old 20852014", "old +20852014"),
            with("old 20852014", "old  20852014"),
            with("old 20852014", "Old 20852014"),
            with("old 20852014", "old 18446744073709551616"),
            with("old 20852014\n", "old 20852014\r\n"),
            with(hash, "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw\n"),
            with(hash, "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpka==\n"),
            with(hash, "\n"),
            with(hash, &hash.repeat(61)),
            with("\n\nexample", "\nexample"),
            with("20852163", "-1"),
        ];
        for text in table {
            assert!(WitnessRequest::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(WitnessRequest::parse(b"old 0\n\n\xff").is_err());
        let most = with(hash, &hash.repeat(60));
        assert_eq!(
            WitnessRequest::parse(most.as_bytes()).unwrap().proof.len(),
            63
        );
    }
}
