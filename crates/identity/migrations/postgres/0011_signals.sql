-- What is usual for a person (sealed) or a key, by their id.
CREATE TABLE habits (
    subject    TEXT    NOT NULL PRIMARY KEY,
    state      BYTEA   NOT NULL,
    changed_at BIGINT  NOT NULL
);
CREATE INDEX habits_changed ON habits (changed_at);

-- How often all people logged in (mark 0), and how often of that with a value of a feature: a keyed hash of 64 bits.
CREATE TABLE origin_count (
    mark  BIGINT  NOT NULL PRIMARY KEY,
    times BIGINT  NOT NULL
);

-- From where a session is used, as keyed hashes.
ALTER TABLE session ADD COLUMN path BYTEA;
-- The weak signals that made an alert; none for a hard rule.
ALTER TABLE alert ADD COLUMN signals TEXT NOT NULL DEFAULT '';
