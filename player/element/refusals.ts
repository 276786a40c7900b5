import type { Outage } from '../core/recovery.ts';
import { REFUSALS } from '../i18n/en-refusals.ts';
import type { Language } from './language.ts';

/** Why there is no sound, in a sentence, as far as the server or the browser says; null when neither does. */
export type Reason = (outage: Outage, isFinal: boolean, language: Language) => string | null;

/** Of a refusal, or of audio that came and cannot be decoded. Loaded when it is first needed. */
export const reason: Reason = ({ answer }, isFinal, { code, words: spoken }) => {
  const words = { ...REFUSALS, ...spoken };
  if (answer?.kind !== 'refused') return isFinal ? words.unplayable : null;
  const own = (words as Readonly<Record<string, string>>)[`status${answer.status}`] ?? null;
  const general = (answer.status >= 500 ? words.serverProblem : words.serverRefuses).replace(
    '{status}',
    String(answer.status),
  );
  // Servers speak English: in another language a known status says more to the listener.
  return (code === 'en' ? (answer.message ?? own) : (own ?? answer.message)) ?? general;
};
