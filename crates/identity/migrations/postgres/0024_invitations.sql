-- Invitations by mail. To whom one went is written nowhere but in the mail; who came is written when they accept.
CREATE TABLE invitation (
    id          TEXT    NOT NULL PRIMARY KEY,
    -- A keyed hash of the code in the mail.
    tag         BYTEA   NOT NULL UNIQUE,
    -- The role, or nothing: into a sale.
    role        TEXT,
    -- The name of an offering, or *.
    place       TEXT    NOT NULL,
    invited_by  TEXT    NOT NULL,
    made_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_by TEXT,
    accepted_at BIGINT,
    withdrawn_at BIGINT
);
CREATE INDEX invitation_made ON invitation (made_at);
CREATE INDEX invitation_place ON invitation (place, made_at);
