-- What flow keeps of what a CRM has or told: never the truth, and with an age.
CREATE TABLE copies(
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  phone TEXT,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(connection, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX copies_phone ON copies(phone) WHERE phone IS NOT NULL;
CREATE INDEX copies_age ON copies(kind, at);

-- The row of the ledger that stands for an appointment of a CRM.
CREATE INDEX bookings_external ON bookings(connection, external_id, start_at) WHERE external_id IS NOT NULL;
