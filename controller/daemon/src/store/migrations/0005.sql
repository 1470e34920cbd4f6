-- Incidents: every line of each one's log, in the order in which it became known.
CREATE TABLE incident_entry (
    id       INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    device   TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    entry    TEXT NOT NULL
) STRICT;
CREATE INDEX incident_entry_of ON incident_entry (incident);
CREATE TRIGGER incident_entry_stays BEFORE DELETE ON incident_entry
BEGIN SELECT RAISE (ABORT, 'the log of incidents is kept'); END;
CREATE TRIGGER incident_entry_is_final BEFORE UPDATE ON incident_entry
BEGIN SELECT RAISE (ABORT, 'the log of incidents is not changed'); END;
