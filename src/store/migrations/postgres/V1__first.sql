-- Times are unix milliseconds. Lists and free members are JSONB. The same tables and columns as the SQLite
-- schema; full text is a tsvector of the same stems.
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE company(
  id BIGINT PRIMARY KEY CHECK (id = 1),
  body JSONB NOT NULL,
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE services(
  id TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  aliases JSONB NOT NULL,
  category TEXT,
  duration_min BIGINT NOT NULL,
  price_from BIGINT,
  price_to BIGINT,
  hidden BOOLEAN NOT NULL DEFAULT false
);

CREATE TABLE employees(
  id TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  aliases JSONB NOT NULL,
  title TEXT,
  services JSONB NOT NULL,
  own_hours BOOLEAN NOT NULL DEFAULT false,
  days_off JSONB NOT NULL,
  hidden BOOLEAN NOT NULL DEFAULT false
);

-- Opening hours: the company's have employee_id ''. Minutes from local midnight, weekday 0 is Monday.
CREATE TABLE hours(
  employee_id TEXT NOT NULL,
  weekday BIGINT NOT NULL CHECK (weekday BETWEEN 0 AND 6),
  from_min BIGINT NOT NULL,
  to_min BIGINT NOT NULL CHECK (to_min > from_min),
  PRIMARY KEY (employee_id, weekday, from_min)
);

CREATE TABLE knowledge(
  id BIGINT PRIMARY KEY,
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  tags JSONB NOT NULL
);
ALTER TABLE knowledge ADD COLUMN stems TSVECTOR;
CREATE INDEX knowledge_stems ON knowledge USING gin(stems);
-- A misspelt stem is compared with the terms of ts_stat('SELECT stems FROM knowledge') by the same rule as in SQLite,
-- kept in a table knowledge_terms(term TEXT PRIMARY KEY) that is filled whenever a profile is loaded.
CREATE TABLE knowledge_terms(
  term TEXT PRIMARY KEY
);

-- verified_phone: what the channel or the staff vouch for; phone may just have been typed.
CREATE TABLE contacts(
  id TEXT PRIMARY KEY,
  name TEXT,
  phone TEXT,
  verified_phone TEXT,
  email TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX contacts_phone ON contacts(phone) WHERE phone IS NOT NULL;

CREATE TABLE conversations(
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  external_id TEXT NOT NULL,
  contact_id TEXT NOT NULL REFERENCES contacts(id),
  lead_id TEXT,
  status TEXT NOT NULL DEFAULT 'open',
  handoff_state TEXT,
  handoff_reason TEXT,
  handoff_at BIGINT,
  handoff_operator TEXT,
  handoff_seq BIGINT NOT NULL DEFAULT 0, -- answered_seq when a person began to own it
  language TEXT,
  message_count BIGINT NOT NULL DEFAULT 0,
  last_role TEXT,
  last_text TEXT,
  last_at BIGINT,
  started_at BIGINT NOT NULL,
  last_message_at BIGINT NOT NULL,
  closed_at BIGINT,
  answered_seq BIGINT NOT NULL DEFAULT 0,
  unanswered BOOLEAN NOT NULL DEFAULT false,
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (channel, account, external_id)
);
CREATE INDEX conversations_recent ON conversations(last_message_at, id);
CREATE INDEX conversations_contact ON conversations(contact_id);
CREATE INDEX conversations_lead ON conversations(lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX conversations_handoff ON conversations(last_message_at, id) WHERE handoff_state IS NOT NULL;

CREATE TABLE messages(
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL REFERENCES conversations(id),
  role TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  button_value TEXT,
  buttons JSONB,
  at BIGINT NOT NULL,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  external_id TEXT,
  delivery_state TEXT,
  delivery_error JSONB,
  delivery_attempts BIGINT NOT NULL DEFAULT 0,
  delivery_at BIGINT,
  in_reply_to TEXT,
  metadata JSONB,
  trace JSONB
);
CREATE UNIQUE INDEX messages_external ON messages(channel, account, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX messages_conversation ON messages(conversation_id, seq);
-- Filled behind the messages, so that an acknowledgement never waits for it.
ALTER TABLE messages ADD COLUMN stems TSVECTOR;
CREATE INDEX messages_stems ON messages USING gin(stems);

CREATE TABLE sessions(
  conversation_id TEXT PRIMARY KEY REFERENCES conversations(id),
  state TEXT NOT NULL,
  form JSONB NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE leads(
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  name TEXT,
  phone TEXT,
  email TEXT,
  channel TEXT NOT NULL,
  source TEXT,
  service TEXT,
  desired_at BIGINT,
  desired_text TEXT,
  comment TEXT,
  tags JSONB NOT NULL DEFAULT '[]',
  assigned_to TEXT,
  contact_id TEXT,
  conversation_id TEXT,
  consent JSONB,
  crm_provider TEXT,
  crm_external_id TEXT,
  crm_url TEXT,
  crm_state TEXT NOT NULL DEFAULT 'none',
  crm_error TEXT,
  crm_synced_at BIGINT,
  custom JSONB NOT NULL DEFAULT '{}',
  folded TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX leads_created ON leads(created_at, id);
CREATE INDEX leads_updated ON leads(updated_at, id);
CREATE INDEX leads_status ON leads(status, created_at, id);
CREATE INDEX leads_channel ON leads(channel, created_at, id);
CREATE INDEX leads_phone ON leads(phone, created_at) WHERE phone IS NOT NULL;

-- The booking ledger. A live row keeps its slot through booking_slots: one of N wins.
CREATE TABLE bookings(
  id TEXT PRIMARY KEY,
  connection TEXT NOT NULL,
  external_id TEXT,
  state TEXT NOT NULL,
  service_id TEXT NOT NULL,
  service_title TEXT NOT NULL,
  employee_id TEXT,
  employee_name TEXT,
  start_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL CHECK (end_at > start_at),
  client_name TEXT,
  phone TEXT,
  price BIGINT,
  currency TEXT NOT NULL,
  comment TEXT,
  channel TEXT,
  contact_id TEXT,
  conversation_id TEXT,
  lead_id TEXT,
  error TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX bookings_start ON bookings(start_at, id);
CREATE INDEX bookings_busy ON bookings(connection, end_at) WHERE state IN ('held', 'committing', 'booked', 'unknown');
CREATE INDEX bookings_phone ON bookings(phone, start_at) WHERE phone IS NOT NULL;
CREATE INDEX bookings_contact ON bookings(contact_id, start_at) WHERE contact_id IS NOT NULL;

-- Five-minute buckets of unix time that a live row covers.
CREATE TABLE booking_slots(
  connection TEXT NOT NULL,
  employee_id TEXT NOT NULL,
  bucket BIGINT NOT NULL,
  booking_id TEXT NOT NULL REFERENCES bookings(id),
  PRIMARY KEY (connection, employee_id, bucket)
);
CREATE INDEX booking_slots_booking ON booking_slots(booking_id);

-- One name space of idempotency keys per connection. A key without a booking was tried and had no effect.
CREATE TABLE booking_keys(
  connection TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  booking_id TEXT REFERENCES bookings(id),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (connection, key)
);

CREATE TABLE jobs(
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload JSONB NOT NULL,
  state BIGINT NOT NULL DEFAULT 0, -- 0 pending, 2 dead; done is deleted
  created_at BIGINT NOT NULL,
  last_error TEXT
);
CREATE INDEX jobs_lane ON jobs(lane, id) WHERE state = 0;
CREATE INDEX jobs_dead ON jobs(id) WHERE state = 2;

CREATE TABLE lanes(
  lane TEXT PRIMARY KEY,
  pending BIGINT NOT NULL,
  ready_at BIGINT,     -- NULL: empty
  lease_until BIGINT,  -- NULL: free
  lease_token BIGINT,
  attempts BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX lanes_free ON lanes(ready_at) WHERE lease_until IS NULL AND ready_at IS NOT NULL;
CREATE INDEX lanes_leased ON lanes(lease_until) WHERE lease_until IS NOT NULL;
ALTER TABLE lanes SET (fillfactor=50, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000);
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000);
ALTER TABLE conversations SET (fillfactor=70);

CREATE TABLE events(
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE TABLE questions(
  id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL REFERENCES conversations(id),
  text TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX questions_recent ON questions(at, id);

CREATE TABLE tokens(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash BYTEA NOT NULL UNIQUE,
  scopes JSONB NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT,
  last_used_ip TEXT,
  revoked_at BIGINT
);

CREATE TABLE idempotency(
  scope TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  effect TEXT NOT NULL,
  status BIGINT,
  headers JSONB,
  body BYTEA,
  created_at BIGINT NOT NULL
);
CREATE INDEX idempotency_age ON idempotency(created_at);

CREATE TABLE usage(
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  engine TEXT NOT NULL,
  duration_us BIGINT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX usage_at ON usage(at);
