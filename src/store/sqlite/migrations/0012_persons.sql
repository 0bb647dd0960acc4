-- The register of the own people. Nobody is ever taken out. The row is named by a digest of the id.
CREATE TABLE person (
    id     BLOB PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What one administrator has said and what takes another one, by the SHA-256 of the bytes that are to count.
CREATE TABLE approval (
    subject BLOB PRIMARY KEY,
    sealed  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
DROP TABLE list_approval;
