-- How much an application may contribute for a person: a line for each currency; nothing: without limits.
ALTER TABLE oauth_grant ADD COLUMN limits TEXT NOT NULL DEFAULT '';

-- Which contributions were of which grant. What became of them is in the record.
CREATE TABLE oauth_spend (
    grant_id TEXT    NOT NULL REFERENCES oauth_grant (id) ON DELETE CASCADE,
    offering TEXT    NOT NULL,
    request  BLOB    NOT NULL,
    symbol   TEXT    NOT NULL,
    decimals INTEGER NOT NULL,
    amount   TEXT    NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (grant_id, offering, request, symbol, decimals)
) STRICT;
