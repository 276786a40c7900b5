import { expect, test } from 'vitest';
import type { Answer, Outage, RecoveryState } from '../../player/recovery.ts';
import { refusal } from '../../player/server-answer.ts';
import { sentence } from '../../player/words.ts';

const outage = (answer: Answer | null): Outage => ({ cause: 'network', answer, attempts: 0, unplayable: 0, since: 0 });
const state = (at: 'asking' | 'loading' | 'resting' | 'failed', answer: Answer | null = null): RecoveryState => ({
  at,
  outage: outage(answer),
});

test('while all is well nothing is said', () => {
  expect(sentence({ at: 'steady' }, true)).toBe('');
});

test("the server's own sentence comes first", () => {
  const answer = refusal(410, null, '{"code":"LINK_EXPIRED","message":"This link has expired. Ask for a new one."}');
  expect(sentence(state('failed', answer), true)).toBe('This link has expired. Ask for a new one.');
});

test.each([
  [404, 'There is no audio at this address.'],
  [418, 'The server refuses this audio (418).'],
])('a bare status %i has a sentence', (status, text) => {
  expect(sentence(state('failed', refusal(status, null, '<html>')), true)).toBe(text);
});

test('what goes on by itself says so', () => {
  expect(sentence(state('asking'), true)).toBe('The connection broke. Reconnecting…');
  expect(sentence(state('loading', { kind: 'unreachable' }), true)).toBe('The server cannot be reached. Reconnecting…');
  expect(sentence(state('loading', refusal(500, null, '')), true)).toBe(
    'The server has a problem (500). Reconnecting…',
  );
  expect(sentence(state('loading'), false)).toBe('You are offline. It goes on when the connection is back.');
  expect(sentence(state('resting', { kind: 'unreachable' }), true)).toMatch(/Press play to try again\.$/);
});

test('a refusal is read from JSON, from the header, or from the status alone', () => {
  const whole = refusal(503, '9', '{"code":"BUSY","message":"Too many.","retryAfterSeconds":2}');
  expect(whole).toEqual({ kind: 'refused', status: 503, code: 'BUSY', message: 'Too many.', retryAfterMs: 2000 });
  expect(refusal(503, '9', 'not JSON')).toMatchObject({ message: null, retryAfterMs: 9000 });
  expect(refusal(503, null, 'null')).toMatchObject({ message: null, retryAfterMs: null });
  expect(refusal(503, 'Wed, 21 Oct 2026 07:28:00 GMT', '[1]')).toMatchObject({ code: null, retryAfterMs: null });
  expect(refusal(403, null, '{"message":{"a":1},"code":7}')).toMatchObject({ code: null, message: null });
});
