-- Passwords may be kept in more than one form, so they are text that says which; see `Secret::kept`.
ALTER TABLE user ADD COLUMN password TEXT NOT NULL DEFAULT '';
UPDATE user SET password = '$sha256$' || hex(salt) || '$' || hex(digest);
ALTER TABLE user DROP COLUMN salt;
ALTER TABLE user DROP COLUMN digest;

-- Secrets and redirect URIs are separated by blanks, as roles and scopes are.
ALTER TABLE app ADD COLUMN secrets TEXT NOT NULL DEFAULT '';
ALTER TABLE app ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '';
UPDATE app SET secrets = '$sha256$' || hex(salt) || '$' || hex(digest) WHERE digest IS NOT NULL;
ALTER TABLE app DROP COLUMN salt;
ALTER TABLE app DROP COLUMN digest;

CREATE TABLE app_certificate (
    app_position INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    der          BLOB NOT NULL,
    PRIMARY KEY (app_position, position)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
