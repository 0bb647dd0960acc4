-- Within one urgency the originators take turns.

ALTER TABLE queue ADD COLUMN originator INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE queue SET originator = (SELECT m.originator FROM manifest m WHERE m.number = queue.manifest);
UPDATE queue SET turn = t.turn FROM
    (SELECT number, row_number() OVER (PARTITION BY peer, urgency, originator ORDER BY number) AS turn FROM queue) t
    WHERE t.number = queue.number;
DROP INDEX queue_order;
CREATE INDEX queue_order ON queue (peer, urgency DESC, turn, number, due_at, manifest);
CREATE INDEX queue_originator ON queue (peer, urgency, originator, turn);

-- Whose turn it was last: what comes into a queue does not come before what went already.
CREATE TABLE queue_turn (
    peer    INTEGER NOT NULL REFERENCES peer (number),
    urgency INTEGER NOT NULL,
    turn    INTEGER NOT NULL,
    PRIMARY KEY (peer, urgency)
) STRICT, WITHOUT ROWID;

-- What names the assessment among the portions of one arrival, sealed by itself: a list reads this much. Where there is none yet,
-- the first list makes it.
CREATE TABLE title (
    portion_set INTEGER PRIMARY KEY REFERENCES portion_set (number) ON DELETE CASCADE,
    sealed      BLOB NOT NULL
) STRICT;
