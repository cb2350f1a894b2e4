-- Who was erased: it stays here, so that a copy of the other database from before brings nobody back.
CREATE TABLE erased_person (
    person    TEXT   NOT NULL PRIMARY KEY,
    erased_at INTEGER NOT NULL
) STRICT;
