import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HOUR, startAtEdge, type AtEdge } from './at-edge.ts';

let edge: AtEdge;
beforeAll(async () => {
  edge = await startAtEdge();
});
afterAll(() => edge[Symbol.asyncDispose]());
afterEach(() => edge.forget());

const openTo: AtEdge['openTo'] = (part) => edge.openTo(part);
const closedTo: AtEdge['closedTo'] = (...args) => edge.closedTo(...args);
const ask: AtEdge['ask'] = (path, init) => edge.ask(path, init);

describe('what reaches no function', () => {
  const forged = (link: string): string =>
    link.replace(/(?<=\/[a-z]+\/[^/]*)[A-Za-z0-9_-](?=\/)/, (c) => (c === 'A' ? 'Q' : 'A'));

  test.each<[string, () => string, number, string]>([
    ['a forged public link', () => forged(openTo()), 403, 'LINK_INVALID'],
    ['a forged private link', () => forged(closedTo(HOUR)), 403, 'LINK_INVALID'],
    ['a forged page', () => forged(openTo({ kind: 'embed' })), 403, 'LINK_INVALID'],
    ['other options under a good token', () => openTo().replace('64k', '96k'), 403, 'LINK_INVALID'],
    [
      'a longer life under a good token',
      () => closedTo(HOUR).replace(/(\.[0-9a-z]+\.)(?=listener)/, '.zzzzzz.'),
      403,
      'LINK_INVALID',
    ],
    ['what a stripped path looks like', () => openTo().replace(/\.[^/]+/, ''), 403, 'LINK_INVALID'],
    ['a link with a query', () => `${openTo()}?a=b`, 403, 'LINK_INVALID'],
    ['an expired link', () => closedTo(-1), 410, 'LINK_EXPIRED'],
    ['a kind that is not deployed', () => openTo().replace('/file/', '/film/'), 404, 'NOT_FOUND'],
    ['anything else', () => '/healthz', 404, 'NOT_FOUND'],
  ])('%s', async (_name, link, status, code) => {
    for (const init of [{}, { method: 'HEAD' }, { headers: { range: 'bytes=0-1' } }]) {
      const answer = await ask(link(), init);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      if (init.method === undefined) expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code });
    }
    expect(edge.started()).toBe(0);
  });

  test('a good link does, so that this shows something', async () => {
    await ask(openTo(), { method: 'HEAD' });
    expect(edge.started()).toBe(1);
  });
});

test('a preflight is answered for every page, and so is what follows it', async () => {
  const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' };
  const asked = { ...headers, 'access-control-request-headers': 'range' };
  const answer = await ask(openTo(), { method: 'OPTIONS', headers: asked });
  expect(answer.status).toBe(204);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-headers')).toMatch(/\bRange\b/);
  const part = await ask(openTo(), { headers: { origin: 'https://elsewhere.example', range: 'bytes=0-99' } });
  expect(part.status).toBe(206);
  expect(part.headers.get('access-control-allow-origin')).toBe('*');
  expect(part.headers.get('access-control-expose-headers')).toMatch(/Content-Range/);
});
