// Web chat of the front desk: ties the session, the outbox, the stream and the view together.

import { chooseLanguage, currentLanguage, otherLanguage, setLanguage, t, translate } from './i18n.js';
import { createOutbox, isKey, own, shared } from './outbox.js';
import { createStream, post } from './stream.js';
import { createView } from './view.js';

const TEXT_LIMIT = 4000;
const COUNTER_FROM = 3600;
const LOCK_TIMEOUT = 5000;
const OFFLINE_SHOWN_AFTER = 2000;

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const embedded = query.get('embed') === '1' && window.parent !== window;
const touch = window.matchMedia('(pointer: coarse)').matches;
const tabs = window.BroadcastChannel ? new BroadcastChannel('flow.chat') : null;

let visitor = null;
let company = '';
let cursor = 0;
let opening = null;
let unread = 0;
// The widget tells when its frame is hidden; a page of its own is always shown.
let frameShown = true;

const view = createView(
  { log: $('log'), jump: $('jump'), typing: $('typing'), news: $('news') },
  {
    press(button, event) {
      say(button.text, button.value);
      // The pressed button is gone by now.
      takeFocus(event.detail === 0);
    },
    retry: () => outbox.retry(),
    edit(clientId) {
      outbox.drop(clientId);
      const gone = view.remove(clientId);
      if (gone) setDraft([gone.text, field.value].filter(Boolean).join('\n'));
      field.focus();
    },
  },
);

const outbox = createOutbox({ deliver, onState: (entry, state, reason) => view.setState(entry.client_id, state, reason) });

const stream = createStream({
  prepare: () => (visitor ? undefined : openSession()),
  where: () => ({ visitor, cursor }),
  onEvent: receive,
  onState: showLine,
  onUnknown: openSession,
});

// ---- session

function openSession() {
  if (!opening) {
    opening = locked(askSession).finally(() => {
      opening = null;
    });
  }
  return opening;
}

// Two new tabs at once must not become two visitors.
function locked(work) {
  if (!navigator.locks) return work();
  let begun = false;
  const once = () => {
    begun = true;
    return work();
  };
  // A tab that sleeps with the lock in hand must not stop this one.
  const abort = new AbortController();
  setTimeout(() => abort.abort(), LOCK_TIMEOUT);
  return navigator.locks.request('flow.chat.session', { signal: abort.signal }, once).catch((error) => {
    if (begun) throw error;
    return work();
  });
}

async function askSession() {
  const known = shared.get('visitor') || visitor;
  const { status, data } = await post('session', { visitor: known, language: currentLanguage() });
  if (status !== 200 || typeof data.visitor !== 'string') throw new Error(`session refused: ${status}`);
  const isOther = visitor !== null && visitor !== data.visitor;
  const isFirst = visitor === null || isOther;
  visitor = data.visitor;
  shared.set('visitor', visitor);
  if (isOther) {
    view.clear();
    stream.restart();
  }
  // While the stream is at work it knows better where it is.
  if (isFirst) cursor = data.cursor || 0;
  setCompany(data.company);
  view.setWelcome(data.welcome, data.language);
  show(Array.isArray(data.messages) ? data.messages : []);
  if (isFirst) {
    view.scrollToEnd();
    // Set a moment later, or the whole history would be read out.
    setTimeout(() => $('log').setAttribute('aria-busy', 'false'), 300);
  }
  view.showTyping(data.typing === true);
}

function setCompany(name) {
  company = name || company;
  $('company').textContent = company || t('chat');
  $('mark').textContent = Array.from(company.replace(/[^\p{L}\p{N} ]/gu, '').split(' ').pop() || '•')[0];
  showUnread();
}

// ---- messages in and out

function show(messages) {
  const valid = messages.filter((m) => m && typeof m.id === 'string' && Number.isInteger(m.seq));
  for (const m of valid) if (m.client_id) outbox.confirm(m.client_id);
  return { fromThem: view.upsert(valid), valid };
}

function receive({ event, data }) {
  let body;
  try {
    body = JSON.parse(data);
  } catch {
    return;
  }
  if (event === 'typing') view.showTyping(body.on === true);
  if (event !== 'message') return;
  const { fromThem, valid } = show([body]);
  for (const m of valid) cursor = Math.max(cursor, m.seq);
  if (!fromThem) return;
  view.showTyping(false);
  if (document.hidden || !frameShown) {
    unread += fromThem;
    showUnread();
  }
}

function say(text, button) {
  const entry = outbox.add(text, button);
  view.upsert([{ ...entry, role: 'customer', state: 'pending' }]);
}

function adoptUnsent() {
  const found = outbox.adopt();
  const unsent = found.map((entry) => ({
    client_id: entry.client_id,
    text: entry.text,
    at: entry.at,
    role: 'customer',
    state: entry.rejected ? 'rejected' : 'pending',
    reason: entry.rejected,
  }));
  if (unsent.length) view.upsert(unsent);
}

async function deliver({ client_id, text, button }) {
  if (!visitor) await openSession();
  const { status, data } = await post('messages', { client_id, text, button }, visitor);
  if (status >= 200 && status < 300) {
    view.upsert([{ client_id, id: data.id, seq: data.seq, text, role: 'customer' }]);
    return { sent: true };
  }
  if (status === 401) {
    await openSession();
    throw new Error('visitor unknown: a new session was opened, send again');
  }
  return { rejected: status === 413 || data.code === 'too_long' ? 'tooLong' : 'refused' };
}

// ---- connection

let offlineTimer = 0;

function showLine(state) {
  if (state === 'open') {
    calmDown();
    if ($('banner').textContent) view.announce(t('online'));
    $('banner').textContent = '';
    adoptUnsent();
    outbox.retry();
    return;
  }
  view.showTyping(false);
  const showOffline = () => {
    $('banner').textContent = t('offline');
  };
  // A short break is nobody's business; further failures do not put the notice off.
  if (navigator.onLine === false) showOffline();
  else offlineTimer = offlineTimer || setTimeout(showOffline, OFFLINE_SHOWN_AFTER);
}

function calmDown() {
  clearTimeout(offlineTimer);
  offlineTimer = 0;
}

// Browsers allow few connections to one host, so of many tabs only the shown ones keep a stream.
function becameShown() {
  if (tabs) tabs.postMessage('shown');
  stream.start();
  stream.kick();
  markRead();
}

if (tabs) {
  tabs.addEventListener('message', () => {
    if (!document.hidden) return;
    calmDown();
    stream.stop();
  });
}
document.addEventListener('visibilitychange', () => document.hidden || becameShown());
window.addEventListener('pageshow', (event) => event.persisted && becameShown());
window.addEventListener('online', () => {
  stream.kick();
  outbox.retry();
});
window.addEventListener('offline', () => stream.restart());
window.addEventListener('storage', (event) => {
  const stored = shared.get('visitor');
  if (!isKey(event.key, 'visitor') || !stored || stored === visitor) return;
  openSession().catch(() => {});
});

// ---- unread and the widget around the frame

function tellParent(message) {
  if (embedded) window.parent.postMessage(message, '*');
}

function showUnread() {
  const name = company || t('chat');
  document.title = unread ? `(${unread}) ${name}` : name;
  tellParent({ type: 'flow:unread', count: unread });
}

function markRead() {
  if (document.hidden || !frameShown || !unread) return;
  unread = 0;
  showUnread();
}

if (embedded) {
  document.documentElement.classList.add('embedded');
  $('close').hidden = false;
  $('close').addEventListener('click', () => tellParent({ type: 'flow:close' }));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing) tellParent({ type: 'flow:close' });
  });
  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || !event.data) return;
    if (event.data.type === 'flow:hidden') frameShown = false;
    if (event.data.type !== 'flow:shown') return;
    frameShown = true;
    markRead();
    takeFocus(false);
  });
}

// ---- composer

const field = $('text');
const length = (text) => Array.from(text).length;

// On a touch screen the text field would raise the on-screen keyboard over the answers.
function takeFocus(byKeyboard) {
  (touch && !byKeyboard ? $('log') : field).focus({ preventScroll: true });
}

function fieldChanged() {
  own.set('draft', field.value);
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  const used = field.value.length < COUNTER_FROM ? 0 : length(field.value.trim());
  const left = TEXT_LIMIT - used;
  if (left < 0 && !$('counter').classList.contains('over')) view.announce(t('tooLong'));
  $('counter').textContent = used < COUNTER_FROM ? '' : t(left < 0 ? 'over' : 'left', Math.abs(left));
  $('counter').classList.toggle('over', left < 0);
  $('send').classList.toggle('idle', !field.value.trim() || left < 0);
}

function setDraft(text) {
  field.value = text;
  fieldChanged();
}

function submit() {
  const text = field.value.trim();
  field.focus();
  if (!text || length(text) > TEXT_LIMIT) return;
  setDraft('');
  say(text);
}

field.addEventListener('input', fieldChanged);
field.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
});
// A tap on the button must not take the focus, or the on-screen keyboard would go down.
$('send').addEventListener('pointerdown', (event) => event.preventDefault());
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});

// ---- page

function applyLanguage(language) {
  setLanguage(language);
  document.documentElement.lang = language;
  translate(document);
  $('company').textContent = company || t('chat');
  const other = $('language');
  other.textContent = t('otherLanguage');
  other.lang = otherLanguage();
  other.setAttribute('aria-label', t('switchLanguage'));
  if ($('banner').textContent) $('banner').textContent = t('offline');
}

$('language').addEventListener('click', () => {
  const language = otherLanguage();
  own.set('language', language);
  shared.set('language', language);
  applyLanguage(language);
  view.repaint();
  fieldChanged();
  // The greeting and the answers to come follow the page; without a connection the next session tells it.
  Promise.resolve(opening).catch(() => {}).then(openSession).catch(() => {});
});

// `?color=` comes from the widget: the header wears it, its text keeps the contrast.
function applyColor(color) {
  if (!/^#[0-9a-f]{6}$/i.test(color || '')) return;
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  document.documentElement.style.setProperty('--accent', color);
  document.documentElement.style.setProperty('--on-accent', 1.05 / (light + 0.05) >= 4.5 ? '#fff' : '#000');
}

// iOS lays the keyboard over the page; the visual viewport tells what is left. A pinch zoom is not a keyboard.
function followViewport() {
  const area = window.visualViewport;
  if (!area || area.scale > 1.01) return;
  document.documentElement.style.setProperty('--height', `${area.height}px`);
  document.documentElement.style.setProperty('--top', `${Math.max(0, area.offsetTop)}px`);
}

if (window.visualViewport && !embedded) {
  window.visualViewport.addEventListener('resize', followViewport);
  window.visualViewport.addEventListener('scroll', followViewport);
}

const wishes = [own.get('language'), query.get('lang'), shared.get('language'), ...(navigator.languages || [])];
applyLanguage(chooseLanguage(wishes));
applyColor(query.get('color'));
$('boot').remove();
$('app').hidden = false;
setDraft(own.get('draft') || '');
adoptUnsent();
// The first word to the widget: the page in the frame has come up.
showUnread();
if (!touch || embedded) takeFocus(false);
if (document.hidden) stream.start();
else becameShown();
