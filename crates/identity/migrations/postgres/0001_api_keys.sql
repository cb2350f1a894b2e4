-- Every change of a key takes the next number here under the lock of this row, held until the commit,
-- so that who has seen number N has seen all below it.
CREATE TABLE api_key_change (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    value BIGINT NOT NULL
);
INSERT INTO api_key_change (one, value) VALUES (1, 0);

CREATE TABLE api_key (
    id             TEXT   NOT NULL PRIMARY KEY,
    number         BIGINT NOT NULL UNIQUE,
    environment    TEXT   NOT NULL,
    owner          TEXT   NOT NULL,
    label          TEXT   NOT NULL,
    scopes         TEXT   NOT NULL,
    addresses      TEXT   NOT NULL,
    per_second     BIGINT NOT NULL,
    burst          BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    created_by     TEXT   NOT NULL,
    minted_by      TEXT REFERENCES api_key (id),
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT,
    replaces       TEXT REFERENCES api_key (id),
    replaced_by    TEXT REFERENCES api_key (id),
    pepper         TEXT   NOT NULL,
    tag            BYTEA  NOT NULL,
    last_used_at   BIGINT,
    last_used_from TEXT,
    changed        BIGINT NOT NULL
);
CREATE INDEX api_key_changed ON api_key (changed);
CREATE INDEX api_key_owner ON api_key (owner, number);
CREATE INDEX api_key_minted_by ON api_key (minted_by);

CREATE TABLE identity_audit (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    act     TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    code    TEXT   NOT NULL,
    times   BIGINT NOT NULL
);
CREATE FUNCTION identity_audit_keeps_rows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is append only'; END $$;
CREATE TRIGGER identity_audit_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_audit
FOR EACH STATEMENT EXECUTE FUNCTION identity_audit_keeps_rows();
