-- Keyed tokens of the words of one arrival: a salt, then tokens of eight bytes, ascending. The number is that of the manifest times 2^20, plus
-- the place of the arrival among those of the version. So one walk in the order of the list sees all arrivals of a version together.
CREATE TABLE words (
    number      INTEGER PRIMARY KEY,
    portion_set INTEGER NOT NULL UNIQUE REFERENCES portion_set (number) ON DELETE CASCADE,
    tokens      BLOB NOT NULL
) STRICT;

-- The mark that a portion set is not in the index. The next start completes it.
INSERT INTO meta (name, value) SELECT 'unindexed', x'' WHERE EXISTS (SELECT 1 FROM portion_set);
