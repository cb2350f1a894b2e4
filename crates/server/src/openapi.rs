//! The description of the interface, OpenAPI 3.1, from the code.
//!
//! Each module of routes has a type that derives `utoipa::OpenApi` with its paths, and one line in
//! [`PARTS`]. The committed `openapi.json` shows what a change does to clients.

use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::{
    api::{
        AccountPaths, AddressChangePaths, AddressPaths, AlertPaths, AlertWebhookPaths, AppPaths,
        AuditPaths, BalancePaths, BidPaths, BundlePaths, ClientPaths, ContributionPaths,
        CosignaturePaths, DocumentPaths, DraftPaths, EnrolmentPaths, EventPaths, FactorPaths,
        FreezePaths, ImportPaths, IncidentPaths, InvestorPaths, KeyPaths, LeakPaths, LogPaths,
        MePaths, NotificationPaths, OauthPaths, OfferingPaths, OperationPaths,
        OwnContributionPaths, PeoplePaths, PrivacyPaths, ProposalPaths, RailPaths, RehearsalPaths,
        RolePaths, SESSION_COOKIE, SessionPaths, SettlementPaths, SignInPaths, SignUpPaths,
        SimulationPaths, TaxPaths, UploadPaths, VerificationDeskPaths, VerificationPaths,
        WalletPaths, WebhookPaths,
    },
    problem::Problem,
    system::SystemPaths,
};

/// One line for each module of routes.
const PARTS: &[fn() -> utoipa::openapi::OpenApi] = &[
    OfferingPaths::openapi,
    DraftPaths::openapi,
    RehearsalPaths::openapi,
    SimulationPaths::openapi,
    ContributionPaths::openapi,
    BidPaths::openapi,
    InvestorPaths::openapi,
    AccountPaths::openapi,
    BalancePaths::openapi,
    ImportPaths::openapi,
    PeoplePaths::openapi,
    OperationPaths::openapi,
    DocumentPaths::openapi,
    RailPaths::openapi,
    AddressPaths::openapi,
    SettlementPaths::openapi,
    BundlePaths::openapi,
    LogPaths::openapi,
    AuditPaths::openapi,
    CosignaturePaths::openapi,
    EventPaths::openapi,
    KeyPaths::openapi,
    LeakPaths::openapi,
    SignUpPaths::openapi,
    SessionPaths::openapi,
    FreezePaths::openapi,
    RolePaths::openapi,
    ProposalPaths::openapi,
    AlertPaths::openapi,
    AlertWebhookPaths::openapi,
    IncidentPaths::openapi,
    MePaths::openapi,
    NotificationPaths::openapi,
    TaxPaths::openapi,
    AppPaths::openapi,
    OwnContributionPaths::openapi,
    ClientPaths::openapi,
    OauthPaths::openapi,
    AddressChangePaths::openapi,
    FactorPaths::openapi,
    EnrolmentPaths::openapi,
    WalletPaths::openapi,
    SignInPaths::openapi,
    VerificationPaths::openapi,
    UploadPaths::openapi,
    VerificationDeskPaths::openapi,
    PrivacyPaths::openapi,
    WebhookPaths::openapi,
    SystemPaths::openapi,
];

/// What is said once for all operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Softcap",
        description = "Token offerings whose every number can be recomputed.\n\n\
            Amounts are strings of smallest units. Times are RFC 3339. A request that fails is \
            answered with a problem (RFC 9457): programs read `code`, people read `remedy`. Repeat \
            a change with the same `Idempotency-Key` when no answer came.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    components(schemas(Problem))
)]
struct Whole;

/// The document. Every operation gets, besides its own answers, `default`: a problem.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Whole::openapi();
    for part in PARTS {
        document.merge(part());
    }
    if let Some(components) = document.components.as_mut() {
        components.add_security_scheme(
            "key",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
        components.add_security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE))),
        );
    }
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let responses = &mut operation.responses.responses;
            responses
                .entry("default".to_owned())
                .or_insert_with(any_problem);
        }
    }
    document
}

/// The document as it is served and committed.
///
/// # Errors
/// None in practice: the document is made of maps with texts as keys.
pub fn document_text() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&document()).map(|text| text + "\n")
}

fn any_problem() -> RefOr<utoipa::openapi::Response> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description("Any other answer is a problem")
        .content("application/problem+json", content)
        .build()
        .into()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .flatten()
}
