-- Nothing to change: here a batch has a place when it is written, and a second try finds it there.
SELECT 1;
