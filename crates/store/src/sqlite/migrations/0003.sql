-- What is under way with a connection. A registration: the schema, its operation, and when it comes into force.
ALTER TABLE connection ADD COLUMN pending TEXT;
ALTER TABLE connection ADD COLUMN operation TEXT;
ALTER TABLE connection ADD COLUMN due INTEGER;
-- A deletion: when the connection is taken away.
ALTER TABLE connection ADD COLUMN released_at INTEGER;
-- The GraphConnectors-Ticket that it was made with: a secret.
ALTER TABLE connection ADD COLUMN ticket TEXT;

PRAGMA user_version = 3;
