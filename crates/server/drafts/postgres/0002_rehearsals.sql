-- The last rehearsal of a draft. It outlives the draft: the terms hash says what was rehearsed.
CREATE TABLE rehearsal (
    -- the name of the draft, and of the offering after it
    name       TEXT PRIMARY KEY,
    terms_hash TEXT NOT NULL,
    -- 1: it passed
    passed     BIGINT NOT NULL,
    -- who asked for it: the number of a person
    asked_by   TEXT NOT NULL,
    -- unix milliseconds
    done       BIGINT NOT NULL
);
