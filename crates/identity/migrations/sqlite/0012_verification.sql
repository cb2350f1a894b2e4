-- The verification of people. No row goes with the person: the law may ask to keep it longer. What a person said is sealed
-- with their own key, which lies in a database of its own.
CREATE TABLE verification (
    person     TEXT    NOT NULL PRIMARY KEY,
    level      TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    rounds     INTEGER NOT NULL,
    officer    TEXT,
    reasons    TEXT    NOT NULL,
    flags      TEXT    NOT NULL,
    until_at   INTEGER,
    recheck_at INTEGER,
    began_at   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX verification_state ON verification (state, changed_at, person);
CREATE INDEX verification_changed ON verification (changed_at, person);

CREATE TABLE verification_value (
    person TEXT NOT NULL,
    field  TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (person, field)
) STRICT;

-- Rounds of offerings that a person wants to take part in.
CREATE TABLE verification_round (
    person   TEXT NOT NULL,
    offering TEXT NOT NULL,
    round    TEXT NOT NULL,
    PRIMARY KEY (person, offering, round)
) STRICT;

-- Files that a person showed; their sealed content lies in a folder.
CREATE TABLE verification_upload (
    id      TEXT    NOT NULL PRIMARY KEY,
    person  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    media   TEXT    NOT NULL,
    bytes   INTEGER NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX verification_upload_person ON verification_upload (person, made_at);

-- What a first reviewer would approve, until a second one does.
CREATE TABLE verification_decision (
    id         TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    recheck_at INTEGER NOT NULL
) STRICT;

-- What was granted, on its way into the record of an offering. Nothing of it is about the person but their id.
CREATE TABLE verification_admission (
    id          TEXT    NOT NULL PRIMARY KEY,
    decision    TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    offering    TEXT    NOT NULL,
    round       TEXT    NOT NULL,
    limit_units TEXT,
    decimals    INTEGER NOT NULL,
    withdrawal  INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    -- A keyed hash of the wallet that permits are signed for: the first one stays.
    wallet_tag  BLOB,
    entry       INTEGER,
    revocation  INTEGER,
    made_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX verification_admission_person ON verification_admission (person, made_at);
CREATE INDEX verification_admission_open ON verification_admission (made_at)
    WHERE state IN ('due', 'entering', 'revoke_due');
CREATE INDEX verification_admission_decision ON verification_admission (decision);

-- The decision that a proposal is about.
ALTER TABLE proposal ADD COLUMN decision TEXT;
