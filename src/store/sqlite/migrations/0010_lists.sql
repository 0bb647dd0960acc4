-- Revocation lists: of each organisation, the own one among them, the newest of each issuing key and scope, sealed with the
-- certificates of its issuers. A new bundle does not touch them.
CREATE TABLE revocation_list (
    peer        INTEGER NOT NULL REFERENCES peer (number),
    issuing_key BLOB NOT NULL,
    scope       BLOB NOT NULL,
    sealed      BLOB NOT NULL,
    PRIMARY KEY (peer, issuing_key, scope)
) STRICT;

-- Every revocation that was ever seen, in batches: what a list added to those before it. Nothing is ever taken out.
CREATE TABLE revocation (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    peer        INTEGER NOT NULL REFERENCES peer (number),
    issuing_key BLOB NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX revocation_of ON revocation (peer, issuing_key);

-- Who has said that a list is to take the place of one with a higher number, by the SHA-256 of the list.
CREATE TABLE list_approval (
    list   BLOB PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

ALTER TABLE partner DROP COLUMN crls;
