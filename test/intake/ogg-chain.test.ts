import { describe, expect, test } from 'vitest';
import { asInput } from '../../src/encode/packet-input.ts';
import type { LivePacket } from '../../src/intake/intake.ts';
import { lacingOf, writeOggPage } from '../../src/media/ogg-page.ts';
import { decode } from '../support/ffmpeg.ts';
import { oggPages } from '../support/ogg-pages.ts';
import { type ProgramKind, radioProgram, type Sound } from '../support/radio-program.ts';
import { samplesOf } from '../support/signal.ts';
import { collect } from '../source/setting.ts';
import { type Demuxed, demuxed, placeIn, samplesIn } from './demuxed.ts';

const track = async (kind: ProgramKind, sound: Sound): Promise<Uint8Array> =>
  (await radioProgram(kind, sound)).fixture.bytes;

/** Two tracks whose lengths are no whole number of packets. */
const FIRST = { seconds: 3.0107, title: 'One', artist: 'A' };
const SECOND = { seconds: 2.517, from: 3.0107, title: 'B - Two' };

/** What is to be heard of the packets. */
const heard = (packets: readonly LivePacket[]): number =>
  packets.reduce((sum, { samples, skip = 0, cut = 0 }) => sum + samples - skip - cut, 0);

const codecs = ({ formats }: Demuxed): string[] => formats.map(({ codec, channels }) => `${codec} ${channels}`);

describe.each([
  ['opus', 48_000],
  ['vorbis', 44_100],
  ['flac', 44_100],
] as const)('a chain of %s', (kind, rate) => {
  test('is as long as its tracks together, whatever the pushes are, with a title for each', async () => {
    const chain = Buffer.concat([await track(kind, FIRST), await track(kind, SECOND)]);
    const whole = demuxed(chain);
    expect(heard(whole.packets)).toBe(Math.round(3.0107 * rate) + Math.round(2.517 * rate));
    expect(whole.titles).toEqual([{ title: 'One', artist: 'A' }, { title: 'Two', artist: 'B' }]); // prettier-ignore
    expect(codecs(whole)).toEqual([`${kind} 2`]);
    for (const size of [7, 4000]) expect(demuxed(chain, [size]).lines).toEqual(whole.lines);
  });

  test('is decoded by one decoder to as many samples as are counted', async () => {
    const chain = Buffer.concat([await track(kind, FIRST), await track(kind, SECOND), await track(kind, FIRST)]);
    const { packets, formats } = demuxed(chain);
    const [format] = formats;
    const [first, ...rest] = packets;
    if (format === undefined || first === undefined) throw new Error('no packets');
    const later = (async function* () {
      for (const { bytes } of rest) yield await Promise.resolve(bytes);
    })();
    const run = { ...format, skip: 0, packets: later };
    const sound = await decode(Buffer.concat(await collect(asInput(run, first.bytes, later))));
    expect(samplesOf(sound)).toBe(samplesIn(packets) - (kind === 'vorbis' ? first.samples : 0));
  });

  test('is the same for those who join in its second track, and at its very start', async () => {
    const tracks = [await track(kind, FIRST), await track(kind, SECOND)] as const;
    const whole = demuxed(Buffer.concat(tracks));
    const atStart = demuxed(tracks[1]);
    expect(atStart.formats[0]?.preSkip).toBe(kind === 'opus' ? 312 : 0);
    const pages = oggPages(tracks[1]);
    const data = pages.filter(({ isHeader }) => !isHeader);
    const later = Buffer.concat([pages[0]?.head ?? NOTHING, ...data.slice(3).map(({ page }) => page)]);
    const inMiddle = demuxed(later);
    expect(inMiddle.formats[0]?.preSkip).toBe(0);
    for (const joined of [atStart, inMiddle]) {
      const place = placeIn(whole.lines, joined.lines);
      expect(place).toBeGreaterThan(0);
      expect(place + joined.lines.length).toBe(whole.lines.length);
    }
    // Whoever joins at the very start has all packets of the track, but for the first one of Vorbis.
    const own = whole.lines.length - demuxed(tracks[0]).lines.length;
    expect(atStart.lines.length).toBe(kind === 'vorbis' ? own - 1 : own);
  });

  test('loses the packets of a page that is lost, and nothing else', async () => {
    const pages = oggPages(await track(kind, { seconds: 6 })).map(({ page }) => page);
    const whole = demuxed(Buffer.concat(pages));
    const lost = demuxed(Buffer.concat(pages.filter((_, index) => index !== 20)));
    const kept = lost.lines.filter((line) => whole.lines.includes(line));
    expect(kept.length).toBe(lost.lines.length);
    expect(whole.lines.length - lost.lines.length).toBeLessThan(20);
    expect(lost.formats).toEqual(whole.formats);
  });
});

const NOTHING = new Uint8Array();

describe('a chain that changes', () => {
  test.each<[ProgramKind, ProgramKind, string[]]>([
    ['opus', 'opus-mono', ['opus 2', 'opus 1']],
    ['vorbis', 'vorbis-q2', ['vorbis 2', 'vorbis 2']],
    ['opus', 'vorbis', ['opus 2', 'vorbis 2']],
    ['flac', 'opus', ['flac 2', 'opus 2']],
  ])('from %s to %s has a format for each, and no sample is lost', async (one, other, formats) => {
    const tracks = [await track(one, FIRST), await track(other, SECOND)] as const;
    const whole = demuxed(Buffer.concat(tracks));
    expect(codecs(whole)).toEqual(formats);
    expect(heard(whole.packets)).toBe(heard(demuxed(tracks[0]).packets) + heard(demuxed(tracks[1]).packets));
    expect(whole.formats[1]?.preSkip).toBe(other.startsWith('opus') ? 312 : 0);
  });

  test('into what nobody knows is not supported', async () => {
    const page = { serial: 7, granule: 0, lacing: [80], body: [Buffer.from('Speex   1.2'.padEnd(80))] };
    const pages = [0, 1].map((sequence) => writeOggPage({ ...page, sequence, isFirst: sequence === 0 }));
    const chain = Buffer.concat([await track('opus', FIRST), ...pages]);
    expect(() => demuxed(chain)).toThrow(
      expect.objectContaining({ code: 'CODEC_UNSUPPORTED', detail: 'Speex' }) as Error,
    );
  });
});

test.each([
  // The rate of what was encoded.
  ['opus', 12, Buffer.of(0x44, 0xac, 0, 0)],
  // Behind nine bytes of Ogg's own, `fLaC` and the header of STREAMINFO: sizes of frames; count of samples and checksum.
  ['flac', 21, Buffer.of(0, 1, 2, 3, 4, 5)],
  ['flac', 31, Buffer.alloc(20, 0x77)],
] as const)(
  'a track of %s whose headers differ in what no decoder needs goes on in the same format',
  async (kind, at, other) => {
    const tracks = [await track(kind, FIRST), await track(kind, SECOND)] as const;
    const [first, ...pages] = oggPages(tracks[1]).map(({ page }) => page);
    const packet = Buffer.from(first ?? NOTHING).subarray(28);
    packet.set(other, at);
    const serial = serialOf(first ?? NOTHING);
    const changed = writeOggPage({
      serial,
      sequence: 0,
      granule: 0,
      isFirst: true,
      lacing: lacingOf(packet.length),
      body: [packet],
    });
    const found = demuxed(Buffer.concat([tracks[0], changed, ...pages]));
    expect(found.formats).toHaveLength(1);
    expect(found.lines).toEqual(demuxed(Buffer.concat(tracks)).lines);
    expect(found.titles).toHaveLength(2);
  },
);

test('packets that go on from page to page are put together', async () => {
  const { bytes, fixture } = await track('opus', FIRST).then((whole) => ({ bytes: whole, fixture: demuxed(whole) }));
  const head = oggPages(bytes)[0]?.head ?? NOTHING;
  let sequence = 2;
  const split = fixture.packets.flatMap(({ bytes: packet }) => {
    const [first, ...rest] = lacingOf(packet.length);
    if (first !== 255)
      return [
        writeOggPage({
          serial: serialOf(head),
          sequence: sequence++,
          granule: 9,
          lacing: [first ?? 0],
          body: [packet],
        }),
      ];
    const halves = [
      { granule: null, lacing: [first], body: [packet.subarray(0, 255)] },
      { granule: 9, lacing: rest, body: [packet.subarray(255)], continues: true },
    ];
    return halves.map((half) => writeOggPage({ serial: serialOf(head), sequence: sequence++, ...half }));
  });
  expect(split.length).toBeGreaterThan(fixture.packets.length);
  const found = demuxed(Buffer.concat([head, ...split]));
  const plain = ({ packets }: Demuxed) =>
    packets.map((packet) => `${Buffer.from(packet.bytes).toString('hex')} ${packet.samples}`);
  expect(plain(found)).toEqual(plain(fixture));
  // Joined in the second half of a packet, it begins with the next one.
  const late = demuxed(Buffer.concat([head, ...split.slice(5)]));
  expect(placeIn(found.lines, late.lines)).toBeGreaterThan(0);
});

const serialOf = (head: Uint8Array): number => Buffer.from(head).readUInt32LE(14);

test('streams that play at the same time are left out', async () => {
  const bytes = await track('vorbis', FIRST);
  const pages = oggPages(bytes).map(({ page }) => page);
  const other = { serial: 99, granule: 0, lacing: [80] };
  const first = writeOggPage({ ...other, sequence: 0, isFirst: true, body: [Buffer.from('fishead'.padEnd(80))] });
  const between = pages.flatMap((page, i) => {
    const beside = writeOggPage({ ...other, sequence: i + 1, body: [Buffer.alloc(80, i)] });
    return i === 0 ? [first, page, beside] : [page, beside];
  });
  expect(demuxed(Buffer.concat(between)).lines).toEqual(demuxed(bytes).lines);
});

test('pages without headers give nothing, and headers without an end are damaged', async () => {
  const bytes = await track('opus', FIRST);
  const data = oggPages(bytes).filter(({ isHeader }) => !isHeader);
  expect(demuxed(Buffer.concat(data.map(({ page }) => page))).packets).toEqual([]);
  const [first] = oggPages(bytes);
  const body = [Buffer.alloc(255 * 255, 1)];
  const lacing = Array<number>(255).fill(255);
  const comments = Array.from({ length: 20 }, (_, i) =>
    writeOggPage({
      serial: serialOf(first?.head ?? NOTHING),
      sequence: i + 1,
      granule: null,
      continues: i > 0,
      lacing,
      body,
    }),
  );
  const endless = Buffer.concat([first?.page ?? NOTHING, ...comments]);
  expect(() => demuxed(endless)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }) as Error);
});
