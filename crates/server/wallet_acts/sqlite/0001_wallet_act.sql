-- What people's wallets were asked for. It stands in no record: what the chain did does.
CREATE TABLE wallet_act (
    -- the value of the form that made it
    id         TEXT   PRIMARY KEY,
    person     TEXT   NOT NULL,
    offering   TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    wallet     TEXT   NOT NULL,
    -- smallest units, zero where the contract knows how much
    amount     TEXT   NOT NULL,
    stage      TEXT   NOT NULL,
    -- entries of the offering's record before it
    entries    BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    -- the transaction that is followed now, and the one that was sent first
    hash       TEXT,
    first_hash TEXT,
    -- sender and nonce
    turn       TEXT,
    -- the newest block when it was noted
    since      BIGINT,
    sent_at    BIGINT,
    -- the block in which it was seen last
    block      BIGINT,
    -- the entry that it became
    entry      BIGINT
);
CREATE INDEX wallet_act_person ON wallet_act (person, made_at);
