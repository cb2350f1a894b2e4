-- Terms of offerings that are not announced yet. They are no part of any record.
CREATE TABLE draft (
    -- the name under which the offering would be announced
    name    TEXT PRIMARY KEY,
    terms   TEXT NOT NULL,
    -- SHA-256 of the terms' text, in hexadecimal
    version TEXT NOT NULL,
    -- unix milliseconds
    changed BIGINT NOT NULL
);

-- Whoever adds a draft changes this row first, so that of two nodes one counts after the other.
CREATE TABLE draft_turn (
    turn BIGINT NOT NULL
);
INSERT INTO draft_turn (turn) VALUES (0);
