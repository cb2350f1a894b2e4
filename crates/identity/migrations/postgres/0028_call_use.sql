-- What each node let in lately, by whom (a keyed hash): the others take it from their own counts of the same limits.
CREATE TABLE call_use (
    node TEXT NOT NULL,
    subject BYTEA NOT NULL,
    -- Since the node first named it; smaller than before where the node had forgotten it.
    total BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (node, subject)
);
CREATE INDEX call_use_at ON call_use (at);
