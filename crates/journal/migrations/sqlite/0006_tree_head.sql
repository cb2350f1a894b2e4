-- A row names the tree's head of its own first entry or of that of the batch before: root_size says which.
-- The rows also get a number of their own: a table by rowid holds a body of up to 4 kB within one page, where
-- the other kind wrote five pages for each commit.
ALTER TABLE batch RENAME TO batch_by_log;
CREATE TABLE batch (
    number      INTEGER PRIMARY KEY,
    log         TEXT NOT NULL REFERENCES log (name),
    first       INTEGER NOT NULL,
    n           INTEGER NOT NULL CHECK (n > 0),
    id          BLOB NOT NULL,
    time        INTEGER NOT NULL,
    root_size   INTEGER NOT NULL,
    root_before BLOB NOT NULL,
    body        BLOB NOT NULL,
    UNIQUE (log, first)
) STRICT;
INSERT INTO batch (log, first, n, id, time, root_size, root_before, body)
SELECT log, first, n, id, time, first, root_before, body FROM batch_by_log ORDER BY log, first;
DROP TABLE batch_by_log;
