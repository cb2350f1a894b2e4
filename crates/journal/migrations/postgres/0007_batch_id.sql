-- A batch gets its place when it is written, so that a second try does not meet the first one at its place. Its id
-- says that it is there.
CREATE UNIQUE INDEX batch_id ON batch (log, id);
