-- Of which assessment an entry that waits claims to be: where that is taken back, it is let go of.
ALTER TABLE held ADD COLUMN assessment BLOB;
CREATE INDEX held_of ON held (assessment, peer, sequence) WHERE assessment IS NOT NULL;
