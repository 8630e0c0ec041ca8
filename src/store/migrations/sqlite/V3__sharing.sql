-- What daemons on one store share: who has a duty, how far a budget of calls is spent (the microsecond at which it is
-- whole again), and credentials that are renewed by one at a time.
CREATE TABLE duties(
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE budgets(
  name TEXT PRIMARY KEY,
  whole_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
