// The way to the server: single calls, and the event stream that reconnects by itself.

const BASE = new URL('.', import.meta.url);
const CALL_TIMEOUT = 15000;
// The server sends a byte at least every 15 s.
const SILENCE_LIMIT = 40000;
const STALE_AFTER = 20000;
// A stream that ends sooner than this does not reset the back-off.
const SETTLED_AFTER = 5000;
const LONGEST_WAIT = 15000;
const LONGEST_RETRY_AFTER = 60000;

/// The server or the way to it is out of order; trying again later can help.
export class Unavailable extends Error {
  constructor(message, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/// Milliseconds before try number `attempt` (from 0), with jitter.
export function backoff(attempt) {
  const full = Math.min(LONGEST_WAIT, 500 * 2 ** attempt);
  return Math.max(500, full * (0.5 + Math.random() / 2));
}

/// A pause that `ring()` ends at once.
export function createPause() {
  let wake = () => {};
  return {
    sleep: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    ring: () => wake(),
  };
}

function retryAfter(response) {
  const value = response.headers.get('Retry-After');
  if (!value) return 0;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER) : 0;
}

/// Posts JSON and returns `{status, data}`; a dead line, 408, 425, 429 or 5xx is `Unavailable`.
export async function post(path, body, visitor) {
  const headers = { 'Content-Type': 'application/json' };
  if (visitor) headers['X-Flow-Visitor'] = visitor;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), CALL_TIMEOUT);
  try {
    const response = await fetch(new URL(path, BASE), {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      signal: abort.signal,
    });
    if ([408, 425, 429].includes(response.status) || response.status >= 500) {
      throw new Unavailable(`status ${response.status}`, retryAfter(response));
    }
    return { status: response.status, data: await response.json().catch(() => ({})) };
  } catch (error) {
    throw error instanceof Unavailable ? error : new Unavailable(error.message);
  } finally {
    clearTimeout(timer);
  }
}

/// Reads text/event-stream piece by piece; `emit({event, data, id})` is called for each event.
export function createParser(emit) {
  let rest = '';
  let fields = { event: '', data: [], id: '' };

  function line(text) {
    if (text === '') {
      if (fields.data.length) emit({ event: fields.event || 'message', data: fields.data.join('\n'), id: fields.id });
      fields = { event: '', data: [], id: '' };
      return;
    }
    if (text.startsWith(':')) return;
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') fields.data.push(value);
    else if (name === 'event' || name === 'id') fields[name] = value;
  }

  return (chunk) => {
    rest += chunk;
    // A lone CR at the end may be the first half of CRLF: it waits for the next piece.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    lines.forEach(line);
  };
}

/// Keeps one event stream open from `start()` to `stop()`.
///
/// `prepare()` opens the session and throws `Unavailable` when it cannot; `where()` gives `{visitor, cursor}`;
/// `onEvent({event, data, id})`, `onState('open' | 'down')`, `onUnknown()` (the server forgot the visitor).
export function createStream({ prepare, where, onEvent, onState, onUnknown }) {
  const pause = createPause();
  let abort = null;
  let open = false;
  let lastByte = 0;

  async function read(signal, cut) {
    let watchdog = setTimeout(cut, SILENCE_LIMIT);
    const alive = () => {
      lastByte = Date.now();
      clearTimeout(watchdog);
      watchdog = setTimeout(cut, SILENCE_LIMIT);
    };
    try {
      const { visitor, cursor } = where();
      const response = await fetch(new URL(`events?after=${cursor}`, BASE), {
        headers: { Accept: 'text/event-stream', 'X-Flow-Visitor': visitor },
        cache: 'no-store',
        credentials: 'omit',
        signal,
      });
      if (response.status === 401) return onUnknown();
      if (!response.ok || !response.body) throw new Unavailable(`status ${response.status}`, retryAfter(response));
      alive();
      open = true;
      onState('open');
      const parse = createParser((event) => signal.aborted || onEvent(event));
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return undefined;
        alive();
        parse(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async function run(mine) {
    for (let attempt = 0; abort === mine; attempt += 1) {
      const turn = new AbortController();
      mine.cut = () => turn.abort();
      const began = Date.now();
      let wait = 0;
      try {
        await prepare();
        if (abort !== mine) return;
        await read(turn.signal, mine.cut);
      } catch (error) {
        wait = error.retryAfter || 0;
      }
      if (abort !== mine) return;
      if (open && Date.now() - began > SETTLED_AFTER) attempt = 0;
      open = false;
      onState('down');
      await pause.sleep(Math.max(backoff(attempt), wait));
    }
  }

  function stop() {
    if (!abort) return;
    const old = abort;
    abort = null;
    open = false;
    old.cut();
    pause.ring();
  }

  return {
    stop,
    start() {
      if (abort) return;
      abort = { cut: () => {} };
      run(abort);
    },
    /// Something changed for the better (network, tab shown): do not wait, and drop a stream that looks dead.
    kick() {
      if (abort && open && Date.now() - lastByte > STALE_AFTER) abort.cut();
      pause.ring();
    },
    /// The line is known to be cut or the session has changed: begin again.
    restart() {
      if (!abort) return;
      abort.cut();
      pause.ring();
    },
  };
}
