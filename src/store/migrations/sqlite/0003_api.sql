-- What callers were answered, by their idempotency keys: the same request again gets the same answer. Keys stand
-- here as hashes, since a caller writes into them what they like.
CREATE TABLE replies (
    seq             BIGINT NOT NULL PRIMARY KEY,
    key_hash        TEXT   NOT NULL UNIQUE CHECK (length(key_hash) = 64),
    request_hash    TEXT   NOT NULL CHECK (length(request_hash) = 64),
    -- The life of the daemon in which it was asked: one that has ended answers no more.
    life            TEXT   NOT NULL,
    asked_at_ms     BIGINT NOT NULL,
    status          INTEGER,
    location        TEXT,
    content_type    TEXT,
    body            TEXT
);
CREATE INDEX replies_by_age ON replies (asked_at_ms);

CREATE INDEX payments_by_agent ON payments (agent, created_at_ms, id);
CREATE INDEX payments_by_ending ON payments (ending, created_at_ms, id);
