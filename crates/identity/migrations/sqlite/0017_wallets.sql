-- Wallets with which people log in. The address is sealed; the tag is a keyed hash of it.
CREATE TABLE wallet (
    id      TEXT    NOT NULL PRIMARY KEY,
    person  TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    tag     BLOB    NOT NULL UNIQUE,
    address BLOB    NOT NULL,
    made_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX wallet_person ON wallet (person, made_at);

-- A message that was given out to be signed: a keyed hash of it. The row goes with its first answer, right or wrong.
CREATE TABLE wallet_challenge (
    tag     BLOB    NOT NULL PRIMARY KEY,
    purpose TEXT    NOT NULL,
    -- Whose wallet is asked for; empty where nobody has said yet who they are.
    person  TEXT    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_challenge_ends ON wallet_challenge (ends_at);
