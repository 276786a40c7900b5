import { describe, expect, it } from 'vitest';
import { preludeParser, toPrelude } from '../../src/local-lambda/http/prelude.ts';

const NULS = Buffer.alloc(8);
const json = (value: unknown): Buffer => Buffer.concat([Buffer.from(JSON.stringify(value)), NULS]);

describe('the prelude of a streamed response', () => {
  it.each([1, 3, 7, 8, 1000])('is found in chunks of %i bytes, and what follows is body', (size) => {
    const bytes = Buffer.concat([
      json({ statusCode: 206, headers: { 'X-A': 1 }, cookies: ['a=1'] }),
      Buffer.from('body'),
    ]);
    const parse = preludeParser();
    let split = null;
    let at = 0;
    for (; split === null && at < bytes.length; at += size) split = parse(bytes.subarray(at, at + size));
    expect(split?.prelude).toEqual({ statusCode: 206, headers: { 'x-a': '1' }, cookies: ['a=1'] });
    expect(Buffer.concat([split?.rest ?? NULS, bytes.subarray(at)]).toString()).toBe('body');
  });

  it('has 200 and nothing else where it says nothing', () => {
    expect(preludeParser()(json({}))?.prelude).toEqual({ statusCode: 200, headers: {}, cookies: [] });
  });

  it('ends in the first 16 kB', () => {
    const fits = { headers: { a: 'x'.repeat(16_300) } };
    expect(preludeParser()(json(fits))).not.toBeNull();
    expect(() => preludeParser()(json({ headers: { a: 'x'.repeat(16_384) } }))).toThrow(/first 16384 bytes/);
    expect(() => preludeParser()(Buffer.alloc(16_384, 'x'))).toThrow(/first 16384 bytes/);
  });

  it.each([
    ['not JSON', Buffer.concat([Buffer.from('{"a'), NULS]), /not JSON/],
    ['a list', json([]), /not an object/],
    ['an odd status', json({ statusCode: 99 }), /statusCode/],
    ['headers that are no object', json({ headers: 'a' }), /headers/],
    ['a header that is no text', json({ headers: { a: {} } }), /header a/],
    ['cookies that are no list', json({ cookies: 'a=1' }), /cookies/],
  ])('is refused when it is %s', (_, bytes, message) => {
    expect(() => preludeParser()(bytes)).toThrow(message);
  });

  it('may have its status as text', () => {
    expect(toPrelude({ statusCode: '404' }).statusCode).toBe(404);
  });
});
