-- The first schema. Column names say what stands there; "sealed" columns are ciphertexts, bound to their row.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Trust domains, numbered, so that a queue of a thousand partners does not repeat their names.
CREATE TABLE peer (
    number INTEGER PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE partner (
    peer        INTEGER PRIMARY KEY REFERENCES peer (number),
    kind        TEXT NOT NULL,
    country     TEXT,
    endpoint    TEXT,
    roots       BLOB NOT NULL,
    crls        BLOB NOT NULL,
    state       TEXT NOT NULL,
    accepted_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agreement (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    peer       INTEGER NOT NULL REFERENCES peer (number),
    state      TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    sealed     BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    peer   INTEGER NOT NULL REFERENCES peer (number),
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_of ON outbox (peer, number);

-- An originator's assessment over all versions, with its content key. Without the key the content of all versions is
-- gone. Random ids stand in as few indexes as can be: each costs a page of log per row.
CREATE TABLE assessment (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         BLOB NOT NULL,
    originator INTEGER NOT NULL REFERENCES peer (number),
    wrapped    BLOB,
    UNIQUE (id, originator)
) STRICT;

-- One row per version. Only one manifest per version is shown; another that claims it is kept in quarantine.
CREATE TABLE manifest (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         BLOB NOT NULL UNIQUE,
    assessment INTEGER NOT NULL REFERENCES assessment (number),
    version    INTEGER NOT NULL,
    originator INTEGER NOT NULL REFERENCES peer (number),
    state      TEXT NOT NULL,
    since      INTEGER NOT NULL,
    envelope   BLOB NOT NULL
) STRICT;
CREATE INDEX manifest_version ON manifest (assessment, version);
CREATE UNIQUE INDEX manifest_shown ON manifest (assessment, version) WHERE state <> 'quarantined';
CREATE INDEX manifest_originator ON manifest (originator, number);

-- The portions of one arrival, sealed together. Sequence 0 of the originator itself: published here.
CREATE TABLE portion_set (
    number      INTEGER PRIMARY KEY,
    manifest    INTEGER NOT NULL REFERENCES manifest (number),
    peer        INTEGER NOT NULL REFERENCES peer (number),
    sequence    INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    UNIQUE (manifest, peer, sequence)
) STRICT;

CREATE TABLE queue (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    peer     INTEGER NOT NULL REFERENCES peer (number),
    manifest INTEGER NOT NULL REFERENCES manifest (number),
    urgency  INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    UNIQUE (peer, due_at, manifest)
) STRICT;
CREATE INDEX queue_order ON queue (peer, urgency DESC, number, due_at, manifest);

CREATE TABLE feed_out (
    peer            INTEGER PRIMARY KEY REFERENCES peer (number),
    sequence        INTEGER NOT NULL,
    release         BLOB,
    acknowledged    INTEGER NOT NULL,
    acknowledged_at INTEGER
) STRICT;

CREATE TABLE release (
    number      INTEGER PRIMARY KEY,
    peer        INTEGER NOT NULL REFERENCES peer (number),
    sequence    INTEGER NOT NULL,
    id          BLOB NOT NULL,
    manifest    INTEGER NOT NULL REFERENCES manifest (number),
    envelope    BLOB NOT NULL,
    is_void     INTEGER NOT NULL,
    digests     BLOB NOT NULL,
    attachments BLOB NOT NULL,
    UNIQUE (peer, sequence)
) STRICT;
CREATE INDEX release_manifest ON release (manifest, peer);

CREATE TABLE release_attachment (
    sha256   BLOB NOT NULL,
    peer     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (sha256, peer, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_in (
    peer     INTEGER PRIMARY KEY REFERENCES peer (number),
    sequence INTEGER NOT NULL,
    release  BLOB NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- Numbered by arrival over all partners, in the order of the commits: a follower that resumes by it misses nothing.
CREATE TABLE received (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    peer        INTEGER NOT NULL REFERENCES peer (number),
    sequence    INTEGER NOT NULL,
    release_id  BLOB NOT NULL,
    envelope    BLOB NOT NULL,
    kind        TEXT,
    manifest    INTEGER REFERENCES manifest (number),
    quarantined INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    UNIQUE (peer, sequence)
) STRICT;
CREATE INDEX received_manifest ON received (manifest) WHERE manifest IS NOT NULL;

CREATE TABLE attachment (
    number   INTEGER PRIMARY KEY,
    sha256   BLOB NOT NULL UNIQUE,
    size     INTEGER NOT NULL,
    stored   INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    wrapped  BLOB NOT NULL
) STRICT;

-- What entries from a partner named. The bytes come by themselves, after the entry.
CREATE TABLE attachment_named (
    peer   INTEGER NOT NULL REFERENCES peer (number),
    sha256 BLOB NOT NULL,
    size   INTEGER NOT NULL,
    PRIMARY KEY (peer, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_chunk (
    attachment INTEGER NOT NULL REFERENCES attachment (number) ON DELETE CASCADE,
    start      INTEGER NOT NULL,
    length     INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (attachment, start)
) STRICT;

-- From 0 without gaps. The leaf is SHA-256 over what is sealed: 32 random bytes, then the event as JSON.
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY,
    leaf   BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE ledger_manifest (
    manifest BLOB NOT NULL,
    number   INTEGER NOT NULL REFERENCES ledger (number),
    PRIMARY KEY (manifest, number)
) STRICT, WITHOUT ROWID;
