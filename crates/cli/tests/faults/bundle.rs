//! The audit bundle of a log, made by an auditor who has nothing but the public log.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Value, json};
use softcap_offering::terms::Terms;
use softcap_proof::{
    SigningKey,
    bundle::{BundleFile, BundleSink, BundleWriter},
    entry::decode,
};

use crate::{
    client::{Client, OFFERING},
    record::Record,
    server::Server,
};

struct Folder(PathBuf);

impl BundleSink for Folder {
    type File = File;

    fn create(&self, file: BundleFile) -> io::Result<File> {
        File::create_new(self.0.join(file.name()))
    }

    fn close(&self, _: BundleFile, open: File) -> io::Result<()> {
        open.sync_all()
    }
}

/// Ends the offering by giving it up, settles it, and has `softcap verify` compute it again.
pub(crate) async fn end_and_verify(server: &Server, client: &Client) {
    let operations = format!("{OFFERING}/operations");
    let answer = client
        .post(&operations, "cancel", &json!({ "kind": "cancel" }))
        .await;
    assert_eq!(answer.json()["outcome"]["kind"], "done", "{answer:?}");
    let answer = client
        .post(&format!("{OFFERING}/settlement"), "settle", &Value::Null)
        .await;
    assert_eq!(answer.json()["outcome"]["kind"], "settled", "{answer:?}");
    let output = server
        .softcap(&["verify", "--data", server.data_argument()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let record = Record::fetch(client).await;
    let folder = server.path().join("bundle");
    fs::create_dir(&folder).unwrap();
    let key = fs::read_to_string(server.secrets().join("log.key")).unwrap();
    write(&record, &SigningKey::parse(key.trim()).unwrap(), &folder);
    let key = server.verifier().to_string();
    let output = server
        .softcap(&["verify", "bundle", "--key", &key, "--json"])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said["verified"], true, "{said}");
    assert_eq!(
        said["journal_root"].as_str().unwrap(),
        record.checkpoint.unverified().root().to_string(),
        "the bundle is of this very log"
    );
}

fn write(record: &Record, key: &SigningKey, folder: &Path) {
    let terms = Arc::new(Terms::parse(&record.terms).unwrap());
    let sink = Folder(folder.to_owned());
    let (announce, _) = decode(&record.leaves[0]).unwrap();
    let text = record.terms.as_bytes();
    let mut bundle = BundleWriter::new(text, terms, announce.stamp, &sink).unwrap();
    for leaf in &record.leaves[1..] {
        let (entry, _) = decode(leaf).unwrap();
        bundle
            .record_request(entry.stamp, entry.request, &entry.command)
            .unwrap();
    }
    bundle.finish_recorded(Some(key)).unwrap().finish().unwrap();
}
