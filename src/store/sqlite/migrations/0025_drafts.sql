-- Drafts that the node keeps. Who may see one, and when which revision was saved, is sealed, and so is each text. The number of changes is in
-- the open, so that a change can be compared with what its maker has read.
CREATE TABLE draft (
    id      BLOB PRIMARY KEY,
    changes INTEGER NOT NULL,
    sealed  BLOB NOT NULL
) STRICT;
CREATE TABLE draft_text (
    draft    BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (draft, revision)
) STRICT;
