-- What came through hubs: the releases before the one that stands beside, from the originator's on, each after its length.

ALTER TABLE received ADD COLUMN provenance BLOB NOT NULL DEFAULT x'';
