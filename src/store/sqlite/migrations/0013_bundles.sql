-- Bundles of organisations, the own one among them, as they followed one another.

-- Which of its bundles a partner's roots are, as JSON. NULL: it was accepted before bundles were numbered.
ALTER TABLE partner ADD COLUMN bundle TEXT;

-- From which day on what was first logged under a root is doubtful, where somebody else may have its key.
ALTER TABLE root ADD COLUMN compromised_since TEXT;

-- Each bundle that was held, proposed here, or waits. `envelope` NULL: the own roots were changed in the file, without a statement.
-- `digest`: SHA-256 of the envelope, or of nothing. `courier`: who handed over one that waits.
CREATE TABLE bundle (
    peer        INTEGER NOT NULL REFERENCES peer (number),
    sequence    INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    digest      BLOB NOT NULL,
    state       TEXT NOT NULL,
    envelope    BLOB,
    courier     INTEGER REFERENCES peer (number),
    at          INTEGER NOT NULL,
    PRIMARY KEY (peer, sequence, digest)
) STRICT, WITHOUT ROWID;

-- Whether a partner may introduce other organisations here.
ALTER TABLE partner ADD COLUMN introduces INTEGER NOT NULL DEFAULT 0;

-- The introductions that this organisation makes. `recipients`: a JSON list of trust domains.
CREATE TABLE introduction (
    id         BLOB PRIMARY KEY,
    peer       INTEGER NOT NULL REFERENCES peer (number),
    recipients TEXT NOT NULL,
    envelope   BLOB NOT NULL,
    is_signed  INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
