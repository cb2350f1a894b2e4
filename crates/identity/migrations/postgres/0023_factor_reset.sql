-- How it was shown that somebody lost their second factors, of a proposal to set them aside.
ALTER TABLE proposal ADD COLUMN reason TEXT;

-- Second factors that are set aside at a time: two people approved it.
CREATE TABLE factor_reset (
    person   TEXT NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    proposal TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    due_at   BIGINT NOT NULL
);
CREATE INDEX factor_reset_due ON factor_reset (due_at);

-- A session that may add a factor, and nothing else: its person has none after a reset, and typed in a code of a mail.
ALTER TABLE session ADD COLUMN enrols BIGINT NOT NULL DEFAULT 0;
