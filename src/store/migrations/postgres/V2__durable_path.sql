-- Lanes are taken by class (`conv`, `crm:local`, `out:telegram`), so that a slow far side keeps nobody else waiting.
-- not_before: what is written into the lane later waits until then too (a chat takes about one message a second).
ALTER TABLE lanes ADD COLUMN class TEXT NOT NULL DEFAULT 'conv';
ALTER TABLE lanes ADD COLUMN not_before BIGINT;
UPDATE lanes SET class='crm:local' WHERE lane LIKE 'crm:local:%';
DROP INDEX lanes_free;
CREATE INDEX lanes_free ON lanes(class, ready_at) WHERE lease_until IS NULL AND ready_at IS NOT NULL;
CREATE INDEX lanes_idle ON lanes(not_before) WHERE ready_at IS NULL;

-- Of dead jobs: how often they were tried, and when they were given up.
ALTER TABLE jobs ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN died_at BIGINT;

-- Work for later. It enters its lane when it is due; the key makes it one, whoever writes it.
CREATE TABLE scheduled(
  key TEXT PRIMARY KEY,
  due_at BIGINT NOT NULL,
  lane TEXT NOT NULL,
  payload JSONB NOT NULL,
  entered_at BIGINT -- NULL: still waits
);
CREATE INDEX scheduled_due ON scheduled(due_at) WHERE entered_at IS NULL;
CREATE INDEX scheduled_entered ON scheduled(entered_at) WHERE entered_at IS NOT NULL;

-- What a channel delivered, as it came. The id recognises a redelivery for as long as the row is kept.
CREATE TABLE raw_events(
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  event_id TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  UNIQUE (channel, account, event_id)
);
CREATE INDEX raw_events_age ON raw_events(received_at);

-- How far a channel has been read.
CREATE TABLE channel_marks(
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (channel, account, name)
);

-- The parts of messages that must be carried to a client. text is NULL when the part is the whole message.
CREATE TABLE outbox(
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages(id),
  conversation_id TEXT NOT NULL REFERENCES conversations(id),
  part BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  text TEXT,
  state TEXT NOT NULL, -- queued, sending, sent, failed, unknown
  attempts BIGINT NOT NULL DEFAULT 0,
  external_id TEXT,
  error JSONB,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (message_id, part)
);
CREATE INDEX outbox_open ON outbox(created_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_doubt ON outbox(updated_at) WHERE state = 'unknown';
CREATE INDEX outbox_conversation ON outbox(conversation_id, id);
ALTER TABLE outbox SET (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);

-- Why the client's address takes no messages, until the client writes again.
ALTER TABLE conversations ADD COLUMN unreachable TEXT;
ALTER TABLE conversations ADD COLUMN unreachable_at BIGINT;
ALTER TABLE messages ADD COLUMN edited_at BIGINT;
CREATE INDEX bookings_unknown ON bookings(updated_at) WHERE state IN ('committing', 'unknown');

-- Messages that the full text does not hold yet: no mark of a highest number, because numbers become visible out of order.
CREATE INDEX messages_unindexed ON messages(seq) WHERE stems IS NULL;
-- The stems of an entry in their order: what ranks it. `stems` is what finds it.
ALTER TABLE knowledge ADD COLUMN title_stems TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE knowledge ADD COLUMN tag_stems TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE knowledge ADD COLUMN body_stems TEXT[] NOT NULL DEFAULT '{}';

-- A number is given out before its row is committed, so a later one may be seen first. Whoever follows the numbers waits
-- for this lock, and with it for those whose rows are still on their way. It is taken before the first number of a statement.
CREATE FUNCTION flow_numbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1718382455, 3);
  RETURN NULL;
END $$;
CREATE TRIGGER messages_numbered BEFORE INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION flow_numbered();
CREATE TRIGGER events_numbered BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION flow_numbered();
