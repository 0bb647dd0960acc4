-- What a person has read, by a keyed hash of the person's id.
CREATE TABLE read_mark (
    person   BLOB NOT NULL,
    manifest INTEGER NOT NULL REFERENCES manifest (number),
    PRIMARY KEY (person, manifest)
) STRICT, WITHOUT ROWID;

-- The searches that a person has saved, by keyed hashes of the person's id and of the name.
CREATE TABLE saved_search (
    person BLOB NOT NULL,
    name   BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (person, name)
) STRICT, WITHOUT ROWID;

-- What a person has to do is found without a look at everything that was received.
CREATE INDEX duty_own ON duty (due_at) WHERE outgoing = FALSE;
CREATE INDEX received_quarantined ON received (peer, at) WHERE quarantined = TRUE AND manifest IS NOT NULL;
