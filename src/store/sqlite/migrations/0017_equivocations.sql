-- Two statements that an originator signed and that contradict each other: one proof for each thing that they are about. `twice`: what
-- was signed twice. The two envelopes are sealed under the storage key, not under the assessment's: a purge leaves them.
CREATE TABLE equivocation (
    number     INTEGER PRIMARY KEY,
    originator INTEGER NOT NULL REFERENCES peer (number),
    assessment BLOB NOT NULL,
    twice      TEXT NOT NULL,
    first      BLOB NOT NULL,
    second     BLOB NOT NULL,
    at         INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    UNIQUE (originator, assessment, twice)
) STRICT;
