import { describe, expect, test } from 'vitest';
import { asInput } from '../../src/encode/packet-input.ts';
import type { LiveFormat, LivePacket } from '../../src/intake/intake.ts';
import { decode } from '../support/ffmpeg.ts';
import { programOf, radioProgram, type ProgramKind } from '../support/radio-program.ts';
import { locate, type Pcm, samplesOf, slicePcm } from '../support/signal.ts';
import { collect } from '../source/setting.ts';
import { demuxed, samplesIn } from './demuxed.ts';
import { heAac } from './he-aac.ts';

/** What ffmpeg makes of the packets, all of it. */
async function decoded(
  { codec, decoderConfig, sampleRate, channels }: LiveFormat,
  packets: readonly LivePacket[],
): Promise<Pcm> {
  const run = { codec, decoderConfig, sampleRate, channels, skip: 0, packets: none() };
  const rest = packets.slice(1).map(({ bytes }) => bytes);
  return await decode(Buffer.concat(await collect(asInput(run, packets[0]?.bytes ?? new Uint8Array(), later(rest)))));
}

async function* later(packets: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  for (const packet of packets) yield await Promise.resolve(packet);
}

const none = () => later([]);

const KINDS = [
  'mp3-128k',
  'mp3-vbr',
  'mp3-48k',
  'mp3-22k',
  'mp3-16k',
  'aac-96k',
  'aac-24k',
  'opus',
  'vorbis',
  'flac',
] as const;

describe.each<ProgramKind>([...KINDS])('%s, joined in the middle', (kind) => {
  test('decodes to as many samples as are counted, each of them in its place', async () => {
    const { pieces, fixture } = await radioProgram(kind, { seconds: 12 });
    const whole = demuxed(fixture.bytes);
    const from = Math.floor(pieces.length / 5);
    const head = pieces[from]?.head ?? new Uint8Array();
    const { packets, formats } = demuxed(Buffer.concat([head, ...pieces.slice(from).map(({ bytes }) => bytes)]));
    const [format] = formats;
    if (format === undefined) throw new Error('no format');
    expect(format).toMatchObject({ sampleRate: fixture.sampleRate, preSkip: 0 });

    const sound = await decoded(format, packets);
    // The first packet of Vorbis gives nothing yet.
    const silent = kind === 'vorbis' ? (packets[0]?.samples ?? 0) : 0;
    expect(samplesOf(sound)).toBe(samplesIn(packets) - silent);

    const before = samplesIn(whole.packets) - samplesIn(packets) + silent - (whole.formats[0]?.preSkip ?? 0);
    for (const seconds of [1, 4, 7]) {
      const at = seconds * fixture.sampleRate;
      const found = locate(slicePcm(sound, at), before + at, { reference: fixture.pcm, search: 300 });
      expect(found.score).toBeGreaterThan(0.8);
      expect(found.offset).toBe(0);
    }
  });
});

test.each(['he-aac-v1', 'he-aac-v2', 'he-aac-mono'])('%s decodes to as many samples as are counted', async (name) => {
  const { formats, packets } = demuxed(
    Buffer.concat(
      programOf(heAac(name), 'audio/aac')
        .pieces.slice(20)
        .map(({ bytes }) => bytes),
    ),
  );
  const [format] = formats;
  if (format === undefined) throw new Error('no format');
  const sound = await decoded(format, packets);
  expect(samplesOf(sound)).toBe(samplesIn(packets));
  expect(sound).toMatchObject({ sampleRate: format.sampleRate, channels: format.channels });
  expect(packets.every(({ samples }) => samples === 2048)).toBe(true);
});
