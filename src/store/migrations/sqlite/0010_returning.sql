-- Whether a customer has paid before is asked by the number they call from.
CREATE INDEX payments_by_caller_and_merchant ON payments (caller_number, merchant) WHERE caller_number IS NOT NULL;
