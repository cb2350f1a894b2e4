-- How far something was told by mail. Mails and the place move in one transaction.
CREATE TABLE told (
    what  TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL
);
-- Where a mail can be ended for good by one click of its reader's program; sealed.
ALTER TABLE outbox ADD COLUMN unsubscribe BYTEA;
