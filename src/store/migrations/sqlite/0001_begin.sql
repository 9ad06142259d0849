-- Times are milliseconds since 1970-01-01 UTC. Types are those that PostgreSQL has as well.

CREATE TABLE payments (
    id              TEXT   NOT NULL PRIMARY KEY,
    created_at_ms   BIGINT NOT NULL,
    merchant        TEXT   NOT NULL,
    agent           TEXT,
    means           TEXT   NOT NULL,
    caller_number   TEXT,
    dialled_number  TEXT,
    reference       TEXT,
    amount_minor    BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency        TEXT   NOT NULL CHECK (length(currency) = 3),
    description     TEXT   NOT NULL,
    customer_leg    TEXT   NOT NULL,
    agent_leg       TEXT,
    brand           TEXT,
    masked_pan      TEXT,
    ending          TEXT,
    ended_at_ms     BIGINT
);
CREATE INDEX payments_by_age ON payments (created_at_ms, id);
CREATE INDEX payments_by_reference ON payments (reference);

CREATE TABLE attempts (
    payment         TEXT    NOT NULL REFERENCES payments (id),
    ordinal         INTEGER NOT NULL CHECK (ordinal BETWEEN 1 AND 255),
    idempotency_key TEXT    NOT NULL UNIQUE CHECK (length(idempotency_key) <= 64),
    psp             TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN
                    ('journalled', 'sent', 'approved', 'declined', 'not_charged', 'unknown')),
    decline_reason  TEXT,
    psp_reference   TEXT,
    detail          TEXT    NOT NULL,
    journalled_at_ms BIGINT NOT NULL,
    changed_at_ms   BIGINT  NOT NULL,
    PRIMARY KEY (payment, ordinal)
);
CREATE INDEX attempts_by_state ON attempts (state, journalled_at_ms);

-- Every step of every attempt, only ever added to.
CREATE TABLE journal (
    seq             BIGINT  NOT NULL PRIMARY KEY,
    at_ms           BIGINT  NOT NULL,
    payment         TEXT    NOT NULL,
    ordinal         INTEGER NOT NULL,
    step            TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    FOREIGN KEY (payment, ordinal) REFERENCES attempts (payment, ordinal)
);
CREATE INDEX journal_by_attempt ON journal (payment, ordinal, seq);

-- Who did what, each row bound to the one before it (PCI DSS 10.3.4).
CREATE TABLE trail (
    seq             BIGINT NOT NULL PRIMARY KEY,
    at_ms           BIGINT NOT NULL,
    actor           TEXT   NOT NULL,
    act             TEXT   NOT NULL,
    subject         TEXT   NOT NULL,
    detail          TEXT   NOT NULL,
    prev_hash       TEXT   NOT NULL CHECK (length(prev_hash) = 64),
    hash            TEXT   NOT NULL CHECK (length(hash) = 64)
);

-- The last row of the trail, so that rows cut off its end are missed.
CREATE TABLE trail_head (
    only            INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    seq             BIGINT  NOT NULL,
    hash            TEXT    NOT NULL CHECK (length(hash) = 64)
);
INSERT INTO trail_head (only, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER trail_is_not_changed BEFORE UPDATE ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is only ever added to'); END;
CREATE TRIGGER trail_is_not_cut BEFORE DELETE ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is only ever added to'); END;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'an attempt is never deleted'); END;
