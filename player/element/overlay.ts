import type { LegStats, Stats } from '../playback.ts';
import { DRAWERS } from '../i18n/en-drawers.ts';
import { estimatedCost, pricesFrom } from './cost.ts';
import type { Language } from './language.ts';

/** What is to be seen of the work behind the sound. */
export interface Overlay {
  render(stats: Stats, language: Language, prices: object | null): void;
}

/** Writes statistics into `place`. Loaded when first wanted; `clock` comes along so that this is a file by itself. */
export function createOverlay(place: HTMLElement, clock: (seconds: number) => string): Overlay {
  const list = make('dl', '', 'facts');
  const legs = make('div', '', 'legs');
  legs.tabIndex = 0; // a table wider than the player is scrolled by keys too
  legs.dataset['focus'] = 'scroll';
  legs.role = 'group';
  place.append(list, legs);
  let shown = '';

  return {
    render(stats, { code, words: spoken }, ownPrices) {
      const words = { ...DRAWERS, ...spoken };
      const prices = pricesFrom(ownPrices);
      const number = (value: number, digits = 0): string =>
        value.toLocaleString(code, { maximumFractionDigits: digits, minimumFractionDigits: digits });
      const ms = (value: number | null): string => (value === null ? '–' : `${number(value)} ms`);
      const dollars = `$${number(estimatedCost(stats, prices), 6)}`;
      const facts: readonly (readonly [string, string])[] = [
        [words.stream, [stats.codec, stats.engine].filter(Boolean).join(', ')],
        [words.responses, number(stats.legCount)],
        [words.retries, number(stats.retries)],
        [words.buffered, `${number(stats.bufferedAhead, 1)} s / ${number(stats.bufferedBehind, 1)} s`],
        [words.stalls, number(stats.stalls)],
        [words.quota, `${number(stats.quotaHits)} / ${number(stats.evictions)}`],
        [words.missing, ms(stats.damagedMs)],
        [words.received, `${number(stats.bytes / 1e6, 2)} MB`],
        [words.cost.replace('{date}', prices.asOf), dollars],
      ];
      const span = ({ from, to }: LegStats): string => `${clock(from)} – ${clock(to)}`;
      const rows = stats.legs
        .slice(-SHOWN_LEGS)
        .map((leg) => [
          ...[span(leg), ms(leg.firstByteMs), ms(leg.totalMs), `${number(leg.bytes / 1e3)} kB`, leg.end ?? '…'],
        ]);
      const seen = JSON.stringify([code, facts, rows]);
      if (seen === shown) return;
      shown = seen;
      const heads = [words.position, words.firstByte, words.took, words.received, words.ending];
      fillFacts(list, facts);
      legs.hidden = rows.length === 0;
      legs.ariaLabel = words.responses;
      legs.replaceChildren(table(heads, rows));
    },
  };
}

const SHOWN_LEGS = 8;

/** What stays the same stays in place, for whoever reads it or has selected it. */
function fillFacts(list: HTMLElement, facts: readonly (readonly [string, string])[]): void {
  for (const [index, [name, value]] of facts.entries()) {
    const pair = list.children[index] ?? list.appendChild(newFact());
    const [term, told] = [pair.children[0], pair.children[1]];
    if (term && term.textContent !== name) term.textContent = name;
    if (told && told.textContent !== value) told.textContent = value;
  }
}

function newFact(): HTMLElement {
  const pair = make('div', '', 'fact');
  pair.append(make('dt'), make('dd'));
  return pair;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const [table, head, body] = [make('table'), make('thead'), make('tbody')];
  const headRow = make('tr');
  headRow.append(...heads.map((text) => Object.assign(make('th', text), { scope: 'col' })));
  head.append(headRow);
  for (const cells of rows) {
    const row = make('tr');
    row.append(...cells.map((text) => Object.assign(make('td', text), { dir: 'ltr' })));
    body.append(row);
  }
  table.append(head, body);
  return table;
}

function make(tag: string, text = '', part = ''): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  if (part !== '') {
    element.className = part;
    element.part.add(part);
  }
  return element;
}
