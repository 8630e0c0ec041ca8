// The conversation on the screen: bubbles in order, day lines, buttons of the latest answer, scrolling.

import { clockTime, currentLanguage, dayKey, dayTitle, t } from './i18n.js';

const NEAR_END = 60;
const WELCOME = 'welcome';
const LINK = /\bhttps?:\/\/[^\s<>"«»]+|\btel:\+?[\d()\-]{3,20}|\+\d[\d \u00a0()\-]{8,18}\d/gi;

const sameMinute = (a, b) => Boolean(a && b) && Math.floor(a / 60000) === Math.floor(b / 60000);

function make(tag, className, text) {
  const el = document.createElement(tag);
  if (className) el.className = className;
  if (text !== undefined) el.textContent = text;
  return el;
}

// A full stop, quote or bracket after an address belongs to the sentence.
function trimLink(found) {
  let link = found.replace(/[.,;:!?'…]+$/, '');
  while (link.endsWith(')') && link.split('(').length < link.split(')').length) link = link.slice(0, -1);
  return link.replace(/[.,;:!?'…]+$/, '');
}

function anchor(text) {
  const isPhone = /^(\+|tel:)/i.test(text);
  const el = make('a', '', text);
  if (isPhone) {
    el.href = `tel:${text.replace(/[^\d+]/g, '')}`;
  } else {
    try {
      const url = new URL(text);
      if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
      el.href = url.href;
    } catch {
      return null;
    }
  }
  el.rel = 'noopener noreferrer nofollow';
  el.target = '_blank';
  return el;
}

/// The text as nodes: plain text and links, never markup.
export function linkify(text) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimLink(match[0]);
    const el = anchor(link);
    if (!el) continue;
    out.append(text.slice(from, match.index), el);
    from = match.index + link.length;
  }
  out.append(text.slice(from));
  return out;
}

/// `on` is `{press(button), retry(clientId), edit(clientId)}`.
export function createView({ log, jump, typing, news }, on) {
  let items = [];
  let made = 0;
  let unseen = 0;
  let typingTimer = 0;
  let pinned = true;
  let dialogueLanguage = currentLanguage();
  const days = new Map();

  const find = (m) =>
    items.find((i) => (m.client_id && i.client_id === m.client_id) || (m.id && i.id === m.id));

  function announce(text) {
    news.textContent = '';
    // A screen reader reads the same sentence again only when the text has changed.
    setTimeout(() => {
      news.textContent = text;
    }, 50);
  }

  function paint(item) {
    const mine = item.role === 'customer';
    const who = mine ? t('you') : t(item.role === 'operator' ? 'operator' : 'bot');
    item.el.className = `msg ${mine ? 'mine' : 'theirs'} ${item.role} ${item.state || ''}`;
    const bubble = make('div', 'bubble');
    if (item.role === 'operator') bubble.append(make('span', 'author', who));
    else bubble.append(make('span', 'vh', `${who}: `));
    const text = make('span', 'text');
    text.lang = dialogueLanguage;
    text.append(linkify(item.text));
    bubble.append(text);
    item.el.replaceChildren(bubble, meta(item));
    if (item.state === 'failed' || item.state === 'rejected') item.el.append(failure(item));
    item.choices = null;
  }

  function meta(item) {
    const el = make('div', 'meta');
    if (item.date) {
      const time = make('time', '', clockTime(item.date));
      time.dateTime = item.date.toISOString();
      el.append(time);
    }
    if (item.state === 'pending' || item.state === 'sent') {
      const mark = make('span', 'tick', item.state === 'sent' ? '✓' : '…');
      mark.setAttribute('aria-hidden', 'true');
      el.append(mark, make('span', 'vh', t(item.state)));
    }
    return el;
  }

  function failure(item) {
    const el = make('div', 'failure');
    const isFinal = item.state === 'rejected';
    const why = isFinal ? t(item.reason === 'tooLong' ? 'tooLong' : 'rejected') : t('failed');
    const again = make('button', 'again', t(isFinal ? 'edit' : 'retry'));
    again.type = 'button';
    again.addEventListener('click', () => (isFinal ? on.edit : on.retry)(item.client_id));
    el.append(make('span', '', why), again);
    return el;
  }

  function choices(item) {
    const group = make('div', 'choices');
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', t('choices'));
    for (const button of item.buttons) {
      const el = make('button', 'choice', button.text);
      el.type = 'button';
      el.lang = dialogueLanguage;
      el.addEventListener('click', (event) => on.press(button, event));
      group.append(el);
    }
    return group;
  }

  // Only the latest message of all may offer buttons.
  function offerChoices() {
    const last = items[items.length - 1];
    for (const item of items) {
      const offered = item === last && item.role !== 'customer' && item.buttons.length > 0;
      if (offered && !item.choices) {
        item.choices = choices(item);
        item.el.append(item.choices);
      } else if (!offered && item.choices) {
        item.choices.remove();
        item.choices = null;
      }
    }
  }

  function dayLine(item) {
    const key = dayKey(item.date);
    if (!days.has(key)) days.set(key, make('div', 'day'));
    const line = days.get(key);
    const title = dayTitle(item.date);
    if (line.textContent !== title) line.textContent = title;
    return line;
  }

  const place = (item) => (item.seq === undefined ? Number.MAX_SAFE_INTEGER : item.seq);

  // Nodes already in place are not touched, or a screen reader would read them again.
  function arrange() {
    items.sort((a, b) => place(a) - place(b) || a.made - b.made);
    const wanted = new Set();
    let before = null;
    for (const item of items) {
      const line = item.date ? dayLine(item) : null;
      const newDay = line !== null && !wanted.has(line);
      if (newDay) wanted.add(line);
      const goesOn = !newDay && before !== null && before.role === item.role;
      item.el.classList.toggle('cont', goesOn);
      item.el.classList.remove('quiet');
      if (goesOn) before.el.classList.toggle('quiet', sameMinute(before.date, item.date));
      wanted.add(item.el);
      before = item;
    }
    for (const el of Array.from(log.children)) if (!wanted.has(el)) el.remove();
    let at = log.firstChild;
    for (const el of wanted) {
      if (el === at) at = at.nextSibling;
      else log.insertBefore(el, at);
    }
    offerChoices();
  }

  function atEnd() {
    return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  }

  function scrollToEnd() {
    pinned = true;
    log.scrollTop = log.scrollHeight;
    seen();
  }

  function seen() {
    unseen = 0;
    jump.hidden = true;
  }

  function add(m) {
    const item = { el: make('div'), made: (made += 1) };
    items.push(item);
    merge(item, m);
    return item;
  }

  // An answer to our own post knows less than the event does: absent fields stay as they were.
  function merge(item, m) {
    for (const key of ['client_id', 'id', 'seq', 'text', 'state', 'reason']) {
      if (m[key] !== undefined && m[key] !== null) item[key] = m[key];
    }
    item.role = ['customer', 'operator'].includes(m.role || item.role) ? m.role || item.role : 'bot';
    item.text = String(item.text === undefined ? '' : item.text);
    item.buttons = Array.isArray(m.buttons) ? m.buttons.filter((b) => b && b.text) : item.buttons || [];
    const date = new Date(m.at || NaN);
    if (!Number.isNaN(date.getTime())) item.date = date;
    if (item.seq !== undefined) item.state = item.role === 'customer' ? 'sent' : undefined;
  }

  /// Shows messages, each once; returns how many came newly from the other side.
  function upsert(messages) {
    const wasPinned = pinned;
    let fromThem = 0;
    let fromMe = false;
    for (const m of messages) {
      const old = find(m);
      const print = old && `${old.text}|${old.state}|${old.date}`;
      const item = old || add(m);
      if (old) merge(old, m);
      if (!old && item.role !== 'customer') fromThem += 1;
      if (!old && item.role === 'customer') fromMe = fromMe || item.state === 'pending';
      if (!old || print !== `${item.text}|${item.state}|${item.date}`) paint(item);
    }
    arrange();
    if (wasPinned || fromMe) scrollToEnd();
    else if (fromThem) {
      unseen += fromThem;
      jump.textContent = `↓ ${t('jump')} (${unseen})`;
      jump.hidden = false;
    }
    return fromThem;
  }

  function showTyping(isOn) {
    clearTimeout(typingTimer);
    if (isOn) typingTimer = setTimeout(() => showTyping(false), 60000);
    if (typing.hidden === !isOn) return;
    typing.hidden = !isOn;
    if (isOn) announce(t('typing'));
    else if (news.textContent === t('typing')) news.textContent = '';
    if (pinned) log.scrollTop = log.scrollHeight;
  }

  function remove(clientId) {
    const gone = items.find((item) => item.client_id === clientId);
    items = items.filter((item) => item !== gone);
    arrange();
    return gone;
  }

  log.addEventListener('scroll', () => {
    pinned = atEnd();
    if (pinned) seen();
  });
  jump.addEventListener('click', () => {
    scrollToEnd();
    log.focus({ preventScroll: true });
  });
  // The on-screen keyboard or a growing text field must not hide the latest message.
  if (window.ResizeObserver) new ResizeObserver(() => pinned && scrollToEnd()).observe(log);

  return {
    upsert,
    remove,
    announce,
    showTyping,
    scrollToEnd,
    setState(clientId, state, reason) {
      const item = items.find((i) => i.client_id === clientId);
      if (!item || item.seq !== undefined || item.state === state) return;
      upsert([{ client_id: clientId, state, reason }]);
      if (state !== 'pending') announce(`${t(state)} ${item.text.slice(0, 80)}`);
    },
    /// The greeting stands above everything and is not part of the history.
    setWelcome(welcome, language) {
      dialogueLanguage = language || currentLanguage();
      if (!welcome || !welcome.text) return;
      const old = items.find((item) => item.id === WELCOME);
      upsert([{ ...welcome, id: WELCOME, seq: -1, role: 'bot' }]);
      if (old) paint(old);
      offerChoices();
    },
    /// Another visitor: only what was not sent yet stays.
    clear() {
      items = items.filter((item) => item.seq === undefined);
      arrange();
    },
    repaint() {
      items.forEach(paint);
      arrange();
    },
  };
}
