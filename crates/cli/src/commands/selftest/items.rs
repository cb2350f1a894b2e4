//! The forty requirements of OWASP ASVS 5.0 that this program answers for, and what proves each.

/// What a live installation can be asked about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Cookies of an answer.
    Cookies,
    /// `Strict-Transport-Security`.
    OnlyTls,
    /// An `Origin` of another site.
    ForeignOrigin,
    /// `Content-Security-Policy`.
    Policy,
    /// A change from another site, and one by `GET`.
    CrossSite,
    /// A forged `X-Forwarded-For` before an address list.
    ForgedAddress,
    /// Two lengths in one request.
    Smuggling,
    /// An unknown field of a body.
    UnknownField,
    /// An operation without a session or key.
    NotSignedIn,
    /// A key in the query, and what errors show.
    KeyInQuery,
    /// Modes of the files that hold secrets.
    SecretFiles,
    /// Configuration.
    Configuration,
    /// The audit beside its log.
    AuditLog,
}

/// One item.
pub(crate) struct Item {
    /// Its numbers in ASVS 5.0.
    pub(crate) id: &'static str,
    /// Its level, or levels.
    pub(crate) level: &'static str,
    /// What is asked.
    pub(crate) what: &'static str,
    /// File and name of each test that proves it; empty where nothing does yet.
    pub(crate) tests: &'static [(&'static str, &'static str)],
    /// What is asked of a live installation.
    pub(crate) checks: &'static [Check],
}

const PEOPLE: &str = "crates/server/tests/api/people.rs";
const FACTORS: &str = "crates/identity/tests/factors/codes.rs";
const SESSIONS: &str = "crates/identity/tests/people/sessions.rs";
const LIMITS: &str = "crates/server/tests/api/people/limits.rs";
const PASSWORD: &str = "crates/identity/src/people/password.rs";
const ROLES: &str = "crates/server/tests/api/roles.rs";
const VERIFICATION: &str = "crates/server/tests/api/verification.rs";
const STEPS: &str = "crates/identity/src/verification/state/tests.rs";
const VALUES: &str = "crates/identity/tests/verification/sealing.rs";
const FILES: &str = "crates/identity/tests/verification/uploads.rs";
const ASVS: &str = "crates/server/tests/api/asvs.rs";

macro_rules! items {
    ($( $id:literal $level:literal $what:literal [$( $file:ident $name:literal ),*] [$( $check:ident ),*] )*) => {
        &[$( Item {
            id: $id,
            level: $level,
            what: $what,
            tests: &[$( ($file, $name) ),*],
            checks: &[$( Check::$check ),*],
        } ),*]
    };
}

const WHOLE: &str = "crates/cli/tests/faults/one_place.rs";
const IDENTITY_ROLES: &str = "crates/identity/tests/roles/main.rs";
const COOKIE: &str = "crates/server/src/api/signed_in.rs";
const CHANGED: &str = "crates/identity/tests/people/passwords.rs";
const RECOVERY: &str = "crates/server/tests/api/people/factors.rs";
const DUMP: &str = "crates/identity/tests/factors/main.rs";
const ID: &str = "crates/identity/src/people/secret_text.rs";
const NODES: &str = "crates/server/tests/api/people/nodes.rs";
const MATRIX: &str = "crates/server/tests/api/authorization.rs";
const KEYS: &str = "crates/server/tests/api/keys.rs";
const SEALED: &str = "crates/identity/src/people/sealed.rs";
const WEBHOOK: &str = "crates/server/src/webhooks/guarded_client.rs";
const JWS: &str = "crates/identity/src/oauth/jws.rs";
const REDIRECT: &str = "crates/identity/src/oauth/redirect.rs";
const CODES: &str = "crates/identity/tests/oauth/codes.rs";
const REFRESHING: &str = "crates/identity/tests/oauth/refreshing.rs";
const PROOFS: &str = "crates/identity/tests/oauth/proofs.rs";
const AUTHORIZING: &str = "crates/server/tests/api/oauth/authorizing.rs";
const POSSESSION: &str = "crates/server/tests/api/oauth/possession.rs";
const CALLING: &str = "crates/server/tests/api/oauth/calling.rs";
const CLIENTS: &str = "crates/cli/tests/oauth_clients/main.rs";
const CANARIES: &str = "crates/cli/tests/faults/canaries.rs";
const AUDIT: &str = "crates/cli/tests/faults/audit.rs";
const SOCKET: &str = "crates/server/tests/socket.rs";

/// All of them, in the order of their numbers.
pub(crate) const ITEMS: &[Item] = items! {
    "V2.3.1" "1" "a step cannot be skipped: subscribe before verification, settle before close" [STEPS "v2_3_1_no_step_of_a_verification_can_be_skipped", VERIFICATION "v2_3_1_no_step_is_skipped_over_the_interface"] []
    "V2.3.4" "2" "200 subscriptions at once for the last unit sell it once" [WHOLE "the_last_unit_is_sold_once"] []
    "V2.3.5" "3" "a release of funds needs two approvers" [IDENTITY_ROLES "v2_3_5_a_release_needs_two_approvers", ROLES "v2_3_5_a_release_is_one_entry_of_two_people"] []
    "V3.3.1/3" "1/2" "every cookie is Secure and __Host-" [COOKIE "v3_3_1_the_cookie_is_bound_to_host_and_tls_and_hidden_from_scripts"] [Cookies]
    "V3.3.4" "2" "the session's cookie is HttpOnly, and in no body" [COOKIE "v3_3_1_the_cookie_is_bound_to_host_and_tls_and_hidden_from_scripts", PEOPLE "somebody_signs_up_by_mail_logs_in_and_reads_who_they_are"] [Cookies]
    "V3.4.1" "1" "HSTS of a year or more on all answers" [PEOPLE "v3_4_1_and_v14_3_2_answers_about_people_are_kept_by_no_cache_and_bind_browsers_to_tls"] [OnlyTls]
    "V3.4.2" "1" "another site's pages read nothing" [ASVS "v3_4_2_another_sites_pages_read_nothing"] [ForeignOrigin]
    "V3.4.3/6" "2" "a policy with no objects, no base and no frames" [ASVS "v3_4_3_and_v3_4_6_a_policy_stands_on_every_answer"] [Policy]
    "V3.5.1/3" "1" "no change by GET or from another site" [PEOPLE "v3_5_1_and_v3_5_3_only_pages_of_the_site_change_anything"] [CrossSite]
    "V4.1.3" "2" "a forged X-Forwarded-For passes no address list" [ASVS "v4_1_3_a_forged_address_passes_no_list", SOCKET "the_forwarded_address_reaches_the_handler_only_from_a_trusted_proxy"] [ForgedAddress, Configuration]
    "V4.2.1" "2" "a request of two lengths is refused" [ASVS "v4_2_1_a_request_of_two_lengths_is_refused"] [Smuggling]
    "V4.4.2" "2" "no WebSocket for another site" [ASVS "v4_4_2_no_websocket_is_opened_for_anybody"] [ForeignOrigin]
    "V6.2.4/12" "1/2" "common and breached passwords are refused" [PASSWORD "v6_2_4_and_v6_2_12_passwords_that_are_guessed_first_are_refused"] []
    "V6.2.5/9" "1/2" "64 and more characters of any kind are taken" [PASSWORD "v6_2_5_and_v6_2_9_any_characters_and_64_of_them_are_taken"] []
    "V6.3.1" "1" "guessing is slowed, and the owner gets in" [LIMITS "v6_3_1_guesses_are_slowed_by_account_and_the_owner_gets_in", LIMITS "v6_3_1_a_source_that_sprays_is_slowed_at_all_accounts"] []
    "V6.3.7" "3" "a mail after a change of password or factor" [CHANGED "v6_3_7_a_changed_password_is_told_by_mail_and_ends_what_it_should"] []
    "V6.3.8" "3" "known and unknown people: the same answer for the same work" [PEOPLE "v6_3_8_known_and_unknown_people_get_the_same_answers", CHANGED "v6_3_8_unknown_and_wrong_are_one_answer", CHANGED "v6_3_8_unknown_and_wrong_write_the_same"] []
    "V6.4.3" "2" "a new password does not set the second factor aside" [RECOVERY "v6_4_3_a_new_password_by_mail_does_not_set_the_second_factor_aside"] []
    "V6.5.1" "2" "a code counts once, also in parallel" [FACTORS "v6_5_1_of_fifty_equal_codes_one_counts"] []
    "V6.5.2" "2" "no code, key or session in the clear in a dump" [DUMP "v6_5_2_a_dump_has_no_secret_in_the_clear"] [SecretFiles]
    "V7.2.3" "1" "ids of sessions have 128 bits or more" [ID "v7_2_3_a_hundred_thousand_ids_of_256_bits_are_distinct"] []
    "V7.2.4" "1" "the id changes at login and step-up" [SESSIONS "v7_2_4_the_id_changes_at_login_and_step_up"] []
    "V7.3.1/2" "2" "sessions end without use, and after twelve hours" [SESSIONS "v7_3_1_and_v7_3_2_idle_and_absolute_limits_hold"] []
    "V7.4.1/2" "1" "who logged out or is disabled is out at once, on all nodes" [NODES "v7_4_1_a_session_that_was_ended_on_one_node_is_dead_on_the_other_at_once", SESSIONS "v7_4_2_who_is_disabled_is_let_in_nowhere"] [NotSignedIn]
    "V7.4.3, 7.5.2" "2" "sessions are listed, and end after a change of password" [PEOPLE "v7_4_3_a_changed_password_ends_other_sessions_when_asked_and_is_told_by_mail", SESSIONS "v7_5_2_sessions_are_listed_and_ended_on_every_node"] []
    "V7.5.1/3" "2/3" "what is sensitive needs a fresh factor" [SESSIONS "v7_5_1_what_needs_a_fresh_factor_says_so_after_ten_minutes", ROLES "v7_5_1_a_role_needs_a_second_factor_and_what_lasts_a_fresh_one"] []
    "V8.2.1" "1" "all operations and roles are as the file says" [MATRIX "v8_2_1_every_operation_and_role_is_as_the_file_says"] [NotSignedIn]
    "V8.2.2, 8.4.1" "1/2" "the ids of others answer as absent ids do" [KEYS "keys_are_listed_rotated_and_revoked_within_one_owner"] []
    "V8.2.3" "1" "an unknown field is refused" [PEOPLE "v8_2_3_fields_that_nobody_asked_for_are_refused"] [UnknownField]
    "V8.3.2" "3" "a role that was taken is gone at the next request" [ROLES "v8_3_2_a_role_counts_from_the_next_request_on_and_no_longer"] []
    "V9.1.2/3" "1" "a token signed by none, by a public key or by a foreign key is refused" [JWS "v9_1_2_none_and_shared_secrets_are_no_algorithms", JWS "v9_1_3_a_header_that_brings_or_names_a_key_is_refused"] []
    "V9.2.2/3" "2" "a token of another kind or audience is refused" [CALLING "v9_2_2_an_id_token_a_refresh_token_and_a_token_in_the_query_let_nobody_in", PROOFS "v9_2_3_an_assertion_for_another_audience_or_used_before_shows_nobody"] []
    "V10.4.1" "1" "variants of a redirect address are refused" [REDIRECT "v10_4_1_a_redirect_address_matches_itself_and_nothing_else", AUTHORIZING "v10_4_1_nobody_is_sent_to_an_address_that_was_not_registered"] []
    "V10.4.2/3" "1" "a code works once and for 60 seconds" [CODES "v10_4_2_a_code_works_once_and_a_second_use_ends_what_it_gave", CODES "v10_4_3_a_code_is_over_after_a_minute"] []
    "V10.4.5/8" "1/2" "an old refresh token ends its family" [REFRESHING "v10_4_5_a_used_refresh_token_ends_the_family_and_its_access_tokens", REFRESHING "v10_4_8_a_family_ends_with_its_grant_and_unused_after_thirty_days", CLIENTS "v10_4_5_of_fifty_refreshes_and_a_kill_one_succeeds_at_most_and_a_replay_ends_the_family"] []
    "V10.4.6" "2" "no flow without PKCE S256" [AUTHORIZING "v10_4_6_what_is_wrong_with_a_request_is_told_to_its_application", CODES "v10_4_6_a_code_is_for_its_client_its_address_and_its_verifier"] []
    "V10.3.5, 10.4.14" "3" "a bound token without its proof is refused" [POSSESSION "v10_3_5_a_bound_token_is_worth_nothing_without_a_proof_for_this_request", PROOFS "v10_4_14_a_bound_token_is_given_to_its_key_only"] []
    "V11.3.3/4" "2/3" "what is sealed opens in its place only; no nonce comes twice" [SEALED "v11_3_3_what_is_sealed_opens_in_its_place_with_its_key_and_unchanged", SEALED "v11_3_4_no_nonce_of_a_million_comes_twice", VALUES "v11_3_3_swapped_rows_and_flipped_bits_open_nothing", FILES "v11_3_3_a_changed_cut_or_swapped_file_does_not_open"] []
    "V13.2.5" "2" "a webhook goes nowhere inside" [WEBHOOK "a_name_that_leads_inside_is_not_resolved", WEBHOOK "the_client_calls_only_what_the_resolver_lets_through"] [Configuration]
    "V14.2.1, V16.2.5, 16.4.1/2, 16.5.1" "1/2" "no key in a query, no secret in a log, no forged line, an edit is found, errors show nothing inside" [ASVS "v14_2_1_a_key_in_the_query_counts_for_nothing", CANARIES "v16_2_5_no_secret_comes_out_anywhere", ASVS "v16_4_1_no_name_forges_a_line", AUDIT "a_killed_server_loses_and_doubles_no_row_of_the_audit", SOCKET "what_the_framework_refuses_is_a_problem_with_the_request_id"] [KeyInQuery, AuditLog]
};
