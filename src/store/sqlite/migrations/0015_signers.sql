-- Which partners were given what other organisations have signed: the originators of assessments, those who passed them on, and
-- endorsers. They need the bundles and revocation lists of these.
CREATE TABLE signer_given (
    signer INTEGER NOT NULL REFERENCES peer (number),
    peer   INTEGER NOT NULL REFERENCES peer (number),
    PRIMARY KEY (signer, peer)
) STRICT, WITHOUT ROWID;
CREATE INDEX signer_given_peer ON signer_given (peer);
INSERT INTO signer_given (signer, peer)
    SELECT DISTINCT m.originator, r.peer FROM release r JOIN manifest m ON m.number = r.manifest;

-- Whether a root was given up by words, and not by a bundle of the organisation's own administrators.
ALTER TABLE root ADD COLUMN by_words INTEGER NOT NULL DEFAULT 1;
