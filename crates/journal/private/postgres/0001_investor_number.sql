-- Which number is whose in an offering. In no log, because a log cannot be erased; nothing else says it,
-- so it is part of every backup.
CREATE TABLE investor_number (
    person   BYTEA NOT NULL,
    offering TEXT NOT NULL,
    number   TEXT NOT NULL,
    PRIMARY KEY (person, offering),
    UNIQUE (offering, number)
);
