-- Since when a person is let in nowhere; nothing while they are.
ALTER TABLE person ADD COLUMN disabled_at BIGINT;
