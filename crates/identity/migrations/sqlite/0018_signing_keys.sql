-- The public half of the pair with which a program signs its requests; a key that has one has no secret.
ALTER TABLE api_key ADD COLUMN public_key BLOB;

-- Which form of a page made a key: it makes one, however often it is sent.
ALTER TABLE api_key ADD COLUMN form BLOB;
CREATE UNIQUE INDEX api_key_form ON api_key (form);

-- What was signed and sent, until it is too old to be sent again.
CREATE TABLE key_signature (
    tag        BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX key_signature_expires ON key_signature (expires_at);
