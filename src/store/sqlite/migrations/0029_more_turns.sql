-- The newest numbers that an arrival, and a step of a request by a partner, got. Followers resume by them, so no number may be used twice,
-- also by two processes at once.
INSERT INTO turn (of, newest) SELECT 'arrival',
    max(coalesce(max(number), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'received'), 0)) FROM received;
INSERT INTO turn (of, newest) SELECT 'request', coalesce(max(turn), 0) FROM request;
