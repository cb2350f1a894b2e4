-- Rows are found by who, what and to what; their numbers have no gaps here: a transaction that is rolled back gives its
-- number back, and one that is not committed is alone.
CREATE INDEX identity_audit_actor ON identity_audit (actor, number);
CREATE INDEX identity_audit_subject ON identity_audit (subject, number);
CREATE INDEX identity_audit_act ON identity_audit (act, number);
