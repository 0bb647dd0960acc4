-- Each set of house rules that came into force: the files' names and texts.

CREATE TABLE house_rules (
    version INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    sealed  BLOB NOT NULL
) STRICT;
