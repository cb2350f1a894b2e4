-- An address of mail that is to take the place of another: first its code is awaited, then its time.
CREATE TABLE email_change (
    person     TEXT    NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    code_tag   BLOB    NOT NULL UNIQUE,
    email_tag  BLOB    NOT NULL,
    email      BLOB    NOT NULL,
    asked_at   INTEGER NOT NULL,
    code_until INTEGER NOT NULL,
    due_at     INTEGER
) STRICT;
CREATE INDEX email_change_due ON email_change (due_at) WHERE due_at IS NOT NULL;
