-- When statements were first logged, how they were verified, and what waits until it can be verified.

-- When a statement beside the portions was first logged here.
ALTER TABLE beside ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

-- When the manifest was verified, under which roots, and on whose word alone; as JSON. NULL: it was not verified here.
ALTER TABLE manifest ADD COLUMN verified TEXT;

-- Entries that can't be verified yet. Each has its row in `received`, too. `waits_for` is the organisation whose roots or
-- revocation lists must change. `sealed` is the entry as it came; NULL where it was over the budget of its pair (who handed
-- it over, whom it waits for), so that it is to be asked for again.
CREATE TABLE held (
    peer      INTEGER NOT NULL REFERENCES peer (number),
    sequence  INTEGER NOT NULL,
    waits_for INTEGER NOT NULL REFERENCES peer (number),
    bytes     INTEGER NOT NULL,
    sealed    BLOB,
    PRIMARY KEY (peer, sequence)
) STRICT;
CREATE INDEX held_waits_for ON held (waits_for, peer, sequence);

-- Set where the partner is to be given again what this release disclosed: it counts as not disclosed from then on.
ALTER TABLE release ADD COLUMN again INTEGER NOT NULL DEFAULT 0;

-- What became of a statement in an outbox when it was last offered. `outcome` NULL: it was not offered yet.
-- `again_at`: when it is offered again. `seen`: what the partner said then of its roots and lists.
ALTER TABLE outbox ADD COLUMN statement BLOB;
ALTER TABLE outbox ADD COLUMN at INTEGER;
ALTER TABLE outbox ADD COLUMN outcome TEXT;
ALTER TABLE outbox ADD COLUMN reason TEXT;
ALTER TABLE outbox ADD COLUMN again_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN seen BLOB;

-- When a recall that can't be verified yet came first.
ALTER TABLE recall_unproven ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

-- Root certificates that organisations have or had, the own one among them. `retired_at` NULL: in use.
CREATE TABLE root (
    peer       INTEGER NOT NULL REFERENCES peer (number),
    sha256     BLOB NOT NULL,
    der        BLOB NOT NULL,
    since      INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (peer, sha256)
) STRICT, WITHOUT ROWID;
