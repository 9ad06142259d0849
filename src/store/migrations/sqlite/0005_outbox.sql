-- What others are told by HTTP: written in the same transaction as what it tells of.
CREATE TABLE webhook_messages (
    seq             BIGINT NOT NULL PRIMARY KEY,
    id              TEXT   NOT NULL UNIQUE,
    payment         TEXT   NOT NULL REFERENCES payments (id),
    event           TEXT   NOT NULL,
    body            TEXT   NOT NULL,
    created_at_ms   BIGINT NOT NULL
);
CREATE INDEX webhook_messages_by_payment ON webhook_messages (payment, seq);

-- To whom, and how far it has come. `since_ms`: when the tries began; a replay begins anew.
CREATE TABLE webhook_deliveries (
    message         BIGINT  NOT NULL REFERENCES webhook_messages (seq),
    endpoint        TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'taken', 'dead')),
    tries           INTEGER NOT NULL,
    since_ms        BIGINT  NOT NULL,
    next_at_ms      BIGINT  NOT NULL,
    changed_at_ms   BIGINT  NOT NULL,
    detail          TEXT    NOT NULL,
    PRIMARY KEY (message, endpoint)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, state, next_at_ms);
