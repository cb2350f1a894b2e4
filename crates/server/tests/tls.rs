//! TLS over real sockets: the configured certificate is shown, and another after SIGHUP.
//!
//! The certificates under `support/tls` were made for this test, with a far end; whoever has their
//! keys has nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what only tests call is a test too"
)]

use std::{
    fs, io,
    net::SocketAddr,
    path::Path,
    process::{Command, id},
    sync::Arc,
    time::Duration,
};

use axum::{Router, routing::get};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use softcap_server::{Config, Metrics, Server, ServerError, stop_switch};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};

const FIRST: &str = include_str!("support/tls/first.pem");
const SECOND: &str = include_str!("support/tls/second.pem");
/// Longer than anything a test waits for; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks over TLS, trusting one certificate alone.
async fn ask(address: SocketAddr, trusted: &str) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    let request = b"GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn config(file: &Path) -> Config {
    let mut config = Config::on_free_port().unwrap();
    config.tls.certificate_file = Some(file.to_owned());
    config.tls.key_file = Some(file.to_owned());
    config
}

fn bind(config: &Config) -> Result<Server, ServerError> {
    Server::bind(config, Arc::new(Metrics::new(Default::default())))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_after_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.pem");
    fs::write(&file, FIRST).unwrap();
    let server = bind(&config(&file)).unwrap();
    let address = server.address();
    assert_eq!(server.url(), format!("https://{address}"));
    let router = Router::new().route("/hello", get(async || "over TLS"));
    let (switch, stopping) = stop_switch();
    let serving = tokio::spawn(server.serve(router, stopping));

    let answer = ask(address, FIRST).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("over TLS"), "{answer}");
    let error = ask(address, SECOND).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");

    fs::write(&file, SECOND).unwrap();
    let process = id().to_string();
    let sent = Command::new("kill").args(["-HUP", &process]).status();
    assert!(sent.unwrap().success());
    let shown = async { while ask(address, SECOND).await.is_err() {} };
    timeout(PATIENCE, shown).await.unwrap();
    ask(address, FIRST).await.unwrap_err();

    switch.stop();
    assert_eq!(serving.await.unwrap().unwrap().cut, 0);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_stops_the_start_and_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let other_key = format!(
        "{}{}",
        FIRST
            .split_inclusive("-----END CERTIFICATE-----")
            .next()
            .unwrap(),
        SECOND.split_once("-----END CERTIFICATE-----").unwrap().1
    );
    for (name, text) in [
        ("empty.pem", ""),
        (
            "no-key.pem",
            FIRST.split("-----BEGIN PRIVATE").next().unwrap(),
        ),
        ("other-key.pem", other_key.as_str()),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let error = bind(&config(&file)).unwrap_err().to_string();
        assert!(error.starts_with("H912") && error.contains(name), "{error}");
    }
    let missing = folder.path().join("missing.pem");
    let error = bind(&config(&missing)).unwrap_err().to_string();
    assert!(error.contains("missing.pem"), "{error}");
}
