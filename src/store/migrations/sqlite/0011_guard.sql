-- The same card is known again by a keyed fingerprint (HMAC-SHA256 under a secret that is not in this file), so that the
-- trying of stolen cards is noticed. It leads back to no card number.
ALTER TABLE attempts ADD COLUMN card TEXT CHECK (length(card) <= 64);
CREATE INDEX attempts_by_card ON attempts (card, journalled_at_ms) WHERE card IS NOT NULL;
CREATE INDEX payments_by_caller ON payments (caller_number, created_at_ms) WHERE caller_number IS NOT NULL;
CREATE INDEX payments_by_dialled ON payments (dialled_number, created_at_ms) WHERE dialled_number IS NOT NULL;
