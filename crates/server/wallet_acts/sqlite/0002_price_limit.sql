-- Of a bid, the most that is paid for one token, in smallest units of money.
ALTER TABLE wallet_act ADD COLUMN price_limit TEXT;
