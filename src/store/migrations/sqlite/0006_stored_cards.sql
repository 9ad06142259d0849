-- Cards that providers keep for us. A token is worthless to anybody but the account it was made with.
CREATE TABLE stored_cards (
    payment         TEXT   NOT NULL PRIMARY KEY REFERENCES payments (id),
    psp             TEXT   NOT NULL,
    token           TEXT   NOT NULL,
    shopper         TEXT   NOT NULL,
    created_at_ms   BIGINT NOT NULL
);
