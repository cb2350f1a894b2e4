//! A result folder as the source of a bundle, and one in the making as its sink.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use softcap_proof::{
    bundle::{BundleFile, BundleSink},
    verify::BundleSource,
};

use crate::{
    failure::Failure,
    out_dir::{OutDir, OutFile},
};

/// A folder with a bundle in it.
#[derive(Debug)]
pub(crate) struct BundleFolder {
    path: PathBuf,
}

impl BundleFolder {
    /// Looks whether there is a folder at all; what is in it is for verification to judge.
    ///
    /// # Errors
    /// C307 when there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let no_folder = |source| Failure::NoBundle {
            folder: path.display().to_string(),
            source,
        };
        // Listing says more than asking for the kind: a folder may also be closed to this user.
        std::fs::read_dir(path).map_err(no_folder)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Opens a file of the folder; `name` is one of the bundle's own names.
    pub(crate) fn file(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        // Asked before opening: a pipe in a bundle from an enemy would never answer.
        if std::fs::metadata(&path)?.is_file() {
            File::open(path)
        } else {
            Err(io::Error::other("it is not a regular file"))
        }
    }
}

impl BundleSource for BundleFolder {
    fn names(&self) -> io::Result<Vec<String>> {
        std::fs::read_dir(&self.path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.file(name)?))
    }
}

impl BundleSink for OutDir {
    type File = OutFile;

    fn create(&self, file: BundleFile) -> io::Result<OutFile> {
        Ok(self.file(file.name())?)
    }

    fn close(&self, _: BundleFile, open: OutFile) -> io::Result<()> {
        open.close()?;
        Ok(())
    }
}
