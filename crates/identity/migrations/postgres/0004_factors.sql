-- Second factors of people. What could be used if it were read is sealed, or only its keyed tag is here.
CREATE TABLE totp (
    id           TEXT   NOT NULL PRIMARY KEY,
    person       TEXT   NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    secret       BYTEA  NOT NULL,
    made_at      BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT NOT NULL
);
CREATE UNIQUE INDEX totp_confirmed ON totp (person) WHERE confirmed_at IS NOT NULL;
CREATE UNIQUE INDEX totp_unconfirmed ON totp (person) WHERE confirmed_at IS NULL;

CREATE TABLE recovery_code (
    person  TEXT   NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag     BYTEA  NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (person, tag)
);

CREATE TABLE passkey (
    id         TEXT   NOT NULL PRIMARY KEY,
    person     TEXT   NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag        BYTEA  NOT NULL UNIQUE,
    credential BYTEA  NOT NULL,
    label      BYTEA  NOT NULL,
    counter    BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX passkey_person ON passkey (person, made_at);

-- A challenge that was given out. The row goes with its first answer, right or wrong.
CREATE TABLE ceremony (
    id      TEXT   NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    person  TEXT REFERENCES person (id) ON DELETE CASCADE,
    state   BYTEA  NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX ceremony_ends ON ceremony (ends_at);

-- A last factor that will be gone at a time unless its owner objects.
CREATE TABLE factor_removal (
    factor   TEXT   NOT NULL PRIMARY KEY,
    person   TEXT   NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    asked_at BIGINT NOT NULL,
    due_at   BIGINT NOT NULL
);
CREATE INDEX factor_removal_person ON factor_removal (person, due_at);

-- Wrong codes of a person in a row, over all sessions. Who changes the factors of a person holds this row.
CREATE TABLE factor_guard (
    person      TEXT   NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    wrong_codes BIGINT NOT NULL
);

-- Wrong codes of a session in a row.
CREATE TABLE session_guess (
    session     TEXT   NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    wrong_codes BIGINT NOT NULL
);
