//! How people are verified.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use softcap_identity::{UploadSettings, VerificationPolicy};

use super::ConfigError;

const DAY: Duration = Duration::from_hours(24);

/// How people are verified before they take part.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct VerificationSection {
    /// Whole units of an offering's numeraire. Who is let in up to more than this, or without a limit of their own, is
    /// approved by two compliance officers.
    #[config(env = "SOFTCAP_VERIFICATION_FOUR_EYES_ABOVE", default = 15000)]
    pub four_eyes_above: u64,

    /// Days that an approval counts at most.
    #[config(env = "SOFTCAP_VERIFICATION_APPROVAL_DAYS", default = 730)]
    pub approval_days: u16,

    /// Days after an approval from which it is due to be looked at again.
    #[config(env = "SOFTCAP_VERIFICATION_RECHECK_DAYS", default = 365)]
    pub recheck_days: u16,

    /// The folder of the files that people show, sealed. Without it `uploads` in the folder of the node. Several nodes on
    /// one database need one that all of them see.
    #[config(env = "SOFTCAP_VERIFICATION_FOLDER")]
    pub folder: Option<PathBuf>,

    /// Largest file in bytes.
    #[config(env = "SOFTCAP_VERIFICATION_UPLOAD_BYTES", default = 10485760)]
    pub upload_bytes: u32,

    /// Files of one person.
    #[config(env = "SOFTCAP_VERIFICATION_UPLOADS", default = 12)]
    pub uploads: u16,

    /// Seconds until a file must be there: a camera's picture over a phone takes longer than other bodies.
    #[config(env = "SOFTCAP_VERIFICATION_UPLOAD_SECONDS", default = 300)]
    pub upload_seconds: u32,

    /// A file with the key that signs permits, 64 hexadecimal digits: the key of the `verifier` that escrow contracts name.
    /// Without it no permits are signed here; `softcap permit` signs them by hand.
    #[config(env = "SOFTCAP_VERIFICATION_PERMIT_KEY_FILE")]
    pub permit_key_file: Option<PathBuf>,

    /// Seconds that a permit counts. It is not taken back, so that this is how long somebody who is refused later may still
    /// pay in, unless the issuer bars the address with `softcap escrow revoke`.
    #[config(env = "SOFTCAP_VERIFICATION_PERMIT_SECONDS", default = 86400)]
    pub permit_seconds: u32,
}

impl VerificationSection {
    /// What an approval needs.
    #[must_use]
    pub fn policy(&self) -> VerificationPolicy {
        VerificationPolicy {
            four_eyes_above: self.four_eyes_above,
            longest: DAY * u32::from(self.approval_days),
            recheck_after: DAY * u32::from(self.recheck_days),
        }
    }

    /// Where files go on a node of this folder.
    #[must_use]
    pub fn upload_settings(&self, node: &Path) -> UploadSettings {
        let folder = self.folder.clone();
        UploadSettings {
            folder: folder.unwrap_or_else(|| node.join("uploads")),
            most_bytes: self.upload_bytes.into(),
            most_files: self.uploads.into(),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let days = [self.approval_days, self.recheck_days, self.uploads];
        let bounds = [self.upload_bytes, self.upload_seconds, self.permit_seconds];
        if days.contains(&0) || bounds.contains(&0) {
            return Err(ConfigError::Contradiction(
                "verification: each number but four_eyes_above must be at least 1",
            ));
        }
        Ok(())
    }
}
