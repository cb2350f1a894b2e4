-- Applications that act for people. Of every secret (codes, tokens, names of requests) only a keyed hash is here.
CREATE TABLE oauth_client (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    redirects      TEXT    NOT NULL,
    authentication TEXT    NOT NULL,
    jwks           TEXT,
    scopes         TEXT    NOT NULL,
    grants         TEXT    NOT NULL,
    needs_dpop     BIGINT  NOT NULL,
    source         TEXT    NOT NULL,
    made_by        TEXT    NOT NULL,
    made_at        BIGINT  NOT NULL,
    read_at        BIGINT  NOT NULL,
    ended_at       BIGINT
);

-- What an application asked for, until its person's browser comes, or the person decides.
CREATE TABLE oauth_request (
    tag        BYTEA   NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX oauth_request_expires ON oauth_request (expires_at);

-- What a person granted to an application.
CREATE TABLE oauth_grant (
    id         TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    client     TEXT    NOT NULL REFERENCES oauth_client (id),
    scopes     TEXT    NOT NULL,
    made_at    BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT  NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX oauth_grant_person ON oauth_grant (person);

-- One login of an application: all tokens that came of one code. It ends as a whole when something is used twice.
CREATE TABLE oauth_family (
    id             TEXT    NOT NULL PRIMARY KEY,
    grant_id       TEXT REFERENCES oauth_grant (id) ON DELETE CASCADE,
    client         TEXT    NOT NULL REFERENCES oauth_client (id),
    scopes         TEXT    NOT NULL,
    key_thumbprint TEXT,
    level          TEXT    NOT NULL,
    shown_at       BIGINT  NOT NULL,
    nonce          TEXT,
    made_at        BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    ended_at       BIGINT
);
CREATE INDEX oauth_family_grant ON oauth_family (grant_id);
CREATE INDEX oauth_family_expires ON oauth_family (expires_at);

CREATE TABLE oauth_code (
    tag        BYTEA   NOT NULL PRIMARY KEY,
    family     TEXT    NOT NULL REFERENCES oauth_family (id) ON DELETE CASCADE,
    redirect   TEXT    NOT NULL,
    challenge  TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT
);
CREATE INDEX oauth_code_family ON oauth_code (family);

CREATE TABLE oauth_access (
    tag        BYTEA   NOT NULL PRIMARY KEY,
    family     TEXT    NOT NULL REFERENCES oauth_family (id) ON DELETE CASCADE,
    scopes     TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX oauth_access_family ON oauth_access (family);
CREATE INDEX oauth_access_expires ON oauth_access (expires_at);

-- A row stays when it was used, so that a second use is noticed.
CREATE TABLE oauth_refresh (
    tag     BYTEA   NOT NULL PRIMARY KEY,
    family  TEXT    NOT NULL REFERENCES oauth_family (id) ON DELETE CASCADE,
    made_at BIGINT  NOT NULL,
    used_at BIGINT
);
CREATE INDEX oauth_refresh_family ON oauth_refresh (family);

-- Names of signed things that work once: proofs of possession, assertions of clients.
CREATE TABLE oauth_proof (
    tag        BYTEA   NOT NULL PRIMARY KEY,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX oauth_proof_expires ON oauth_proof (expires_at);

-- Which of the keys that follow from the secret signs id tokens.
CREATE TABLE oauth_key_turn (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value BIGINT NOT NULL
);
INSERT INTO oauth_key_turn (one, value) VALUES (1, 1);

-- A device that waits for its person, who types the other code.
CREATE TABLE oauth_device (
    tag            BYTEA   NOT NULL PRIMARY KEY,
    user_tag       BYTEA   NOT NULL UNIQUE,
    client         TEXT    NOT NULL REFERENCES oauth_client (id),
    scopes         TEXT    NOT NULL,
    key_thumbprint TEXT,
    state          TEXT    NOT NULL,
    family         TEXT,
    next_at        BIGINT  NOT NULL,
    pause          BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL
);
CREATE INDEX oauth_device_expires ON oauth_device (expires_at);
