-- Notices to people: stored before they are sent, marked after. A link is confirmed by its digest only.
CREATE TABLE notice (
    id             INTEGER PRIMARY KEY,
    key            TEXT NOT NULL UNIQUE,
    incident       TEXT NOT NULL,
    stage          TEXT NOT NULL,
    recipient      TEXT NOT NULL,
    channel        TEXT NOT NULL,
    route          TEXT NOT NULL,
    address        TEXT NOT NULL,
    subject        TEXT NOT NULL,
    body           TEXT NOT NULL,
    token_sha256   TEXT NOT NULL UNIQUE,
    created_ms     INTEGER NOT NULL,
    due_ms         INTEGER NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    lease_until_ms INTEGER,
    state          TEXT NOT NULL DEFAULT 'queued'
                   CHECK (state IN ('queued', 'leased', 'accepted', 'confirmed', 'dead')),
    accepted_ms    INTEGER,
    confirmed_ms   INTEGER,
    confirmed_by   TEXT,
    provider_ref   TEXT,
    last_error     TEXT
) STRICT;
CREATE INDEX notice_to_send ON notice (route, due_ms) WHERE state IN ('queued', 'leased');
CREATE INDEX notice_of_incident ON notice (incident);
CREATE TRIGGER notice_stays BEFORE DELETE ON notice
BEGIN SELECT RAISE (ABORT, 'notices are kept'); END;
