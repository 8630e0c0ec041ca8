// What the page remembers: the visitor's secret, the choices, and messages not yet accepted by the server.

import { backoff, createPause } from './stream.js';

const PREFIX = 'flow.chat.';
const OUTBOX = `${PREFIX}out.`;
const ATTEMPTS = 6;

// A browser may refuse storage (third-party frame, private window, full disk): then memory has to do.
function createStore(area) {
  const memory = new Map();
  return {
    get(key) {
      try {
        const value = area().getItem(PREFIX + key);
        if (value !== null) return value;
      } catch {
        // Refused: see the memory.
      }
      return memory.has(key) ? memory.get(key) : null;
    },
    set(key, value) {
      try {
        area().setItem(PREFIX + key, value);
        memory.delete(key);
      } catch {
        memory.set(key, value);
      }
    },
    remove(key) {
      memory.delete(key);
      try {
        area().removeItem(PREFIX + key);
      } catch {
        // Nothing was stored.
      }
    },
  };
}

/// Shared by all tabs and kept.
export const shared = createStore(() => window.localStorage);
/// This tab only; survives a reload.
export const own = createStore(() => window.sessionStorage);

export function isKey(storageKey, key) {
  return storageKey === PREFIX + key;
}

function storedEntries() {
  const entries = [];
  try {
    for (let i = 0; i < localStorage.length; i += 1) {
      const key = localStorage.key(i);
      if (!key.startsWith(OUTBOX)) continue;
      const entry = parse(localStorage.getItem(key));
      if (entry) entries.push(entry);
    }
  } catch {
    // Refused: nothing was kept.
  }
  return entries.sort((a, b) => (a.at < b.at ? -1 : 1));
}

function parse(text) {
  try {
    const entry = JSON.parse(text);
    return typeof entry.client_id === 'string' && typeof entry.text === 'string' ? entry : null;
  } catch {
    return null;
  }
}

// randomUUID exists only on https and localhost.
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/// Sends messages one after another, in the order written, until the server has each.
///
/// Every message has a key of its own in the storage, so tabs do not overwrite each other; two tabs may send the same
/// message, and the server tells it by `client_id`. `deliver(entry)` resolves to `{sent: true}` or
/// `{rejected: reason}` and throws `Unavailable` when trying again can help. `onState(entry, state, reason)` hears
/// 'pending', 'failed' and 'rejected'.
export function createOutbox({ deliver, onState }) {
  const pause = createPause();
  let queue = [];
  const known = new Set();
  let running = false;

  const save = (entry) => shared.set(`out.${entry.client_id}`, JSON.stringify(entry));

  function forget(clientId) {
    queue = queue.filter((entry) => entry.client_id !== clientId);
    shared.remove(`out.${clientId}`);
  }

  /// True when the entry is off the queue: accepted, refused for good or confirmed by its echo.
  async function push(entry) {
    for (let attempt = 0, wait = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt) await pause.sleep(Math.max(backoff(attempt - 1), wait));
      if (!queue.includes(entry)) return true;
      try {
        const outcome = await deliver(entry);
        if (outcome.rejected) refuse(entry, outcome.rejected);
        else forget(entry.client_id);
        return true;
      } catch (error) {
        wait = error.retryAfter || 0;
      }
    }
    return !queue.includes(entry);
  }

  function refuse(entry, reason) {
    queue = queue.filter((other) => other !== entry);
    entry.rejected = reason;
    save(entry);
    onState(entry, 'rejected', reason);
  }

  async function drain() {
    if (running) return;
    running = true;
    try {
      while (queue.length) {
        // Later messages may not overtake the one that cannot get through.
        if (!(await push(queue[0]))) {
          for (const entry of queue) onState(entry, 'failed');
          return;
        }
      }
    } finally {
      running = false;
    }
  }

  return {
    add(text, button) {
      const entry = { client_id: uuid(), text, at: new Date().toISOString() };
      if (button) entry.button = button;
      known.add(entry.client_id);
      save(entry);
      queue.push(entry);
      drain();
      return entry;
    },
    /// Takes over what an earlier page or a closed tab left unsent; returns the entries new to this page.
    adopt() {
      const found = storedEntries().filter((entry) => !known.has(entry.client_id));
      for (const entry of found) {
        known.add(entry.client_id);
        if (!entry.rejected) queue.push(entry);
      }
      drain();
      return found;
    },
    retry() {
      for (const entry of queue) onState(entry, 'pending');
      pause.ring();
      drain();
    },
    /// The server has it (seen in the history or the stream).
    confirm(clientId) {
      known.add(clientId);
      forget(clientId);
    },
    drop: forget,
  };
}
