-- A person who said "this was not me": nobody logs in as them until they set a new password by mail.
ALTER TABLE person ADD COLUMN frozen_at BIGINT;
-- How often they logged in: at the first time no place is a new one.
ALTER TABLE person ADD COLUMN logins BIGINT NOT NULL DEFAULT 0;
UPDATE person SET logins = 1 WHERE id IN (SELECT person FROM known_source);

-- What a mail carries for who wants to say so: a keyed hash, used once.
CREATE TABLE freeze_code (
    tag        BYTEA   NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX freeze_code_person ON freeze_code (person);
CREATE INDEX freeze_code_expires ON freeze_code (expires_at);

-- Whose keys end with them.
CREATE INDEX api_key_created_by ON api_key (created_by);
