//! Files that people show: whole or not at all, of a kind and a size that are taken, and opened for a reviewer alone.

use std::{fs, path::PathBuf};

use softcap_database::on_writer;
use softcap_identity::{
    MediaType, Need, PersonId, Reason, Upload, UploadId, UploadKind, VerificationError,
    VerificationLevel,
};

use crate::{MOST_BYTES, MOST_FILES, NOW, Office, code, filled, person};

const KIND: (UploadKind, MediaType) = (UploadKind::Identity, MediaType::Pdf);
const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

/// A PDF of so many bytes, as far as anybody can tell.
fn pdf(bytes: usize) -> Vec<u8> {
    let mut text = b"%PDF-1.7\nplanted passport ".to_vec();
    while text.len() < bytes {
        text.push(u8::try_from(text.len() % 251).unwrap());
    }
    text.truncate(bytes);
    text
}

/// Somebody whose case is open.
async fn anna(office: &Office) -> PersonId {
    let anna = person(&office.database).await;
    let begun = office.cases.begin(anna, VerificationLevel::Document, NOW);
    begun.await.unwrap();
    anna
}

async fn send(
    office: &Office,
    anna: PersonId,
    kind: (UploadKind, MediaType),
    content: &[u8],
) -> Result<Upload, VerificationError> {
    let mut receiving = office.cases.receive(anna, kind, NOW).await?;
    for piece in content.chunks(10_000) {
        receiving.push(piece).await?;
    }
    receiving.finish(NOW).await
}

async fn shown(
    office: &Office,
    anna: PersonId,
    id: UploadId,
) -> Result<Vec<u8>, VerificationError> {
    let mut showing = office.cases.show(office.rita, (anna, id), NOW).await?;
    let mut whole = Vec::new();
    while let Some(bytes) = showing.next().await? {
        whole.extend(bytes);
    }
    Ok(whole)
}

/// The files in the folder, without those of other scenarios' people.
fn files(office: &Office) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(&office.folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

pub(crate) async fn a_file_comes_back_as_it_was_and_is_sealed_on_the_disk(office: &Office) {
    let anna = anna(office).await;
    for bytes in [8, 100, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let content = pdf(bytes);
        let upload = send(office, anna, KIND, &content).await.unwrap();
        assert_eq!(upload.bytes, u64::try_from(bytes).unwrap());
        assert_eq!(shown(office, anna, upload.id).await.unwrap(), content);
        let stored = fs::read(office.folder.join(upload.id.to_string())).unwrap();
        let holds = |text: &[u8]| stored.windows(text.len()).any(|window| window == text);
        assert!(!holds(b"%PDF-") && !holds(b"planted"), "{bytes}");
        assert_eq!(office.cases.uploads(anna).await.unwrap(), [upload]);
        let back = office.cases.take_back(anna, upload.id, NOW).await;
        back.unwrap();
        assert_eq!(code(shown(office, anna, upload.id).await), "A917");
    }
    assert_eq!(files(office), Vec::<PathBuf>::new());
}

pub(crate) async fn what_is_not_taken_leaves_nothing(office: &Office) {
    let anna = anna(office).await;
    let most = usize::try_from(MOST_BYTES).unwrap();
    let png = (UploadKind::Identity, MediaType::Png);
    let html = b"<!DOCTYPE html><script>alert(1)</script>".to_vec();
    let table = [
        (KIND, pdf(most + 1), "A914"),
        (png, pdf(100), "A915"),
        (KIND, html, "A915"),
        (KIND, b"%PDF".to_vec(), "A915"),
        (KIND, Vec::new(), "A915"),
    ];
    for (kind, content, expected) in table {
        let sent = send(office, anna, kind, &content).await;
        assert_eq!(code(sent), expected, "{} bytes", content.len());
        assert_eq!(files(office), Vec::<PathBuf>::new());
    }
    let upload = send(office, anna, KIND, &pdf(most)).await.unwrap();
    office.cases.take_back(anna, upload.id, NOW).await.unwrap();
    // Whoever goes away in the middle.
    let mut half = office.cases.receive(anna, KIND, NOW).await.unwrap();
    half.push(&pdf(100_000)).await.unwrap();
    assert_eq!(files(office).len(), 1);
    drop(half);
    assert_eq!(files(office), Vec::<PathBuf>::new());
    assert_eq!(office.cases.uploads(anna).await.unwrap(), []);
}

pub(crate) async fn no_more_files_than_there_may_be_also_at_the_same_time(office: &Office) {
    let anna = anna(office).await;
    let content = pdf(1_000);
    let send = || send(office, anna, KIND, &content);
    let (a, b, c, d, e, f) = tokio::join!(send(), send(), send(), send(), send(), send());
    let sent = [a, b, c, d, e, f];
    let came = sent.iter().filter(|sent| sent.is_ok()).count();
    assert_eq!(came, MOST_FILES);
    assert!(
        sent.into_iter()
            .filter_map(Result::err)
            .all(|error| error.code() == "A916")
    );
    let uploads = office.cases.uploads(anna).await.unwrap();
    assert_eq!(uploads.len(), MOST_FILES);
    assert_eq!(files(office).len(), MOST_FILES);
    for upload in uploads {
        office.cases.take_back(anna, upload.id, NOW).await.unwrap();
    }
}

pub(crate) async fn what_a_stop_left_behind_is_swept(office: &Office) {
    let anna = anna(office).await;
    let kept = send(office, anna, KIND, &pdf(1_000)).await.unwrap();
    // As after kill -9: in the middle of a file, and between its name and its row.
    let lost = PersonId::random().unwrap();
    let unfinished = office.folder.join(format!("{lost}.unfinished"));
    let nameless = office.folder.join(lost.to_string());
    let foreign = office.folder.join("README");
    for path in [&unfinished, &nameless, &foreign] {
        fs::write(path, "half").unwrap();
    }
    let today = softcap_identity::UnixMillis::now();
    // Perhaps another node is at it.
    let swept = office.cases.sweep_uploads(today).await.unwrap();
    assert_eq!(swept, 0);
    let swept = office.cases.sweep_uploads(today.plus(2 * HOUR)).await;
    assert_eq!(swept.unwrap(), 2);
    assert!(!unfinished.exists() && !nameless.exists() && foreign.exists());
    assert_eq!(shown(office, anna, kept.id).await.unwrap(), pdf(1_000));
    fs::remove_file(foreign).unwrap();
    office.cases.take_back(anna, kept.id, NOW).await.unwrap();
}

pub(crate) async fn v11_3_3_a_changed_cut_or_swapped_file_does_not_open(office: &Office) {
    let anna = anna(office).await;
    let one = send(office, anna, KIND, &pdf(150_000)).await.unwrap();
    let two = send(office, anna, KIND, &pdf(150_000)).await.unwrap();
    let path = office.folder.join(one.id.to_string());
    let whole = fs::read(&path).unwrap();
    let (header, sealed) = (23, 65_552);
    let chunk = |number: usize| &whole[header + number * sealed..header + (number + 1) * sealed];
    let last = &whole[header + 2 * sealed..];
    let mut table = vec![
        whole[..whole.len() - 1].to_vec(),
        whole[..header + 2 * sealed].to_vec(),
        whole[..header + sealed].to_vec(),
        whole[..10].to_vec(),
        Vec::new(),
        [&whole[..header], chunk(1), chunk(0), last].concat(),
        [&whole[..header], chunk(0), chunk(0), last].concat(),
        [&whole[..header], chunk(1), last].concat(),
        [whole.as_slice(), b"x"].concat(),
        // Another file of the same person.
        fs::read(office.folder.join(two.id.to_string())).unwrap(),
    ];
    for place in [
        0,
        5,
        22,
        23,
        40_000,
        65_574,
        65_575,
        140_000,
        whole.len() - 1,
    ] {
        let mut changed = whole.clone();
        changed[place] ^= 4;
        table.push(changed);
    }
    for (row, content) in table.into_iter().enumerate() {
        fs::write(&path, content).unwrap();
        let found = code(shown(office, anna, one.id).await);
        assert!(["A492", "A919"].contains(&found), "row {row}: {found}");
    }
    fs::write(&path, whole).unwrap();
    assert!(shown(office, anna, one.id).await.is_ok());
    // A row that says less than was sealed does not cut the file.
    const SHORTEN: &str = "UPDATE verification_upload SET bytes = 65536 WHERE id = $1";
    let id = one.id.to_string();
    on_writer!(&office.database, |pool| sqlx::query(SHORTEN)
        .bind(&id)
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
    assert_eq!(code(shown(office, anna, one.id).await), "A492");
    for upload in [one, two] {
        office.cases.take_back(anna, upload.id, NOW).await.unwrap();
    }
}

pub(crate) async fn what_was_shown_counts_and_is_seen_by_reviewers_alone(office: &Office) {
    let anna = anna(office).await;
    let cases = &office.cases;
    cases.fill(anna, filled(), NOW).await.unwrap();
    let identity = send(office, anna, KIND, &pdf(1_000)).await.unwrap();
    let missing = cases.overview(anna).await.unwrap().missing;
    assert_eq!(missing, [Need::Upload(UploadKind::ProofOfLife)]);
    assert_eq!(code(cases.submit(anna, NOW).await), "A904");
    let life = (UploadKind::ProofOfLife, MediaType::Jpeg);
    let picture = b"\xff\xd8\xff\xe0 planted face".to_vec();
    let face = send(office, anna, life, &picture).await.unwrap();
    cases.submit(anna, NOW).await.unwrap();
    // What is under review does not change.
    assert_eq!(code(send(office, anna, KIND, &pdf(100)).await), "A902");
    assert_eq!(code(cases.take_back(anna, face.id, NOW).await), "A902");
    let own = cases.show(anna, (anna, face.id), NOW).await;
    assert_eq!(code(own), "A908");
    let other = office.submitted().await;
    let foreign = cases.show(office.rita, (other, face.id), NOW).await;
    assert_eq!(code(foreign), "A917");
    assert_eq!(shown(office, anna, face.id).await.unwrap(), picture);
    let acts = office.acts(anna).await;
    assert!(acts.contains(&format!("add_upload identity {}", identity.id)));
    assert!(acts.contains(&format!("read_verification {}", face.id)));
    let version = cases.take(office.rita, anna, NOW).await.unwrap().version;
    let asked = cases.ask_more(office.rita, (anna, version), vec![Reason::Unreadable], NOW);
    asked.await.unwrap();
    for upload in [identity, face] {
        cases.take_back(anna, upload.id, NOW).await.unwrap();
    }
}
