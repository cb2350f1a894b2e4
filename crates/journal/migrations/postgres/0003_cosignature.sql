-- The newest checkpoint of each log that each witness cosigned.
CREATE TABLE cosignature (
    log     TEXT NOT NULL,
    -- the public key of the witness
    witness TEXT NOT NULL,
    -- entries under the checkpoint
    size    BIGINT NOT NULL,
    -- when the witness looked, as it says, in seconds
    time    BIGINT NOT NULL,
    -- with the line of the log and that of the witness
    note    TEXT NOT NULL,
    PRIMARY KEY (log, witness)
);
