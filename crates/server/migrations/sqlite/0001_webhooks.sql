-- Addresses that are called, what they are told, and how that went. Times are unix milliseconds.
CREATE TABLE webhook_endpoint (
    id            TEXT PRIMARY KEY,
    offering      TEXT NOT NULL,
    owner         TEXT NOT NULL,
    url           TEXT NOT NULL,
    -- ',kind,kind,' or '' for all
    kinds         TEXT NOT NULL,
    secret_number BIGINT NOT NULL,
    -- 0 active, 1 switched off by its owner, 2 switched off after failures
    state         BIGINT NOT NULL,
    failing_since BIGINT,
    created       BIGINT NOT NULL
);
CREATE INDEX webhook_endpoint_offering ON webhook_endpoint (offering);

CREATE TABLE webhook_message (
    id       TEXT PRIMARY KEY,
    offering TEXT NOT NULL,
    kind     TEXT NOT NULL,
    body     TEXT NOT NULL,
    created  BIGINT NOT NULL
);

CREATE TABLE webhook_delivery (
    message  TEXT NOT NULL REFERENCES webhook_message (id),
    endpoint TEXT NOT NULL REFERENCES webhook_endpoint (id),
    -- 0 waiting, 1 delivered, 2 given up
    state    BIGINT NOT NULL,
    -- attempts begun
    attempts BIGINT NOT NULL,
    due      BIGINT NOT NULL,
    PRIMARY KEY (message, endpoint)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (state, due);

CREATE TABLE webhook_attempt (
    message     TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    at          BIGINT NOT NULL,
    -- 0: there was no answer
    status      BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    -- the answer's first bytes, or why there was none
    answer      TEXT NOT NULL,
    PRIMARY KEY (message, endpoint, at)
);
