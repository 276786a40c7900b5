import { expect, test } from 'vitest';
import { WORDS as GERMAN } from '../../player/i18n/de.ts';
import { WORDS } from '../../player/i18n/en.ts';
import type { Answer, Outage, RecoveryState } from '../../player/core/recovery.ts';
import { refusal } from '../../player/core/server-answer.ts';
import { reason } from '../../player/element/refusals.ts';
import { sentence as sentenceOf } from '../../player/element/words.ts';
import type { Language } from '../../player/element/language.ts';

const outage = (answer: Answer | null): Outage => ({ cause: 'network', answer, attempts: 0, unplayable: 0, since: 0 });
const state = (at: 'asking' | 'loading' | 'resting' | 'failed', answer: Answer | null = null): RecoveryState => ({
  at,
  outage: outage(answer),
});

const sentence = (state: RecoveryState, online: boolean, language: Language): string => {
  const why = state.at === 'steady' ? null : reason(state.outage, state.at === 'failed', language);
  return sentenceOf(state, online, why, language);
};

const english = { code: 'en', words: WORDS } as const;

test('while all is well nothing is said', () => {
  expect(sentence({ at: 'steady' }, true, english)).toBe('');
});

test("the server's own sentence comes first", () => {
  const answer = refusal(410, null, '{"code":"LINK_EXPIRED","message":"This link has expired. Ask for a new one."}');
  expect(sentence(state('failed', answer), true, english)).toBe('This link has expired. Ask for a new one.');
});

test.each([
  [404, 'There is no audio at this address.'],
  [418, 'The server refuses this audio (418).'],
])('a bare status %i has a sentence', (status, text) => {
  expect(sentence(state('failed', refusal(status, null, '<html>')), true, english)).toBe(text);
});

test('what goes on by itself says so', () => {
  expect(sentence(state('asking'), true, english)).toBe('The connection broke. Reconnecting…');
  expect(sentence(state('loading', { kind: 'unreachable' }), true, english)).toBe(
    'The server cannot be reached. Reconnecting…',
  );
  expect(sentence(state('loading', refusal(500, null, '')), true, english)).toBe(
    'The server has a problem (500). Reconnecting…',
  );
  expect(sentence(state('loading'), false, english)).toBe('You are offline. It goes on when the connection is back.');
  expect(sentence(state('resting', { kind: 'unreachable' }), true, english)).toMatch(/Press play to try again\.$/);
});

test('a refusal is read from JSON, from the header, or from the status alone', () => {
  const whole = refusal(503, '9', '{"code":"BUSY","message":"Too many.","retryAfterSeconds":2}');
  expect(whole).toEqual({ kind: 'refused', status: 503, code: 'BUSY', message: 'Too many.', retryAfterMs: 2000 });
  expect(refusal(503, '9', 'not JSON')).toMatchObject({ message: null, retryAfterMs: 9000 });
  expect(refusal(503, null, 'null')).toMatchObject({ message: null, retryAfterMs: null });
  expect(refusal(503, 'Wed, 21 Oct 2026 07:28:00 GMT', '[1]')).toMatchObject({ code: null, retryAfterMs: null });
  expect(refusal(403, null, '{"message":{"a":1},"code":7}')).toMatchObject({ code: null, message: null });
});

test('in another language a known status is told in its words, and an unknown one in those of the server', () => {
  const german = { code: 'de', words: GERMAN } as const;
  const gone = refusal(410, null, '{"message":"This link has expired."}');
  expect(sentence(state('failed', gone), true, german)).toBe('Diese Aufnahme ist nicht mehr verfügbar.');
  const odd = refusal(418, null, '{"message":"I am a teapot."}');
  expect(sentence(state('failed', odd), true, german)).toBe('I am a teapot.');
  expect(sentence(state('failed', refusal(500, null, '')), true, german)).toBe('Der Server hat ein Problem (500).');
});
