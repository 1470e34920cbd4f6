-- Written now and then, to know that writing works.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL
) STRICT;
-- Who may use the console, who uses it now, and which maintenance they have announced.
CREATE TABLE account (
    account     TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    password    TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    disabled_ms INTEGER
) STRICT;
CREATE TABLE session (
    id           INTEGER PRIMARY KEY,
    token_sha256 TEXT NOT NULL UNIQUE,
    account      TEXT NOT NULL REFERENCES account (account),
    begun_ms     INTEGER NOT NULL,
    seen_ms      INTEGER NOT NULL,
    ended_ms     INTEGER
) STRICT;
CREATE INDEX session_of ON session (account, ended_ms);
CREATE TABLE maintenance (
    id         INTEGER PRIMARY KEY,
    channel    TEXT NOT NULL,
    from_ms    INTEGER NOT NULL,
    until_ms   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    announcer  TEXT NOT NULL,
    ended_ms   INTEGER
) STRICT;
CREATE INDEX maintenance_until ON maintenance (until_ms);
