-- Payments that come back: what a customer agreed to, and which charge of it is next.
CREATE TABLE plans (
    id              TEXT    NOT NULL PRIMARY KEY,
    merchant        TEXT    NOT NULL,
    -- The company's own; each of its payments has it.
    reference       TEXT    NOT NULL,
    created_at_ms   BIGINT  NOT NULL,
    -- The stored card, by the payment in which it was taken. It may be forgotten: the plan is held then.
    token           TEXT    NOT NULL,
    order_id        TEXT    REFERENCES orders (id),
    description     TEXT    NOT NULL,
    amount_minor    BIGINT  NOT NULL CHECK (amount_minor > 0),
    -- The first charge takes what does not divide.
    first_minor     BIGINT  NOT NULL CHECK (first_minor > 0),
    currency        TEXT    NOT NULL CHECK (length(currency) = 3),
    -- ISO 8601, a repeating interval.
    rhythm          TEXT    NOT NULL,
    -- The last month in which the card is good, YYYY-MM, if the company knows it.
    card_until      TEXT,
    state           TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'held', 'done', 'cancelled')),
    why             TEXT    NOT NULL,
    -- The charge that is next, from 0: when it was due, when it is tried, and what came in between.
    ordinal         BIGINT  NOT NULL,
    due_ms          BIGINT  NOT NULL,
    next_at_ms      BIGINT  NOT NULL,
    declined        BIGINT  NOT NULL,
    faults          BIGINT  NOT NULL,
    -- The payment that charges it just now. Written down before anything is sent.
    charging        TEXT,
    UNIQUE (merchant, reference)
);
CREATE INDEX plans_due ON plans (next_at_ms, id) WHERE state = 'active' AND charging IS NULL;
CREATE INDEX plans_charging ON plans (charging) WHERE charging IS NOT NULL;
CREATE INDEX plans_by_age ON plans (created_at_ms, id);

CREATE TRIGGER plans_stay BEFORE DELETE ON plans
BEGIN SELECT RAISE(ABORT, 'a plan is never deleted'); END;

-- Each try of each charge.
CREATE TABLE plan_charges (
    payment     TEXT   NOT NULL PRIMARY KEY,
    plan        TEXT   NOT NULL REFERENCES plans (id),
    ordinal     BIGINT NOT NULL,
    began_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    -- The life of the daemon that claimed it: in that life it may still be about to begin.
    life        TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('charging', 'paid', 'declined', 'not_charged')),
    detail      TEXT   NOT NULL
);
CREATE INDEX plan_charges_by_plan ON plan_charges (plan, ordinal, began_at_ms);
-- Never twice: a charge is paid, or being charged, by one payment.
CREATE UNIQUE INDEX plan_charges_once ON plan_charges (plan, ordinal) WHERE state IN ('charging', 'paid');
