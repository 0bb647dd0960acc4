-- What partners answered to releases, why an arrival is kept from users, and a copy of an attachment for each source.

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

-- A copy of an attachment for each source: uploaded here (peer 0), or fetched from a partner. Kept together, what one
-- partner has sent would show another whether it is here already.
CREATE TABLE attachment_copy (
    number   INTEGER PRIMARY KEY,
    sha256   BLOB NOT NULL,
    peer     INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    stored   INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    wrapped  BLOB NOT NULL,
    UNIQUE (sha256, peer)
) STRICT;
INSERT INTO attachment_copy SELECT number, sha256, 0, size, stored, complete, wrapped FROM attachment;

CREATE TABLE attachment_part (
    copy   INTEGER NOT NULL REFERENCES attachment_copy (number) ON DELETE CASCADE,
    start  INTEGER NOT NULL,
    length INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (copy, start)
) STRICT;
INSERT INTO attachment_part SELECT attachment, start, length, sealed FROM attachment_chunk;
DROP TABLE attachment_chunk;
DROP TABLE attachment;
