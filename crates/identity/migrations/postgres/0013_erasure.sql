-- People who were erased: an id that leads to nobody, and until when what they said is kept.
CREATE TABLE erasure (
    person     TEXT    NOT NULL PRIMARY KEY,
    asked_at   BIGINT NOT NULL,
    keep_until BIGINT NOT NULL,
    done_at    BIGINT
);
CREATE INDEX erasure_open ON erasure (keep_until) WHERE done_at IS NULL;
