-- What is asked of a charge after it was made, what was made at the provider without us, and payment links.

CREATE TABLE operations (
    id               TEXT    NOT NULL PRIMARY KEY,
    payment          TEXT    REFERENCES payments (id),
    kind             TEXT    NOT NULL CHECK (kind IN ('capture', 'cancel', 'refund', 'chargeback', 'link')),
    idempotency_key  TEXT    NOT NULL UNIQUE CHECK (length(idempotency_key) <= 64),
    psp              TEXT    NOT NULL,
    charge_reference TEXT,
    amount_minor     BIGINT  NOT NULL CHECK (amount_minor >= 0),
    currency         TEXT    NOT NULL CHECK (length(currency) = 3),
    state            TEXT    NOT NULL CHECK (state IN
                     ('journalled', 'sent', 'unknown', 'taken', 'done', 'refused')),
    psp_reference    TEXT,
    detail           TEXT    NOT NULL,
    actor            TEXT    NOT NULL,
    may_resend       INTEGER NOT NULL CHECK (may_resend IN (0, 1)),
    link_state       TEXT    CHECK (link_state IN ('open', 'pending', 'ended', 'paid')),
    link_url         TEXT,
    expires_at_ms    BIGINT,
    journalled_at_ms BIGINT  NOT NULL,
    changed_at_ms    BIGINT  NOT NULL
);
CREATE INDEX operations_by_payment ON operations (payment, journalled_at_ms);
CREATE INDEX operations_by_reference ON operations (psp, psp_reference);
CREATE INDEX operations_by_charge ON operations (psp, charge_reference);
CREATE INDEX operations_by_state ON operations (state, journalled_at_ms);
CREATE INDEX attempts_by_reference ON attempts (psp, psp_reference);

CREATE TRIGGER operations_stay BEFORE DELETE ON operations
BEGIN SELECT RAISE(ABORT, 'an operation is never deleted'); END;
