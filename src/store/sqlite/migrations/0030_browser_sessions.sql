-- Sessions in a browser, and the one-time links that open them, each by SHA-256 of its secret. The person is a keyed hash.
CREATE TABLE browser_session (
    token  BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX browser_session_person ON browser_session (person);

CREATE TABLE sign_in_link (
    token  BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_link_person ON sign_in_link (person);
