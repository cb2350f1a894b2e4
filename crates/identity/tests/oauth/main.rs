//! Applications against real databases: the same scenarios on SQLite and on PostgreSQL, with a clock that is an argument.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario fails by panicking"
)]

mod codes;
mod grants;
mod proofs;
mod refreshing;
mod signer;
mod spending;

use std::{net::IpAddr, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};
use softcap_database::{Database, DatabaseUrl, temporary::TemporaryPostgres};
use softcap_identity::{
    AmountLimits, AuthorizationRequest, Bearer, Client, ClientAuthentication, ClientMetadata,
    Device, Fault, GrantKind, Granted, Issued, Keys, LogIn, Oauth, OauthError, Params, Password,
    People, PersonalKey, Redemption, Refreshing, Registrar, Scopes, Session, SigningSeed, Site,
    UnixMillis,
};
use zeroize::Zeroizing;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const REDIRECT: &str = "https://app.example/callback";
pub(crate) const ISSUER: &str = "https://sale.example";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PASSWORD: &str = "tidal lantern ochre mule";
pub(crate) const SCOPE: &str = "offline_access offerings:read:*";

/// The applications of a database.
pub(crate) struct Installation {
    pub(crate) database: Database,
    pub(crate) people: People,
    pub(crate) oauth: Oauth,
    pub(crate) now: UnixMillis,
}

impl Installation {
    async fn new(database: Database) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        let site = Site {
            name: "Harbour Tokens".to_owned(),
            origin: ISSUER.to_owned(),
        };
        let people = People::open(database.clone(), PersonalKey::new(&[7; 32]), site).unwrap();
        let seed = SigningSeed::new(Zeroizing::new([9; 32]));
        Self {
            database,
            oauth: Oauth::new(people.clone(), seed),
            people,
            now: UnixMillis::new(1_800_000_000_000),
        }
    }

    /// The same installation, later.
    pub(crate) fn later(&self, span: Duration) -> Self {
        Self {
            database: self.database.clone(),
            people: self.people.clone(),
            oauth: self.oauth.clone(),
            now: self.now.plus(span),
        }
    }

    /// The session of somebody new.
    pub(crate) async fn somebody(&self, email: &str) -> Session {
        let digest = Sha256::digest(email);
        let source: IpAddr = format!("2001:db8:{:x}{:02x}::1", digest[0], digest[1])
            .parse()
            .unwrap();
        let parsed = email.parse().unwrap();
        let password = Password::new(PASSWORD.to_owned()).unwrap();
        self.people
            .sign_up(&parsed, source, self.now)
            .await
            .unwrap();
        let mut code = None;
        while let Some(mail) = self.people.claim_mail(self.now).await.unwrap() {
            self.people.mail_is_sent(&mail).await.unwrap();
            if mail.recipient == parsed {
                let mut lines = mail.body.lines();
                code = lines.find_map(|line| line.strip_prefix("    ").map(str::to_owned));
            }
        }
        let code = code.unwrap();
        let confirmed = self.people.confirm_sign_up(&code, &password, self.now);
        confirmed.await.unwrap();
        let attempt = LogIn {
            email: &parsed,
            password: &password,
            device: &Device::new(source, "Firefox on a ship"),
            replaces: None,
        };
        let logged_in = self.people.log_in(&attempt, self.now).await.unwrap();
        let session = self.people.session(logged_in.secret.reveal(), self.now);
        session.await.unwrap()
    }

    /// An application, registered by a key that may do everything.
    pub(crate) async fn client(&self, authentication: ClientAuthentication) -> Client {
        let mut grants = vec![GrantKind::Code, GrantKind::Refresh];
        if authentication != ClientAuthentication::None {
            grants.push(GrantKind::ClientCredentials);
        }
        let about = ClientMetadata {
            name: "Portfolio".to_owned(),
            redirects: vec![REDIRECT.parse().unwrap()],
            authentication,
            scopes: "openid email offline_access offerings:read:* settlements:write:*"
                .parse()
                .unwrap(),
            grants,
            needs_dpop: false,
        };
        let by = Registrar::Key("test".to_owned(), Scopes::everything());
        self.oauth.register(&by, about, self.now).await.unwrap()
    }

    /// A request of an application for these scopes.
    pub(crate) fn request(&self, client: &Client, scope: &str) -> AuthorizationRequest {
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", REDIRECT)
            .append_pair("scope", scope)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("nonce", "n-1")
            .append_pair("state", "s-1")
            .finish();
        let params = Params::parse(query.as_bytes());
        let resource = self.oauth.resource();
        AuthorizationRequest::read(&params, client, &resource, self.now).unwrap()
    }

    /// A code that a person granted.
    pub(crate) async fn code(&self, client: &Client, session: &Session, scope: &str) -> String {
        let request = self.request(client, scope);
        let shown = self.oauth.show(&request, self.now).await.unwrap();
        let granted = Granted {
            scopes: scope.parse().unwrap(),
            life: 30 * DAY,
            limits: AmountLimits::default(),
        };
        let approved = self
            .oauth
            .approve(shown.reveal(), session, &granted, self.now)
            .await;
        approved.unwrap().0.reveal().to_owned()
    }

    pub(crate) async fn redeem(&self, client: &Client, code: &str) -> Result<Issued, OauthError> {
        let redemption = Redemption {
            code,
            redirect: Some(REDIRECT),
            verifier: VERIFIER,
            key: None,
        };
        self.oauth.redeem(client, &redemption, self.now).await
    }

    /// As who found an old token does, and asks for what nobody granted.
    pub(crate) async fn replay_for_more(
        &self,
        client: &Client,
        token: &str,
    ) -> Result<Issued, OauthError> {
        let refreshing = Refreshing {
            token,
            scope: Some("audit:read:*"),
            key: None,
        };
        self.oauth.refresh(client, &refreshing, self.now).await
    }

    pub(crate) async fn refresh(&self, client: &Client, token: &str) -> Result<Issued, OauthError> {
        let refreshing = Refreshing {
            token,
            scope: None,
            key: None,
        };
        self.oauth.refresh(client, &refreshing, self.now).await
    }

    /// Tokens of somebody new for a public client.
    pub(crate) async fn tokens(&self, email: &str) -> (Client, Session, Issued) {
        let client = self.client(ClientAuthentication::None).await;
        let session = self.somebody(email).await;
        let code = self.code(&client, &session, SCOPE).await;
        let issued = self.redeem(&client, &code).await.unwrap();
        (client, session, issued)
    }

    pub(crate) async fn bearer(&self, token: &str) -> Option<Bearer> {
        match self.oauth.bearer(token, self.now).await {
            Ok(bearer) => Some(bearer),
            Err(error) => {
                assert_eq!(error.fault(), Some(Fault::InvalidToken), "{error}");
                None
            }
        }
    }

    /// Acts in the audit, with their code.
    pub(crate) async fn acts(&self) -> Vec<(String, String)> {
        let table = softcap_identity::AuditTable::new(self.database.clone());
        let rows = table.rows(0, 10_000).await.unwrap();
        rows.into_iter().map(|row| (row.act, row.code)).collect()
    }
}

/// The fault of a refusal; none where nothing was refused.
pub(crate) fn fault<T>(result: Result<T, OauthError>) -> Option<Fault> {
    result.err().map(|error| error.fault().unwrap())
}

async fn all_scenarios(database: Database) {
    let here = Installation::new(database).await;
    codes::v10_4_2_a_code_works_once_and_a_second_use_ends_what_it_gave(&here).await;
    codes::v10_4_3_a_code_is_over_after_a_minute(&here).await;
    codes::v10_4_6_a_code_is_for_its_client_its_address_and_its_verifier(&here).await;
    codes::a_code_that_is_sent_many_times_at_once_gives_one_answer_and_then_nothing(&here).await;
    codes::a_pushed_request_is_there_once_for_its_client(&here).await;
    codes::nobody_grants_more_than_was_asked_or_twice(&here).await;
    refreshing::v10_4_5_a_used_refresh_token_ends_the_family_and_its_access_tokens(&here).await;
    refreshing::v10_4_5_of_fifty_at_once_one_succeeds_at_most_and_the_family_is_dead(&here).await;
    refreshing::v10_4_8_a_family_ends_with_its_grant_and_unused_after_thirty_days(&here).await;
    refreshing::new_tokens_are_for_less_when_asked_and_never_for_more(&here).await;
    grants::what_a_person_takes_away_is_gone_at_the_next_use(&here).await;
    grants::v7_4_2_disabled_frozen_and_ended_are_let_in_nowhere(&here).await;
    grants::a_client_revokes_and_looks_at_its_own_tokens_only(&here).await;
    grants::what_is_said_of_a_client_is_replaced_within_what_may_be_given(&here).await;
    grants::what_was_done_is_found_from_the_newest_back(&here).await;
    grants::what_is_over_is_swept(&here).await;
    spending::what_is_contributed_counts_as_the_record_says(&here).await;
    spending::of_many_at_once_no_more_go_through_than_are_allowed(&here).await;
    spending::limits_are_narrowed_and_never_widened(&here).await;
    spending::what_was_granted_before_amounts_existed_is_asked_for_again(&here).await;
    proofs::v10_3_5_a_proof_is_for_one_request_by_one_key(&here).await;
    proofs::v10_4_14_a_bound_token_is_given_to_its_key_only(&here).await;
    proofs::v9_2_3_an_assertion_for_another_audience_or_used_before_shows_nobody(&here).await;
    proofs::a_client_in_its_own_name_has_what_it_was_registered_for(&here).await;
    proofs::v9_2_2_an_id_token_is_signed_and_is_no_access_token(&here).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    let database = Database::open(&url, "service").await.unwrap();
    all_scenarios(database.clone()).await;
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let server = TemporaryPostgres::start().unwrap();
    let database = Database::open(&server.url(), "service").await.unwrap();
    all_scenarios(database.clone()).await;
    database.close().await;
}
