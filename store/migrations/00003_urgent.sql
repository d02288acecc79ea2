-- +goose Up

-- For whoever sends: what runs out soon, a number or a link, goes before what
-- can wait.
CREATE INDEX nidan_outbox_expires ON nidan_outbox (expires, due) WHERE cause = '';
