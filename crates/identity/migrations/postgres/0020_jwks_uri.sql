-- Where the keys of an application are, if it does not give them itself.
ALTER TABLE oauth_client ADD COLUMN jwks_uri TEXT;
