-- What daemons on one store share: who has a duty, how far a budget of calls is spent (the microsecond at which it is
-- whole again), and credentials that are renewed by one at a time.
CREATE TABLE duties(
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);

CREATE TABLE budgets(
  name TEXT PRIMARY KEY,
  whole_at BIGINT NOT NULL
);
ALTER TABLE budgets SET (fillfactor=50);

CREATE TABLE credentials(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
