-- A row names the tree's head of its own first entry or of that of the batch before: root_size says which.
ALTER TABLE batch ADD COLUMN root_size BIGINT;
UPDATE batch SET root_size = first;
ALTER TABLE batch ALTER COLUMN root_size SET NOT NULL;
