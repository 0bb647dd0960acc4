-- Recalls, what holders answer, duties to acknowledge, and when a partner was last heard of.

-- Up to which number "stored" was answered.
ALTER TABLE feed_in ADD COLUMN receipted INTEGER NOT NULL DEFAULT 0;

-- Receipts hold what people wrote: sealed from here on, in the place of the envelope.
ALTER TABLE receipt ADD COLUMN sealed BLOB;

-- Which versions name an attachment, so that a purge takes what nothing else names.
CREATE TABLE attachment_of (
    sha256   BLOB NOT NULL,
    manifest INTEGER NOT NULL REFERENCES manifest (number),
    PRIMARY KEY (sha256, manifest)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_of_manifest ON attachment_of (manifest);

-- What was taken back, whether or not it is here: the tombstone. The statement that counts, and where it stands here.
CREATE TABLE recall (
    number     INTEGER PRIMARY KEY,
    assessment BLOB NOT NULL,
    originator INTEGER NOT NULL REFERENCES peer (number),
    id         BLOB NOT NULL,
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL,
    peer       INTEGER REFERENCES peer (number),
    at         INTEGER NOT NULL,
    turn       INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    standing   BLOB NOT NULL,
    UNIQUE (assessment, originator)
) STRICT;
CREATE INDEX recall_turn ON recall (turn);
CREATE INDEX recall_state ON recall (state);

-- All statements that took it back, so that an answer to an earlier one is known too.
CREATE TABLE recall_statement (
    id     BLOB PRIMARY KEY,
    recall INTEGER NOT NULL REFERENCES recall (number)
) STRICT, WITHOUT ROWID;

-- Recalls whose originator is not known here, as partners handed them over: nothing of these assessments is shown before they
-- could be verified.
CREATE TABLE recall_unproven (
    assessment BLOB NOT NULL,
    originator INTEGER NOT NULL REFERENCES peer (number),
    peer       INTEGER NOT NULL REFERENCES peer (number),
    sealed     BLOB NOT NULL,
    PRIMARY KEY (assessment, originator, peer)
) STRICT, WITHOUT ROWID;
CREATE INDEX recall_unproven_by ON recall_unproven (peer);

-- What a holder said of a version, beside what `answer` keeps for each release. `through`: the organisations between here
-- and it, separated by spaces; empty for a partner's own.
CREATE TABLE report (
    manifest INTEGER NOT NULL REFERENCES manifest (number),
    holder   INTEGER NOT NULL REFERENCES peer (number),
    through  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    role     TEXT NOT NULL,
    reason   TEXT,
    portions INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    receipt  INTEGER NOT NULL REFERENCES receipt (number),
    PRIMARY KEY (manifest, holder, through, kind, role)
) STRICT, WITHOUT ROWID;

-- What a holder answered to a recall, by its own receipt.
CREATE TABLE recall_answer (
    recall   INTEGER NOT NULL REFERENCES recall (number),
    holder   INTEGER NOT NULL REFERENCES peer (number),
    through  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    reason   TEXT,
    at       INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    receipt  INTEGER NOT NULL REFERENCES receipt (number),
    PRIMARY KEY (recall, holder)
) STRICT, WITHOUT ROWID;

-- Duties to acknowledge that are not met yet: the partner's (outgoing), and the own ones.
CREATE TABLE duty (
    peer     INTEGER NOT NULL REFERENCES peer (number),
    outgoing INTEGER NOT NULL,
    manifest INTEGER NOT NULL REFERENCES manifest (number),
    due_at   INTEGER NOT NULL,
    PRIMARY KEY (peer, outgoing, manifest)
) STRICT, WITHOUT ROWID;
CREATE INDEX duty_due ON duty (peer, outgoing, due_at);

-- In which roles a version was read here, as its senders were told.
CREATE TABLE read_by (
    manifest INTEGER NOT NULL REFERENCES manifest (number),
    role     TEXT NOT NULL,
    PRIMARY KEY (manifest, role)
) STRICT, WITHOUT ROWID;

-- When a partner was last heard of, to the minute.
CREATE TABLE contact (
    peer INTEGER PRIMARY KEY REFERENCES peer (number),
    at   INTEGER NOT NULL
) STRICT;
