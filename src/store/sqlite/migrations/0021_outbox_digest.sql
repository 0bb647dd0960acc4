-- The SHA-256 of a statement that waits in an outbox, so that the same statement waits once for a partner. NULL for recalls, and
-- for statements that were put there before this column.
ALTER TABLE outbox ADD COLUMN digest BLOB;
CREATE UNIQUE INDEX outbox_digest ON outbox (peer, digest);
