import type { Measured } from './measure.ts';
import { exactBytes, sizeText, waitText } from './number-text.ts';
import type { Snippet } from './snippets.ts';

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string, type: abstract new (...args: never[]) => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new TypeError(`The page has no #${id}`);
  return element;
}

/** Shows `text` as a fact, with a smaller line below it. */
export function showFact(id: string, text: string, note = ''): void {
  const small = document.createElement('small');
  small.textContent = note;
  byId(id, HTMLElement).replaceChildren(text, small);
}

/** Shows a measurement, or dashes while there is none. `sourceBytes` gives the comparison of sizes, where known. */
export function showMeasured(measured: Measured | null, sourceBytes: number | null): void {
  const bytes = measured?.bytes ?? null;
  if (bytes === null) showFact('size', '–', measured === null ? '' : 'not known yet');
  else showFact('size', sizeText(bytes), exactBytes(bytes));
  const share =
    bytes === null || sourceBytes === null ? '' : `, ${Math.round((100 * bytes) / sourceBytes)} % of the source`;
  byId('size', HTMLElement).title = bytes === null ? '' : exactBytes(bytes) + share;
  showFact('first-byte', measured === null ? '–' : waitText(measured.firstByteMs), 'asked anew, no cache');
  showFact('first-audio', measured === null ? '–' : waitText(measured.firstAudioMs), 'received');
  showWaits(measured);
}

/** Shows what can be copied. */
export function showSnippets(snippets: readonly Snippet[]): void {
  byId('share', HTMLElement).replaceChildren(...snippets.map(snippetRow));
}

/** Adds one rendition to choose from. */
export function addChoice(list: HTMLElement, label: string, value: string): HTMLInputElement {
  const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'rendition', value });
  const choice = document.createElement('label');
  choice.append(input, label);
  list.append(choice);
  return input;
}

const PARTS = new Map([
  ['probe', 'Look at the source'],
  ['source', 'Read the source'],
  ['encode', 'Encode'],
  ['store', 'Store'],
]);

function showWaits(measured: Measured | null): void {
  const metrics = measured?.server.filter(({ durationMs }) => durationMs !== null) ?? [];
  const tone = (name: string): string => (PARTS.has(name) ? `var(--${name})` : 'var(--quiet)');
  const bars = metrics.map(({ name, durationMs }) => {
    const bar = document.createElement('i');
    bar.style.background = tone(name);
    bar.style.flexGrow = String(durationMs);
    return bar;
  });
  const entries = metrics.map(({ name, durationMs, description }) => {
    const entry = document.createElement('div');
    entry.style.setProperty('--tone', tone(name));
    entry.append(
      term(PARTS.get(name) ?? name),
      detail([waitText(durationMs ?? 0), description].filter(Boolean).join(', ')),
    );
    return entry;
  });
  byId('bar', HTMLElement).replaceChildren(...bars);
  byId('legend', HTMLElement).replaceChildren(...entries);
  byId('origin-of-chunk', HTMLElement).textContent = originOfChunk(measured);
}

function originOfChunk(measured: Measured | null): string {
  const encode = measured?.server.find(({ name }) => name === 'encode');
  if (encode?.durationMs == null) return '';
  return encode.durationMs > 0
    ? 'The first chunk was encoded just now. Choose this format again, and it comes from the store.'
    : 'The first chunk came without an encoder: from the store, or relayed as it is.';
}

function snippetRow({ name, text }: Snippet): HTMLElement {
  const copy = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'plain',
    textContent: 'Copy',
  });
  copy.setAttribute('aria-label', `Copy: ${name}`);
  const value = detail(text);
  value.tabIndex = 0;
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(text).then(
      () => confirmCopied(copy),
      () => getSelection()?.selectAllChildren(value),
    );
  });
  const row = document.createElement('div');
  row.append(term(name), copy, value);
  return row;
}

function confirmCopied(copy: HTMLButtonElement): void {
  copy.textContent = 'Copied';
  setTimeout(() => (copy.textContent = 'Copy'), 1500);
}

const term = (text: string): HTMLElement => Object.assign(document.createElement('dt'), { textContent: text });
const detail = (text: string): HTMLElement => Object.assign(document.createElement('dd'), { textContent: text });
