-- Fingerprints of the secrets that the nodes on this database have in common.
CREATE TABLE known_secret (
    name        TEXT PRIMARY KEY,
    fingerprint BYTEA NOT NULL
);
