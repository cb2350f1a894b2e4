-- Rehearsals by the terms that were rehearsed, with how far one is that still runs. Those of before did not play the sale on a
-- chain, so that none of them counts any more.
DROP TABLE rehearsal;
CREATE TABLE rehearsal_run (
    -- SHA-256 of the canonical terms, in hexadecimal
    terms_hash TEXT PRIMARY KEY,
    -- 1: it runs; 2: it passed; 3: it did not
    state      BIGINT NOT NULL,
    -- steps that are done, of so many
    step       BIGINT NOT NULL,
    steps      BIGINT NOT NULL,
    -- what became of it, as JSON; empty while it runs
    report     TEXT NOT NULL,
    -- who asked for it: a person, a key or an application
    asked_by   TEXT NOT NULL,
    -- unix milliseconds: when it was begun, and when it was last heard of
    begun      BIGINT NOT NULL,
    heard      BIGINT NOT NULL
);
