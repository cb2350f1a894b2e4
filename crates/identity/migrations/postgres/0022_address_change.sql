-- An address of mail that is to take the place of another: first its code is awaited, then its time.
CREATE TABLE email_change (
    person     TEXT   NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    code_tag   BYTEA  NOT NULL UNIQUE,
    email_tag  BYTEA  NOT NULL,
    email      BYTEA  NOT NULL,
    asked_at   BIGINT NOT NULL,
    code_until BIGINT NOT NULL,
    due_at     BIGINT
);
CREATE INDEX email_change_due ON email_change (due_at) WHERE due_at IS NOT NULL;
