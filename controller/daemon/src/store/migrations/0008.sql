-- What was made of an incident at its end, byte for byte: the signed report and its papers.
CREATE TABLE report (
    incident TEXT NOT NULL,
    form     TEXT NOT NULL CHECK (form IN ('json', 'pdf', 'docx')),
    made_ms  INTEGER NOT NULL,
    sha256   TEXT NOT NULL,
    payload  TEXT NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (incident, form)
) STRICT;
CREATE INDEX report_payload ON report (payload);
CREATE TRIGGER report_stays BEFORE DELETE ON report
BEGIN SELECT RAISE (ABORT, 'reports are kept'); END;
CREATE TRIGGER report_is_final BEFORE UPDATE ON report
BEGIN SELECT RAISE (ABORT, 'reports are not changed'); END;
