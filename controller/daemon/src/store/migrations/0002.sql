-- Renewal of keys. `next_*`: a key that has a certificate and was not used yet; it becomes the key at
-- its first use. `previous_*`: the key before; only receipts are still checked with it.
ALTER TABLE device ADD COLUMN next_spki_sha256 TEXT;
ALTER TABLE device ADD COLUMN next_spki BLOB;
ALTER TABLE device ADD COLUMN previous_spki_sha256 TEXT;
ALTER TABLE device ADD COLUMN previous_spki BLOB;
ALTER TABLE device ADD COLUMN renewed_ms INTEGER;
CREATE UNIQUE INDEX device_by_next_key ON device (next_spki_sha256);
