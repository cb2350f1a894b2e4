-- Who signed the terms of an offering, and the signed note; both empty when nobody did.
ALTER TABLE log ADD COLUMN issuer_key TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN signature TEXT NOT NULL DEFAULT '';
