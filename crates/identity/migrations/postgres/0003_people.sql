-- Humans who log in. What names one is sealed with a key that is not in the database; columns `..._tag` hold
-- keyed hashes, by which a row is found and from which nothing follows without that key.
CREATE TABLE person (
    id          TEXT    NOT NULL PRIMARY KEY,
    email_tag   BYTEA   NOT NULL UNIQUE,
    email       BYTEA   NOT NULL,
    password    BYTEA,
    password_at BIGINT,
    made_at     BIGINT  NOT NULL,
    -- What a session must have shown before it may do anything: `one` factor, `two` once there is a second one.
    needs_level TEXT    NOT NULL
);

-- What was sent by mail to prove an address, until it is used or over.
CREATE TABLE mail_token (
    tag        BYTEA   NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    email_tag  BYTEA   NOT NULL,
    email      BYTEA   NOT NULL,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX mail_token_email ON mail_token (email_tag);
CREATE INDEX mail_token_expires ON mail_token (expires_at);

CREATE TABLE session (
    id       TEXT    NOT NULL PRIMARY KEY,
    person   TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag      BYTEA   NOT NULL UNIQUE,
    made_at  BIGINT  NOT NULL,
    seen_at  BIGINT  NOT NULL,
    fresh_at BIGINT  NOT NULL,
    level    TEXT    NOT NULL,
    device   BYTEA   NOT NULL,
    address  BYTEA   NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_seen ON session (seen_at);

-- Networks from which a person logged in: they keep an allowance of their own while strangers guess.
CREATE TABLE known_source (
    person     TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    source_tag BYTEA   NOT NULL,
    seen_at    BIGINT  NOT NULL,
    PRIMARY KEY (person, source_tag)
);

-- One cell of the generic cell rate algorithm for each account, source and address of mail: when it is full again.
CREATE TABLE allowance (
    tag     BYTEA   NOT NULL PRIMARY KEY,
    full_at BIGINT  NOT NULL
);
CREATE INDEX allowance_full ON allowance (full_at);

-- Mail that is to be sent. A row is gone when it was.
CREATE TABLE outbox (
    id        TEXT    NOT NULL PRIMARY KEY,
    recipient BYTEA   NOT NULL,
    message   BYTEA   NOT NULL,
    made_at   BIGINT  NOT NULL,
    due_at    BIGINT  NOT NULL,
    tries     BIGINT  NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);
