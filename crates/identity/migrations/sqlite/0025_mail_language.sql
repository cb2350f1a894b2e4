-- The language of mails: of a person, and of who asked for a code, which becomes the person's.
ALTER TABLE person ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE mail_token ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
