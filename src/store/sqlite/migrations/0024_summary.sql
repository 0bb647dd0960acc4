-- The summary of the portions of one arrival, sealed by itself: a search reads this much. Where there is none yet, the first search
-- makes it.
CREATE TABLE summary (
    portion_set INTEGER PRIMARY KEY REFERENCES portion_set (number) ON DELETE CASCADE,
    sealed      BLOB NOT NULL
) STRICT;
