-- What is owed, and by whom. What was paid of it is not written here: it follows from the payments that are for it.
CREATE TABLE orders (
    id              TEXT    NOT NULL PRIMARY KEY,
    merchant        TEXT    NOT NULL,
    -- The company's own; what people say on the telephone and write into addresses.
    reference       TEXT    NOT NULL,
    created_at_ms   BIGINT  NOT NULL,
    amount_minor    BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency        TEXT    NOT NULL CHECK (length(currency) = 3),
    description     TEXT    NOT NULL,
    customer_name   TEXT,
    phone           TEXT,
    email           TEXT,
    language        TEXT,
    -- A day, YYYY-MM-DD.
    due             TEXT,
    -- Whether a part of it may be paid.
    parts           INTEGER NOT NULL CHECK (parts IN (0, 1)),
    cancelled_at_ms BIGINT,
    UNIQUE (merchant, reference)
);
CREATE INDEX orders_by_age ON orders (created_at_ms, id);
CREATE INDEX orders_by_phone ON orders (phone, created_at_ms, id) WHERE phone IS NOT NULL;

CREATE TRIGGER orders_stay BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'an order is never deleted'); END;

ALTER TABLE payments ADD COLUMN order_id TEXT REFERENCES orders (id);
-- The life of the daemon in which it began: one that has ended takes no payment on.
ALTER TABLE payments ADD COLUMN life TEXT;
CREATE INDEX payments_by_order ON payments (order_id) WHERE order_id IS NOT NULL;

CREATE INDEX stored_cards_by_age ON stored_cards (created_at_ms, payment);
CREATE INDEX stored_cards_by_shopper ON stored_cards (shopper, created_at_ms, payment);
