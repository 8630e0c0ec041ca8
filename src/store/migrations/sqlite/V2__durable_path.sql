-- Lanes are taken by class (`conv`, `crm:local`, `out:telegram`), so that a slow far side keeps nobody else waiting.
-- not_before: what is written into the lane later waits until then too (a chat takes about one message a second).
ALTER TABLE lanes ADD COLUMN class TEXT NOT NULL DEFAULT 'conv';
ALTER TABLE lanes ADD COLUMN not_before INTEGER;
UPDATE lanes SET class='crm:local' WHERE lane LIKE 'crm:local:%';
DROP INDEX lanes_free;
CREATE INDEX lanes_free ON lanes(class, ready_at) WHERE lease_until IS NULL AND ready_at IS NOT NULL;
CREATE INDEX lanes_idle ON lanes(not_before) WHERE ready_at IS NULL;

-- Of dead jobs: how often they were tried, and when they were given up.
ALTER TABLE jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN died_at INTEGER;

-- Work for later. It enters its lane when it is due; the key makes it one, whoever writes it.
CREATE TABLE scheduled(
  key TEXT PRIMARY KEY,
  due_at INTEGER NOT NULL,
  lane TEXT NOT NULL,
  payload TEXT NOT NULL,
  entered_at INTEGER -- NULL: still waits
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_due ON scheduled(due_at) WHERE entered_at IS NULL;
CREATE INDEX scheduled_entered ON scheduled(entered_at) WHERE entered_at IS NOT NULL;

-- What a channel delivered, as it came. The id recognises a redelivery for as long as the row is kept.
CREATE TABLE raw_events(
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  event_id TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  UNIQUE (channel, account, event_id)
) STRICT;
CREATE INDEX raw_events_age ON raw_events(received_at);

-- How far a channel has been read.
CREATE TABLE channel_marks(
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (channel, account, name)
) STRICT, WITHOUT ROWID;

-- The parts of messages that must be carried to a client. text is NULL when the part is the whole message.
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages(id),
  conversation_id TEXT NOT NULL REFERENCES conversations(id),
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  text TEXT,
  state TEXT NOT NULL, -- queued, sending, sent, failed, unknown
  attempts INTEGER NOT NULL DEFAULT 0,
  external_id TEXT,
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (message_id, part)
) STRICT;
CREATE INDEX outbox_open ON outbox(created_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_doubt ON outbox(updated_at) WHERE state = 'unknown';
CREATE INDEX outbox_conversation ON outbox(conversation_id, id);

-- Why the client's address takes no messages, until the client writes again.
ALTER TABLE conversations ADD COLUMN unreachable TEXT;
ALTER TABLE conversations ADD COLUMN unreachable_at INTEGER;
ALTER TABLE messages ADD COLUMN edited_at INTEGER;
CREATE INDEX bookings_unknown ON bookings(updated_at) WHERE state IN ('committing', 'unknown');
