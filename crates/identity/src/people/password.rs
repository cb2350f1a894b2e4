//! Which passwords are taken, and how one is kept.
//!
//! The rules are those of OWASP ASVS 5.0, V6.2: long, of any characters, changed by nothing (no trimming, no
//! normalisation, no truncation), and not one that is guessed first. What is guessed first is said by `zxcvbn`: 30,000
//! passwords of breaches with names and words beside them, and the patterns people make of them (keyboard rows, dates,
//! repeats, swapped letters).

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::{PersonError, random_id::random_bytes};

/// Characters of Unicode. ASVS asks for 8 and recommends 15, which NIST SP 800-63B-4 demands of a password that may be
/// the only factor.
pub(crate) const FEWEST: usize = 15;
/// Bytes; ASVS asks for at least 64 characters, of which each has at most 4.
pub(crate) const MOST_BYTES: usize = 1024;
/// So much of a password is judged; what begins well does not become bad behind it.
const JUDGED: usize = 64;
/// Words of a context that are shorter say nothing.
const SHORTEST_WORD: usize = 4;
/// KiB, passes, lanes: the second of the choices of the OWASP cheat sheet.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;

/// A password as somebody typed it: of a length that is worth looking at. It is never printed by `Debug`.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes it as it is.
    ///
    /// # Errors
    /// [`PersonError::PasswordLength`] beyond 1,024 bytes, and for nothing at all.
    pub fn new(text: String) -> Result<Self, PersonError> {
        let text = Zeroizing::new(text);
        if text.is_empty() || text.len() > MOST_BYTES {
            return Err(PersonError::PasswordLength);
        }
        Ok(Self(text))
    }

    /// Whether it may be set, given the words that everybody would try here: the site's name, the person's own address.
    pub(crate) fn judge(&self, context: &[String]) -> Result<(), PersonError> {
        if self.0.chars().count() < FEWEST {
            return Err(PersonError::PasswordLength);
        }
        let words = context
            .iter()
            .filter(|word| word.chars().count() >= SHORTEST_WORD);
        let words: Vec<&str> = words.map(String::as_str).collect();
        if self.without(&words).chars().count() < FEWEST / 2 {
            return Err(PersonError::PasswordOfContext);
        }
        let begin: Zeroizing<String> = Zeroizing::new(self.0.chars().take(JUDGED).collect());
        if zxcvbn(&begin, &words).score() < Score::Three {
            return Err(PersonError::PasswordGuessed);
        }
        Ok(())
    }

    /// What is left of it in lower case when these words are taken out.
    fn without(&self, words: &[&str]) -> Zeroizing<String> {
        let mut rest = Zeroizing::new(self.0.to_lowercase());
        for word in words {
            rest = Zeroizing::new(rest.replace(word, ""));
        }
        rest
    }

    /// The text that is kept: argon2id in the form of PHC strings, with a salt of its own.
    pub(crate) fn hash(&self, memory: &mut HashMemory) -> Result<Zeroizing<String>, PersonError> {
        let salt: [u8; SALT] = random_bytes()?;
        let argon2 = hasher()?;
        let output = memory.hash(&argon2, (&self.0, &salt), Params::DEFAULT_OUTPUT_LEN)?;
        kept_text(argon2.params(), &salt, output)
    }

    /// Whether this is the password of which the text was kept. The library compares hashes in constant time.
    pub(crate) fn is(&self, kept: &str, memory: &mut HashMemory) -> Result<bool, PersonError> {
        let kept = PasswordHash::new(kept).map_err(|_| PersonError::Hash)?;
        let (Some(salt), Some(hash)) = (&kept.salt, &kept.hash) else {
            return Err(PersonError::Hash);
        };
        if kept.algorithm != Algorithm::Argon2id.ident() {
            return Err(PersonError::Hash);
        }
        let params = Params::try_from(&kept).map_err(|_| PersonError::Hash)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let output = memory.hash(&argon2, (&self.0, salt), hash.len())?;
        Ok(output == *hash)
    }
}

/// What is kept of a password that nobody has: random bytes in the place of a hash, to compare with at the same cost.
pub(crate) fn of_nobody() -> Result<Zeroizing<String>, PersonError> {
    let (salt, bytes): ([u8; SALT], [u8; Params::DEFAULT_OUTPUT_LEN]) =
        (random_bytes()?, random_bytes()?);
    let output = Output::new(&bytes).map_err(|_| PersonError::Hash)?;
    kept_text(hasher()?.params(), &salt, output)
}

fn kept_text(
    params: &Params,
    salt: &[u8],
    output: Output,
) -> Result<Zeroizing<String>, PersonError> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|_| PersonError::Hash)?,
        salt: Some(Salt::new(salt).map_err(|_| PersonError::Hash)?),
        hash: Some(output),
    };
    Ok(Zeroizing::new(hash.to_string()))
}

/// The memory of a hash, 19 MiB. It is kept from one to the next: to give it back to the system and take it again for each costs
/// a page fault for every four kilobytes, which holds up all threads of the process.
#[derive(Default)]
pub(crate) struct HashMemory(Vec<Block>);

impl HashMemory {
    fn hash(
        &mut self,
        argon2: &Argon2<'_>,
        (password, salt): (&str, &[u8]),
        length: usize,
    ) -> Result<Output, PersonError> {
        self.0
            .resize_with(argon2.params().block_count(), Block::default);
        let mut bytes = Zeroizing::new([0; Output::MAX_LENGTH]);
        let out = bytes.get_mut(..length).ok_or(PersonError::Hash)?;
        let password = password.as_bytes();
        argon2
            .hash_password_into_with_memory(password, salt, out, self.0.as_mut_slice())
            .map_err(|_| PersonError::Hash)?;
        Output::new(out).map_err(|_| PersonError::Hash)
    }
}

/// The words of a text in lower case, as [`Password::judge`] takes them.
pub(crate) fn words(text: &str) -> Vec<String> {
    let parts = text.split(|character: char| !character.is_alphanumeric());
    parts
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Nothing of it.
impl std::fmt::Debug for Password {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Password(..)")
    }
}

fn hasher() -> Result<Argon2<'static>, PersonError> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|_| PersonError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(text: &str) -> &'static str {
        let context = [words("Harbour Tokens"), words("Anna.Berg@example.org")].concat();
        match Password::new(text.to_owned()).and_then(|password| password.judge(&context)) {
            Ok(()) => "",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn v6_2_4_and_v6_2_12_passwords_that_are_guessed_first_are_refused() {
        for text in [
            "passwordpassword",
            "PasswordPassword",
            "123456789012345",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "iloveyouiloveyou",
            "1q2w3e4r5t6y7u8i",
            "footballfootball1",
        ] {
            assert_eq!(judged(text), "A404", "{text}");
        }
    }

    #[test]
    fn v6_2_11_the_site_and_the_own_address_make_no_password() {
        for text in [
            "harbour-tokens!!",
            "Anna.Berg@example",
            "HarbourHarbour1!",
            "anna.berganna.berg",
        ] {
            assert_eq!(judged(text), "A405", "{text}");
        }
        assert_eq!(judged("four lamps at the harbour burn"), "");
    }

    #[test]
    fn v6_2_5_and_v6_2_9_any_characters_and_64_of_them_are_taken() {
        let snow = "\u{2744}\u{fe0f}".repeat(3) + " falls on seven rusty anchors";
        let long = "every one of these words is kept as it was typed, to the very last letter of it, and beyond";
        let longest = format!("{}{}", long, "x9 q-".repeat(180));
        for text in [
            "correcthorsebatterystaple",
            "tidal lantern ochre mule",
            "884213907764501283",
            "zq\u{0}\u{7}vbtxkwplmrdhg",
            &snow,
            long,
            &longest,
        ] {
            assert_eq!(judged(text), "", "{text:?}");
        }
        for text in ["", "k3!Vx9#qLw2$Zr", &"x".repeat(MOST_BYTES + 1)] {
            assert_eq!(judged(text), "A403", "{text:?}");
        }
    }

    #[test]
    fn what_its_owner_made_up_is_judged_however_odd_it_is() {
        // Numbers of variations that fit into no integer, of a word that the owner of the address chose.
        let name = "aqwertzu".repeat(8);
        let mixed: String = (0..)
            .zip(name.chars())
            .map(|(place, letter)| {
                if place % 2 == 0 {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect();
        let context = words(&format!("{name}@example.org"));
        for text in [
            format!("{mixed} and then some"),
            format!("and then {mixed}"),
            "to be or not ".repeat(40),
            "4@8({[<369|!1/|70$5+7%2".repeat(4),
            format!("{}b{}", "a".repeat(50), "a".repeat(49)),
            "\n".repeat(80),
        ] {
            let judged = Password::new(text.clone()).unwrap().judge(&context);
            let code = judged.map_or_else(|error| error.code(), |()| "");
            assert!(["", "A404", "A405"].contains(&code), "{text}: {code}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_text_is_judged_and_none_stops_the_thread(
            text in "[a-z0-9 ]{15,120}|[[:ascii:]]{15,120}|\\PC{15,60}|([a-d]{1,3}[A-D4@$!1]{1,3}){6,20}",
            word in "[a-zA-Z]{4,64}",
        ) {
            let judged = Password::new(text).and_then(|password| password.judge(&[word]));
            let code = judged.map_or_else(|error| error.code(), |()| "");
            prop_assert!(["", "A403", "A404", "A405"].contains(&code));
        }
    }

    #[test]
    fn v6_2_8_a_password_is_kept_as_argon2id_and_only_the_same_one_is_it() {
        let password = |text: &str| Password::new(text.to_owned()).unwrap();
        let right = password(" Tidal lantern ochre mule ");
        let mut memory = HashMemory::default();
        let kept = right.hash(&mut memory).unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            *kept
        );
        assert_ne!(*kept, *right.hash(&mut memory).unwrap());
        assert!(right.is(&kept, &mut memory).unwrap());
        for wrong in [
            "Tidal lantern ochre mule",
            " tidal lantern ochre mule ",
            " Tidal lantern ochre mule",
        ] {
            assert!(!password(wrong).is(&kept, &mut memory).unwrap(), "{wrong}");
        }
        assert_eq!(right.is("none", &mut memory).unwrap_err().code(), "A494");
        let argon2d = kept.replace("argon2id", "argon2d");
        assert_eq!(right.is(&argon2d, &mut memory).unwrap_err().code(), "A494");
        assert!(!format!("{right:?}").contains("idal"));
    }

    #[test]
    fn nobody_costs_what_somebody_does() {
        let parameters = |kept: &str| Params::try_from(&PasswordHash::new(kept).unwrap()).unwrap();
        let right = Password::new("seven grey herons over the weir".to_owned()).unwrap();
        let mut memory = HashMemory::default();
        let nobody = of_nobody().unwrap();
        let kept = right.hash(&mut memory).unwrap();
        assert_eq!(parameters(&nobody), parameters(&kept));
        assert_eq!(nobody.len(), kept.len());
        assert!(!right.is(&nobody, &mut memory).unwrap());
    }

    #[test]
    fn what_is_kept_is_what_the_library_keeps() {
        use argon2::{PasswordHasher as _, PasswordVerifier as _};

        let text = "seven grey herons over the weir";
        let right = Password::new(text.to_owned()).unwrap();
        let mut memory = HashMemory::default();
        let kept = right.hash(&mut memory).unwrap();
        let library = hasher().unwrap();
        library.verify_password(text.as_bytes(), &**kept).unwrap();
        // With other parameters, in memory that was used for more.
        let params = Params::new(64, 1, 1, None).unwrap();
        let lighter = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let theirs = lighter.hash_password_with_salt(text.as_bytes(), &[7; SALT]);
        let theirs = theirs.unwrap().to_string();
        assert!(right.is(&theirs, &mut memory).unwrap());
        assert!(right.is(&kept, &mut memory).unwrap());
    }
}
