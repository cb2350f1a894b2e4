-- What people allow themselves. Amounts are smallest units as text; without one there is no bound.
CREATE TABLE budget (
    person        TEXT     NOT NULL,
    symbol        TEXT     NOT NULL,
    decimals      SMALLINT NOT NULL,
    year          TEXT,
    offering      TEXT,
    -- what they asked for that is more, and from when it counts
    next_year     TEXT,
    next_offering TEXT,
    next_at       BIGINT,
    PRIMARY KEY (person, symbol, decimals)
);
