-- Derived from the record, and rebuilt from it: tiles of C2SP tlog-tiles that are full. Level -1 holds
-- entry bundles.
CREATE TABLE tile (
    log   TEXT NOT NULL,
    level BIGINT NOT NULL,
    place BIGINT NOT NULL,
    body  BYTEA NOT NULL,
    PRIMARY KEY (log, level, place)
);
