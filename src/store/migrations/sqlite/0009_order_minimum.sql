-- The least part of an order that may be paid; any if it is not said.
ALTER TABLE orders ADD COLUMN minimum_minor BIGINT CHECK (minimum_minor > 0);
