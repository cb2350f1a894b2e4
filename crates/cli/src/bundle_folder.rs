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

use crate::out_dir::{OutDir, OutFile};

/// A folder with a bundle in it.
#[derive(Debug)]
pub(crate) struct BundleFolder {
    path: PathBuf,
}

impl BundleFolder {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Opens a file of the folder; `name` is one of the bundle's own names.
    pub(crate) fn file(&self, name: &str) -> io::Result<File> {
        File::open(self.path.join(name))
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
