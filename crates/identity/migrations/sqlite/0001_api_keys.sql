-- Every change of a key takes the next number here under the lock of this row, held until the commit,
-- so that who has seen number N has seen all below it.
CREATE TABLE api_key_change (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
);
INSERT INTO api_key_change (one, value) VALUES (1, 0);

CREATE TABLE api_key (
    id             TEXT    NOT NULL PRIMARY KEY,
    number         INTEGER NOT NULL UNIQUE,
    environment    TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    label          TEXT    NOT NULL,
    scopes         TEXT    NOT NULL,
    addresses      TEXT    NOT NULL,
    per_second     INTEGER NOT NULL,
    burst          INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    created_by     TEXT    NOT NULL,
    minted_by      TEXT REFERENCES api_key (id),
    expires_at     INTEGER NOT NULL,
    revoked_at     INTEGER,
    replaces       TEXT REFERENCES api_key (id),
    replaced_by    TEXT REFERENCES api_key (id),
    pepper         TEXT    NOT NULL,
    tag            BLOB    NOT NULL,
    last_used_at   INTEGER,
    last_used_from TEXT,
    changed        INTEGER NOT NULL
) STRICT;
CREATE INDEX api_key_changed ON api_key (changed);
CREATE INDEX api_key_owner ON api_key (owner, number);
CREATE INDEX api_key_minted_by ON api_key (minted_by);

CREATE TABLE identity_audit (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    act     TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    code    TEXT    NOT NULL,
    times   INTEGER NOT NULL
) STRICT;
CREATE TRIGGER identity_audit_keeps_rows BEFORE UPDATE ON identity_audit
BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END;
CREATE TRIGGER identity_audit_loses_no_row BEFORE DELETE ON identity_audit
BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END;
