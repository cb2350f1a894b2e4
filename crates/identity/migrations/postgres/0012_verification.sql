-- The verification of people. No row goes with the person: the law may ask to keep it longer. What a person said is sealed
-- with their own key, which lies in a database of its own.
CREATE TABLE verification (
    person     TEXT    NOT NULL PRIMARY KEY,
    level      TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    version    BIGINT NOT NULL,
    rounds     BIGINT NOT NULL,
    officer    TEXT,
    reasons    TEXT    NOT NULL,
    flags      TEXT    NOT NULL,
    until_at   BIGINT,
    recheck_at BIGINT,
    began_at   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX verification_state ON verification (state, changed_at, person);
CREATE INDEX verification_changed ON verification (changed_at, person);

CREATE TABLE verification_value (
    person TEXT NOT NULL,
    field  TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (person, field)
);

-- Rounds of offerings that a person wants to take part in.
CREATE TABLE verification_round (
    person   TEXT NOT NULL,
    offering TEXT NOT NULL,
    round    TEXT NOT NULL,
    PRIMARY KEY (person, offering, round)
);

-- Files that a person showed; their sealed content lies in a folder.
CREATE TABLE verification_upload (
    id      TEXT    NOT NULL PRIMARY KEY,
    person  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    media   TEXT    NOT NULL,
    bytes   BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX verification_upload_person ON verification_upload (person, made_at);

-- What a first reviewer would approve, until a second one does.
CREATE TABLE verification_decision (
    id         TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL,
    version    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    recheck_at BIGINT NOT NULL
);

-- What was granted, on its way into the record of an offering. Nothing of it is about the person but their id.
CREATE TABLE verification_admission (
    id          TEXT    NOT NULL PRIMARY KEY,
    decision    TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    offering    TEXT    NOT NULL,
    round       TEXT    NOT NULL,
    limit_units TEXT,
    decimals    BIGINT NOT NULL,
    withdrawal  BIGINT NOT NULL,
    until_at    BIGINT NOT NULL,
    state       TEXT    NOT NULL,
    -- A keyed hash of the wallet that permits are signed for: the first one stays.
    wallet_tag  BYTEA,
    entry       BIGINT,
    revocation  BIGINT,
    made_at     BIGINT NOT NULL
);
CREATE INDEX verification_admission_person ON verification_admission (person, made_at);
CREATE INDEX verification_admission_open ON verification_admission (made_at)
    WHERE state IN ('due', 'entering', 'revoke_due');
CREATE INDEX verification_admission_decision ON verification_admission (decision);

-- The decision that a proposal is about.
ALTER TABLE proposal ADD COLUMN decision TEXT;
