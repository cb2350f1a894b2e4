-- A batch is entered by the statement that moves the head row of its log, and log_head refers to log. The
-- second reference locked the log's row once more for each batch.
ALTER TABLE batch DROP CONSTRAINT batch_log_fkey;
