//! Wallets: signing up, logging in, and what no signature is good for.

use alloy_primitives::{B256, Signature, U256, eip191_hash_message};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use softcap_identity::{
    Act, Examined, FRESH, Level, MOST_WALLETS, ProvenWallet, Session, SignedMessage, WalletError,
    WalletPurpose, Wallets,
};

use super::*;

/// A wallet with a key of its own.
fn wallet(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).unwrap()
}

fn sign(wallet: &PrivateKeySigner, message: &str) -> Vec<u8> {
    let signature = wallet.sign_message_sync(message.as_bytes()).unwrap();
    signature.as_bytes().to_vec()
}

impl Installation {
    fn wallets(&self) -> Wallets {
        Wallets::new(self.people.clone())
    }

    async fn send_code(&self, email: &str) {
        let people = &self.people;
        let email = parsed(email);
        people
            .sign_up(&email, address(HOME), self.now)
            .await
            .unwrap();
    }

    async fn message(&self, wallet: &PrivateKeySigner, purpose: WalletPurpose) -> String {
        let named = wallet.address().to_string().parse().unwrap();
        // Each from an address of its own, so that no limit is met.
        let source = format!("2001:db8:77:{:x}::1", self.now.get() % 0xFFFF);
        let wallets = self.wallets();
        let given = wallets.ask((named, 1), purpose, address(&source), self.now);
        given.await.unwrap().message
    }

    async fn examine(
        &self,
        (message, signature): (&str, &[u8]),
        purpose: WalletPurpose,
    ) -> Result<ProvenWallet, WalletError> {
        let signed = SignedMessage { message, signature };
        match self.wallets().examine(signed, purpose, self.now).await? {
            Examined::ByKey(proven) => Ok(proven),
            Examined::ByContract(question) => {
                Err(self.wallets().refuse_contract(&question, self.now).await)
            }
        }
    }

    async fn prove(
        &self,
        wallet: &PrivateKeySigner,
        purpose: WalletPurpose,
    ) -> Result<ProvenWallet, WalletError> {
        let message = self.message(wallet, purpose).await;
        let signature = sign(wallet, &message);
        self.examine((&message, &signature), purpose).await
    }

    async fn log_in_by(&self, wallet: &PrivateKeySigner) -> Result<LoggedIn, WalletError> {
        let proven = self.prove(wallet, WalletPurpose::LogIn).await?;
        let device = Device::new(address(HOME), "Firefox on a ship");
        self.wallets()
            .log_in(proven, (&device, None), self.now)
            .await
    }

    pub(crate) async fn session_of(&self, secret: &SecretText) -> Session {
        let found = self.people.session(secret.reveal(), self.now).await;
        found.unwrap()
    }
}

fn code<T>(result: Result<T, WalletError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "")
}

pub(crate) async fn somebody_signs_up_with_a_wallet_and_logs_in(here: &Installation) {
    let (own, wallets) = (wallet(1), here.wallets());
    let email = "wallet.owner@example.org";
    assert_eq!(code(here.log_in_by(&own).await), "A556");
    here.send_code(email).await;
    let mailed = here.code_for(email).await.unwrap();
    let proven = here.prove(&own, WalletPurpose::SignUp).await.unwrap();
    let wrong = wallets.confirm_sign_up("no code at all", proven, here.now);
    assert_eq!(code(wrong.await), "A406");
    let proven = here.prove(&own, WalletPurpose::SignUp).await.unwrap();
    let person = wallets
        .confirm_sign_up(&mailed, proven, here.now)
        .await
        .unwrap();
    let found = here.people.find(person).await.unwrap().unwrap();
    assert_eq!((found.email, found.password_at), (parsed(email), None));
    let logged_in = here.log_in_by(&own).await.unwrap();
    assert_eq!((logged_in.person, logged_in.level), (person, Level::One));
    // A password is none, whatever is tried.
    assert!(here.log_in(email, PASSWORD, HOME).await.is_err());
    let listed = wallets.list(person).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].address.to_string(), own.address().to_string());
    assert_eq!(listed[0].used_at, Some(here.now));
    // It is the only way in, and stays.
    let session = here.session_of(&logged_in.secret).await;
    let removed = wallets.remove(&session, listed[0].id, here.now);
    assert_eq!(code(removed.await), "A559");
    // Nobody else has it.
    let other = "wallet.thief@example.org";
    here.send_code(other).await;
    let mailed = here.code_for(other).await.unwrap();
    let proven = here.prove(&own, WalletPurpose::SignUp).await.unwrap();
    let twice = wallets.confirm_sign_up(&mailed, proven, here.now);
    assert_eq!(code(twice.await), "A557");
    let proven = here.prove(&wallet(2), WalletPurpose::SignUp).await.unwrap();
    let now_another = wallets.confirm_sign_up(&mailed, proven, here.now);
    assert_eq!(code(now_another.await), "", "the code was not used up");
}

pub(crate) async fn a_signature_is_good_for_what_it_says_and_once(here: &Installation) {
    let (own, other) = (wallet(3), wallet(4));
    let email = "wallet.added@example.org";
    here.sign_up(email).await;
    let logged_in = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let session = here.session_of(&logged_in.secret).await;
    let add = WalletPurpose::Add(session.person);
    let message = here.message(&own, add).await;
    let signature = sign(&own, &message);

    // For nothing else, and for nobody else.
    let eve = "wallet.eve@example.org";
    here.sign_up(eve).await;
    let eve = here.log_in(eve, PASSWORD, HOME).await.unwrap().person;
    for purpose in [
        WalletPurpose::LogIn,
        WalletPurpose::SignUp,
        WalletPurpose::StepUp(session.person),
        WalletPurpose::Add(eve),
    ] {
        let used = here.examine((&message, &signature), purpose).await;
        assert_eq!(code(used), "A553", "{purpose:?}");
    }
    // Not changed by a byte, and not for another site.
    for changed in [
        message.replace("Chain ID: 1", "Chain ID: 2"),
        message.replace("sale.example", "sale.exampie"),
        format!("{message}\n"),
        String::new(),
    ] {
        let signature = sign(&own, &changed);
        let used = here.examine((&changed, &signature), add).await;
        assert_eq!(code(used), "A553", "{changed}");
    }
    // Two answers at once: one of them gets it.
    let first = here.examine((&message, &signature), add).await.unwrap();
    let second = here.examine((&message, &signature), add).await.unwrap();
    let wallets = here.wallets();
    let (first, second) = tokio::join!(
        wallets.add(&session, first, here.now),
        wallets.add(&session, second, here.now)
    );
    let mut codes = [code(first), code(second)];
    codes.sort_unstable();
    assert_eq!(codes, ["", "A553"]);
    let told = here.all_mail().await;
    let told = told
        .iter()
        .filter(|mail| mail.subject.contains("a wallet was added"));
    assert_eq!(told.count(), 1);

    // After five minutes it is over.
    let message = here.message(&own, WalletPurpose::LogIn).await;
    let signature = sign(&own, &message);
    let late = here.later(5 * MINUTE);
    let used = late
        .examine((&message, &signature), WalletPurpose::LogIn)
        .await;
    assert_eq!(code(used), "A553");
    // Another key's signature, and what is none, end the message.
    for signature in [sign(&other, &message), vec![7; 65], vec![7; 4096]] {
        let message = here.message(&own, WalletPurpose::LogIn).await;
        let used = here
            .examine((&message, &signature), WalletPurpose::LogIn)
            .await;
        assert_eq!(code(used), "A554");
        let right = sign(&own, &message);
        let after = here.examine((&message, &right), WalletPurpose::LogIn).await;
        assert_eq!(code(after), "A553");
    }
    for signature in [vec![], vec![7; 4097]] {
        let message = here.message(&own, WalletPurpose::LogIn).await;
        let used = here
            .examine((&message, &signature), WalletPurpose::LogIn)
            .await;
        assert_eq!(code(used), "A554");
    }
}

/// Of each signature there is a second form that recovers to the same address: it would let one signature count twice
/// where signatures are remembered, and no wallet gives it.
pub(crate) async fn the_other_form_of_a_signature_counts_as_none(here: &Installation) {
    let own = wallet(5);
    let message = here.message(&own, WalletPurpose::LogIn).await;
    let signature = own.sign_message_sync(message.as_bytes()).unwrap();
    let order = U256::from_str_radix(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
        16,
    );
    let high = Signature::new(
        signature.r(),
        order.unwrap() - signature.s(),
        !signature.v(),
    );
    let hash = eip191_hash_message(message.as_bytes());
    assert_eq!(
        high.recover_address_from_prehash(&hash).unwrap(),
        own.address()
    );
    let used = here
        .examine((&message, &high.as_bytes()), WalletPurpose::LogIn)
        .await;
    assert_eq!(code(used), "A554");
}

pub(crate) async fn wallets_come_and_go_with_a_fresh_factor(here: &Installation) {
    let (own, wallets) = (wallet(6), here.wallets());
    let email = "wallet.many@example.org";
    here.sign_up(email).await;
    let logged_in = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let session = here.session_of(&logged_in.secret).await;
    let person = session.person;
    let add = WalletPurpose::Add(person);
    let proven = here.prove(&own, add).await.unwrap();
    let id = here
        .wallets()
        .add(&session, proven, here.now)
        .await
        .unwrap();

    let stale = here.later(FRESH);
    let proven = stale.prove(&wallet(7), add).await.unwrap();
    let refused = wallets.add(&session, proven, stale.now).await;
    assert_eq!(code(refused), "A409");
    let refused = wallets.remove(&session, id, stale.now).await;
    assert_eq!(code(refused), "A409");
    // The wallet makes the session fresh, with a new secret; that of somebody else does not.
    let step_up = WalletPurpose::StepUp(person);
    let proven = stale.prove(&wallet(1), step_up).await.unwrap();
    let refused = wallets.step_up(&session, proven, stale.now).await;
    assert_eq!(code(refused), "A556");
    let proven = stale.prove(&own, step_up).await.unwrap();
    let secret = wallets.step_up(&session, proven, stale.now).await;
    let secret = secret.unwrap();
    assert_eq!(stale.refusal(&logged_in.secret).await, "A408");
    let session = stale.session_of(&secret).await;
    assert_eq!(session.fresh_at, stale.now);

    for number in 10..9 + u8::try_from(MOST_WALLETS).unwrap() {
        let later = stale.later(SECOND * u32::from(number));
        let proven = later.prove(&wallet(number), add).await.unwrap();
        wallets.add(&session, proven, later.now).await.unwrap();
    }
    let proven = stale.prove(&wallet(30), add).await.unwrap();
    let refused = wallets.add(&session, proven, stale.now).await;
    assert_eq!(code(refused), "A560");
    wallets.remove(&session, id, stale.now).await.unwrap();
    let again = wallets.remove(&session, id, stale.now).await;
    assert_eq!(code(again), "A558");
    assert_eq!(code(stale.log_in_by(&own).await), "A556");
    let acts = audit_acts(stale.database.clone(), &person.to_string()).await;
    for act in [Act::AddFactor, Act::ShowFactor, Act::RemoveFactor] {
        assert!(
            acts.contains(&act.as_code().to_owned()),
            "{act:?}: {acts:?}"
        );
    }
    let swept = stale.later(6 * MINUTE);
    swept.people.tidy(swept.now).await.unwrap();
    let left: i64 = on_writer!(&swept.database, |pool| sqlx::query_scalar(
        "SELECT COUNT(*) FROM wallet_challenge"
    )
    .fetch_one(pool)
    .await)
    .unwrap();
    assert_eq!(left, 0);
}

/// What was written down with a wallet about a person.
async fn audit_acts(database: Database, person: &str) -> Vec<String> {
    on_writer!(&database, |pool| sqlx::query_scalar(
        "SELECT act FROM identity_audit WHERE subject = $1 AND code = 'wallet'"
    )
    .bind(person)
    .fetch_all(pool)
    .await)
    .unwrap()
}
