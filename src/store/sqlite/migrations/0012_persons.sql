-- The register of the own people. Nobody is ever taken out. The row is named by a digest of the id.
CREATE TABLE person (
    id     BLOB PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
