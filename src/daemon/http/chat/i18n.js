// The words of the page in Russian and English, and dates as the visitor writes them.

const WORDS = {
  ru: {
    chat: 'Чат',
    subtitle: 'Отвечаем прямо здесь',
    otherLanguage: 'EN',
    switchLanguage: 'Switch to English',
    close: 'Закрыть чат',
    messages: 'Сообщения',
    composer: 'Новое сообщение',
    message: 'Ваше сообщение',
    placeholder: 'Напишите сообщение…',
    hint: 'Enter отправляет, Shift+Enter переносит строку.',
    send: 'Отправить',
    choices: 'Варианты ответа',
    you: 'Вы',
    operator: 'Сотрудник',
    bot: 'Ответ',
    pending: 'отправляется',
    sent: 'отправлено',
    failed: 'Не отправлено.',
    rejected: 'Сообщение не принято.',
    tooLong: 'Сообщение слишком длинное.',
    retry: 'Повторить',
    edit: 'Изменить',
    typing: 'Собеседник печатает…',
    offline: 'Нет связи, пробуем снова…',
    online: 'Связь восстановлена.',
    jump: 'Новые сообщения',
    left: 'Осталось символов: {n}',
    over: 'Лишних символов: {n}',
    today: 'Сегодня',
    yesterday: 'Вчера',
  },
  en: {
    chat: 'Chat',
    subtitle: 'We answer right here',
    otherLanguage: 'RU',
    switchLanguage: 'Переключить на русский',
    close: 'Close the chat',
    messages: 'Messages',
    composer: 'New message',
    message: 'Your message',
    placeholder: 'Write a message…',
    hint: 'Enter sends, Shift+Enter starts a new line.',
    send: 'Send',
    choices: 'Suggested answers',
    you: 'You',
    operator: 'Staff',
    bot: 'Answer',
    pending: 'sending',
    sent: 'sent',
    failed: 'Not sent.',
    rejected: 'The message was not accepted.',
    tooLong: 'The message is too long.',
    retry: 'Try again',
    edit: 'Edit',
    typing: 'Typing…',
    offline: 'No connection, trying again…',
    online: 'Connected again.',
    jump: 'New messages',
    left: 'Characters left: {n}',
    over: 'Characters too many: {n}',
    today: 'Today',
    yesterday: 'Yesterday',
  },
};

let language = 'en';

export function setLanguage(next) {
  language = next === 'ru' ? 'ru' : 'en';
}

export function currentLanguage() {
  return language;
}

export function otherLanguage() {
  return language === 'ru' ? 'en' : 'ru';
}

/// The first language the page speaks among the wishes, most important first.
export function chooseLanguage(wishes) {
  for (const wish of wishes) {
    const base = String(wish || '').toLowerCase().split(/[-_]/)[0];
    if (base in WORDS) return base;
  }
  return 'en';
}

export function t(key, n) {
  return WORDS[language][key].replace('{n}', n);
}

// The chosen language as the visitor's own region writes it.
function locale() {
  const own = navigator.languages || [navigator.language];
  return own.find((tag) => tag && tag.toLowerCase().split('-')[0] === language) || language;
}

// 24 h or am/pm is a habit of the visitor; Russian knows 24 h only.
const { hourCycle: ownCycle } = new Intl.DateTimeFormat(navigator.language, { hour: 'numeric' }).resolvedOptions();

export function clockTime(date) {
  const hourCycle = language === 'ru' ? 'h23' : ownCycle;
  const hour = hourCycle === 'h12' || hourCycle === 'h11' ? 'numeric' : '2-digit';
  return new Intl.DateTimeFormat(locale(), { hour, minute: '2-digit', hourCycle }).format(date);
}

export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

export function dayTitle(date) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(date) === dayKey(now)) return t('today');
  if (dayKey(date) === dayKey(yesterday)) return t('yesterday');
  const style = { day: 'numeric', month: 'long' };
  if (date.getFullYear() !== now.getFullYear()) style.year = 'numeric';
  return new Intl.DateTimeFormat(locale(), style).format(date);
}

/// Puts the words into every element that names one in `data-t…`.
export function translate(root) {
  for (const el of root.querySelectorAll('[data-t]')) el.textContent = t(el.dataset.t);
  for (const el of root.querySelectorAll('[data-t-label]')) el.setAttribute('aria-label', t(el.dataset.tLabel));
  for (const el of root.querySelectorAll('[data-t-placeholder]')) el.placeholder = t(el.dataset.tPlaceholder);
}
