-- People, their sessions, and the keys of programs. Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE people (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- Folded to small letters: names differ by more than that.
    name            TEXT    NOT NULL UNIQUE,
    display         TEXT    NOT NULL,
    -- Words with commas between them.
    roles           TEXT    NOT NULL,
    extensions      TEXT    NOT NULL,
    locale          TEXT    NOT NULL,
    -- argon2id as a PHC string; none for those an identity provider vouches for.
    password        TEXT,
    must_change     INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    wrong_tries     INTEGER NOT NULL,
    locked_until_ms BIGINT  NOT NULL,
    shut_out        INTEGER NOT NULL CHECK (shut_out IN (0, 1)),
    -- base32; taken for logins once a code has proved that it arrived.
    totp_secret     TEXT,
    totp_confirmed  INTEGER NOT NULL CHECK (totp_confirmed IN (0, 1)),
    -- The newest time step a code was taken of: no code is taken twice.
    totp_step       BIGINT  NOT NULL,
    -- Issuer and subject of the identity provider.
    subject         TEXT    UNIQUE,
    made_at_ms      BIGINT  NOT NULL,
    seen_at_ms      BIGINT
);

CREATE TABLE recovery_codes (
    person          TEXT    NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    hash            TEXT    NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (person, hash)
);

CREATE TABLE sessions (
    -- Of the token; the token itself is in the browser alone.
    hash            TEXT    NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    person          TEXT    NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    begun_at_ms     BIGINT  NOT NULL,
    seen_at_ms      BIGINT  NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person, begun_at_ms);

CREATE TABLE api_keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    hash            TEXT    NOT NULL UNIQUE CHECK (length(hash) = 64),
    scopes          TEXT    NOT NULL,
    made_by         TEXT    NOT NULL,
    made_at_ms      BIGINT  NOT NULL,
    expires_at_ms   BIGINT,
    used_at_ms      BIGINT,
    revoked_at_ms   BIGINT
);

-- Logins that wait for an answer of the identity provider.
CREATE TABLE oidc_logins (
    hash            TEXT    NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    state           TEXT    NOT NULL,
    nonce           TEXT    NOT NULL,
    verifier        TEXT    NOT NULL,
    next            TEXT    NOT NULL,
    begun_at_ms     BIGINT  NOT NULL
);
