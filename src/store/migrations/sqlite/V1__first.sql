-- Times are unix milliseconds. Lists and free members are JSON text.
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE company(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  body TEXT NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE services(
  id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  aliases TEXT NOT NULL,
  category TEXT,
  duration_min INTEGER NOT NULL,
  price_from INTEGER,
  price_to INTEGER,
  hidden INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE employees(
  id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  aliases TEXT NOT NULL,
  title TEXT,
  services TEXT NOT NULL,
  own_hours INTEGER NOT NULL DEFAULT 0,
  days_off TEXT NOT NULL,
  hidden INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Opening hours: the company's have employee_id ''. Minutes from local midnight, weekday 0 is Monday.
CREATE TABLE hours(
  employee_id TEXT NOT NULL,
  weekday INTEGER NOT NULL CHECK (weekday BETWEEN 0 AND 6),
  from_min INTEGER NOT NULL,
  to_min INTEGER NOT NULL CHECK (to_min > from_min),
  PRIMARY KEY (employee_id, weekday, from_min)
) STRICT, WITHOUT ROWID;

CREATE TABLE knowledge(
  id INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  tags TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE knowledge_index USING fts5(
  title, tags, body, content='', contentless_delete=1, prefix='4 5 6');
-- The terms of that index: where a misspelt one finds those it may have meant.
CREATE VIRTUAL TABLE knowledge_terms USING fts5vocab('knowledge_index', 'row');

-- verified_phone: what the channel or the staff vouch for; phone may just have been typed.
CREATE TABLE contacts(
  id TEXT PRIMARY KEY,
  name TEXT,
  phone TEXT,
  verified_phone TEXT,
  email TEXT,
  created_at INTEGER NOT NULL
) STRICT;
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
  handoff_at INTEGER,
  handoff_operator TEXT,
  handoff_seq INTEGER NOT NULL DEFAULT 0, -- answered_seq when a person began to own it
  language TEXT,
  message_count INTEGER NOT NULL DEFAULT 0,
  last_role TEXT,
  last_text TEXT,
  last_at INTEGER,
  started_at INTEGER NOT NULL,
  last_message_at INTEGER NOT NULL,
  closed_at INTEGER,
  answered_seq INTEGER NOT NULL DEFAULT 0,
  unanswered INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (channel, account, external_id)
) STRICT;
CREATE INDEX conversations_recent ON conversations(last_message_at, id);
CREATE INDEX conversations_contact ON conversations(contact_id);
CREATE INDEX conversations_lead ON conversations(lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX conversations_handoff ON conversations(last_message_at, id) WHERE handoff_state IS NOT NULL;

CREATE TABLE messages(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL REFERENCES conversations(id),
  role TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  button_value TEXT,
  buttons TEXT,
  at INTEGER NOT NULL,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  external_id TEXT,
  delivery_state TEXT,
  delivery_error TEXT,
  delivery_attempts INTEGER NOT NULL DEFAULT 0,
  delivery_at INTEGER,
  in_reply_to TEXT,
  metadata TEXT,
  trace TEXT
) STRICT;
CREATE UNIQUE INDEX messages_external ON messages(channel, account, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX messages_conversation ON messages(conversation_id, seq);
-- Filled behind the messages (see meta 'indexed_seq'), so that an acknowledgement never waits for it.
CREATE VIRTUAL TABLE messages_index USING fts5(body, content='', contentless_delete=1);

CREATE TABLE sessions(
  conversation_id TEXT PRIMARY KEY REFERENCES conversations(id),
  state TEXT NOT NULL,
  form TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE leads(
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  name TEXT,
  phone TEXT,
  email TEXT,
  channel TEXT NOT NULL,
  source TEXT,
  service TEXT,
  desired_at INTEGER,
  desired_text TEXT,
  comment TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  assigned_to TEXT,
  contact_id TEXT,
  conversation_id TEXT,
  consent TEXT,
  crm_provider TEXT,
  crm_external_id TEXT,
  crm_url TEXT,
  crm_state TEXT NOT NULL DEFAULT 'none',
  crm_error TEXT,
  crm_synced_at INTEGER,
  custom TEXT NOT NULL DEFAULT '{}',
  folded TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;
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
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL CHECK (end_at > start_at),
  client_name TEXT,
  phone TEXT,
  price INTEGER,
  currency TEXT NOT NULL,
  comment TEXT,
  channel TEXT,
  contact_id TEXT,
  conversation_id TEXT,
  lead_id TEXT,
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX bookings_start ON bookings(start_at, id);
CREATE INDEX bookings_busy ON bookings(connection, end_at) WHERE state IN ('held', 'committing', 'booked', 'unknown');
CREATE INDEX bookings_phone ON bookings(phone, start_at) WHERE phone IS NOT NULL;
CREATE INDEX bookings_contact ON bookings(contact_id, start_at) WHERE contact_id IS NOT NULL;

-- Five-minute buckets of unix time that a live row covers.
CREATE TABLE booking_slots(
  connection TEXT NOT NULL,
  employee_id TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  booking_id TEXT NOT NULL REFERENCES bookings(id),
  PRIMARY KEY (connection, employee_id, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX booking_slots_booking ON booking_slots(booking_id);

-- One name space of idempotency keys per connection. A key without a booking was tried and had no effect.
CREATE TABLE booking_keys(
  connection TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  booking_id TEXT REFERENCES bookings(id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (connection, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, -- 0 pending, 2 dead; done is deleted
  created_at INTEGER NOT NULL,
  last_error TEXT
) STRICT;
CREATE INDEX jobs_lane ON jobs(lane, id) WHERE state = 0;
CREATE INDEX jobs_dead ON jobs(id) WHERE state = 2;

CREATE TABLE lanes(
  lane TEXT PRIMARY KEY,
  pending INTEGER NOT NULL,
  ready_at INTEGER,     -- NULL: empty
  lease_until INTEGER,  -- NULL: free
  lease_token INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX lanes_free ON lanes(ready_at) WHERE lease_until IS NULL AND ready_at IS NOT NULL;
CREATE INDEX lanes_leased ON lanes(lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE questions(
  id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL REFERENCES conversations(id),
  text TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX questions_recent ON questions(at, id);

CREATE TABLE tokens(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  last_used_ip TEXT,
  revoked_at INTEGER
) STRICT;

CREATE TABLE idempotency(
  scope TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  effect TEXT NOT NULL,
  status INTEGER,
  headers TEXT,
  body BLOB,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency(created_at);

CREATE TABLE usage(
  id INTEGER PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  engine TEXT NOT NULL,
  duration_us INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_at ON usage(at);
