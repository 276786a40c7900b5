import { WORDS as ENGLISH } from '../i18n/en.ts';
import type { Words } from '../i18n/en.ts';
import { closestLanguage } from './closest-language.ts';

/** A language the player speaks, with its dictionary and direction. */
export interface Language {
  readonly code: LanguageCode;
  readonly words: Words;
}

export type LanguageCode = 'en' | keyof typeof OTHERS;

/** What the player speaks until another dictionary is there. */
export const ENGLISH_LANGUAGE: Language = { code: 'en', words: ENGLISH };

const OTHERS = {
  ar: () => import('../i18n/ar.ts'),
  de: () => import('../i18n/de.ts'),
  es: () => import('../i18n/es.ts'),
  fr: () => import('../i18n/fr.ts'),
  it: () => import('../i18n/it.ts'),
  ja: () => import('../i18n/ja.ts'),
  pt: () => import('../i18n/pt.ts'),
} as const;

/** All of them. */
export const LANGUAGES: readonly LanguageCode[] = ['en', ...(Object.keys(OTHERS) as (keyof typeof OTHERS)[])];

/** The language of the closest ancestor that has one, else the first of `preferred` that the player speaks, else English. */
export function languageFor(element: Element, preferred: readonly string[]): LanguageCode {
  return closestLanguage(element, preferred, LANGUAGES) ?? 'en';
}

/** Loads a dictionary; English stands in for one that cannot be loaded. */
export async function loadLanguage(code: LanguageCode): Promise<Language> {
  if (code === 'en') return ENGLISH_LANGUAGE;
  try {
    return { code, words: (await OTHERS[code]()).WORDS };
  } catch {
    return ENGLISH_LANGUAGE;
  }
}

/** `text` with each `{name}` replaced. */
export const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
