//! `softcap demo`: a whole sale with a thousand invented investors on a real server, in a minute.

mod crowd;
mod http;
mod on_chain;
mod terms;
mod visitors;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use softcap_identity::{Actor, AddressList, Environment, NewKey, RateLimit, Scopes, UnixMillis};
use softcap_journal::{JournalError, LogName, OfferingLog};
use softcap_offering::terms::Terms;
use softcap_proof::hex;
use softcap_server::{Config, Node, Server, api::Service, stop_switch};

use super::{bundle_of_log, serve};
use crate::{
    arguments::DemoArguments, bundle_folder::BundleFolder, console::Console, failure::Failure,
};
use http::Client;

const NAME: &str = "harbour";
/// Milliseconds between two looks at the demo's own chain.
const POLL_MILLIS: u32 = 20;

pub(crate) fn run(arguments: &DemoArguments, console: &Console) -> Result<ExitCode, Failure> {
    serve::block_on(demo(arguments, console))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

async fn demo(arguments: &DemoArguments, console: &Console) -> Result<ExitCode, Failure> {
    let mut config = Config::defaults()?;
    config.server.data = arguments.data.display().to_string();
    if let Some(listen) = arguments.listen {
        config.server.listen = listen;
    }
    if arguments.data.join("journal.db").exists() {
        return Err(Failure::Argument {
            flag: "data",
            problem: format!("{} holds a record already", arguments.data.display()),
            allowed: "a new folder; `softcap serve --data` runs an old one",
        });
    }
    serve::start_log(&config);
    let stage = on_chain::Stage::open(&arguments.data.join("chain"), arguments.investors)?;
    config.evm.endpoints = vec![stage.serve().await?];
    // So that visitors can sign up: their mails stand on a page for this machine alone.
    if config.server.listen.ip().is_loopback() {
        config.mail.folder = Some(arguments.data.join("mail"));
    }
    // Nobody reorganises this chain.
    config.evm.confirmations = 0;
    config.evm.poll_millis = POLL_MILLIS;
    let node = Node::open(&config).await?;
    let metrics = node.metrics();
    let server = Server::bind(&config, Arc::clone(&metrics))?;
    let (address, url) = (server.address(), server.url());
    let service = Arc::clone(node.service());
    let key = demo_key(&service).await?;
    let (switch, stopping) = stop_switch();
    let serving = {
        let (config, stopping) = (config.clone(), stopping.clone());
        tokio::spawn(async move { node.serve(server, &config, metrics, stopping).await })
    };
    console.say(format_args!(
        "a server runs at {url}; its record is in {}",
        arguments.data.display()
    ));

    let client = Arc::new(Client::new(address, key));
    visitors::open(&client, &url, console).await?;
    let gifts = visitors::give(Arc::clone(&service), Arc::clone(&client), stopping.clone());
    tokio::spawn(gifts);
    let host = on_chain::Host {
        service: &service,
        client: &client,
    };
    let chain = on_chain::run(&stage, host, &arguments.data, console).await?;

    let schedule = terms::Schedule::beginning(now() + 1_000, arguments.seconds);
    let text = terms::text(&schedule);
    let parsed = Terms::parse(&text).map_err(|problems| Failure::Terms {
        file: "the starter's terms".to_owned(),
        problems,
    })?;
    announce(&client, NAME, &text, &parsed).await?;
    console.say(format_args!(
        "announced `{NAME}`: early bird, then a public round; {} seconds in all; terms hash {}",
        arguments.seconds,
        hex(&parsed.hash().0)
    ));

    let bar = console.progress("selling", Some(u64::from(arguments.investors)));
    let sold = crowd::run(&client, &schedule, arguments.investors, &bar).await?;
    bar.finish_and_clear();
    console.say(format_args!("{sold}"));
    settle(&client, &schedule, console).await?;

    let log = log_of(&service, NAME)?;
    let out: PathBuf = arguments.data.join("result");
    let summary = bundle_of_log::write(&log, service.journal().key(), &out).await?;
    let folder = BundleFolder::open(&out)?;
    super::verify::checked(&folder, &softcap_proof::verify::Trust::default(), console)?;
    console.data(
        format_args!(
            "settled and verified: {} (open {}){}",
            out.display(),
            out.join("report.html").display(),
            if arguments.exit {
                String::new()
            } else {
                format!(
                    "\nthe server goes on: {url}/offerings/{NAME}, {url}/docs (Ctrl-C stops it)"
                )
            }
        ),
        &json!({ "url": url, "result": out.display().to_string(), "settlement": summary.value(), "chain": chain }),
    );
    if arguments.exit {
        switch.stop();
    } else {
        serve::stop_on_signal(switch).await;
    }
    serving
        .await
        .map_err(|error| Failure::Runtime(std::io::Error::other(error)))??;
    Ok(ExitCode::SUCCESS)
}

async fn announce(client: &Client, name: &str, text: &str, terms: &Terms) -> Result<(), Failure> {
    let body = json!({ "name": name, "terms": text, "terms_hash": hex(&terms.hash().0) });
    let key = format!("announce-{name}");
    client.post("/v1/offerings", &key, &body).await?;
    Ok(())
}

fn log_of(service: &Service, name: &str) -> Result<Arc<OfferingLog>, Failure> {
    let parsed: Result<LogName, JournalError> = name.parse();
    let parsed = parsed.map_err(|error| Failure::Server(error.into()))?;
    service
        .journal()
        .offering(&parsed)
        .ok_or(Failure::NotThere {
            what: "offering",
            name: name.to_owned(),
            place: "the record".to_owned(),
            remedy: "this is a defect",
        })
}

/// A key that may do everything, for the crowd; its limit is no limit here.
async fn demo_key(service: &Service) -> Result<String, Failure> {
    let of_keys = |error: softcap_identity::KeyError| Failure::Server(error.into());
    let new = NewKey {
        label: "demo".to_owned(),
        owner: "demo".to_owned(),
        environment: Environment::Test,
        scopes: Scopes::everything(),
        addresses: AddressList::default(),
        expires_at: None,
        limit: Some(RateLimit::new(1_000_000, 1_000_000).map_err(of_keys)?),
        is_canary: false,
    };
    let actor = Actor::Operator("demo".to_owned());
    let created = service
        .keys()
        .create(&actor, new, UnixMillis::now())
        .await
        .map_err(of_keys)?;
    Ok(created.text.reveal().to_string())
}

/// Waits for the last right of withdrawal, then settles.
async fn settle(
    client: &Client,
    schedule: &terms::Schedule,
    console: &Console,
) -> Result<(), Failure> {
    let wait = schedule.settleable().saturating_sub(now());
    console.say(format_args!(
        "waiting {} s for the last right of withdrawal",
        wait.div_ceil(1000)
    ));
    tokio::time::sleep(Duration::from_millis(wait + 1_000)).await;
    let answer = client
        .post(
            &format!("/v1/offerings/{NAME}/settlement"),
            "settle",
            &Value::Null,
        )
        .await?;
    if answer["outcome"]["kind"] == "settled" {
        return Ok(());
    }
    let refusal = &answer["outcome"]["refusal"];
    Err(Failure::Runtime(std::io::Error::other(format!(
        "the offering was not settled: {refusal}"
    ))))
}
