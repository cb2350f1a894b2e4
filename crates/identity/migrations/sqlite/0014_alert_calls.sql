-- When programs of the operator were told of an alert.
ALTER TABLE alert ADD COLUMN called_at INTEGER;
CREATE INDEX alert_uncalled ON alert (first_at) WHERE called_at IS NULL;
