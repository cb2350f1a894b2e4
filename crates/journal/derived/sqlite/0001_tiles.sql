-- Derived from the record, and rebuilt from it: tiles of C2SP tlog-tiles that are full. Level -1 holds
-- entry bundles.
CREATE TABLE tile (
    log   TEXT NOT NULL,
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (log, level, place)
) STRICT, WITHOUT ROWID;
