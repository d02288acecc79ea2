-- +goose Up

-- How often a message was taken to be sent, and why it was given up; an empty
-- cause says that it may still be sent. What was given up has no body any more
-- and stays until it expires, for the operator to see.
ALTER TABLE nidan_outbox ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE nidan_outbox ADD COLUMN cause TEXT NOT NULL DEFAULT '';

-- For whoever sends: what is due, in the order in which it is due. What was
-- given up is not in it, or every look would pass it by until it expires.
CREATE INDEX nidan_outbox_due ON nidan_outbox (due) WHERE cause = '';
