-- The numbers of rows are the order of the audit log: without gaps, and who has seen row N has seen all before it. So a
-- row takes its number at the end of its transaction, under the lock of one row that is held until the commit. It is the
-- last lock of every transaction: two of them never wait for each other.
ALTER TABLE identity_audit RENAME TO identity_audit_before;
CREATE TABLE identity_audit (
    place   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number  BIGINT UNIQUE,
    at      BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    act     TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    code    TEXT   NOT NULL,
    times   BIGINT NOT NULL
);
INSERT INTO identity_audit (number, at, actor, act, subject, code, times)
SELECT row_number() OVER (ORDER BY number), at, actor, act, subject, code, times
FROM identity_audit_before ORDER BY number;
DROP TABLE identity_audit_before;
DROP FUNCTION identity_audit_keeps_rows();

CREATE TABLE identity_audit_head (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    number BIGINT NOT NULL
);
INSERT INTO identity_audit_head (one, number) SELECT 1, count(*) FROM identity_audit;

CREATE FUNCTION identity_audit_takes_number() RETURNS trigger LANGUAGE plpgsql AS
$$
DECLARE
    taken BIGINT;
BEGIN
    IF NEW.number IS NULL THEN
        UPDATE identity_audit_head SET number = number + 1 WHERE one = 1 RETURNING number INTO taken;
        UPDATE identity_audit SET number = taken WHERE place = NEW.place;
    ELSE
        UPDATE identity_audit_head SET number = GREATEST(number, NEW.number) WHERE one = 1;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER identity_audit_takes_number AFTER INSERT ON identity_audit
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION identity_audit_takes_number();

-- A row changes once, when it gets its number.
CREATE FUNCTION identity_audit_keeps_rows() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.number IS NULL AND NEW.number IS NOT NULL
            AND (NEW.place, NEW.at, NEW.actor, NEW.act, NEW.subject, NEW.code, NEW.times)
            = (OLD.place, OLD.at, OLD.actor, OLD.act, OLD.subject, OLD.code, OLD.times) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is append only';
END
$$;
CREATE TRIGGER identity_audit_keeps_rows BEFORE UPDATE OR DELETE ON identity_audit
FOR EACH ROW EXECUTE FUNCTION identity_audit_keeps_rows();
CREATE TRIGGER identity_audit_is_not_emptied BEFORE TRUNCATE ON identity_audit
FOR EACH STATEMENT EXECUTE FUNCTION identity_audit_keeps_rows();

CREATE INDEX identity_audit_actor ON identity_audit (actor, number);
CREATE INDEX identity_audit_subject ON identity_audit (subject, number);
CREATE INDEX identity_audit_act ON identity_audit (act, number);
