//! `softcap chain`: an EVM chain on this machine.

use std::{fmt::Write as _, process::ExitCode, sync::Arc, time::Duration};

use serde_json::json;
use softcap_chain::{
    Blocks, Control, Node, Origins, PUBLIC_MNEMONIC, Server, Settings, mine_every,
};
use softcap_server::{Config, stop_switch};

use super::serve;
use crate::{arguments::ChainArguments, console::Console, failure::Failure};

/// How long a stop waits for requests that were begun.
const PATIENCE: Duration = Duration::from_secs(10);

const WARNING: &str = "Everybody knows these keys: whatever real money is sent to these accounts on a public \
                       chain is gone at once.";

pub(crate) fn run(arguments: &ChainArguments, console: &Console) -> Result<ExitCode, Failure> {
    let origins = origins(&arguments.allow_origin)?;
    serve::start_log(&Config::defaults()?);
    let node = Arc::new(Node::open(&arguments.data, &settings(arguments))?);
    let control = if arguments.time_control {
        Control::Offered
    } else {
        Control::Withheld
    };
    serve::block_on(async {
        let server = Server::bind(Arc::clone(&node), arguments.listen, control, origins).await?;
        let (switch, mut stopping) = stop_switch();
        serve::stop_on_signal(switch).await;
        introduce(&node, &format!("http://{}", server.address()), console);
        if let Some(seconds) = arguments.block_time {
            let pause = Duration::from_secs(seconds.into());
            tokio::spawn(mine_every(Arc::clone(&node), pause));
        }
        let mut at_the_latest = stopping.clone();
        tokio::select! {
            served = server.serve(async move { stopping.wait().await }) => served?,
            () = async {
                at_the_latest.wait().await;
                tokio::time::sleep(PATIENCE).await;
            } => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn settings(arguments: &ChainArguments) -> Settings {
    Settings {
        chain_id: arguments.chain_id,
        accounts: arguments.accounts,
        blocks: match arguments.block_time {
            Some(_) => Blocks::WhenTold,
            None => Blocks::WithTransactions,
        },
        ..Settings::default()
    }
}

fn origins(given: &[String]) -> Result<Origins, Failure> {
    if given.iter().any(|origin| origin == "*") {
        return Ok(Origins::Any);
    }
    let parsed: Result<Vec<_>, _> = given.iter().map(|origin| origin.parse()).collect();
    parsed.map(Origins::Listed).map_err(|_| Failure::Argument {
        flag: "allow-origin",
        problem: "no origin".to_owned(),
        allowed: "scheme, host and port of a page, as http://localhost:5173, or *",
    })
}

/// Where the chain is, and who has money on it.
fn introduce(node: &Node, url: &str, console: &Console) {
    let height = node.height();
    let mut text = format!(
        "listening on {url} (chain id {}, block {height})\n\n",
        node.chain_id()
    );
    for account in node.accounts() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  key {}", account.address(), account.key());
    }
    let _ = write!(
        text,
        "\n{WARNING}\nThey are made from the words: {PUBLIC_MNEMONIC}"
    );
    let accounts: Vec<_> = node
        .accounts()
        .iter()
        .map(|account| json!({ "address": account.address().to_string(), "key": account.key().to_string() }))
        .collect();
    let value = json!({
        "url": url,
        "chain_id": node.chain_id(),
        "block": height,
        "accounts": accounts,
        "mnemonic": PUBLIC_MNEMONIC,
        "warning": WARNING,
    });
    console.data(text, &value);
}
