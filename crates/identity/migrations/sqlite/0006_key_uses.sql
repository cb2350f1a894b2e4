-- The verbs that a key was ever used for, with spaces between them.
ALTER TABLE api_key ADD COLUMN used_verbs TEXT NOT NULL DEFAULT '';
