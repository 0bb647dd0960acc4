-- The newest number that a change of a recall got. Rows of recalls can go away, and no number may be used twice: followers resume by it.
CREATE TABLE turn (of TEXT PRIMARY KEY, newest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO turn (of, newest) SELECT 'recall', coalesce(max(turn), 0) FROM recall;
