-- The version of everything that decisions depend on.
INSERT INTO turn (of, newest) VALUES ('catalogue', 0);
-- When each person was last recorded as signed in, by a digest of the id.
CREATE TABLE sign_in (person BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
