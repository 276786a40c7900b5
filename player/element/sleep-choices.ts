import type { DRAWERS } from '../i18n/en-drawers.ts';
import type { Deck } from './deck.ts';
import type { SleepChoice } from './sleep-timer.ts';

/** What can be chosen now. */
export const sleepChoices = ({ chapters }: Pick<Deck, 'chapters'>): readonly SleepChoice[] => [
  ...[null, 5, 10, 15, 30, 45, 60, 90],
  ...(chapters().length > 0 ? (['chapter'] as const) : []),
  'episode',
];

/** A choice in words of the language `code`. */
export function sleepText(
  choice: SleepChoice,
  code: string,
  words: { readonly [Name in keyof typeof DRAWERS]: string },
): string {
  if (choice === null) return words.off;
  if (choice === 'chapter') return words.endOfChapter;
  if (choice === 'episode') return words.endOfEpisode;
  return new Intl.NumberFormat(code, { style: 'unit', unit: 'minute', unitDisplay: 'long' }).format(choice);
}
