-- Times are UTC milliseconds. Digests are 64 lower-case hexadecimal digits.

CREATE TABLE channel (
    channel    TEXT PRIMARY KEY,
    revision   INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    device        TEXT PRIMARY KEY,
    channel       TEXT NOT NULL REFERENCES channel (channel),
    state         TEXT NOT NULL CHECK (state IN ('pending', 'active', 'revoked')),
    spki_sha256   TEXT NOT NULL UNIQUE,
    spki          BLOB,
    registered_ms INTEGER NOT NULL,
    enrolled_ms   INTEGER,
    revoked_ms    INTEGER
) STRICT, WITHOUT ROWID;

-- Keys that were revoked once are never accepted again, whoever holds them.
CREATE TABLE retired_key (
    spki_sha256 TEXT PRIMARY KEY,
    device      TEXT NOT NULL,
    retired_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    token_sha256 TEXT PRIMARY KEY,
    device       TEXT NOT NULL,
    spki_sha256  TEXT NOT NULL,
    expires_ms   INTEGER NOT NULL,
    used_ms      INTEGER
) STRICT, WITHOUT ROWID;

-- Everything that was ever published, by the digest of its bytes. Roots have the channel ''.
CREATE TABLE document (
    envelope_sha256 TEXT PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('root', 'release', 'takedown')),
    channel         TEXT NOT NULL,
    epoch           INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    payload_sha256  TEXT NOT NULL,
    published_ms    INTEGER NOT NULL,
    envelope        BLOB NOT NULL,
    UNIQUE (kind, channel, epoch, number)
) STRICT;

CREATE TABLE document_device (
    envelope_sha256 TEXT NOT NULL REFERENCES document (envelope_sha256),
    device          TEXT NOT NULL,
    PRIMARY KEY (device, envelope_sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE document_blob (
    sha256          TEXT NOT NULL,
    envelope_sha256 TEXT NOT NULL REFERENCES document (envelope_sha256),
    channel         TEXT NOT NULL,
    PRIMARY KEY (sha256, channel, envelope_sha256)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER document_stays BEFORE DELETE ON document
BEGIN SELECT RAISE (ABORT, 'what was published is kept'); END;
CREATE TRIGGER document_is_fixed BEFORE UPDATE ON document
BEGIN SELECT RAISE (ABORT, 'what was published is kept as it was'); END;

CREATE TABLE draft (
    payload_sha256 TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    channel        TEXT NOT NULL,
    number         INTEGER NOT NULL,
    updated_ms     INTEGER NOT NULL,
    envelope       BLOB NOT NULL
) STRICT;

-- `chunks_sha256` names the chunk list for chunks of 1 MiB, worked out while the blob arrived.
CREATE TABLE blob (
    sha256        TEXT PRIMARY KEY,
    size_bytes    INTEGER NOT NULL,
    chunks_sha256 TEXT NOT NULL,
    stored_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Records of devices, and (without boot and number) what the controller itself noted.
CREATE TABLE record (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    device      TEXT,
    boot        TEXT,
    seq         INTEGER,
    received_ms INTEGER NOT NULL,
    mono_ms     INTEGER,
    wall_ms     INTEGER NOT NULL,
    clock       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    from_ms     INTEGER,
    to_ms       INTEGER,
    verdict     TEXT,
    body        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_once ON record (device, boot, seq);
CREATE INDEX record_by_kind ON record (kind, id);
CREATE INDEX record_by_device ON record (device, kind, id);
CREATE INDEX record_by_span ON record (device, kind, from_ms);

-- Up to which number the records of a boot are stored or known to be lost, and the first
-- heartbeat that showed a hole after it.
CREATE TABLE boot (
    device     TEXT NOT NULL,
    boot       TEXT NOT NULL,
    upto       INTEGER NOT NULL,
    hole_mark  TEXT,
    hole_upto  INTEGER,
    PRIMARY KEY (device, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt_head (
    device         TEXT PRIMARY KEY,
    n              INTEGER NOT NULL,
    payload_sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
    device       TEXT PRIMARY KEY,
    last_seen_ms INTEGER NOT NULL,
    heartbeat    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
