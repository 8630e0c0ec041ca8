// The chat as a button in the corner of any site:
// <script src="https://HOST/widget.js" async data-lang="ru" data-position="right" data-color="#0b6e4f"></script>
(() => {
  'use strict';

  if (window.FlowChat) return;

  // Only now does the document know which script is running.
  const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
  if (!script || !script.src) return;

  const DEFAULT_COLOR = '#0b6e4f';
  const WORDS = {
    ru: { open: 'Открыть чат', close: 'Закрыть чат', title: 'Чат', unread: 'новых сообщений: ' },
    en: { open: 'Open the chat', close: 'Close the chat', title: 'Chat', unread: 'new messages: ' },
  };

  const pageUrl = new URL('chat?embed=1', script.src);
  const asked = script.dataset.lang || document.documentElement.lang || navigator.language || '';
  const language = asked.toLowerCase().startsWith('ru') ? 'ru' : 'en';
  const words = WORDS[language];
  const side = script.dataset.position === 'left' ? 'left' : 'right';
  const color = fullHex(script.dataset.color) || DEFAULT_COLOR;
  const phone = window.matchMedia('(max-width: 30rem), (max-height: 28rem)');

  const CSS = `
    :host { all: initial !important; display: block !important; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .launcher {
      position: fixed; z-index: 2147483000; bottom: calc(20px + env(safe-area-inset-bottom)); ${side}: calc(20px + env(safe-area-inset-${side}));
      width: 60px; height: 60px; margin: 0; padding: 0; border: 0; border-radius: 50%;
      background: ${color}; color: ${textOn(color)}; cursor: pointer; box-shadow: 0 4px 16px rgb(0 0 0 / 28%);
    }
    .launcher:hover { filter: brightness(1.08); }
    .launcher:focus-visible { outline: 3px solid ${color}; outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }
    .icon { position: absolute; left: 18px; top: 19px; width: 24px; height: 18px; border-radius: 6px; background: currentcolor; }
    .icon::after { content: ""; position: absolute; left: 4px; bottom: -5px; border: solid transparent; border-width: 6px 0 0 7px; border-top-color: currentcolor; }
    .open .icon { left: 20px; top: 29px; width: 20px; height: 3px; border-radius: 2px; transform: rotate(45deg); }
    .open .icon::after { left: 0; bottom: 0; width: 20px; height: 3px; border: 0; border-radius: 2px; background: currentcolor; transform: rotate(-90deg); }
    .badge {
      position: absolute; top: -4px; right: -4px; min-width: 22px; height: 22px; padding: 0 6px; border: 2px solid #fff; border-radius: 12px;
      background: #b3261e; color: #fff; font: 600 12px/18px system-ui, sans-serif; text-align: center;
    }
    .panel {
      position: fixed; z-index: 2147483001; bottom: calc(92px + env(safe-area-inset-bottom)); ${side}: calc(20px + env(safe-area-inset-${side}));
      width: 384px; max-width: calc(100vw - 40px); height: min(620px, calc(100vh - 112px)); overflow: hidden;
      border-radius: 16px; background: #fff; color-scheme: light dark; box-shadow: 0 8px 40px rgb(0 0 0 / 30%);
    }
    .panel iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark; }
    .bail { position: absolute; top: 6px; right: 6px; width: 44px; height: 44px; border: 0; border-radius: 10px; background: none; color: #56655f; font: 28px/1 system-ui, sans-serif; cursor: pointer; }
    .panel.full { inset: var(--top, 0) 0 auto 0; width: 100%; max-width: none; height: var(--height, 100vh); border-radius: 0; box-shadow: none; }
    @media (prefers-color-scheme: dark) { .panel { background: #18201d; } .bail { color: #a0b0a9; } }
    @media (prefers-reduced-motion: no-preference) {
      .panel:not(.full) { animation: rise .18s ease-out; }
      @keyframes rise { from { transform: translateY(12px); opacity: 0; } }
    }
    @media print { .launcher, .panel { display: none; } }
  `;

  let root = null;
  let launcher;
  let badge;
  let panel;
  let bail;
  let frame = null;
  let isOpen = false;
  // The chat in the frame has spoken: it has a close button of its own.
  let ready = false;
  let pageOverflow = '';

  function fullHex(value) {
    const hex = String(value || '').trim();
    if (/^#[0-9a-f]{6}$/i.test(hex)) return hex;
    return /^#[0-9a-f]{3}$/i.test(hex) ? hex.replace(/[0-9a-f]/gi, '$&$&') : '';
  }

  function textOn(hex) {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 4.5 ? '#fff' : '#000';
  }

  // A constructed sheet passes any style-src of the page; the element needs 'unsafe-inline' or the script's nonce.
  function addStyles(shadow) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      const style = document.createElement('style');
      if (script.nonce) style.nonce = script.nonce;
      style.textContent = CSS;
      shadow.append(style);
    }
  }

  function build() {
    if (root) return;
    root = document.createElement('div');
    root.lang = language;
    const shadow = root.attachShadow({ mode: 'closed' });
    addStyles(shadow);

    launcher = document.createElement('button');
    launcher.type = 'button';
    launcher.className = 'launcher';
    launcher.addEventListener('click', () => (isOpen ? close() : open()));
    const icon = document.createElement('span');
    icon.className = 'icon';
    badge = document.createElement('span');
    badge.className = 'badge';
    badge.hidden = true;
    for (const el of [icon, badge]) el.setAttribute('aria-hidden', 'true');
    launcher.append(icon, badge);

    panel = document.createElement('div');
    panel.className = 'panel';
    panel.hidden = true;
    panel.setAttribute('role', 'dialog');
    panel.setAttribute('aria-label', words.title);
    bail = document.createElement('button');
    bail.type = 'button';
    bail.className = 'bail';
    bail.textContent = '×';
    bail.setAttribute('aria-label', words.close);
    bail.addEventListener('click', close);
    panel.append(bail);
    shadow.append(launcher, panel);
    label(0);
    document.body.append(root);
  }

  function label(unread) {
    launcher.setAttribute('aria-expanded', String(isOpen));
    const name = isOpen ? words.close : words.open;
    launcher.setAttribute('aria-label', unread ? `${name} (${words.unread}${unread})` : name);
    launcher.classList.toggle('open', isOpen);
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? '99+' : String(unread);
  }

  function load() {
    pageUrl.searchParams.set('lang', language);
    pageUrl.searchParams.set('color', color);
    frame = document.createElement('iframe');
    frame.title = words.title;
    frame.src = pageUrl.href;
    panel.prepend(frame);
    warnLater();
  }

  function tellFrame() {
    if (ready) frame.contentWindow.postMessage({ type: isOpen ? 'flow:shown' : 'flow:hidden' }, pageUrl.origin);
  }

  function open() {
    build();
    if (isOpen) return;
    isOpen = true;
    panel.hidden = false;
    if (!frame) load();
    fit();
    label(0);
    frame.focus();
    tellFrame();
  }

  function close() {
    if (!isOpen) return;
    isOpen = false;
    panel.hidden = true;
    fit();
    label(0);
    tellFrame();
    if (!ready) dropFrame();
    launcher.focus();
  }

  // The browser says nothing to the visitor of a site that may not show the chat; its owner must be told.
  function warnLater() {
    setTimeout(() => {
      if (frame && !ready) {
        console.warn(`flow: the chat did not come up here. Is ${location.origin} in channels.web.embed_origins?`);
      }
    }, 8000);
  }

  // A frame that did not come up is asked for anew at the next opening.
  function dropFrame() {
    frame.remove();
    frame = null;
  }

  // On a phone the chat is the whole screen, less the on-screen keyboard; the page behind it does not scroll.
  function fit() {
    const full = isOpen && phone.matches;
    const wasFull = panel.classList.contains('full');
    panel.classList.toggle('full', full);
    launcher.hidden = full;
    if (full) panel.setAttribute('aria-modal', 'true');
    else panel.removeAttribute('aria-modal');
    const page = document.documentElement.style;
    if (full && !wasFull) {
      pageOverflow = page.overflow;
      page.overflow = 'hidden';
    } else if (!full && wasFull) {
      page.overflow = pageOverflow;
    }
    const area = window.visualViewport;
    if (!full || !area || area.scale > 1.01) return;
    panel.style.setProperty('--height', `${area.height}px`);
    panel.style.setProperty('--top', `${Math.max(0, area.offsetTop)}px`);
  }

  function whenBody(work) {
    if (document.body) work();
    else document.addEventListener('DOMContentLoaded', work, { once: true });
  }

  function refit() {
    if (isOpen) fit();
  }

  window.addEventListener('message', (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== pageUrl.origin || !event.data) return;
    if (!ready) {
      ready = true;
      bail.hidden = true;
      tellFrame();
    }
    if (event.data.type === 'flow:close') close();
    if (event.data.type === 'flow:unread' && Number.isInteger(event.data.count)) label(isOpen ? 0 : event.data.count);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen && !event.defaultPrevented) close();
  });
  window.addEventListener('resize', refit);
  if (window.visualViewport) {
    window.visualViewport.addEventListener('resize', refit);
    window.visualViewport.addEventListener('scroll', refit);
  }

  window.FlowChat = Object.freeze({ open: () => whenBody(open), close: () => root && close() });
  whenBody(build);
})();
