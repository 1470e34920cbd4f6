-- Incidents and maintenance belong to clusters. Lines of logs from before name one device; its cluster
-- follows from its channel. Up to which record the events of devices were weighed is remembered; before
-- this step, the newest were weighed again at each start.
ALTER TABLE incident_entry ADD COLUMN cluster TEXT NOT NULL DEFAULT '';
ALTER TABLE maintenance RENAME COLUMN channel TO cluster;
CREATE TABLE weighed (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    record INTEGER NOT NULL
) STRICT;
INSERT INTO weighed (id, record)
SELECT 1, coalesce(
    (SELECT id FROM record WHERE kind = 'event' ORDER BY id DESC LIMIT 1 OFFSET 500), 0);
