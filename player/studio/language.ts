import { closestLanguage } from '../element/closest-language.ts';
import { WORDS as ar } from './words/ar.ts';
import { WORDS as de } from './words/de.ts';
import { WORDS as en } from './words/en.ts';
import type { StudioWords } from './words/en.ts';
import { WORDS as es } from './words/es.ts';
import { WORDS as fr } from './words/fr.ts';
import { WORDS as it } from './words/it.ts';
import { WORDS as ja } from './words/ja.ts';
import { WORDS as pt } from './words/pt.ts';

/** All that the studio speaks. */
export const LANGUAGES: Readonly<Record<string, StudioWords>> = { en, ar, de, es, fr, it, ja, pt };

/** A language with its dictionary. */
export interface StudioLanguage {
  readonly code: string;
  readonly words: StudioWords;
}

/** That of the closest ancestor that has one, else the first of `preferred` that the studio speaks, else English. */
export function studioLanguage(element: Element, preferred: readonly string[]): StudioLanguage {
  const code = closestLanguage(element, preferred, Object.keys(LANGUAGES)) ?? 'en';
  return { code, words: LANGUAGES[code] ?? en };
}
