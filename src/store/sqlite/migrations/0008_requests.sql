-- What belongs to a version beside its portions: endorsements of it, and the exceptions by which more of it is given. Signed
-- statements, sealed under the assessment's key so that a purge takes them too; one row for each arrival, and one for each that was
-- made here (the own organisation's, numbered from 1).
CREATE TABLE beside (
    number      INTEGER PRIMARY KEY,
    manifest    INTEGER NOT NULL REFERENCES manifest (number),
    peer        INTEGER NOT NULL REFERENCES peer (number),
    sequence    INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    UNIQUE (manifest, peer, sequence)
) STRICT;

-- Requests for more of an assessment, in both directions. What was asked and answered is sealed. A turn counts what partners did: a
-- request that came, an answer or a refusal that came; 0 where that is nothing yet.
CREATE TABLE request (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       BLOB NOT NULL UNIQUE,
    peer     INTEGER NOT NULL REFERENCES peer (number),
    outgoing INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    state    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    turn     INTEGER NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX request_turn ON request (turn) WHERE turn > 0;
CREATE INDEX request_open ON request (peer, outgoing) WHERE state = 'sent';
