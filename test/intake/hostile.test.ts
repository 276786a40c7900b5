import { describe, expect, test } from 'vitest';
import { type LiveDemux, liveDemux } from '../../src/intake/live-demux.ts';
import { crc32 } from '../../src/media/crc.ts';
import { effort } from '../../src/media/effort.ts';
import { lacingOf, writeOggPage } from '../../src/media/ogg-page.ts';
import { oggPages } from '../support/ogg-pages.ts';
import { radioProgram } from '../support/radio-program.ts';
import { demuxed } from './demuxed.ts';

const PUSH_BYTES = 16_384;
const MB = 2 ** 20;

/** CPU time of this process is what a hostile station takes from all others; an honest second of sound takes less than 1 ms. */
const MOST_CPU_MS = 1_500;

interface Outcome {
  readonly error: unknown;
  readonly cpuMs: number;
}

/** What pushing all of `bytes` ends with. */
function pushed(bytes: Uint8Array, demux: LiveDemux = liveDemux(null), pushBytes = PUSH_BYTES): Outcome {
  const before = process.cpuUsage();
  let error: unknown = null;
  try {
    for (let at = 0; at < bytes.length; at += pushBytes) demux.push(bytes.subarray(at, at + pushBytes));
  } catch (thrown) {
    error = thrown;
  }
  const { user, system } = process.cpuUsage(before);
  return { error, cpuMs: (user + system) / 1000 };
}

const repeated = (pattern: Uint8Array, bytes: number): Buffer => Buffer.alloc(bytes, pattern);

/** The first page of one more stream each, as small as pages are. */
const firstPages = (bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.floor(bytes / 29) }, (_, serial) =>
      writeOggPage({ serial, sequence: 0, granule: 0, isFirst: true, lacing: [1], body: [Buffer.from('x')] }),
    ),
  );

/** Headers of Vorbis whose comments go on and on. */
function endlessComments(bytes: number): Buffer {
  const head = Buffer.concat([Buffer.from('\x01vorbis'), Buffer.alloc(23, 1)]);
  const first = writeOggPage({
    ...{ serial: 1, sequence: 0, granule: 0, isFirst: true },
    ...{ lacing: lacingOf(head.length), body: [head] },
  });
  const pages = Array.from({ length: Math.floor(bytes / 283) }, (_, at) =>
    writeOggPage({
      ...{ serial: 1, sequence: 1 + at, granule: null, continues: at > 0 },
      ...{ lacing: [255], body: [Buffer.alloc(255)] },
    }),
  );
  return Buffer.concat([first, ...pages]);
}

/** Heads of the longest pages at every 282 bytes, none of which has the right checksum. */
function falsePages(bytes: number): Buffer {
  const all = Buffer.alloc(bytes, 255);
  for (let at = 0; at + 300 < bytes; at += 282) all.set([...Buffer.from('OggS'), 0], at);
  return all;
}

describe('bytes that were made to keep the process busy are refused before they do', () => {
  test.each([
    ['first pages of many streams', firstPages(2 * MB), PUSH_BYTES],
    ['comments without an end on small pages', endlessComments(2 * MB), PUSH_BYTES],
    ['a page at every fifth byte', repeated(Buffer.from('OggS\0'), 200_000), 200_000],
    ['false pages that overlap', falsePages(260_000), 260_000],
  ])('%s', (_, bytes, pushBytes) => {
    const { error, cpuMs } = pushed(bytes, liveDemux(null), pushBytes);
    expect(error).toMatchObject({ code: 'SOURCE_DAMAGED' });
    expect(cpuMs).toBeLessThan(MOST_CPU_MS);
  });

  test('a packet of Ogg that never ends', async () => {
    const { head, serial } = await opusPages();
    const demux = liveDemux(null);
    demux.push(Buffer.concat(head));
    const pages = Array.from({ length: 160 }, (_, at) =>
      writeOggPage({
        ...{ serial, sequence: head.length + at, granule: null, continues: at > 0 },
        ...{ lacing: Array<number>(255).fill(255), body: [Buffer.alloc(255 * 255, 1)] },
      }),
    );
    const { error, cpuMs } = pushed(Buffer.concat(pages), demux);
    expect(error).toMatchObject({ code: 'SOURCE_DAMAGED', detail: 'a packet of Ogg without an end' });
    expect(cpuMs).toBeLessThan(MOST_CPU_MS);
  });

  test('hours of an honest stream pay for none of it', () => {
    const spent = effort();
    for (let hour = 0; hour < 10; hour++) {
      spent.read(50 * MB);
      spent.spend(50 * MB);
    }
    spent.read(MB);
    expect(() => spent.spend(13 * MB)).toThrow();
  });
});

describe('a picture of 500 kB in the comments is read past', () => {
  test.each([4_080, 65_025])('on pages of %i bytes', async (pageBytes) => {
    const { head, sound, serial } = await opusPages();
    const plain = demuxed(Buffer.concat([...head, ...sound]));
    const comments = commentPages(500_000, pageBytes, serial);
    const moved = sound.map((page, at) => numbered(page, 1 + comments.length + at));
    const whole = demuxed(Buffer.concat([head[0] ?? NOTHING, ...comments, ...moved]));
    expect(whole.packets.length).toBeGreaterThan(250);
    expect(whole.lines).toEqual(plain.lines);
  });
});

const NOTHING = new Uint8Array();

async function opusPages(): Promise<{ head: Buffer[]; sound: Buffer[]; serial: number }> {
  const { fixture } = await radioProgram('opus', { seconds: 6 });
  const pages = oggPages(fixture.bytes);
  const of = (isHeader: boolean) =>
    pages.filter((page) => page.isHeader === isHeader).map(({ page }) => Buffer.from(page));
  return { head: of(true), sound: of(false), serial: pages[0] ? Buffer.from(pages[0].page).readUInt32LE(14) : 0 };
}

/** A packet of comments, of which all but its start is filled, on pages that hold `pageBytes` of it each. */
function commentPages(bytes: number, pageBytes: number, serial: number): Uint8Array[] {
  const packet = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(bytes)]);
  const lacing = lacingOf(packet.length);
  const perPage = pageBytes / 255;
  return Array.from({ length: Math.ceil(lacing.length / perPage) }, (_, at) =>
    writeOggPage({
      ...{ serial, sequence: 1 + at, granule: null, continues: at > 0 },
      lacing: lacing.slice(at * perPage, (at + 1) * perPage),
      body: [packet.subarray(at * pageBytes, (at + 1) * pageBytes)],
    }),
  );
}

function numbered(page: Buffer, sequence: number): Buffer {
  const copy = Buffer.from(page);
  copy.writeUInt32LE(sequence, 18);
  copy.writeUInt32LE(0, 22);
  copy.writeUInt32LE(crc32(copy, 0, copy.length), 22);
  return copy;
}
