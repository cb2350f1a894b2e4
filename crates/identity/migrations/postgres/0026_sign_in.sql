-- Accounts of other sites with which people log in (OpenID Connect). Issuer and subject are sealed; the tag is a keyed hash of
-- both.
CREATE TABLE sign_in_link (
    id       TEXT NOT NULL PRIMARY KEY,
    person   TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag      BYTEA NOT NULL UNIQUE,
    identity BYTEA NOT NULL,
    made_at  BIGINT NOT NULL,
    used_at  BIGINT
);
CREATE INDEX sign_in_link_person ON sign_in_link (person, made_at);

-- What was begun and waits for an answer. The row goes with its first answer, right or wrong.
CREATE TABLE sign_in_attempt (
    -- A keyed hash of what goes to the other site and comes back.
    tag     BYTEA NOT NULL PRIMARY KEY,
    -- One of what stays in the browser.
    browser BYTEA NOT NULL,
    issuer  TEXT NOT NULL,
    purpose TEXT NOT NULL,
    -- Whose account is meant; empty where nobody has said yet who they are.
    person  TEXT NOT NULL,
    -- Sealed: what the answer must prove, and where the person goes afterwards.
    kept    BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempt_ends ON sign_in_attempt (ends_at);

-- Somebody whom another site vouches for, and who has no account yet. The tag is a keyed hash of what their browser has.
CREATE TABLE sign_in_newcomer (
    tag     BYTEA NOT NULL PRIMARY KEY,
    -- Sealed: who they are there, and their address.
    kept    BYTEA NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX sign_in_newcomer_ends ON sign_in_newcomer (ends_at);
