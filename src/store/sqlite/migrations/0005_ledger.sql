-- The ledger as a Merkle tree, its checkpoints, and what is held of partners' ledgers.

-- Roots of the full subtrees of 2^8, 2^16, ... leaves; they are made of the leaves, so that proofs need not read all of them.
CREATE TABLE ledger_subtree (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

-- One row: size, right edge of the tree, epoch, and a digest over ledger_kept. Changed with every entry, so that a row that is
-- cut off at the end is missed.
CREATE TABLE ledger_state (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    sealed BLOB NOT NULL
) STRICT;

-- Own checkpoints, partners' heads, cosignatures and keys, alarms. Peer 0: this node itself.
CREATE TABLE ledger_kept (
    kind   TEXT NOT NULL,
    peer   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (kind, peer, number)
) STRICT, WITHOUT ROWID;

-- In which epoch of the ledger the position of the partner was last adopted here.
ALTER TABLE feed_out ADD COLUMN adopted INTEGER NOT NULL DEFAULT 1;
