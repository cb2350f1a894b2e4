-- The record. One row per batch: first number, how many, and the entries as one blob.
CREATE TABLE log (
    name     TEXT PRIMARY KEY NOT NULL,
    kind     INTEGER NOT NULL,
    origin   TEXT NOT NULL,
    document TEXT NOT NULL,
    created  INTEGER NOT NULL
) STRICT;

CREATE TABLE batch (
    log         TEXT NOT NULL REFERENCES log (name),
    first       INTEGER NOT NULL,
    n           INTEGER NOT NULL CHECK (n > 0),
    id          BLOB NOT NULL,
    time        INTEGER NOT NULL,
    root_before BLOB NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (log, first)
) STRICT, WITHOUT ROWID;
