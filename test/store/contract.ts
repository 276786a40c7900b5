import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';

/** What a test suite opens a store with; `close` also removes whatever lies behind it. */
export interface OpenStore {
  readonly store: Store;
  close(): Promise<void>;
}

/** What every store must do, whatever is behind it. */
export function describeStore(name: string, open: () => Promise<OpenStore>): void {
  describe(`a ${name} store`, () => {
    let opened: OpenStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const text = async (key: string): Promise<string | null> => {
      const stored = await store.get(key);
      return stored && Buffer.from(stored.bytes).toString();
    };
    const listed = async (prefix: string): Promise<string[]> => (await Array.fromAsync(store.list(prefix))).sort();

    test('answers null for what was never stored', async () => {
      expect(await store.get('chunk/ab/cd/0')).toBeNull();
      expect(await store.getRange('chunk/ab/cd/0', { start: 0, end: 1 })).toBeNull();
      expect(await listed('')).toEqual([]);
    });

    test.each([0, 1, 255, 256, 65_536, 300_001])('gives back the %i bytes it was given', async (size) => {
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 255);
      expect(await store.putIfAbsent('chunk/ab/cd/0', bytes)).toBe(true);
      const [first, second] = [await store.get('chunk/ab/cd/0'), await store.get('chunk/ab/cd/0')];
      expect(first && Buffer.compare(first.bytes, bytes)).toBe(0);
      expect(second && Buffer.compare(second.bytes, bytes)).toBe(0);
    });

    test('keeps its own copy of what it is given', async () => {
      const bytes = Buffer.from('first');
      await store.putIfAbsent('pin/a', bytes);
      await store.putIfAbsent('chunk/a', bytes);
      bytes.write('other');
      expect(await text('pin/a')).toBe('first');
      expect(await text('chunk/a')).toBe('first');
    });

    test('keeps the first value that is put', async () => {
      expect(await store.putIfAbsent('index/a', Buffer.from('first'))).toBe(true);
      expect(await store.putIfAbsent('index/a', Buffer.from('second'))).toBe(false);
      expect(await text('index/a')).toBe('first');
    });

    test('lets exactly one of many simultaneous puts win', async () => {
      const values = Array.from({ length: 20 }, (_, n) => `value ${n}`);
      const won = await Promise.all(values.map((value) => store.putIfAbsent('chunk/a/b', Buffer.from(value))));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await text('chunk/a/b')).toBe(values[won.indexOf(true)]);
    });

    test.each([
      ['the whole', 0, 10, '0123456789'],
      ['the first byte', 0, 1, '0'],
      ['the middle', 3, 7, '3456'],
      ['the last byte', 9, 10, '9'],
      ['more than there is', 8, 99, '89'],
      ['nothing', 4, 4, ''],
      ['what lies behind the end', 10, 20, ''],
    ])('gives %s of a value', async (_, start, end, expected) => {
      for (const key of ['chunk/ten', 'pin/ten', 'chunk/ten']) {
        await store.putIfAbsent(key, Buffer.from('0123456789'));
        const part = await store.getRange(key, { start, end });
        expect(part && Buffer.from(part).toString()).toBe(expected);
      }
    });

    test.each([
      [-1, 2],
      [2, 1],
      [0.5, 2],
      [0, Number.NaN],
      [0, Infinity],
    ])('refuses [%d, %d), which is no range', async (start, end) => {
      await store.putIfAbsent('chunk/ten', Buffer.from('0123456789'));
      await expect(store.getRange('chunk/ten', { start, end })).rejects.toMatchObject({ code: 'STORE_FAILED' });
    });

    test('replaces a version once', async () => {
      expect(await store.replaceIfMatch('pin/a', Buffer.from('1'), null)).toBe(true);
      const first = await store.get('pin/a');
      expect(await store.replaceIfMatch('pin/a', Buffer.from('2'), first?.tag ?? '')).toBe(true);
      expect(await store.replaceIfMatch('pin/a', Buffer.from('3'), first?.tag ?? '')).toBe(false);
      expect(await text('pin/a')).toBe('2');
      expect((await store.get('pin/a'))?.tag).not.toBe(first?.tag);
    });

    test('gives a version the same tag each time', async () => {
      await store.putIfAbsent('pin/a', Buffer.from('1'));
      expect((await store.get('pin/a'))?.tag).toBe((await store.get('pin/a'))?.tag);
    });

    test('replaces nothing where nothing stands, and adds nothing where something does', async () => {
      expect(await store.replaceIfMatch('pin/a', Buffer.from('1'), 'any')).toBe(false);
      expect(await store.get('pin/a')).toBeNull();
      await store.putIfAbsent('pin/a', Buffer.from('1'));
      expect(await store.replaceIfMatch('pin/a', Buffer.from('2'), null)).toBe(false);
      const { tag = '' } = (await store.get('pin/a')) ?? {};
      await store.delete('pin/a');
      expect(await store.replaceIfMatch('pin/a', Buffer.from('2'), tag)).toBe(false);
      expect(await store.get('pin/a')).toBeNull();
    });

    test('loses no update when many replace at once', async () => {
      const add = async (): Promise<void> => {
        for (;;) {
          const standing = await store.get('pin/counter');
          const next = String(Number(standing ? Buffer.from(standing.bytes).toString() : 0) + 1);
          if (await store.replaceIfMatch('pin/counter', Buffer.from(next), standing?.tag ?? null)) return;
        }
      };
      await Promise.all(Array.from({ length: 20 }, add));
      expect(await text('pin/counter')).toBe('20');
    });

    test('forgets what is deleted, and takes it again', async () => {
      await store.delete('chunk/a');
      for (const key of ['chunk/a', 'pin/a']) {
        await store.putIfAbsent(key, Buffer.from('1'));
        await store.delete(key);
        expect(await store.get(key)).toBeNull();
        expect(await store.putIfAbsent(key, Buffer.from('2'))).toBe(true);
        expect(await text(key)).toBe('2');
      }
    });

    test('lists the keys under a prefix, however they nest', async () => {
      const keys = ['a', 'a/b', 'a/b/c', 'a/bc', 'ab', 'chunk/00/11/0', 'chunk/00/11/10', 'chunk/00/22/1', 'A.b_c-d/x'];
      for (const key of keys) expect(await store.putIfAbsent(key, Buffer.from(key))).toBe(true);
      for (const key of keys) expect(await text(key)).toBe(key);
      for (const prefix of [
        '',
        'a',
        'a/',
        'a/b',
        'chunk/',
        'chunk/00/11/1',
        'chunk/00/2',
        'nothing',
        '../',
        '/',
        'a//',
      ]) {
        expect(await listed(prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)).sort());
      }
    });

    test('takes the longest key there is', async () => {
      const key = `${'x'.repeat(128)}/${'y'.repeat(71)}`;
      await store.putIfAbsent(key, Buffer.from('long'));
      const { tag = '' } = (await store.get(key)) ?? {};
      expect(await store.replaceIfMatch(key, Buffer.from('longer'), tag)).toBe(true);
      expect(await listed('x')).toEqual([key]);
    });

    test.each([
      ...[
        '',
        '/',
        '.',
        '..',
        '../x',
        'a/../../x',
        'a/..',
        'a/./b',
        '/etc/passwd',
        'a//b',
        'a/',
        '.hidden',
        'a/.b',
        '-a',
      ],
      ...['a b', 'a\0b', 'a\nb', 'a\n', 'a\\b', '..\\x', 'C:x', 'a%2e%2e', '%2e%2e/x', 'a~b', 'ä', 'a/b/c/d/e/f/g/h/i'],
      ...[
        'x'.repeat(129),
        `${'x'.repeat(128)}/${'y'.repeat(72)}`,
        '__proto__',
        '．．/x',
        'a;b',
        'a*',
        '~root',
        '$HOME',
      ],
    ])('refuses the key %j in every way', async (key) => {
      const refused = { code: 'STORE_FAILED' };
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.getRange(key, { start: 0, end: 1 })).rejects.toMatchObject(refused);
      await expect(store.putIfAbsent(key, Buffer.from('x'))).rejects.toMatchObject(refused);
      await expect(store.replaceIfMatch(key, Buffer.from('x'), null)).rejects.toMatchObject(refused);
      await expect(store.replaceIfMatch(key, Buffer.from('x'), 'tag')).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
      expect(await listed('')).toEqual([]);
    });

    test('fails with the reason of a signal that is aborted, and stores nothing', async () => {
      const reason = new Error('the listener left');
      const signal = AbortSignal.abort(reason);
      await expect(store.putIfAbsent('pin/a', Buffer.from('x'), signal)).rejects.toBe(reason);
      await expect(store.replaceIfMatch('pin/a', Buffer.from('x'), null, signal)).rejects.toBe(reason);
      expect(await store.get('pin/a')).toBeNull();
      await store.putIfAbsent('pin/a', Buffer.from('x'));
      await expect(store.get('pin/a', signal)).rejects.toBe(reason);
      await expect(store.getRange('pin/a', { start: 0, end: 1 }, signal)).rejects.toBe(reason);
      await expect(Array.fromAsync(store.list('', signal))).rejects.toBe(reason);
    });
  });
}
