-- What is due at a time. A subject is an id or a digest, never content.
CREATE TABLE timer (
    kind    TEXT NOT NULL,
    subject BLOB NOT NULL,
    due     INTEGER NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due);
