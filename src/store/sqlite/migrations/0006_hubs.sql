-- What came through hubs: the releases before the one that stands beside, from the originator's on, each after its length.

ALTER TABLE received ADD COLUMN provenance BLOB NOT NULL DEFAULT x'';

-- Up to which arrival all were looked at for passing on.
CREATE TABLE forwarded (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    upto INTEGER NOT NULL
) STRICT;

-- The manifest as it came with an entry that is kept from users: nobody may have verified its signatures, so that they neither take the
-- place of others' nor lose theirs to them.
ALTER TABLE received ADD COLUMN claimed BLOB;
