-- The version published here that an arrival has brought endorsements of. Such an arrival has no content of its own, so `manifest` is NULL.
ALTER TABLE received ADD COLUMN endorses INTEGER REFERENCES manifest (number);
