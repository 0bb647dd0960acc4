-- A reading is told at the end of an interval: when that is. NULL: its senders were told.
ALTER TABLE read_by ADD COLUMN due INTEGER;
CREATE INDEX read_by_due ON read_by (due) WHERE due IS NOT NULL;
