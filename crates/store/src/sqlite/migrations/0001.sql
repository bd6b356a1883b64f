-- The truth, first layout.

-- The store's identity.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A deleted connection stays, without its name, until what it held is purged.
CREATE TABLE connection (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL,
    folded         TEXT NOT NULL,
    kept           TEXT NOT NULL,
    schema         TEXT,
    schema_version INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    deleted        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX connection_folded ON connection (folded) WHERE deleted = 0;
CREATE INDEX connection_deleted ON connection (key) WHERE deleted = 1;

-- One row per distinct canonical ACL of a connection. Number 0 is nobody and has no row.
CREATE TABLE acl (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    connection INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    entries    TEXT NOT NULL,
    UNIQUE (connection, hash)
) STRICT;

-- Narrow, because all of them are read at every start.
CREATE TABLE item (
    ordinal    INTEGER PRIMARY KEY AUTOINCREMENT,
    connection INTEGER NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,
    text       INTEGER NOT NULL,
    acl        INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    UNIQUE (connection, id)
) STRICT;

-- The entries as they were sent, and everything else of an item.
CREATE TABLE body (
    ordinal INTEGER PRIMARY KEY,
    acl     TEXT NOT NULL,
    kept    TEXT NOT NULL
) STRICT;

CREATE TABLE activity (
    position   INTEGER PRIMARY KEY,
    ordinal    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    activity   TEXT NOT NULL
) STRICT;
CREATE INDEX activity_ordinal ON activity (ordinal);

-- The index's to-do list, in the order in which items first became dirty.
-- stale: old words that the index may still hold, eight bytes each (text, last ACL).
CREATE TABLE dirty (
    since   INTEGER PRIMARY KEY,
    ordinal INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    text    INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    stale   BLOB NOT NULL
) STRICT;

CREATE TABLE external_group (
    connection   INTEGER NOT NULL,
    id           TEXT NOT NULL,
    display_name TEXT,
    description  TEXT,
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    connection INTEGER NOT NULL,
    group_id   TEXT NOT NULL,
    member_id  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    PRIMARY KEY (connection, group_id, member_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
    connection INTEGER NOT NULL,
    id         TEXT NOT NULL,
    status     TEXT NOT NULL,
    error      TEXT,
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;

-- The tenant's own accounts, each in the order in which they were made.
CREATE TABLE user (
    position     INTEGER PRIMARY KEY,
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    upn          TEXT NOT NULL,
    mail         TEXT NOT NULL,
    guest        INTEGER NOT NULL,
    salt         BLOB NOT NULL,
    digest       BLOB NOT NULL
) STRICT;

CREATE TABLE directory_group (
    position INTEGER PRIMARY KEY,
    id       TEXT NOT NULL,
    name     TEXT NOT NULL
) STRICT;

CREATE TABLE directory_member (
    group_position INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    member_id      TEXT NOT NULL,
    PRIMARY KEY (group_position, position)
) STRICT, WITHOUT ROWID;

-- Roles and scopes are separated by blanks.
CREATE TABLE app (
    position      INTEGER PRIMARY KEY,
    client_id     TEXT NOT NULL,
    name          TEXT NOT NULL,
    salt          BLOB,
    digest        BLOB,
    roles         TEXT NOT NULL,
    scopes        TEXT NOT NULL,
    public_client INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 1;
