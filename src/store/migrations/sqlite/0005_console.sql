-- The trail of one payment is looked up on its page.
CREATE INDEX trail_by_subject ON trail (subject, seq);
