import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { crc16, crc8 } from '../../src/media/crc.ts';
import { lacingOf, writeOggPage, type OggPage } from '../../src/media/ogg-page.ts';
import { opusHeaderPages } from '../../src/media/opus-head.ts';
import { setting } from './setting.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MiB = 2 ** 20;
/** Of processor time: a loop that is held cannot be interrupted, so that only this tells. */
const mostSeconds = (size: number): number => 2 + (0.3 * size) / MiB;
const mostBytes = (size: number): number => 100 * MiB + 8 * size;

/** What becomes of a file when it is opened and read at three places, with what that took. */
async function outcomeOf(bytes: Uint8Array) {
  await using at = await setting(bytes);
  const signal = AbortSignal.timeout(50_000);
  const before = process.cpuUsage();
  const memory = watchMemory(mostBytes(bytes.length) / 2);
  const work = async (): Promise<string> => {
    const opened = await at.sources.open(at.origin.url(), signal);
    const { samples, sampleRate } = opened.record;
    expect(samples ?? 0).toBeLessThanOrEqual(bytes.length * sampleRate);
    for (const from of [0, Math.floor((samples ?? 0) / 2), Math.max(0, (samples ?? 0) - 1000)]) {
      const run = await at.sources.packets(opened, from, from + 96_000, signal);
      let total = 0;
      for await (const packet of run.packets) total += packet.length;
      expect(total).toBeLessThanOrEqual(2 * bytes.length);
    }
    return 'read';
  };
  const code = await work().catch((error: unknown) => (error as { code?: string }).code ?? String(error));
  const { user, system } = process.cpuUsage(before);
  return { code, seconds: (user + system) / 1e6, ...memory.stop() };
}

/** The most that was held at a time, and by how much the process grew, which may be garbage that nobody had collected. */
function watchMemory(worthCollecting: number) {
  collectGarbage();
  const [size, live] = [process.memoryUsage.rss(), liveBytes()];
  let [held, grown, next] = [0, 0, worthCollecting];
  const look = (): void => {
    const more = process.memoryUsage.rss() - size;
    grown = Math.max(grown, more);
    if (more < worthCollecting) held = Math.max(held, more);
    if (more < next) return;
    next = more + 32 * MiB; // collecting takes a while itself
    collectGarbage();
    held = Math.max(held, liveBytes() - live);
  };
  const watch = setInterval(look, 5);
  const stop = () => {
    clearInterval(watch);
    look();
    return { held, grown };
  };
  return { stop };
}

const liveBytes = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;

async function expectHarmless(bytes: Uint8Array): Promise<void> {
  const { code, seconds, held, grown } = await outcomeOf(bytes);
  expect(code).toMatch(/^(?:read|SOURCE_DAMAGED|SOURCE_NO_AUDIO|CODEC_UNSUPPORTED)$/);
  expect(seconds).toBeLessThan(mostSeconds(bytes.length));
  expect(held).toBeLessThan(mostBytes(bytes.length));
  expect(grown).toBeLessThan(2 * mostBytes(bytes.length));
}

const filled = (size: number, piece: Uint8Array): Buffer => Buffer.alloc(size, piece);

/** `fLaC` and STREAMINFO for frames of up to 65,535 samples of eight channels at 48 kHz. */
function flacHead(channels = 2): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(16, 0);
  info.writeUInt16BE(65_535, 2);
  info.writeUIntBE((48_000 << 4) | ((channels - 1) << 1), 10, 3);
  info[13] = 0xf0; // 16 bits; how many samples is not known
  return Buffer.concat([Buffer.from('fLaC\x80\0\0\x22', 'latin1'), info]);
}

/** A frame of silence that says it is the one of that number; `number` takes seven bytes. */
function flacFrame(number: number, channels = 2): Buffer {
  const coded = [0xfe, ...[5, 4, 3, 2, 1, 0].map((place) => 0x80 | (Math.floor(number / 64 ** place) % 64))];
  const header = [0xff, 0xf9, 0x7a, ((channels - 1) << 4) | 8, ...coded, 0xff, 0xfe];
  const head = Buffer.from([...header, crc8(Uint8Array.from(header), 0, header.length)]);
  const content = Buffer.concat([head, Buffer.alloc(3 * channels)]);
  const end = Buffer.alloc(2);
  end.writeUInt16BE(crc16(content, 0, content.length));
  return Buffer.concat([content, end]);
}

const opusHead = opusHeaderPages({ channels: 2, preSkip: 0, tags: { chapters: [] }, serial: 7 });
const page = (part: Partial<OggPage>): Buffer =>
  Buffer.from(writeOggPage({ serial: 7, sequence: 2, granule: null, lacing: [], body: [], ...part }));
/** An Opus packet of 20 ms. */
const PACKET = Uint8Array.of(0xfc, 1, 2, 3);
const soundPage = (sequence: number, granule: number | null): Buffer =>
  page({ sequence, granule, lacing: lacingOf(PACKET.length), body: [PACKET] });

const element = (id: number[], ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = Buffer.alloc(8);
  size.writeUIntBE(content.length, 2, 6);
  size[0] = 0x01;
  return Buffer.concat([Buffer.from(id), size, content]);
};
const number = (id: number[], value: number): Buffer => element(id, Buffer.from([value >> 8, value & 255]));
const rate = Buffer.alloc(8);
rate.writeDoubleBE(48_000);

/** A Matroska file of one track of Opus that holds `parts`; `more` belongs to the track. */
function matroska(parts: readonly Uint8Array[], ...more: readonly Uint8Array[]): Buffer {
  const audio = element([0xe1], element([0xb5], rate), number([0x9f], 2));
  const head = element([0x63, 0xa2], Buffer.from('OpusHead\x01\x02\0\0\x80\xbb\0\0\0\0\0', 'latin1'));
  const track = element(
    [0xae],
    number([0xd7], 1),
    number([0x83], 2),
    element([0x86], Buffer.from('A_OPUS')),
    head,
    audio,
    ...more,
  );
  const tracks = element([0x16, 0x54, 0xae, 0x6b], track);
  return Buffer.concat([element([0x1a, 0x45, 0xdf, 0xa3]), element([0x18, 0x53, 0x80, 0x67], tracks, ...parts)]);
}
const cluster = (ticks: number, ...blocks: readonly Uint8Array[]): Buffer =>
  element([0x1f, 0x43, 0xb6, 0x75], number([0xe7], ticks), ...blocks);
const block = (flags: number, content: Uint8Array): Buffer =>
  element([0xa3], Buffer.from([0x81, 0, 0, flags]), content);
const XIPH_LACED = 2;
const FIXED_LACED = 4;

const times = (count: number, piece: (index: number) => Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => piece(index)));

const FILES: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>])[] = [
  [
    'a FLAC that jumps over years',
    () => Buffer.concat([flacHead(), flacFrame(0), flacFrame(2 ** 35), flacFrame(2 ** 35 + 65_535)]),
  ],
  [
    'a FLAC of headers alone',
    () => Buffer.concat([flacHead(8), flacFrame(0, 8), filled(6 * MiB, flacFrame(1, 8).subarray(0, 14))]),
  ],
  [
    'an Ogg file of captures alone',
    () => {
      const capture = Buffer.concat([Buffer.from('OggS'), Buffer.alloc(22), Buffer.from([255])]);
      return Buffer.concat([
        ...opusHead,
        soundPage(2, 960),
        filled(12 * MiB, Buffer.concat([capture, Buffer.alloc(255, 255)])),
      ]);
    },
  ],
  [
    'an Ogg file whose packet never ends',
    () => {
      const piece = { lacing: [255], body: [new Uint8Array(255)], continues: true };
      return Buffer.concat([
        ...opusHead,
        soundPage(2, 960),
        page({ ...piece, sequence: 3, continues: false }),
        times(60_000, (i) => page({ ...piece, sequence: 4 + i })),
        soundPage(60_004, 96_000),
      ]);
    },
  ],
  [
    'an Ogg file whose header never ends',
    () => {
      const piece = { lacing: [255], body: [new Uint8Array(255)], continues: true };
      return Buffer.concat([
        opusHead[0] ?? PACKET,
        times(60_000, (i) => page({ ...piece, sequence: 1 + i, continues: i > 0 })),
      ]);
    },
  ],
  [
    'an Ogg file whose clock stands still',
    () => Buffer.concat([...opusHead, times(200_000, (i) => soundPage(2 + i, null)), soundPage(200_002, 96_000)]),
  ],
  [
    'an Ogg file that claims to last for ever',
    () => Buffer.concat([...opusHead, soundPage(2, 960), soundPage(3, 2 ** 62)]),
  ],
  [
    'a Matroska file whose clock stands still',
    () =>
      matroska([
        times(150, () =>
          cluster(
            0,
            times(3000, () => block(0, PACKET)),
          ),
        ),
      ]),
  ],
  [
    'a Matroska file of empty packets',
    () =>
      matroska([
        cluster(
          0,
          block(0, PACKET),
          times(400_000, () => block(FIXED_LACED, Uint8Array.of(255))),
        ),
        cluster(100, block(0, PACKET)),
      ]),
  ],
  [
    'a Matroska file of packets of a byte, far from its end',
    () =>
      matroska([
        cluster(
          0,
          block(0, PACKET),
          times(8_000, () =>
            block(XIPH_LACED, Buffer.concat([Uint8Array.of(255), Buffer.alloc(255, 1), Buffer.alloc(256, 8)])),
          ),
        ),
      ]),
  ],
  [
    'a Matroska file whose packets all have the same long front',
    () => {
      const settings = element([0x42, 0x55], new Uint8Array(400_000));
      const stripped = element(
        [0x6d, 0x80],
        element([0x62, 0x40], element([0x50, 0x34], number([0x42, 0x54], 3), settings)),
      );
      return matroska(
        [
          cluster(
            0,
            times(30_000, () => block(0, PACKET)),
          ),
        ],
        stripped,
      );
    },
  ],
  [
    'a Matroska file whose clock has ticks of years',
    () => {
      const info = element([0x15, 0x49, 0xa9, 0x66], element([0x2a, 0xd7, 0xb1], Buffer.alloc(8, 0x11)));
      return matroska([info, cluster(0, block(0, PACKET)), cluster(1000, block(0, PACKET))]);
    },
  ],
];

describe('a file that was made to hurt costs neither time nor memory', () => {
  test.each(FILES)('%s', async (_, make) => {
    await expectHarmless(await make());
  });
});
