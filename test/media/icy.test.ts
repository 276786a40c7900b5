import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IcyPart, icySplitter, icyWriter } from '../../src/media/icy.ts';
import { type IcyTitle, readIcyTitle } from '../../src/media/icy-title.ts';

const block = (text: string): Buffer => {
  const content = Buffer.from(text);
  const units = Math.ceil(content.length / 16);
  return Buffer.concat([Buffer.of(units), content, Buffer.alloc(units * 16 - content.length)]);
};

/** What comes of `body` in pushes of `sizes`, over and over. */
function split(interval: number, body: Uint8Array, sizes: readonly number[]): { audio: Buffer; blocks: string[] } {
  const splitter = icySplitter(interval);
  const parts: IcyPart[] = [];
  for (let at = 0, i = 0; at < body.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    parts.push(...splitter.push(body.subarray(at, at + size)));
    at += size;
  }
  const of = (kind: IcyPart['kind']): Buffer[] =>
    parts.filter((part) => part.kind === kind).map(({ bytes }) => Buffer.from(bytes));
  const blocks = of('metadata').map((bytes) => bytes.toString().replace(/\0+$/, ''));
  return { audio: Buffer.concat(of('audio')), blocks };
}

const sizes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 });

describe('the splitter', () => {
  test.each([1, 3, 7, 1000])('takes metadata out of pushes of %i bytes', (size) => {
    const audio = Buffer.from(Array.from({ length: 250 }, (_, i) => i));
    const longest = `StreamTitle='${'x'.repeat(255 * 16 - 15)}';`;
    const body = Buffer.concat([
      ...[audio.subarray(0, 100), block("StreamTitle='One';"), audio.subarray(100, 200), Buffer.of(0)],
      ...[audio.subarray(200), audio.subarray(0, 50), block(longest), audio.subarray(50, 60)],
    ]);
    const found = split(100, body, [size]);
    expect(found.audio).toEqual(Buffer.concat([audio, audio.subarray(0, 60)]));
    expect(found.blocks).toEqual(["StreamTitle='One';", longest]);
  });

  test('gives audio at once, before its interval is full', () => {
    const splitter = icySplitter(16_000);
    expect(splitter.push(Buffer.from('abc'))).toEqual([{ kind: 'audio', bytes: Buffer.from('abc') }]);
  });

  test('finds the same whatever the pushes are', () => {
    const blocks = fc.array(fc.oneof(fc.constant(''), fc.stringMatching(/^[!-~]{1,200}$/)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), blocks, sizes, (interval, texts, pushes) => {
        const audio = Buffer.from(Array.from({ length: interval * texts.length }, (_, i) => (i * 7) & 255));
        const pieces = texts.flatMap((text, i) => [audio.subarray(i * interval, (i + 1) * interval), block(text)]);
        const found = split(interval, Buffer.concat(pieces), pushes);
        expect(found.blocks).toEqual(texts.filter((text) => text !== ''));
        expect(found.audio.equals(audio)).toBe(true);
      }),
    );
  });
});

describe('the writer', () => {
  test('tells a title once, and then nothing until it changes', () => {
    const write = icyWriter(4);
    const audio = Buffer.from('0123456789');
    expect(Buffer.from(write(audio, null)).toString('latin1')).toBe('0123\x004567\x0089');
    const told = Buffer.from(write(audio, { title: 'A', artist: 'B' }));
    expect(told).toEqual(
      Buffer.concat([Buffer.from('01'), block("StreamTitle='B - A';"), Buffer.from('2345\x006789\0')]),
    );
    expect(Buffer.from(write(audio, { title: 'A', artist: 'B' })).toString('latin1')).toBe('0123\x004567\x0089');
    expect(Buffer.from(write(audio, { title: '' })).toString('latin1')).toContain("\x01StreamTitle='';");
  });

  test('gives audio on as it is where no block falls due', () => {
    const audio = Buffer.from('abc');
    expect(icyWriter(16_000)(audio, { title: 'x' })).toBe(audio);
  });

  test('is undone by the splitter, with every title that was on', () => {
    const titles = fc.array(
      fc.record({ title: fc.string({ unit: 'grapheme', maxLength: 60 }), bytes: fc.integer({ min: 1, max: 700 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), titles, sizes, (interval, pieces, pushes) => {
        const write = icyWriter(interval);
        const audio = pieces.map(({ bytes }, i) => Buffer.alloc(bytes, i));
        const body = Buffer.concat(pieces.map(({ title }, i) => write(audio[i] ?? Buffer.alloc(0), { title })));
        const found = split(interval, body, pushes);
        expect(found.audio.equals(Buffer.concat(audio))).toBe(true);
        for (const [i, text] of found.blocks.entries()) expect(text).not.toBe(found.blocks[i - 1]);
        for (const text of found.blocks) expect(text).toMatch(/^StreamTitle='.*';$/);
      }),
    );
  });

  test.each<IcyTitle>([
    { title: "Don't Stop 'Til You Get Enough", artist: "Guns N' Roses" },
    { title: 'Žluťoučký kůň 🐎', artist: '初恋', url: 'https://radio.example/now?a=1&b=%27' },
    { title: "it'; is '; not'; over" },
    { title: 'x'.repeat(300), url: `https://radio.example/${'y'.repeat(900)}` },
  ])('%j comes back', (title) => {
    const body = icyWriter(1)(Buffer.of(0), title);
    const back = readIcyTitle(body.subarray(2));
    expect(back?.url).toBe(title.url);
    expect(back?.artist).toBe(title.artist);
    expect(back?.title).toBe(title.title.replaceAll("';", '’;'));
  });

  test('leaves the address away where the longest block has no room for it', () => {
    const title = '🐎'.repeat(300);
    const body = icyWriter(1)(Buffer.of(0), { title, url: `https://radio.example/${"'".repeat(970)}` });
    expect(Buffer.from(body.subarray(2)).toString().replace(/\0+$/, '')).toBe(`StreamTitle='${title}';`);
    expect(body[1]).toBe((body.length - 2) / 16);
  });
});
