-- What partners answered to releases, and why an arrival is kept from users.

-- A stable reason in capitals, where the arrival is kept from users.
ALTER TABLE received ADD COLUMN reason TEXT;
-- The agreement for want of which it is kept: once that is in force, the arrival is examined again.
ALTER TABLE received ADD COLUMN held_for BLOB;
CREATE INDEX received_held ON received (peer, held_for) WHERE held_for IS NOT NULL;

-- Receipts name releases by their ids.
CREATE INDEX release_id ON release (peer, id);

-- The signed receipts, as evidence.
CREATE TABLE receipt (
    number   INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    peer     INTEGER NOT NULL REFERENCES peer (number),
    envelope BLOB NOT NULL
) STRICT;

-- The answer that counts for each release.
CREATE TABLE answer (
    peer     INTEGER NOT NULL REFERENCES peer (number),
    sequence INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    reason   TEXT,
    at       INTEGER NOT NULL,
    receipt  INTEGER NOT NULL REFERENCES receipt (number),
    PRIMARY KEY (peer, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_kind ON answer (peer, kind, sequence);
