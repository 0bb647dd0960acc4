-- Where an agreement stands (who stands behind it, who has signed, what was stopped) takes the place of a plain state, and
-- is sealed. No version was released before this step; agreements of earlier builds are to be signed anew.

DELETE FROM agreement;
ALTER TABLE agreement DROP COLUMN state;
ALTER TABLE agreement ADD COLUMN standing BLOB NOT NULL DEFAULT x'';
