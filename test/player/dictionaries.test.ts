import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DRAWERS } from '../../player/i18n/en-drawers.ts';
import { EPISODES } from '../../player/i18n/en-episodes.ts';
import { LIVE } from '../../player/i18n/en-live.ts';
import { PICTURE } from '../../player/i18n/en-picture.ts';
import { REFUSALS } from '../../player/i18n/en-refusals.ts';
import { SLEEP } from '../../player/i18n/en-sleep.ts';
import { STEERING } from '../../player/i18n/en-steering.ts';
import { WORDS } from '../../player/i18n/en.ts';
import { LANGUAGES, loadLanguage } from '../../player/element/language.ts';

const english: Readonly<Record<string, string>> = {
  ...{ ...WORDS, ...DRAWERS, ...EPISODES, ...LIVE },
  ...{ ...PICTURE, ...REFUSALS, ...SLEEP, ...STEERING },
};
const others = LANGUAGES.filter((code) => code !== 'en');
/** Words that a language has in common with English. */
const SHARED: readonly string[] = ['Auto', 'Auto ({quality})', 'Live', 'Pause', 'Position'];

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

test('the player speaks eight languages', () => {
  expect([...LANGUAGES].sort()).toEqual(['ar', 'de', 'en', 'es', 'fr', 'it', 'ja', 'pt']);
});

test.each(others)('%s says everything that English says, in its own words', async (code) => {
  const language = await loadLanguage(code);
  const words = language.words as Readonly<Record<string, string>>;
  expect(language.code).toBe(code);
  expect(Object.keys(words).sort()).toEqual(Object.keys(english).sort());
  const untranslated = Object.entries(words).filter(([name, text]) => text === english[name] && !SHARED.includes(text));
  expect(untranslated).toEqual([]);
  for (const [name, text] of Object.entries(words)) {
    expect(text.trim(), name).not.toBe('');
    expect(places(text), name).toEqual(places(english[name] ?? ''));
  }
});

test('nothing is shown that does not come from a dictionary', () => {
  const template = readFileSync(new URL('../../player/element/template.ts', import.meta.url), 'utf8');
  expect(template).not.toMatch(/(?:aria-label|title|placeholder)="[^"$]+"/);
});
