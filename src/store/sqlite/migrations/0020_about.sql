-- The states that the portions of one arrival are about, sealed by themselves: a decision on one version asks what the others say.
CREATE TABLE about (
    portion_set INTEGER PRIMARY KEY REFERENCES portion_set (number) ON DELETE CASCADE,
    sealed      BLOB NOT NULL
) STRICT;
