-- In whose hands an account was last besides its person's: who made it, gave it a password or opened it again.
ALTER TABLE account ADD COLUMN handed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN handed_ms INTEGER NOT NULL DEFAULT 0;
UPDATE account SET handed_ms = created_ms;
