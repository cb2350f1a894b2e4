-- What staff is alerted of: one row for each rule, subject and day. No address stands in it.
CREATE TABLE alert (
    id        TEXT    NOT NULL PRIMARY KEY,
    kind      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    day       INTEGER NOT NULL,
    first_at  INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    times     INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    closed_by TEXT,
    closed_at INTEGER,
    note      TEXT,
    told_at   INTEGER
) STRICT;
CREATE INDEX alert_last ON alert (last_at);
CREATE INDEX alert_open ON alert (last_at) WHERE state = 'open';
CREATE INDEX alert_untold ON alert (first_at) WHERE told_at IS NULL;

-- Logins that failed within the last hour: whose, and a keyed hash of the network they came from.
CREATE TABLE failed_login (
    subject    TEXT    NOT NULL,
    source_tag BLOB    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX failed_login_subject ON failed_login (subject, at);
CREATE INDEX failed_login_source ON failed_login (source_tag, at);
CREATE INDEX failed_login_at ON failed_login (at);

-- A key that nobody has a reason to use.
ALTER TABLE api_key ADD COLUMN is_canary INTEGER NOT NULL DEFAULT 0;
