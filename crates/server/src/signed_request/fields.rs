//! The two fields of a signature, taken apart (RFC 9421, section 4; RFC 9651).

use axum::http::HeaderMap;
use sfv::{BareItem, Dictionary, FieldType as _, InnerList, ListEntry, Parser};
use softcap_identity::KeyId;

use super::{SIGNATURE, SIGNATURE_INPUT};

/// Nothing of ours is longer.
const LONGEST: usize = 4_096;
const MOST_COVERED: usize = 32;

/// What a signature says of itself. Nothing in it is true yet.
#[derive(Debug)]
pub(super) struct Fields {
    /// The names of what was signed, in order.
    pub(super) covered: Vec<String>,
    /// The list of them with all parameters, as it was signed.
    pub(super) params: String,
    pub(super) key: KeyId,
    /// Seconds.
    pub(super) created: i64,
    pub(super) expires: Option<i64>,
    pub(super) signature: [u8; 64],
}

impl Fields {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, &'static str> {
        let input = dictionary(headers, SIGNATURE_INPUT.as_str())?;
        let signatures = dictionary(headers, SIGNATURE.as_str())?;
        // Which of several is meant, nobody should have to guess.
        let (Some((label, ListEntry::InnerList(list))), 1) = (input.first(), input.len()) else {
            return Err("Signature-Input holds one list of what is signed");
        };
        let signature = match (signatures.get(label.as_str()), signatures.len()) {
            (Some(ListEntry::Item(item)), 1) => item.bare_item.as_byte_sequence(),
            _ => None,
        };
        let signature = signature.and_then(|bytes| bytes.try_into().ok());
        let number = |name: &str| match list.params.get(name) {
            None => Ok(None),
            Some(BareItem::Integer(number)) => Ok(Some(i64::from(*number))),
            Some(_) => Err("created and expires are whole seconds"),
        };
        let text = |name: &str| {
            let value = list.params.get(name);
            value.and_then(|value| value.as_string().map(|text| text.as_str()))
        };
        if list.params.contains_key("alg") && text("alg") != Some("ed25519") {
            return Err("alg is ed25519");
        }
        let key = text("keyid").and_then(|id| id.parse().ok());
        Ok(Self {
            covered: covered(list)?,
            params: serialized(list)?,
            key: key.ok_or("keyid is the public part of a key: 12 characters")?,
            created: number("created")?.ok_or("created is missing")?,
            expires: number("expires")?,
            signature: signature.ok_or("Signature holds 64 bytes under the label of its input")?,
        })
    }
}

/// A field that may come in several lines.
pub(super) fn dictionary(headers: &HeaderMap, name: &str) -> Result<Dictionary, &'static str> {
    let lines: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|line| line.as_bytes())
        .collect();
    let text = lines.join(b", ".as_slice());
    if text.len() > LONGEST {
        return Err("a field of the signature is too long");
    }
    Parser::new(&text)
        .parse()
        .map_err(|_| "a field of the signature is missing, or no structured field")
}

/// The names of what was signed. Parts of fields, and what belongs to answers, are not known here.
fn covered(list: &InnerList) -> Result<Vec<String>, &'static str> {
    let mut names: Vec<String> = Vec::with_capacity(list.items.len());
    if list.items.len() > MOST_COVERED {
        return Err("at most 32 things are signed");
    }
    for item in &list.items {
        let name = item.bare_item.as_string().map(|name| name.as_str());
        let name = name.ok_or("what is signed is named by texts")?;
        if !item.params.is_empty() {
            return Err("names of what is signed have no parameters here");
        }
        if names.iter().any(|before| before == name) {
            return Err("nothing is signed twice");
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn serialized(list: &InnerList) -> Result<String, &'static str> {
    let list = vec![ListEntry::InnerList(list.clone())];
    list.serialize().ok_or("Signature-Input is empty")
}
