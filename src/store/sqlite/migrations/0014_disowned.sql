-- Roots under which nothing of an organisation counts: it was held by them on an introduction alone, and is not any more. What was verified
-- under them meanwhile is not committed.
CREATE TABLE disowned (
    peer        INTEGER NOT NULL REFERENCES peer (number),
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (peer, fingerprint)
) STRICT, WITHOUT ROWID;
