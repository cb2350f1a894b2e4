-- How far the record of an offering has been told.
CREATE TABLE webhook_cursor (
    offering TEXT PRIMARY KEY,
    -- the entry that is looked at next
    next     BIGINT NOT NULL,
    -- the newest phase that was told, and the entries of the log then
    phase    TEXT NOT NULL,
    phase_at BIGINT NOT NULL
);
