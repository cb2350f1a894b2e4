-- Second factors of people. What could be used if it were read is sealed, or only its keyed tag is here.
CREATE TABLE totp (
    id           TEXT    NOT NULL PRIMARY KEY,
    person       TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    secret       BLOB    NOT NULL,
    made_at      INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_step    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX totp_confirmed ON totp (person) WHERE confirmed_at IS NOT NULL;
CREATE UNIQUE INDEX totp_unconfirmed ON totp (person) WHERE confirmed_at IS NULL;

CREATE TABLE recovery_code (
    person  TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag     BLOB    NOT NULL,
    made_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (person, tag)
) STRICT;

CREATE TABLE passkey (
    id         TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag        BLOB    NOT NULL UNIQUE,
    credential BLOB    NOT NULL,
    label      BLOB    NOT NULL,
    counter    INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX passkey_person ON passkey (person, made_at);

-- A challenge that was given out. The row goes with its first answer, right or wrong.
CREATE TABLE ceremony (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    person  TEXT REFERENCES person (id) ON DELETE CASCADE,
    state   BLOB    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ceremony_ends ON ceremony (ends_at);

-- A last factor that will be gone at a time unless its owner objects.
CREATE TABLE factor_removal (
    factor   TEXT    NOT NULL PRIMARY KEY,
    person   TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    asked_at INTEGER NOT NULL,
    due_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX factor_removal_person ON factor_removal (person, due_at);

-- Wrong codes of a person in a row, over all sessions. Who changes the factors of a person holds this row.
CREATE TABLE factor_guard (
    person      TEXT    NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    wrong_codes INTEGER NOT NULL
) STRICT;

-- Wrong codes of a session in a row.
CREATE TABLE session_guess (
    session     TEXT    NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    wrong_codes INTEGER NOT NULL
) STRICT;
