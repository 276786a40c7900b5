import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { id3Size, readId3, readId3v1, trailingTagBytes } from '../../src/media/id3.ts';
import { ffmpeg, join, mp3, randomBytes, seededRandom } from './sound.ts';

const folder = mkdtempSync(`${tmpdir()}/baton-id3-`);
afterAll(() => rmSync(folder, { recursive: true }));

const PNG = join('\x89PNG\r\n\x1a\n', randomBytes(300, 1));
const JPEG = join([0xff, 0xd8, 0xff, 0xe0], [0xff, 0x00, 0xff, 0x00, 0x00, 0xff], randomBytes(50, 2));

function taggedByFfmpeg(version: number): Uint8Array {
  const [audio, picture, metadata, tagged] = ['a.mp3', 'a.png', 'a.txt', `${version}.mp3`].map((n) => `${folder}/${n}`);
  writeFileSync(audio ?? '', mp3(9600));
  ffmpeg(['-f', 'lavfi', '-i', 'color=red:s=16x16', '-frames:v', '1', '-y', picture ?? '']);
  const chapter = (start: number, end: number, title: string): string =>
    `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${start}\nEND=${end}\ntitle=${title}\n`;
  const chapters = `${chapter(0, 90, 'Začátek')}${chapter(90, 200, '終わり')}`;
  writeFileSync(metadata ?? '', `;FFMETADATA1\ntitle=Folge 1: Grüße\nartist=Ánna\nalbum=Serie 🎙\n${chapters}`);
  const inputs = ['-i', audio, '-i', picture, '-i', metadata].map(String);
  const maps = ['-map', '0:a', '-map', '1:v', '-map_metadata', '2', '-map_chapters', '2', '-c', 'copy'];
  ffmpeg([...inputs, ...maps, '-disposition:v', 'attached_pic', '-id3v2_version', `${version}`, '-y', tagged ?? '']);
  return new Uint8Array(readFileSync(tagged ?? ''));
}

describe.each([3, 4])('a tag that ffmpeg wrote as ID3v2.%i', (version) => {
  const file = taggedByFfmpeg(version);

  test('gives its texts, chapters and artwork', () => {
    const { artwork, ...tags } = readId3(file);
    expect(tags).toEqual({
      ...{ title: 'Folge 1: Grüße', artist: 'Ánna', album: 'Serie 🎙' },
      chapters: [
        { startMs: 0, endMs: 90, title: 'Začátek' },
        { startMs: 90, endMs: 200, title: '終わり' },
      ],
    });
    expect(artwork).toEqual({ mime: 'image/png', bytes: new Uint8Array(readFileSync(`${folder}/a.png`)) });
  });

  test('ends where the audio starts', () => {
    const size = id3Size(file.subarray(0, 10)) ?? 0;
    expect([file[size], file[size + 1]]).toEqual([0xff, 0xfb]);
  });

  test('that is cut off gives what is there, wherever the cut is', () => {
    const whole = readId3(file);
    const size = id3Size(file) ?? 0;
    for (let end = 0; end < size; end += 7) {
      const { title, chapters, artwork } = readId3(file.subarray(0, end));
      expect([undefined, whole.title]).toContain(title);
      expect(whole.chapters.slice(0, chapters.length)).toEqual(chapters);
      expect([undefined, whole.artwork]).toContainEqual(artwork);
    }
  });
});

/** An ID3v2 tag of any body. */
const tag = (major: number, flags: number, body: Uint8Array): Uint8Array =>
  join('ID3', [major, 0, flags], safe(body.length), body);
const safe = (n: number): readonly number[] => [21, 14, 7, 0].map((shift) => (n >> shift) & 127);
const plain = (n: number): readonly number[] => [24, 16, 8, 0].map((shift) => (n >> shift) & 255);
const frame4 = (id: string, content: Uint8Array, flags = 0): Uint8Array =>
  join(id, safe(content.length), [0, flags], content);
const frame3 = (id: string, content: Uint8Array, flags = 0): Uint8Array =>
  join(id, plain(content.length), [0, flags], content);
const frame2 = (id: string, content: Uint8Array): Uint8Array => join(id, plain(content.length).slice(1), content);
const unsynchronised = (bytes: Uint8Array): Uint8Array => join(...[...bytes].map((b) => (b === 0xff ? [b, 0] : [b])));

describe('reading ID3v2', () => {
  test.each([
    ['Latin-1', [0, ...Buffer.from('Grüße', 'latin1')]],
    ['Latin-1 with a zero behind', [0, ...Buffer.from('Grüße\0', 'latin1')]],
    ['UTF-16 little-endian', [1, 0xff, 0xfe, ...Buffer.from('Grüße\0', 'utf16le')]],
    ['UTF-16 big-endian', [1, 0xfe, 0xff, ...Buffer.from('Grüße', 'utf16le').swap16()]],
    ['UTF-16BE', [2, ...Buffer.from('Grüße', 'utf16le').swap16()]],
    ['UTF-16 without its mark', [1, ...Buffer.from('Grüße', 'utf16le')]],
    ['UTF-8', [3, ...Buffer.from('Grüße\0second')]],
  ])('decodes %s', (_, content) => {
    expect(readId3(tag(4, 0, frame4('TIT2', join(content)))).title).toBe('Grüße');
  });

  test('does not stop at half a wide character', () => {
    const content = join([1, 0xff, 0xfe], Buffer.from('Ā\u3000b\0', 'utf16le'));
    expect(readId3(tag(3, 0, frame3('TIT2', content))).title).toBe('Ā\u3000b');
  });

  test('understands ID3v2.2 with its picture', () => {
    const picture = join('\0PNG', [3], '\0', PNG);
    const body = join(
      frame2('TT2', join('\0T')),
      frame2('TP1', join('\0A')),
      frame2('TAL', join('\0B')),
      frame2('PIC', picture),
    );
    const expected = { title: 'T', artist: 'A', album: 'B', chapters: [], artwork: { mime: 'image/png', bytes: PNG } };
    expect(readId3(tag(2, 0, join(body, new Uint8Array(100))))).toEqual(expected);
  });

  test.each([
    [
      'of a whole tag (2.3)',
      tag(
        3,
        0x80,
        unsynchronised(join(frame3('APIC', join('\0image/jpeg\0\x03\0', JPEG)), frame3('TIT2', join('\0T')))),
      ),
    ],
    [
      'of a frame (2.4)',
      tag(
        4,
        0,
        join(frame4('APIC', unsynchronised(join('\0image/jpeg\0\x03\0', JPEG)), 2), frame4('TIT2', join('\0T'))),
      ),
    ],
    [
      'of all frames (2.4)',
      tag(
        4,
        0x80,
        join(frame4('APIC', unsynchronised(join('\0image/jpeg\0\x03\0', JPEG))), frame4('TIT2', join('\0T'))),
      ),
    ],
  ])('undoes the unsynchronisation %s', (_, bytes) => {
    expect(readId3(bytes)).toEqual({ title: 'T', chapters: [], artwork: { mime: 'image/jpeg', bytes: JPEG } });
  });

  test.each([
    ['2.3', tag(3, 0x40, join(plain(6), new Uint8Array(6), frame3('TIT2', join('\0T'))))],
    ['2.4', tag(4, 0x40, join(safe(6), [1, 0], frame4('TIT2', join('\0T'))))],
  ])('passes over the extended header of %s', (_, bytes) => {
    expect(readId3(bytes).title).toBe('T');
  });

  test('counts the footer of 2.4', () => {
    expect(id3Size(tag(4, 0x10, new Uint8Array(300)))).toBe(320);
    expect(id3Size(tag(3, 0x00, new Uint8Array(300)))).toBe(310);
  });

  test('counts seven bits a byte, up to 256 MiB', () => {
    expect(id3Size(join('ID3\x04\0\0', [1, 2, 3, 4]))).toBe(2 ** 21 + 2 * 2 ** 14 + 3 * 2 ** 7 + 4 + 10);
    expect(id3Size(join('ID3\x03\0\0', [127, 127, 127, 127]))).toBe(2 ** 28 + 9);
  });

  test('believes plain sizes in 2.4 where only they make sense', () => {
    const long = join('\0', 'x'.repeat(299));
    const body = join(frame3('TPE1', long), frame3('TIT2', join('\0T')), new Uint8Array(20));
    expect(readId3(tag(4, 0, body))).toMatchObject({ artist: 'x'.repeat(299), title: 'T' });
  });

  test('passes over compressed and encrypted frames, and what groups and length indicators put in front', () => {
    const body = join(
      frame4('TIT2', join('\0no'), 0x08),
      frame4('TIT2', join('\0no'), 0x04),
      frame4('TIT2', join('G', '\0\0\0\x02', '\0T'), 0x41),
    );
    expect(readId3(tag(4, 0, body)).title).toBe('T');
    expect(readId3(tag(3, 0, join(frame3('TIT2', join('\0no'), 0x80), frame3('TIT2', join('G\0T'), 0x20)))).title).toBe(
      'T',
    );
  });

  test('sorts chapters, and mends their times', () => {
    const chapter = (id: string, start: number, end: number, ...inner: Uint8Array[]): Uint8Array =>
      frame4('CHAP', join(`${id}\0`, plain(start), plain(end), plain(-1), plain(-1), ...inner));
    const title = frame4('TIT2', join('\x03Zwei'));
    const body = join(
      chapter('b', 5000, 4000, title),
      chapter('a', 0, -1),
      chapter('c', -1, 9000),
      frame4('CHAP', join('d\0abc')),
    );
    expect(readId3(tag(4, 0, body)).chapters).toEqual([
      { startMs: 0, endMs: 0, title: '' },
      { startMs: 5000, endMs: 5000, title: 'Zwei' },
    ]);
  });

  test('prefers the front cover, and believes the bytes of a picture, not its label', () => {
    const picture = (label: string, type: number, bytes: Uint8Array): Uint8Array =>
      frame4('APIC', join(`\x03${label}\0`, [type], 'Bild\0', bytes));
    const body = join(
      picture('image/png', 4, PNG),
      picture('image/svg+xml', 3, join('<svg onload="x()"/>')),
      picture('image/png', 3, JPEG),
      picture('image/png', 3, PNG),
    );
    expect(readId3(tag(4, 0, body)).artwork).toEqual({ mime: 'image/jpeg', bytes: JPEG });
  });

  test('makes one line of texts, and caps texts and chapters', () => {
    const body = join(
      frame4('TIT2', join('\x03a\r\nb\x1b[0m')),
      frame4('TPE1', join([3], Buffer.from('ü'.repeat(50_000)))),
    );
    const tags = readId3(tag(4, 0, body));
    expect(tags).toMatchObject({ title: 'a b [0m', artist: 'ü'.repeat(1000) });
    const chapter = frame4('CHAP', join('c\0', new Uint8Array(16)));
    expect(readId3(tag(4, 0, join(...Array<Uint8Array>(3000).fill(chapter)))).chapters).toHaveLength(1000);
  });

  test.each([
    ['nothing', join('')],
    ['no tag', join('RIFF', new Uint8Array(20))],
    ['an impossible size', join('ID3\x04\0\0', [0x80, 0, 0, 0])],
    ['an unknown version', tag(5, 0, frame4('TIT2', join('\0T')))],
  ])('sees nothing in %s', (_, bytes) => {
    expect(readId3(bytes)).toEqual({ chapters: [] });
  });

  test('does no harm with any bytes, and takes no long time', () => {
    const started = performance.now();
    for (let seed = 0; seed < 400; seed++) {
      const random = seededRandom(seed);
      const damaged = taggedOnce.slice();
      for (let hits = 0; hits < 30; hits++) damaged[6 + Math.floor(random() * 600)] = random() * 256;
      damaged[3] = 2 + (seed % 3);
      const { title = '', chapters } = readId3(damaged);
      expect(title.length).toBeLessThanOrEqual(1000);
      expect(chapters.length).toBeLessThanOrEqual(1000);
    }
    readId3(tag(4, 0, new Uint8Array(8_000_000).fill(0xff)));
    readId3(tag(3, 0x80, new Uint8Array(Buffer.alloc(2_000_000, frame3('TIT2', new Uint8Array(0))))));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

const taggedOnce = taggedByFfmpeg(4);

const v1 = join('TAG', 'T'.padEnd(30, '\0'), 'A'.padEnd(30), 'B\0rubbish'.padEnd(30), new Uint8Array(35));
const ape = (items: number, hasHeader: boolean): Uint8Array => {
  const part = (isHeader: boolean): Uint8Array =>
    join(
      'APETAGEX',
      [0xd0, 7, 0, 0],
      plain(items + 32).toReversed(),
      [1, 0, 0, 0],
      [0, 0, 0, (hasHeader ? 0x80 : 0) | (isHeader ? 0x20 : 0)],
      new Uint8Array(8),
    );
  return join(hasHeader ? part(true) : [], randomBytes(items, 3), part(false));
};
const lyrics2 = join('LYRICSBEGIN', 'IND0000200', '000021', 'LYRICS200');
const lyrics1 = join('LYRICSBEGIN', 'la la la', 'LYRICSEND');
const appended = join('ID3\x04\0\x10', safe(50), new Uint8Array(50), '3DI\x04\0\x10', safe(50));

describe('tags at the end', () => {
  test('ID3v1 gives its texts', () => {
    expect(readId3v1(join('xxxx', v1))).toEqual({ title: 'T', artist: 'A', album: 'B', chapters: [] });
    expect(readId3v1(v1.subarray(1))).toEqual({ chapters: [] });
    expect(readId3v1(new Uint8Array(128))).toEqual({ chapters: [] });
  });

  test.each([
    ['ID3v1', [v1]],
    ['ID3v1 with its extension', [join('TAG+', new Uint8Array(223)), v1]],
    ['APEv2', [ape(100, true)]],
    ['APEv1', [ape(100, false)]],
    ['Lyrics3 v2', [lyrics2]],
    ['Lyrics3 v1', [lyrics1]],
    ['appended ID3v2.4', [appended]],
    ['all of them', [appended, ape(10, true), lyrics2, lyrics1, v1]],
    ['none', []],
  ])('are counted: %s', (_, tags) => {
    expect(trailingTagBytes(join(mp3(9600), ...tags))).toBe(join(...tags).length);
  });

  test('are counted when they start before what is given', () => {
    const file = join(mp3(9600), ape(5000, true), v1);
    expect(trailingTagBytes(file.subarray(-1000))).toBe(5000 + 64 + 128);
  });

  test('do no harm when they lie or are cut off', () => {
    const liar = ape(0, false);
    liar.set([0xff, 0xff, 0xff, 0xff], 12);
    expect(trailingTagBytes(liar)).toBe(0);
    liar.set([0, 0, 0, 0], 12);
    expect(trailingTagBytes(liar)).toBe(0);
    for (const whole of [v1, ape(5, true), lyrics2, lyrics1, appended]) {
      for (let start = 1; start < whole.length; start++) trailingTagBytes(whole.subarray(start));
    }
    expect(trailingTagBytes(join(...Array<Uint8Array>(1000).fill(lyrics1)))).toBe(8 * lyrics1.length);
    expect(trailingTagBytes(new Uint8Array())).toBe(0);
  });
});
