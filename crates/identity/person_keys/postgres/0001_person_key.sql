CREATE TABLE person_key (
    person  TEXT   NOT NULL,
    purpose TEXT   NOT NULL,
    wrapped BYTEA  NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (person, purpose)
);
