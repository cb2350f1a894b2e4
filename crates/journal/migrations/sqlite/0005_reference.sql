-- Nothing to change: here the reference of a batch to its log costs a look-up, and no lock.
SELECT 1;
