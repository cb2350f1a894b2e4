//! Certificates from files, read again when the operator says so.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig},
};

use crate::{config::TlsSection, error::ServerError};

/// The certificate in use.
#[derive(Debug)]
pub(crate) struct Certificates {
    certificate_file: PathBuf,
    key_file: PathBuf,
    current: ArcSwap<ServerConfig>,
}

impl Certificates {
    /// Reads the configured files; `None` when none are configured.
    pub(crate) fn read(section: &TlsSection) -> Result<Option<Self>, ServerError> {
        let (Some(certificate_file), Some(key_file)) =
            (section.certificate_file.clone(), section.key_file.clone())
        else {
            return Ok(None);
        };
        let config = load(&certificate_file, &key_file)?;
        Ok(Some(Self {
            certificate_file,
            key_file,
            current: ArcSwap::from_pointee(config),
        }))
    }

    /// Reads the files again; on an error the old certificate stays in use.
    pub(crate) fn reload(&self) -> Result<(), ServerError> {
        let config = load(&self.certificate_file, &self.key_file)?;
        self.current.store(Arc::new(config));
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }
}

fn load(certificate_file: &PathBuf, key_file: &PathBuf) -> Result<ServerConfig, ServerError> {
    let wrong = |path: &PathBuf, why: String| ServerError::Certificate {
        path: path.clone(),
        why,
    };
    let chain = CertificateDer::pem_file_iter(certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(certificate_file, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(
            certificate_file,
            "it holds no certificate".to_owned(),
        ));
    }
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| wrong(key_file, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(certificate_file, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(key_file, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_became_unusable_leaves_the_old_certificate_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.pem");
        fs::write(&file, include_str!("../tests/support/tls/first.pem")).unwrap();
        let section = TlsSection {
            certificate_file: Some(file.clone()),
            key_file: Some(file.clone()),
        };
        let certificates = Certificates::read(&section).unwrap().unwrap();
        let before = certificates.current.load_full();
        fs::write(&file, "half a fi").unwrap();
        certificates.reload().unwrap_err();
        assert!(Arc::ptr_eq(&before, &certificates.current.load_full()));
        fs::write(&file, include_str!("../tests/support/tls/second.pem")).unwrap();
        certificates.reload().unwrap();
        assert!(!Arc::ptr_eq(&before, &certificates.current.load_full()));
    }
}
