-- What a link is for: known without its payment, since it may have none.
ALTER TABLE operations ADD COLUMN order_id TEXT REFERENCES orders (id);
ALTER TABLE operations ADD COLUMN merchant TEXT;
ALTER TABLE operations ADD COLUMN reference TEXT;
ALTER TABLE operations ADD COLUMN language TEXT;
UPDATE operations SET
    order_id = (SELECT order_id FROM payments WHERE payments.id = operations.payment),
    merchant = (SELECT merchant FROM payments WHERE payments.id = operations.payment),
    reference = (SELECT reference FROM payments WHERE payments.id = operations.payment)
WHERE kind = 'link' AND payment IS NOT NULL;
CREATE INDEX operations_by_order ON operations (order_id) WHERE order_id IS NOT NULL;

-- What was sent to customers, each written down before it leaves.
CREATE TABLE messages (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- The link it tells of.
    link            TEXT    NOT NULL REFERENCES operations (id),
    medium          TEXT    NOT NULL CHECK (medium IN ('sms', 'email')),
    messenger       TEXT    NOT NULL,
    recipient       TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    segments        INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('waiting', 'sending', 'unknown', 'taken', 'refused', 'dropped')),
    carrier_reference TEXT,
    detail          TEXT    NOT NULL,
    actor           TEXT    NOT NULL,
    tries           INTEGER NOT NULL,
    next_at_ms      BIGINT  NOT NULL,
    made_at_ms      BIGINT  NOT NULL,
    changed_at_ms   BIGINT  NOT NULL
);
CREATE INDEX messages_by_link ON messages (link, made_at_ms);
CREATE INDEX messages_due ON messages (state, next_at_ms) WHERE state IN ('waiting', 'sending');
CREATE TRIGGER messages_stay BEFORE DELETE ON messages
BEGIN SELECT RAISE(ABORT, 'a message is never deleted'); END;
