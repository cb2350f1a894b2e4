-- What staff is alerted of: one row for each rule, subject and day. No address stands in it.
CREATE TABLE alert (
    id        TEXT    NOT NULL PRIMARY KEY,
    kind      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    day       BIGINT  NOT NULL,
    first_at  BIGINT  NOT NULL,
    last_at   BIGINT  NOT NULL,
    times     BIGINT  NOT NULL,
    state     TEXT    NOT NULL,
    closed_by TEXT,
    closed_at BIGINT ,
    note      TEXT,
    told_at   BIGINT 
);
CREATE INDEX alert_last ON alert (last_at);
CREATE INDEX alert_open ON alert (last_at) WHERE state = 'open';
CREATE INDEX alert_untold ON alert (first_at) WHERE told_at IS NULL;

-- Logins that failed within the last hour: whose, and a keyed hash of the network they came from.
CREATE TABLE failed_login (
    subject    TEXT    NOT NULL,
    source_tag BYTEA   NOT NULL,
    at         BIGINT  NOT NULL
);
CREATE INDEX failed_login_subject ON failed_login (subject, at);
CREATE INDEX failed_login_source ON failed_login (source_tag, at);
CREATE INDEX failed_login_at ON failed_login (at);

-- A key that nobody has a reason to use.
ALTER TABLE api_key ADD COLUMN is_canary BIGINT NOT NULL DEFAULT 0;
