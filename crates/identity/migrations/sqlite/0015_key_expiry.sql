-- How many days before its end somebody was told of it last: 7, then 1.
ALTER TABLE api_key ADD COLUMN expiry_told INTEGER;
