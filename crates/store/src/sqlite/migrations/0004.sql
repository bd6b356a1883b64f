-- The app that made the connection, which manages it for good. Older connections do not say; one that only one app may manage was made by it.
ALTER TABLE connection ADD COLUMN created_by TEXT;
UPDATE connection SET created_by = kept ->> '$.authorizedAppIds[0]'
    WHERE json_array_length(kept, '$.authorizedAppIds') = 1;

PRAGMA user_version = 4;
