-- The record. One row per batch: first number, how many, and the entries as one blob. The row of a
-- log in log_head gives the order to all nodes.
CREATE TABLE log (
    name     TEXT PRIMARY KEY,
    kind     BIGINT NOT NULL,
    origin   TEXT NOT NULL,
    document TEXT NOT NULL,
    created  BIGINT NOT NULL
);

CREATE TABLE log_head (
    log  TEXT PRIMARY KEY REFERENCES log (name),
    next BIGINT NOT NULL,
    time BIGINT NOT NULL
);

CREATE TABLE batch (
    log         TEXT NOT NULL REFERENCES log (name),
    first       BIGINT NOT NULL,
    n           BIGINT NOT NULL CHECK (n > 0),
    id          BYTEA NOT NULL,
    time        BIGINT NOT NULL,
    root_before BYTEA NOT NULL,
    body        BYTEA NOT NULL,
    PRIMARY KEY (log, first)
);
ALTER TABLE batch ALTER COLUMN body SET STORAGE EXTERNAL;
