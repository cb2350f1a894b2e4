//! `softcap watch`: raises the alarm when a page, its addresses and the chain do not agree.

use std::{collections::BTreeSet, path::Path, process::ExitCode, time::Duration};

use alloy_primitives::Address;
use serde_json::{Value, json};
use softcap_evm::{AddressList, Addresses, ChainClient};
use softcap_proof::VerifierKey;
use tokio::time::sleep;

use super::serve::block_on;
use crate::{
    arguments::WatchArguments, console::Console, failure::Failure, terms_file, text_file, web_page,
};

/// Where a page keeps the file.
const WELL_KNOWN: &str = "/.well-known/softcap-addresses.json";
/// Largest file of addresses in bytes.
const LARGEST: u64 = 1 << 22;
/// Digits of an address.
const ADDRESS_DIGITS: usize = 40;

/// What one look found.
struct Look {
    /// What was looked at.
    watched: Vec<Addresses>,
    /// How many of the file are on another chain than the node is of.
    elsewhere: usize,
    alarms: Vec<String>,
}

pub(crate) fn run(arguments: &WatchArguments, console: &Console) -> Result<ExitCode, Failure> {
    let key = |text: &String| {
        VerifierKey::parse(text).map_err(|error| Failure::Argument {
            flag: "issuer-key",
            problem: error.to_string(),
            allowed: "the issuer's public key, NAME+ID+KEY, in quotes, from a source you trust",
        })
    };
    let issuers: Result<Vec<VerifierKey>, Failure> = arguments.issuer_key.iter().map(key).collect();
    let issuers = issuers?;
    let terms = match &arguments.terms {
        Some(file) => Some(terms_file::read(file)?.0.hash().0),
        None => None,
    };
    let client = ChainClient::http(&arguments.rpc)?;
    block_on(async {
        loop {
            match look(arguments, &issuers, terms, &client).await {
                Ok(look) if !look.alarms.is_empty() => return Ok(raise(&look, console)),
                Ok(look) if arguments.once => {
                    show(&look, console);
                    return Ok(ExitCode::SUCCESS);
                }
                Ok(_) => {}
                Err(failure) if arguments.once || !failure.may_pass() => return Err(failure),
                Err(failure) => console.say(format_args!("error: {failure}")),
            }
            sleep(Duration::from_secs(arguments.every.into())).await;
        }
    })
}

async fn look(
    arguments: &WatchArguments,
    issuers: &[VerifierKey],
    terms: Option<[u8; 32]>,
    client: &ChainClient,
) -> Result<Look, Failure> {
    let file = manifest(&arguments.source).await?;
    let alarm = |text: String| Look {
        watched: Vec::new(),
        elsewhere: 0,
        alarms: vec![format!("{}: {text}", arguments.source)],
    };
    let list = match AddressList::verify(&file, issuers) {
        Ok(list) => list,
        Err(error) => return Ok(alarm(error.to_string())),
    };
    let wanted = |entry: &&Addresses| {
        let origin = arguments.origin.as_ref();
        origin.is_none_or(|origin| *origin == entry.origin)
    };
    let wanted: Vec<Addresses> = list.entries().iter().filter(wanted).cloned().collect();
    if wanted.is_empty() {
        let origin = arguments.origin.as_deref().unwrap_or("any offering");
        return Ok(alarm(format!("it has no addresses of {origin}")));
    }
    let chain_id = client.chain_id().await?;
    let is_here = |entry: &Addresses| entry.chain_id == chain_id;
    let (here, there): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_here);
    // Where none is on the node's chain, each says so by itself.
    let (watched, elsewhere) = if here.is_empty() {
        (there, 0)
    } else {
        (here, there.len())
    };
    let mut alarms = Vec::new();
    for addresses in &watched {
        let found = addresses.differences(client).await?.into_iter();
        alarms.extend(found.map(|alarm| format!("{}: {alarm}", addresses.origin)));
    }
    if let Some(terms) = terms
        && !watched
            .iter()
            .any(|addresses| addresses.terms_hash == terms)
    {
        alarms.push("the terms in the file are not those that the issuer signed".to_owned());
    }
    if let Some(page) = &arguments.page {
        let text = web_page::get(page).await?;
        alarms.extend(page_alarms(&String::from_utf8_lossy(&text), &watched));
    }
    Ok(Look {
        watched,
        elsewhere,
        alarms,
    })
}

async fn manifest(source: &str) -> Result<Vec<u8>, Failure> {
    let is_page = source.starts_with("http://") || source.starts_with("https://");
    if !is_page {
        return Ok(text_file::read(Path::new(source), LARGEST)?.into_bytes());
    }
    let url = if source.ends_with(".json") {
        source.to_owned()
    } else {
        format!("{}{WELL_KNOWN}", source.trim_end_matches('/'))
    };
    Ok(web_page::get(&url).await?.to_vec())
}

/// A page must show the escrow of each offering that is watched, and no address that the issuer did not sign.
fn page_alarms(page: &str, watched: &[Addresses]) -> Vec<String> {
    let shown = shown_addresses(page);
    let signed: Vec<Address> = watched.iter().flat_map(Addresses::all).collect();
    let strange = shown.iter().filter(|address| !signed.contains(address));
    let mut alarms: Vec<String> = strange
        .map(|address| format!("the page shows {address}, which the issuer did not sign"))
        .collect();
    let escrows = watched.iter().map(|addresses| addresses.place.escrow);
    let missing = escrows.filter(|escrow| !shown.contains(escrow));
    alarms.extend(missing.map(|escrow| format!("the page does not show the escrow {escrow}")));
    alarms
}

/// What looks like an address: 0x and exactly 40 hexadecimal digits.
fn shown_addresses(page: &str) -> BTreeSet<Address> {
    let candidates = page.match_indices("0x").filter_map(|(place, _)| {
        let digits: String = page[place + 2..]
            .chars()
            .take_while(char::is_ascii_hexdigit)
            .take(ADDRESS_DIGITS + 1)
            .collect();
        (digits.len() == ADDRESS_DIGITS).then_some(digits)
    });
    candidates
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn raise(look: &Look, console: &Console) -> ExitCode {
    let lines: Vec<String> = look
        .alarms
        .iter()
        .map(|alarm| format!("ALARM: {alarm}"))
        .collect();
    console.data(
        lines.join("\n"),
        &json!({ "agrees": false, "alarms": look.alarms }),
    );
    ExitCode::from(1)
}

fn show(look: &Look, console: &Console) {
    let mut lines: Vec<String> = look.watched.iter().map(lines_of).collect();
    if look.elsewhere > 0 {
        lines.push(format!(
            "{} more on other chains, which this node cannot show",
            look.elsewhere
        ));
    }
    let offerings: Vec<Value> = look.watched.iter().map(json_of).collect();
    let mut value = json!({
        "agrees": true,
        "alarms": [],
        "elsewhere": look.elsewhere,
        "offerings": offerings,
    });
    // As a file of one offering was always answered.
    if let ([only], Some(members)) = (&offerings[..], value.as_object_mut()) {
        members.extend(only.as_object().cloned().unwrap_or_default());
    }
    console.data(lines.join("\n"), &value);
}

fn lines_of(addresses: &Addresses) -> String {
    let place = addresses.place;
    format!(
        "{}: page and chain {} agree\nescrow:  {}\ntoken:   {}\nfactory: {}",
        addresses.origin, addresses.chain_id, place.escrow, place.token, place.factory
    )
}

fn json_of(addresses: &Addresses) -> Value {
    json!({
        "origin": addresses.origin,
        "chain_id": addresses.chain_id,
        "escrow": addresses.place.escrow,
        "token": addresses.place.token,
        "factory": addresses.place.factory,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_addresses_count() {
        let page = "0x5FbDB2315678afecb367f032d93F642f64180aa3, <b>0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512</b> \
                    0x5FbDB2315678afecb367f032d93F642f64180aa3aa 0xabc 0x";
        let shown: Vec<String> = shown_addresses(page)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            shown,
            [
                "0x5FbDB2315678afecb367f032d93F642f64180aa3",
                "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
            ]
        );
    }
}
