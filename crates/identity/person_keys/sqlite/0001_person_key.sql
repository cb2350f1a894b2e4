-- What is deleted here is overwritten in the file too: a row that can be read back is a key that was not destroyed.
CREATE TABLE person_key (
    person  TEXT    NOT NULL,
    purpose TEXT    NOT NULL,
    wrapped BLOB    NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (person, purpose)
) STRICT;
