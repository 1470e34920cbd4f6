-- Obligations: every line of each one's log, in the order in which it became known.
CREATE TABLE obligation_entry (
    id         INTEGER PRIMARY KEY,
    obligation TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    entry      TEXT NOT NULL
) STRICT;
CREATE INDEX obligation_entry_of ON obligation_entry (obligation);
CREATE TRIGGER obligation_entry_stays BEFORE DELETE ON obligation_entry
BEGIN SELECT RAISE (ABORT, 'the log of obligations is kept'); END;
CREATE TRIGGER obligation_entry_is_final BEFORE UPDATE ON obligation_entry
BEGIN SELECT RAISE (ABORT, 'the log of obligations is not changed'); END;
-- What the records of each wall say of each local day, laid over each other. It follows from `record`, up
-- to the one named last, and can be made again from it.
CREATE TABLE air_day (
    device TEXT NOT NULL,
    day    TEXT NOT NULL,
    pieces TEXT NOT NULL,
    PRIMARY KEY (device, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE air_upto (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    record INTEGER NOT NULL
) STRICT;
INSERT INTO air_upto (id, record) VALUES (1, 0);
