-- The code by which a person answers an SMS, when the network reported that it was delivered, and when an
-- attempt failed last.
ALTER TABLE notice ADD COLUMN code TEXT;
ALTER TABLE notice ADD COLUMN delivered_ms INTEGER;
ALTER TABLE notice ADD COLUMN failed_ms INTEGER;
CREATE INDEX notice_with_code ON notice (created_ms) WHERE code IS NOT NULL;
