-- People who were erased: an id that leads to nobody, and until when what they said is kept.
CREATE TABLE erasure (
    person     TEXT    NOT NULL PRIMARY KEY,
    asked_at   INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    done_at    INTEGER
) STRICT;
CREATE INDEX erasure_open ON erasure (keep_until) WHERE done_at IS NULL;
