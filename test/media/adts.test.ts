import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { programChannels, readAacBlock } from '../../src/media/aac-block.ts';
import {
  type AdtsFrame,
  type AdtsHeader,
  adtsWalker,
  audioSpecificConfig,
  rawBlocks,
  readAdtsHeader,
} from '../../src/media/adts.ts';
import { blockOf, inGroups, splitAdts, withCrc } from '../support/adts-forge.ts';
import { ffmpeg } from '../support/ffmpeg.ts';

const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];
const SPREAD = 'random(0)-.5|sin(2000*t)*random(1)|random(2)*t|sin(90*t)|.1|random(3)*.01';

const encoded = (sampleRate: number, layout: string): Promise<Buffer> => {
  const sound = `aevalsrc=${SPREAD}:s=${sampleRate}:d=1:c=5.1`;
  const format = ['-ac', `${{ mono: 1, stereo: 2 }[layout] ?? 6}`, '-c:a', 'aac', '-f', 'adts', 'pipe:1'];
  return ffmpeg(['-f', 'lavfi', '-i', sound, ...format]);
};
const fixture = (name: string): Uint8Array => readFileSync(`${import.meta.dirname}/../fixtures/${name}`);

let stereo: Uint8Array;
let frames: Uint8Array[];
beforeAll(async () => {
  stereo = await encoded(44_100, 'stereo');
  frames = splitAdts(stereo);
});

const walked = (bytes: Uint8Array, sizeOf: () => number = () => bytes.length): AdtsFrame[] => {
  const walker = adtsWalker();
  const all: AdtsFrame[] = [];
  for (let at = 0, size = 0; at < bytes.length; at += size) {
    size = sizeOf();
    all.push(...walker.push(bytes.subarray(at, at + size)));
  }
  return [...all, ...walker.end()];
};
const offsets = (list: readonly AdtsFrame[]): number[] => list.map(({ offset }) => offset);

describe('a header', () => {
  test.each(RATES)('is read as the encoder meant it at %i Hz', async (sampleRate) => {
    const [first, ...rest] = walked(await encoded(sampleRate, 'stereo'));
    const wanted = { objectType: 2, sampleRate, channelConfig: 2, crc: false, blocks: 1, headerBytes: 7 };
    expect(first?.header).toMatchObject(wanted);
    expect(rest.length).toBeGreaterThan(5);
  });

  test.each([
    ['the MPEG-4 bit', [0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc], { crc: false, headerBytes: 7, frameBytes: 16 }],
    ['the MPEG-2 bit and a CRC', [0xff, 0xf8, 0x50, 0x80, 0x02, 0x1f, 0xfc], { crc: true, headerBytes: 9 }],
    ['four blocks', [0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xff], { blocks: 4, headerBytes: 7 }],
    ['four blocks and CRCs', [0xff, 0xf0, 0x50, 0x80, 0x02, 0x1f, 0xff], { blocks: 4, headerBytes: 15 }],
    ['Main profile, eight channels', [0xff, 0xf1, 0x11, 0xc0, 0x02, 0x1f, 0xfc], { objectType: 1, channelConfig: 7 }],
  ])('is read with %s', (_, bytes, header) => {
    expect(readAdtsHeader(Uint8Array.from(bytes), 0)).toMatchObject(header);
  });

  test.each([
    ['layer III', [0xff, 0xfb, 0x50, 0x80, 0x02, 0x1f, 0xfc]],
    ['the reserved rate', [0xff, 0xf1, 0x74, 0x80, 0x02, 0x1f, 0xfc]],
    ['a length of nothing but a header', [0xff, 0xf1, 0x50, 0x80, 0x00, 0xff, 0xfc]],
    ['six bytes', [0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f]],
    ['nothing', []],
  ])('is not seen in %s', (_, bytes) => {
    expect(readAdtsHeader(Uint8Array.from(bytes), 0)).toBeNull();
  });
});

describe('a stream', () => {
  test('falls into the same frames however it is pushed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (sizes) => {
        let push = 0;
        const split = walked(stereo, () => sizes[push++ % sizes.length] ?? 1);
        expect(split.map(({ bytes }) => bytes.length)).toEqual(frames.map((frame) => frame.length));
        expect(Buffer.concat(split.map(({ bytes }) => bytes)).equals(stereo)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('is found behind junk, tags and false sync words', () => {
    const [first = new Uint8Array()] = frames;
    const junk = Buffer.concat([
      Buffer.alloc(300, 0xff),
      first.subarray(0, 7),
      Buffer.from('TAGID3'),
      Buffer.alloc(90),
    ]);
    const middle = frames.length >> 1;
    const bytes = Buffer.concat([junk, ...frames.slice(0, middle), junk, ...frames.slice(middle)]);
    const places = offsets(walked(stereo)).map((at, i) => at + junk.length * (i < middle ? 1 : 2));
    expect(offsets(walked(bytes))).toEqual(places);
  });

  test('leaves out frames of another rate, and half a frame at the end', async () => {
    const other = await encoded(48_000, 'stereo');
    const bytes = Buffer.concat([stereo, other, stereo.subarray(0, -10)]);
    const again = offsets(walked(stereo)).slice(0, -1);
    const places = again.map((at) => at + stereo.length + other.length);
    expect(offsets(walked(bytes))).toEqual([...offsets(walked(stereo)), ...places]);
  });

  test('of any bytes gives frames that lie in them, in order', () => {
    const syncs = fc.array(fc.constantFrom(0xff, 0xf1, 0xf0, 0x50, 0x80, 0x01, 0x3f, 0xfc, 0), { maxLength: 400 });
    fc.assert(
      fc.property(syncs, (values) => {
        const bytes = Uint8Array.from(values);
        let end = 0;
        for (const { offset, bytes: frame } of walked(bytes, () => 1 + (values.length % 13))) {
          expect(offset).toBeGreaterThanOrEqual(end);
          end = offset + frame.length;
        }
        expect(end).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('blocks', () => {
  test.each([
    ['a CRC', () => withCrc(frames), 1],
    ['two blocks', () => inGroups(frames, 2), 2],
    ['three blocks and CRCs', () => inGroups(frames, 3, true), 3],
    ['four blocks and CRCs', () => inGroups(frames, 4, true), 4],
  ] as const)('are taken from frames with %s', (_, forge, count) => {
    const forged = forge();
    expect(walked(Buffer.concat(forged))).toHaveLength(forged.length);
    const blocks = Buffer.concat(frames.slice(0, forged.length * count).map(blockOf));
    expect(Buffer.concat(forged.map(rawBlocks)).equals(blocks)).toBe(true);
  });

  test('whose positions are wrong stay as they stand', () => {
    const [forged = Buffer.alloc(0)] = inGroups(frames, 2, true);
    forged.set([0xff, 0xff], 7);
    expect(rawBlocks(forged)).toHaveLength(forged.length - 11);
  });

  test.each(['mono', 'stereo', '5.1'])('of %s are walked through at every rate', async (layout) => {
    for (const sampleRate of RATES) {
      const blocks = walked(await encoded(sampleRate, layout)).map(({ header, bytes }) =>
        readAacBlock(rawBlocks(bytes), header.rateIndex),
      );
      expect(blocks.length).toBeGreaterThan(5);
      expect(blocks.filter((block) => block?.sbr !== false)).toEqual([]);
    }
  });

  test.each(['he-aac-v1.aac', 'he-aac-v2.aac', 'he-aac-mono.aac'])('of %s all have SBR', (name) => {
    const blocks = walked(fixture(name)).map(({ header, bytes }) => readAacBlock(rawBlocks(bytes), header.rateIndex));
    expect(blocks.length).toBeGreaterThan(60);
    expect(blocks.filter((block) => block?.sbr !== true)).toEqual([]);
  });

  test('that are cut or changed are given up, or read as something, and never throw', () => {
    const he = splitAdts(fixture('he-aac-v1.aac'));
    const pick = fc.record({ frame: fc.constantFrom(...he, ...frames), rate: fc.integer({ min: 0, max: 15 }) });
    const damage = fc.record({ at: fc.nat(2000), value: fc.integer({ min: 0, max: 255 }), keep: fc.nat(2000) });
    fc.assert(
      fc.property(pick, fc.array(damage, { minLength: 1, maxLength: 5 }), ({ frame, rate }, changes) => {
        let block = Uint8Array.from(blockOf(frame));
        for (const { at, value, keep } of changes) {
          block[at % block.length] = value;
          block = block.subarray(0, 1 + (keep % block.length));
        }
        const read = readAacBlock(block, rate);
        expect(read === null || typeof read.sbr === 'boolean').toBe(true);
        if (read !== null) expect(programChannels(read.program)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 400 },
    );
  });
});

describe('a configuration', () => {
  const header: AdtsHeader = {
    ...{ objectType: 2, rateIndex: 4, sampleRate: 44_100, channelConfig: 2 },
    ...{ crc: false, blocks: 1, headerBytes: 7, frameBytes: 100 },
  };
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  test('says that there is no SBR, or at what rate there is', () => {
    expect(hex(audioSpecificConfig(header, false))).toBe('121056e500');
    expect(hex(audioSpecificConfig({ ...header, rateIndex: 7, sampleRate: 22_050 }, true))).toBe('139056e5a0');
    const odd = { ...header, rateIndex: 2, sampleRate: 64_000 };
    expect(hex(audioSpecificConfig(odd, true))).toBe('111056e5f80fa000');
  });
});
