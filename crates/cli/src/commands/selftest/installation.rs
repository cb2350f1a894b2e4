//! What can be seen on the machine itself: configuration, files, the audit.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use softcap_database::DatabaseUrl;
use softcap_server::{Config, ServerError, compare_audit};

use super::Outcome;
use crate::failure::Failure;

/// A proxy that is more than 16 million addresses is nobody's.
const WIDEST_PROXY: u8 = 8;
const GIVE_DATA: &str = "give --data or --config, where the server keeps its data";

/// An installation on this machine.
pub(super) struct Installation {
    config: Config,
    pub(super) data: Option<String>,
    folder: Option<PathBuf>,
    url: Option<DatabaseUrl>,
}

impl Installation {
    pub(super) fn new(config: &Config, data: Option<&str>) -> Result<Self, Failure> {
        let url = data.map(DatabaseUrl::from_str).transpose();
        let url = url.map_err(ServerError::from)?;
        Ok(Self {
            config: config.clone(),
            data: data.map(str::to_owned),
            folder: url.as_ref().map(|url| config.node_folder(url)),
            url,
        })
    }

    pub(super) fn configuration(&self) -> Outcome {
        let config = &self.config;
        let mut wrong = Vec::new();
        let wide = |net: ipnet::IpNet| net.prefix_len() < WIDEST_PROXY;
        if config.server.proxies.iter().any(|proxy| wide(proxy.0)) {
            wrong.push("server.proxies names networks that are nobody's: whoever is in them forges addresses");
        }
        if config.webhooks.allow_loopback {
            wrong
                .push("webhooks.allow_loopback is for development: webhooks may call this machine");
        }
        if config.mail.folder.is_some() {
            wrong.push("mail.folder is for development: who reads it takes over every account");
        }
        let is_open = !config.server.listen.ip().is_loopback();
        if is_open && config.tls.certificate_file.is_none() {
            wrong.push("server.listen is open to others without a certificate ([tls])");
        }
        match wrong.as_slice() {
            [] => Outcome::Passed("nothing in it is for development or for everybody".to_owned()),
            wrong => Outcome::Failed(wrong.join("; ")),
        }
    }

    pub(super) fn secret_files(&self) -> Outcome {
        let Some(folder) = &self.folder else {
            return Outcome::NotAsked(GIVE_DATA.to_owned());
        };
        let inside = match fs::read_dir(folder.join("secrets")) {
            Ok(inside) => inside.filter_map(|entry| Some(entry.ok()?.path())),
            Err(error) => return Outcome::NotAsked(format!("{}: {error}", folder.display())),
        };
        let mut files: Vec<PathBuf> = inside.collect();
        let config = &self.config;
        let named = [
            &config.tls.key_file,
            &config.webhooks.key_file,
            &config.mail.smtp_password_file,
        ];
        files.extend(named.into_iter().flatten().cloned());
        let sites = config.sign_in.iter();
        files.extend(sites.filter_map(|site| site.client_secret_file.clone()));
        let is_open =
            |file: &&PathBuf| fs::metadata(file).is_ok_and(|file| file.mode() & 0o077 != 0);
        let open: Vec<String> = files
            .iter()
            .filter(is_open)
            .map(|file| shown(file))
            .collect();
        match open.as_slice() {
            [] => Outcome::Passed(format!("{} files, each for its owner alone", files.len())),
            open => Outcome::Failed(format!("others may read {}: chmod 600", open.join(", "))),
        }
    }

    pub(super) async fn audit_log(&self) -> Outcome {
        let Some(url) = &self.url else {
            return Outcome::NotAsked(GIVE_DATA.to_owned());
        };
        match compare_audit(url).await {
            Ok(audit) if audit.differences == 0 => {
                let (rows, waiting) = (audit.rows, audit.waiting);
                Outcome::Passed(format!("{rows} rows are what was entered; {waiting} wait"))
            }
            Ok(audit) => Outcome::Failed(format!(
                "{} differences: softcap verify --data names them",
                audit.differences
            )),
            Err(error) => Outcome::NotAsked(error.to_string()),
        }
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
