-- Overrides are documents too, and a document may be published again with more signatures: `resigned`
-- counts that. The table is made anew because its rules cannot be changed in place; whoever refers to
-- it is checked when everything is written.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE document_before AS SELECT * FROM document;
DROP TABLE document;
CREATE TABLE document (
    envelope_sha256 TEXT PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('root', 'release', 'takedown', 'override')),
    channel         TEXT NOT NULL,
    epoch           INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    resigned        INTEGER NOT NULL,
    payload_sha256  TEXT NOT NULL,
    published_ms    INTEGER NOT NULL,
    envelope        BLOB NOT NULL,
    UNIQUE (kind, channel, epoch, number, resigned)
) STRICT;
INSERT INTO document
SELECT envelope_sha256, kind, channel, epoch, number, 0, payload_sha256, published_ms, envelope
FROM document_before;
DROP TABLE document_before;
CREATE TRIGGER document_stays BEFORE DELETE ON document
BEGIN SELECT RAISE (ABORT, 'what was published is kept'); END;
CREATE TRIGGER document_is_fixed BEFORE UPDATE ON document
BEGIN SELECT RAISE (ABORT, 'what was published is kept as it was'); END;
