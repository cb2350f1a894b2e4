-- What people are in the organisation. Every change takes this row first, so that two owners cannot take the last two
-- owners' roles from each other at once.
CREATE TABLE role_change (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    value BIGINT NOT NULL
);
INSERT INTO role_change (one, value) VALUES (1, 0);

CREATE TABLE role_grant (
    person     TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    role       TEXT    NOT NULL,
    place      TEXT    NOT NULL,
    granted_at BIGINT NOT NULL,
    granted_by TEXT    NOT NULL,
    PRIMARY KEY (person, role, place)
);

-- What one person proposed and another approves or declines. A person who is erased leaves their id here.
CREATE TABLE proposal (
    id          TEXT    NOT NULL PRIMARY KEY,
    act         TEXT    NOT NULL,
    person      TEXT,
    role        TEXT,
    place       TEXT    NOT NULL,
    milestone   BIGINT,
    proposed_by TEXT    NOT NULL,
    proposed_at BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    state       TEXT    NOT NULL,
    decided_by  TEXT,
    decided_at  BIGINT
);
CREATE INDEX proposal_state ON proposal (state, proposed_at);
