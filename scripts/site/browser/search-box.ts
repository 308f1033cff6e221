/** The search box of every page. It loads the index when somebody first uses it. */
import { rank, type SearchEntry } from '../search-ranking.ts';

declare global {
  interface Window {
    /** Made by search-index.js: title, kind, path, context. */
    searchIndex?: [string, string, string, string][];
  }
}

const box = document.getElementById('search');
if (box) openSearch(box, box.dataset.root ?? '');

function openSearch(box: HTMLElement, root: string): void {
  const input = element('input', {
    type: 'search',
    id: 'search-input',
    role: 'combobox',
    placeholder: 'Search ( / )',
    autocomplete: 'off',
  });
  for (const [name, value] of Object.entries({
    'aria-label': 'Search events, fields, services, alarms and pages',
    'aria-controls': 'search-results',
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
    'aria-keyshortcuts': '/',
  }))
    input.setAttribute(name, value);
  const list = element('ul', { id: 'search-results', role: 'listbox' });
  list.setAttribute('aria-label', 'Results');
  list.hidden = true;
  const status = element('p', { role: 'status', className: 'unseen' });
  box.append(input, list, status);
  box.hidden = false;

  let entries: SearchEntry[] | undefined;
  let chosen = -1;

  function load(): void {
    if (entries) return;
    entries = [];
    const script = document.createElement('script');
    script.src = `${root}search-index.js`;
    script.onload = () => {
      entries = (window.searchIndex ?? []).map(([title, kind, path, context]) => ({ title, kind, path, context }));
      show();
    };
    document.head.append(script);
  }

  function show(): void {
    const found = rank(entries ?? [], input.value);
    list.replaceChildren(...found.map(itemOf));
    choose(found.length > 0 ? 0 : -1);
    const isAsking = input.value.trim() !== '';
    const nothing = isAsking && found.length === 0 && entries !== undefined && entries.length > 0;
    if (nothing)
      list.replaceChildren(element('li', { className: 'nothing', textContent: 'Nothing has all these words.' }));
    open(isAsking && (found.length > 0 || nothing));
    status.textContent = isAsking ? `${found.length} results` : '';
  }

  function itemOf({ title, kind, path, context }: SearchEntry, index: number): HTMLElement {
    const item = element('li', { id: `result-${index}`, role: 'option' });
    const link = element('a', { href: root + path, tabIndex: -1 });
    link.append(
      element('span', { className: 'result-title', textContent: title }),
      element('span', { className: 'result-kind', textContent: kind }),
      element('span', { className: 'result-context', textContent: context }),
    );
    item.append(link);
    item.addEventListener('mousemove', () => choose(index));
    return item;
  }

  function choose(index: number): void {
    chosen = index;
    [...list.children].forEach((item, place) => {
      item.setAttribute('aria-selected', String(place === index));
      if (place === index) item.scrollIntoView({ block: 'nearest' });
    });
    if (index < 0) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', `result-${index}`);
  }

  function open(isOpen: boolean): void {
    list.hidden = !isOpen;
    input.setAttribute('aria-expanded', String(isOpen));
  }

  input.addEventListener('focus', () => {
    load();
    show();
  });
  input.addEventListener('input', show);
  input.addEventListener('keydown', (event) => {
    const links = list.querySelectorAll('a');
    if (event.key === 'Escape') {
      input.value = '';
      open(false);
      input.blur();
    } else if (links.length === 0 || list.hidden) return;
    else if (event.key === 'ArrowDown') choose((chosen + 1) % links.length);
    else if (event.key === 'ArrowUp') choose((chosen - 1 + links.length) % links.length);
    else if (event.key === 'Enter') {
      links[chosen]?.click();
      open(false);
    } else return;
    event.preventDefault();
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !box.contains(target)) open(false);
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select');
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
  });
}

function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Partial<HTMLElementTagNameMap[T]>,
): HTMLElementTagNameMap[T] {
  return Object.assign(document.createElement(tag), properties);
}
